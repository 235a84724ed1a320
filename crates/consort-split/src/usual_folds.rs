use consort_core::{Result, RowInfo};

use crate::{Plan, groups::Groups, steps::Steps, strata::Strata};

impl Plan {
    /// How many folds there are where nobody says and the rows allow it.
    pub const USUAL_FOLDS: u32 = 5;

    /// The number of folds where none is given: 5, or as many as these rows allow if those are fewer, but at least 2.
    ///
    /// Folds are limited by the rows, by those of the largest class, by the groups or by the distinct times. Where not
    /// even 2 are possible the splitter says what is lacking.
    ///
    /// ```
    /// use consort_core::RowInfo;
    /// use consort_split::Plan;
    /// let rows = RowInfo { rows: 6, groups: Some(&[0, 0, 1, 1, 2, 2]), ..RowInfo::default() };
    /// let plan = Plan { group: true, ..Plan::default() };
    /// assert_eq!(plan.usual_folds(&rows)?, 3);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the rows lack the target, groups or times that the plan asks for.
    pub fn usual_folds(&self, rows: &RowInfo<'_>) -> Result<u32> {
        let most = match self.method() {
            "kfold" => rows.rows,
            "stratified" => {
                let strata = Strata::of(rows, self.bins.unwrap_or(1), 1, "stratified K-fold")?;
                strata.counts.iter().copied().max().unwrap_or(0)
            }
            "group" | "stratified_group" => Groups::of(rows, "grouped K-fold")?.len(),
            "purged" => Steps::of(rows, "purged K-fold")?.len(),
            "expanding" => {
                let steps = Steps::of(rows, "the expanding window")?.len();
                Plan { folds: None, ..self.clone() }.take_window()?.most_splits(steps, Self::USUAL_FOLDS) as usize
            }
            _ => Self::USUAL_FOLDS as usize,
        };
        Ok((most.min(Self::USUAL_FOLDS as usize) as u32).max(2))
    }
}

#[cfg(test)]
mod tests {
    use consort_core::{Classes, Seed, Target};

    use super::*;

    #[test]
    fn folds_are_five_or_the_most_that_can_be_made() {
        let plan = Plan::default();
        let times: Vec<f64> = (0..40).map(f64::from).collect();
        for rows in 2..40usize {
            let codes = (0..rows as u32).map(|i| i % 3).collect();
            let target = Target::Classes { codes, classes: Classes::new(["a", "b", "c"]).unwrap() };
            let groups: Vec<u32> = (0..rows as u32).map(|i| i / 2).collect();
            let time = Some(&times[..rows]);
            let info = RowInfo { rows, target: Some(&target), groups: Some(&groups), time, ..RowInfo::default() };
            for plan in [
                plan.clone(),
                Plan { stratify: true, ..plan.clone() },
                Plan { group: true, ..plan.clone() },
                Plan { group: true, stratify: true, ..plan.clone() },
                Plan { time: true, ..plan.clone() },
                Plan { time: true, gap: Some(3), ..plan.clone() },
                Plan { time: true, test_size: Some(2.into()), ..plan.clone() },
                Plan { time: true, method: Some("purged".into()), ..plan.clone() },
            ] {
                let can = |folds: u32| {
                    let plan = Plan { folds: Some(folds), ..plan.clone() };
                    plan.splitter().unwrap().split(&info, Seed::new(0)).is_ok()
                };
                let most = (2..=Plan::USUAL_FOLDS).rev().find(|&folds| can(folds)).unwrap_or(2);
                assert_eq!(plan.usual_folds(&info).unwrap(), most, "{rows} rows, {plan:?}");
            }
        }
    }
}
