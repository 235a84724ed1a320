//! What numbers lose in 32 bits, in which learners read them.

use super::Plan;

/// How many runs of rows of a long column are looked at, and how many rows each has.
const RUNS: usize = 16;
const ROWS: usize = 4096;

/// Which numbers of a column 32 bits tell apart.
pub(super) struct Resolution {
    /// How many are different in 64 bits.
    different: usize,
    /// How many are so in 32 bits.
    single: usize,
    /// How many are so in 32 bits, less the least number.
    shifted: usize,
    least: f64,
}

impl Resolution {
    /// Of the numbers that are there: of long columns, those of sixteen runs of rows side by side, since rows that follow each
    /// other differ least.
    pub(super) fn of(values: &[f64]) -> Self {
        if values.len() > RUNS * ROWS {
            let some = (0..RUNS).flat_map(|run| values[run * (values.len() - ROWS) / (RUNS - 1)..].iter().take(ROWS));
            return Self::of(&some.copied().collect::<Vec<f64>>());
        }
        let is_exact = |value: &f64| value.is_nan() || f64::from(*value as f32) == *value;
        if values.iter().all(is_exact) {
            return Self { different: 0, single: 0, shifted: 0, least: 0.0 };
        }
        let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let least = sorted.first().copied().unwrap_or_default();
        // In order, equal numbers stand side by side, however they are rounded.
        let different = |of: &dyn Fn(f64) -> f64| {
            let changes = sorted.windows(2).filter(|pair| of(pair[0]) != of(pair[1])).count();
            changes + usize::from(!sorted.is_empty())
        };
        Self {
            different: different(&|value| value),
            single: different(&|value| f64::from(value as f32)),
            shifted: different(&|value| f64::from((value - least) as f32)),
            least,
        }
    }

    /// How the column becomes a feature: less its least number, where that keeps most of what would be lost; and what a
    /// person should know.
    pub(super) fn plan(&self, column: &str) -> (Plan, Option<String>) {
        let lost = self.different - self.single;
        // A tenth is what measurements of many digits lose in a large table, to no harm.
        if 10 * lost <= self.different {
            return (Plan::Number, None);
        }
        let told =
            format!("32 bits tell only {} of the {} numbers of column `{column}` apart", self.single, self.different);
        if 2 * (self.shifted - self.single.min(self.shifted)) > lost {
            let text = format!("{told}, so it is used less {}", self.least);
            return (Plan::Offset { origin: self.least }, Some(text));
        }
        let warns = 2 * self.single < self.different;
        (Plan::Number, warns.then(|| format!("{told}: subtract or divide by what they share")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(values: &[f64]) -> (Plan, bool) {
        let (plan, text) = Resolution::of(values).plan("c");
        (plan, text.is_some())
    }

    #[test]
    fn large_numbers_that_differ_little_are_told_apart() {
        let times: Vec<f64> = (0..64).map(|i| 1.7e9 + f64::from(i)).chain([f64::NAN]).collect();
        assert_eq!(plan(&times), (Plan::Offset { origin: 1.7e9 }, true));
        assert_eq!(plan(&[1e7, 1e7 + 0.25, 1e7 + 0.5]), (Plan::Offset { origin: 1e7 }, true));
    }

    #[test]
    fn what_is_told_apart_is_left_as_it_is() {
        let decimals: Vec<f64> = (0..1000).map(|i| f64::from(i) / 7.0).collect();
        assert_eq!(plan(&decimals), (Plan::Number, false));
        assert_eq!(plan(&[1.0, 2.0, f64::NAN]), (Plan::Number, false));
        assert_eq!(plan(&[f64::INFINITY, 0.1]), (Plan::Number, false));
        assert_eq!(plan(&[]), (Plan::Number, false));
    }

    #[test]
    fn of_a_long_column_runs_of_rows_are_looked_at() {
        // A second a row for four days.
        let times: Vec<f64> = (0..345_600).map(|i| 1.7e9 + f64::from(i)).collect();
        assert_eq!(plan(&times), (Plan::Offset { origin: 1.7e9 }, true));
    }

    #[test]
    fn what_no_origin_tells_apart_is_said() {
        let far: Vec<f64> = (0..64).map(|i| 1.7e9 + f64::from(i)).chain([0.1]).collect();
        assert_eq!(plan(&far), (Plan::Number, true));
    }
}
