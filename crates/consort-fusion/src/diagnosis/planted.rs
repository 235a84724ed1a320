//! Made-up ensembles in which a fault can be planted.

use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Seed, Stream, Target, Truth};

use super::{Case, Check, Examined, Finding};

/// Members, their predictions and the truth, row by row from one stream of random numbers.
pub(super) struct Plant {
    target: Target,
    members: Vec<(String, Vec<f32>)>,
    predictions: Predictions,
    stream: Stream,
}

impl Plant {
    /// Three honest members of two classes, each right in about 60 of 100 rows.
    pub(super) fn classes(rows: usize) -> Self {
        let mut plant = Self::blank_classes(rows, 0.5);
        for name in ["a", "b", "c"] {
            plant.add_classes(name, |truth, noise| {
                let sure = 0.2 + 0.75 * noise;
                if truth { sure.min(0.95) } else { 1.0 - sure.min(0.95) }
            });
        }
        plant
    }

    /// Two classes, `yes` with this share, and no member yet.
    pub(super) fn blank_classes(rows: usize, share: f64) -> Self {
        let mut stream = Seed::new(7).stream();
        let codes = (0..rows).map(|_| u32::from(stream.unit() < share)).collect();
        Self::blank(Target::Classes { codes, classes: Classes::new(["no", "yes"]).unwrap() }, stream)
    }

    /// Three honest members of a number, each off by about half of its spread.
    pub(super) fn numbers(rows: usize) -> Self {
        let mut stream = Seed::new(8).stream();
        let values = (0..rows).map(|_| 4.0 * stream.normal()).collect();
        Self::with_three(Target::from_values(values, "y").unwrap(), stream)
    }

    /// As [`Self::numbers`], of a truth that changes slowly from row to row.
    pub(super) fn wave(rows: usize) -> Self {
        let values = (0..rows).map(|i| 4.0 * (i as f64 / 9.0).sin()).collect();
        Self::with_three(Target::from_values(values, "y").unwrap(), Seed::new(9).stream())
    }

    fn with_three(target: Target, stream: Stream) -> Self {
        let mut plant = Self::blank(target, stream);
        for name in ["a", "b", "c"] {
            plant.add_numbers(name, |truth, noise| truth + 2.0 * noise);
        }
        plant
    }

    fn blank(target: Target, stream: Stream) -> Self {
        let predictions = build(&target, &[("nobody".into(), vec![0.5; target.rows() * target.outputs().len()])]);
        Self { target, members: Vec::new(), predictions, stream }
    }

    /// A member of two classes: the probability of `yes` from whether that is true and a number in [0, 1).
    pub(super) fn add_classes(&mut self, name: &str, mut yes: impl FnMut(bool, f64) -> f64) {
        let Target::Classes { codes, .. } = &self.target else { panic!("the plant has no classes") };
        let stream = &mut self.stream;
        let values = codes
            .iter()
            .flat_map(|&code| {
                let p = yes(code == 1, stream.unit()) as f32;
                [1.0 - p, p]
            })
            .collect();
        self.add_values(name, values);
    }

    /// A member of numbers: the prediction from the truth and a normal number.
    pub(super) fn add_numbers(&mut self, name: &str, mut predict: impl FnMut(f64, f64) -> f64) {
        let stream = &mut self.stream;
        let truth = match &self.target {
            Target::Values { values, .. } => values,
            _ => panic!("the plant has no numbers"),
        };
        let values = truth.iter().map(|&y| predict(y, stream.normal()) as f32).collect();
        self.add_values(name, values);
    }

    /// A member that gives these numbers.
    pub(super) fn add_values(&mut self, name: &str, values: Vec<f32>) {
        self.members.push((name.into(), values));
        self.predictions = build(&self.target, &self.members);
    }

    /// Without members.
    pub(super) fn clear(&mut self) {
        self.members.clear();
    }

    pub(super) fn predictions(&self) -> &Predictions {
        &self.predictions
    }

    pub(super) fn truth(&self) -> Truth<'_> {
        Truth::new(&self.target)
    }

    pub(super) fn values(&self) -> Vec<f64> {
        self.truth().values("test").unwrap().0.to_vec()
    }

    pub(super) fn case(&self) -> Case<'_> {
        Case::new(&self.predictions, self.truth())
    }
}

fn build(target: &Target, members: &[(String, Vec<f32>)]) -> Predictions {
    let outputs = target.outputs();
    let gives = if matches!(outputs, Outputs::Classes(_)) { Gives::Probabilities } else { Gives::Values };
    let mut builder = Predictions::builder(outputs, Ids::positions(target.rows()));
    for (name, values) in members {
        builder = builder.member(name.clone(), gives, values).unwrap();
    }
    builder.build().unwrap()
}

/// What the check finds.
pub(super) fn found(check: &dyn Check, case: &Case<'_>) -> Vec<Finding> {
    match check.examine(case).unwrap() {
        Examined::Found(found) => found,
        Examined::Lacks(what) => panic!("{} lacks {what}", check.name()),
    }
}

/// Whether the check says that it lacks something.
pub(super) fn lacks(check: &dyn Check, case: &Case<'_>) -> bool {
    matches!(check.examine(case).unwrap(), Examined::Lacks(_))
}
