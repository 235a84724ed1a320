//! Made-up members whose truth is known, on which the suite tries fusers and fusions.

use super::fuser::FusionCase;
use crate::{Classes, Error, Gives, Ids, Missing, Outputs, Predictions, Seed, Target, Task};

/// Members that are better than chance, on rows whose truth is known.
pub(super) struct Sample {
    pub(super) outputs: Outputs,
    pub(super) target: Target,
    gives: Gives,
    /// The numbers of each member.
    members: Vec<Vec<f32>>,
}

impl Sample {
    pub(super) fn new(case: &FusionCase, rows: usize, members: usize, name: &str) -> Self {
        let seed = Seed::new(20_26).child(name);
        let mut truth = seed.child("truth").stream();
        let names = |n: usize, prefix: &str| (1..=n).map(|k| format!("{prefix}{k}")).collect::<Vec<_>>();
        let (outputs, target) = match case.task {
            Task::Binary | Task::Multiclass => {
                let k = if case.task == Task::Binary { 2 } else { 4 };
                let classes =
                    Classes::new(names(k, "class")).unwrap_or_else(|_| unreachable!("the names are distinct"));
                let codes = (0..rows).map(|_| truth.below(k as u64) as u32).collect();
                (Outputs::Classes(classes.clone()), Target::Classes { codes, classes })
            }
            Task::Multilabel => {
                let names = names(3, "label");
                let values = (0..rows * 3).map(|_| truth.below(2) == 1).collect();
                (Outputs::Labels(names.clone()), Target::Labels { values, names })
            }
            Task::Regression => {
                let values = (0..rows).map(|_| 5.0 + truth.unit() * 10.0).collect();
                (Outputs::target("y"), Target::Values { values, names: vec!["y".into()] })
            }
            Task::Quantile => {
                let values = (0..rows).map(|_| 5.0 + truth.unit() * 10.0).collect();
                (Outputs::Quantiles(vec![0.1, 0.5, 0.9]), Target::Values { values, names: vec!["y".into()] })
            }
        };
        let columns = outputs.len();
        let members = (0..members)
            .map(|m| {
                let mut noise = seed.nth("member", m as u64).stream();
                let mut numbers = Vec::with_capacity(rows * columns);
                for i in 0..rows {
                    let from = numbers.len();
                    let skill = 1.0 + m as f64 * 0.3;
                    for k in 0..columns {
                        let at = match &target {
                            Target::Classes { codes, .. } => skill * f64::from(codes[i] as usize == k),
                            Target::Labels { values, .. } => skill * (f64::from(values[i * columns + k]) - 0.5),
                            Target::Values { values, .. } => values[i] + k as f64,
                        };
                        let spread = if columns == 1 || case.task == Task::Quantile { 1.0 / skill } else { 1.0 };
                        numbers.push((at + spread * noise.normal()).max(if case.gives == Gives::Values {
                            0.1
                        } else {
                            -9.0
                        }) as f32);
                    }
                    finish(&mut numbers[from..], case);
                }
                numbers
            })
            .collect();
        Self { outputs, target, gives: case.gives, members }
    }

    fn build(&self, missing: Missing, members: Vec<(String, Vec<f32>)>) -> Predictions {
        let rows = self.members[0].len() / self.outputs.len();
        let mut builder = Predictions::builder(self.outputs.clone(), Ids::positions(rows)).missing(missing);
        for (name, numbers) in members {
            let added = builder.add(name, self.gives, |slot| {
                slot.copy_from_slice(&numbers);
                Ok::<(), Error>(())
            });
            added.unwrap_or_else(|error| unreachable!("the sample is legal: {error}"));
        }
        builder.build().unwrap_or_else(|error| unreachable!("the sample is legal: {error}"))
    }

    /// Each member's numbers, changed by `edit`, which gets the member, the row and its numbers.
    fn edited(&self, missing: Missing, edit: impl Fn(usize, usize, &mut [f32])) -> Predictions {
        let mut members = self.named();
        for (m, (_, numbers)) in members.iter_mut().enumerate() {
            for (i, row) in numbers.chunks_exact_mut(self.outputs.len()).enumerate() {
                edit(m, i, row);
            }
        }
        self.build(missing, members)
    }

    fn named(&self) -> Vec<(String, Vec<f32>)> {
        self.members.iter().enumerate().map(|(m, numbers)| (format!("m{m}"), numbers.clone())).collect()
    }

    pub(super) fn predictions(&self) -> Predictions {
        self.build(Missing::Error, self.named())
    }

    pub(super) fn with_doubled_member(&self, m: usize) -> Predictions {
        let mut members = self.named();
        members.push((format!("m{m} again"), self.members[m].clone()));
        self.build(Missing::Error, members)
    }

    pub(super) fn with_missing_member(&self, member: usize, missing: Missing) -> Predictions {
        self.with_missing_rows(missing, |m, _| m == member)
    }

    pub(super) fn with_missing_rows(&self, missing: Missing, hole: impl Fn(usize, usize) -> bool) -> Predictions {
        self.edited(missing, |m, i, row| {
            if hole(m, i) {
                row.fill(f32::NAN);
            }
        })
    }

    /// Legal numbers, but others, in some rows.
    pub(super) fn with_spoilt_rows(&self, spoil: impl Fn(usize) -> bool) -> Predictions {
        self.edited(Missing::Error, |_, i, row| {
            if spoil(i) {
                row.reverse();
                if row.len() == 1 {
                    row[0] += 3.0;
                }
            }
        })
    }

    /// Exact 0 and 1, right and wrong, and members that contradict each other.
    pub(super) fn saturated(&self) -> Predictions {
        self.edited(Missing::Error, |m, i, row| {
            let last = row.len() - 1;
            if i % 2 == 0 {
                row.fill(0.0);
                row[if i % 4 == 0 { 0 } else { m.min(last) }] = 1.0;
            }
        })
    }

    /// The first member never predicts the last class.
    pub(super) fn without_a_class(&self) -> Predictions {
        let classes = matches!(self.outputs, Outputs::Classes(_));
        self.edited(Missing::Error, |m, _, row| {
            if m == 0 && row.len() > 1 {
                let last = row.len() - 1;
                row[last] = 0.0;
                let sum: f32 = row.iter().sum();
                if classes && sum > 0.0 {
                    row.iter_mut().for_each(|x| *x /= sum);
                } else if classes {
                    row[0] = 1.0;
                }
            }
        })
    }
}

/// Turns the numbers of a row into what the members give.
fn finish(row: &mut [f32], case: &FusionCase) {
    match (case.gives, case.task) {
        (Gives::Probabilities, Task::Multilabel) => row.iter_mut().for_each(|x| *x = 1.0 / (1.0 + (-*x).exp())),
        (Gives::Probabilities, _) => {
            row.iter_mut().for_each(|x| *x = x.exp());
            let sum: f32 = row.iter().sum();
            row.iter_mut().for_each(|x| *x /= sum);
        }
        (Gives::Labels, Task::Multilabel) => row.iter_mut().for_each(|x| *x = f32::from(*x > 0.0)),
        (Gives::Labels, _) => {
            let best = crate::matrix::argmax(row).unwrap_or(0);
            row.fill(0.0);
            row[best] = 1.0;
        }
        (Gives::Values, _) => row.sort_by(f32::total_cmp),
        (Gives::Logits | Gives::Scores, _) => {}
    }
}
