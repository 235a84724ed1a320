use consort_core::{Error, Gives, Matrix, Outputs, Predictions, Result, Samples};

use super::BoostedTrees;

impl BoostedTrees {
    /// The predictions after every `every` rounds and after the last, each from the one before it: `each` gets the
    /// number of rounds and `[rows][columns]`.
    ///
    /// # Errors
    /// [`Error::Parameter`] if `every` is 0, the error of a feature that is missing or of another kind, and that of
    /// `each`.
    pub fn staged(
        &self,
        rows: &Samples<'_>,
        every: usize,
        mut each: impl FnMut(usize, Matrix) -> Result<()>,
    ) -> Result<()> {
        if every == 0 {
            return Err(Error::parameter("every", 0, "at least 1"));
        }
        let rounds = (1..=self.rounds()).filter(|round| round % every == 0 || *round == self.rounds());
        self.walk(rows, rounds, &mut each)
    }

    /// The model after some of its rounds as members, named `round 10` and so on: what a fusion or a chart of the
    /// boosting path reads.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a round that there is none of, and the errors of [`Predictions::builder`].
    ///
    /// ```
    /// use consort_core::{Column, Dataset, Features, FitContext, Outputs, Samples, Seed, Target};
    /// use consort_trees::{bins::Binned, boosting::GradientBoosting};
    /// let x = Column::Numeric { name: "x".into(), values: (0..100).map(|i| i as f32).collect() };
    /// let y = Target::from_values((0..100).map(f64::from).collect(), "y")?;
    /// let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
    /// let boost = GradientBoosting::default();
    /// let binned = Binned::shared(&data, &boost.bins)?;
    /// let model = boost.fit_binned(&binned, &Samples::all(&data), &FitContext::new(Seed::new(0)))?;
    /// let path = model.snapshots(&Samples::all(&data), Outputs::target("y"), &[10, 100])?;
    /// assert_eq!(path.members()[0].name, "round 10");
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn snapshots(&self, rows: &Samples<'_>, outputs: Outputs, rounds: &[usize]) -> Result<Predictions> {
        let gives = if outputs.task().is_classification() { Gives::Probabilities } else { self.loss().gives() };
        snapshots_of(rows, outputs, gives, self.rounds(), rounds, |rounds, each| {
            self.walk(rows, rounds.iter().copied(), each)
        })
    }

    fn walk(
        &self,
        rows: &Samples<'_>,
        rounds: impl Iterator<Item = usize>,
        each: &mut dyn FnMut(usize, Matrix) -> Result<()>,
    ) -> Result<()> {
        let trees = self.trees();
        let outputs = trees.outputs();
        let mut scores: Vec<f64> = std::iter::repeat_n(trees.base(), rows.len()).flatten().copied().collect();
        let mut before = 0;
        for round in rounds {
            trees.add(rows, before * outputs..round * outputs, &mut scores, outputs)?;
            each(round, self.predictions(&scores))?;
            before = round;
        }
        Ok(())
    }
}

/// A model after some of its `last` rounds as members, named `round 10` and so on. `walk` gets those rounds, ascending,
/// and calls back with each and its predictions.
///
/// # Errors
/// [`Error::Parameter`] for a round that there is none of, and the errors of `walk` and of [`Predictions::builder`].
pub fn snapshots_of(
    rows: &Samples<'_>,
    outputs: Outputs,
    gives: Gives,
    last: usize,
    rounds: &[usize],
    walk: impl FnOnce(&[usize], &mut dyn FnMut(usize, Matrix) -> Result<()>) -> Result<()>,
) -> Result<Predictions> {
    let mut rounds = rounds.to_vec();
    rounds.sort_unstable();
    rounds.dedup();
    if let Some(round) = rounds.iter().find(|round| !(1..=last).contains(*round)) {
        return Err(Error::parameter("rounds", round, format!("1 to {last}")));
    }
    let ids = match rows.row_numbers() {
        None => rows.dataset().ids().clone(),
        Some(numbers) => rows.dataset().ids().take(numbers),
    };
    let mut builder = Some(Predictions::builder(outputs, ids));
    walk(&rounds, &mut |round, matrix| {
        if let Some(made) = builder.take() {
            builder = Some(made.member(format!("round {round}"), gives, matrix.values())?);
        }
        Ok(())
    })?;
    let nothing = || Error::Empty { what: "the list of rounds".into(), hint: "name at least one round".into() };
    builder.ok_or_else(nothing)?.build()
}
