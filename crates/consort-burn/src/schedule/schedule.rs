use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How the learning rate moves through a training run, as a factor of the rate asked for.
///
/// `t` in [0, 1) is the share of the run that is done; it moves with every batch.
///
/// ```
/// use consort_burn::schedule::Schedule;
/// let cyclic = Schedule::CyclicCosine { cycles: 2 };
/// assert_eq!(cyclic.factor(0.0), 1.0);
/// assert_eq!(cyclic.factor(0.5), 1.0); // the second cycle starts warm
/// assert!((Schedule::Cosine { least: 0.0 }.factor(0.5) - 0.5).abs() < 1e-12);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// The same throughout.
    Constant,
    /// From 1 down to `least` along half a cosine (Loshchilov and Hutter 2017).
    Cosine {
        /// The factor at the end.
        least: f64,
    },
    /// So many half cosines from 1 to 0, each of the same length, with a warm restart between them (Huang and others
    /// 2017): `(cos(π · (t · cycles mod 1)) + 1) / 2`.
    CyclicCosine {
        /// How many.
        cycles: usize,
    },
    /// Multiplied with `factor` at each of `steps` equal parts of the run but the first.
    Step {
        /// How many parts of equal rate.
        steps: usize,
        /// What the rate is multiplied with between them.
        factor: f64,
    },
    /// Down from 1 to `least` in the first half of each cycle and up again in the second, in straight lines (Garipov and
    /// others 2018). The rate is least in the middle of a cycle.
    Triangle {
        /// How many cycles.
        cycles: usize,
        /// The least factor.
        least: f64,
    },
    /// Constant for half of the run, then a straight line down to `least` up to 90 % of it, then constant (Izmailov and
    /// others 2018).
    Plateau {
        /// The factor at the end.
        least: f64,
    },
}

impl Schedule {
    /// Refuses what is out of range.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        let share = |name, value: f64| {
            if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(Error::parameter(name, value, "in 0 to 1")) }
        };
        let some = |name, count: usize| if count == 0 { Err(Error::parameter(name, 0, "at least 1")) } else { Ok(()) };
        match *self {
            Schedule::Constant => Ok(()),
            Schedule::Cosine { least } | Schedule::Plateau { least } => share("schedule.least", least),
            Schedule::CyclicCosine { cycles } => some("schedule.cycles", cycles),
            Schedule::Step { steps, factor } => {
                some("schedule.steps", steps)?;
                share("schedule.factor", factor)
            }
            Schedule::Triangle { cycles, least } => {
                some("schedule.cycles", cycles)?;
                share("schedule.least", least)
            }
        }
    }

    /// The factor of a step, from 0, of so many. Most runs begin at the full rate; a triangle counts from 1, so that the last
    /// step before the middle of a cycle, where a member is taken, is that of the least rate.
    pub(crate) fn at(&self, step: f64, steps: f64) -> f64 {
        let is_from_one = matches!(self, Schedule::Triangle { .. });
        self.factor((step + f64::from(u8::from(is_from_one))) / steps)
    }

    /// The factor after the share `t` of the run.
    pub fn factor(&self, t: f64) -> f64 {
        // How many of so many parts are over; what misses a whole number by rounding is one.
        let parts = |count: usize| {
            let over = t * count as f64;
            let whole = over.round();
            if (over - whole).abs() < 1e-9 * whole.max(1.0) { whole } else { over }
        };
        let cosine = |t: f64| 0.5 * ((std::f64::consts::PI * t).cos() + 1.0);
        match *self {
            Schedule::Constant => 1.0,
            Schedule::Cosine { least } => least + (1.0 - least) * cosine(t),
            Schedule::CyclicCosine { cycles } => cosine(parts(cycles).fract()),
            Schedule::Step { steps, factor } => factor.powi(parts(steps).floor() as i32),
            Schedule::Triangle { cycles, least } => {
                let within = parts(cycles).fract();
                let height = (2.0 * within - 1.0).abs();
                least + (1.0 - least) * height
            }
            Schedule::Plateau { least } => {
                let down = ((t - 0.5) / 0.4).clamp(0.0, 1.0);
                1.0 - (1.0 - least) * down
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_schedule_goes_through_its_corners() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12, "{a} and {b}");
        near(Schedule::Constant.factor(0.99), 1.0);
        near(Schedule::Cosine { least: 0.1 }.factor(0.0), 1.0);
        near(Schedule::Cosine { least: 0.1 }.factor(1.0), 0.1);
        let step = Schedule::Step { steps: 3, factor: 0.1 };
        near(step.factor(0.32), 1.0);
        near(step.factor(0.34), 0.1);
        near(step.factor(0.99), 0.01);
        let triangle = Schedule::Triangle { cycles: 2, least: 0.2 };
        near(triangle.factor(0.0), 1.0);
        near(triangle.factor(0.25), 0.2);
        near(triangle.factor(0.5), 1.0);
        near(triangle.factor(0.75), 0.2);
        let plateau = Schedule::Plateau { least: 0.05 };
        near(plateau.factor(0.4), 1.0);
        near(plateau.factor(0.95), 0.05);
    }

    #[test]
    fn every_cycle_begins_at_the_full_rate() {
        for cycles in 1..60 {
            let (steps, schedule) = (cycles * 7, Schedule::CyclicCosine { cycles });
            for cycle in 0..cycles {
                let first = schedule.factor((cycle * 7) as f64 / steps as f64);
                assert!(first > 0.999, "cycle {cycle} of {cycles} begins at {first}");
            }
        }
        let step = Schedule::Step { steps: 43, factor: 0.5 };
        (0..43).for_each(|part| assert_eq!(step.factor(f64::from(part * 3) / 129.0), 0.5f64.powi(part)));
    }

    #[test]
    fn what_is_out_of_range_is_refused() {
        assert!(Schedule::CyclicCosine { cycles: 0 }.check().is_err());
        assert!(Schedule::Step { steps: 2, factor: 1.5 }.check().is_err());
        assert!(Schedule::Cosine { least: f64::NAN }.check().is_err());
        assert!(Schedule::Triangle { cycles: 1, least: 0.0 }.check().is_ok());
    }
}
