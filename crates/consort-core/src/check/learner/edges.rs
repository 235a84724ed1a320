//! Samples and features that nobody hopes for.

use super::{
    super::Broken,
    contracts::School,
    lesson::{COLOUR, Lesson, NOISE, SIZE, colours},
    trial::{Trial, context, up_to},
};
use crate::{Column, Dataset, Features, Matrix, Model, Samples, Seed, Target};

/// How many rows the odd data sets have.
const FEW: usize = 60;

impl Trial<'_> {
    /// Features at prediction that are not just as they were at the fit.
    pub(super) fn other_features(
        &self,
        school: &School<'_>,
        model: &dyn Model,
        predicted: &Matrix,
    ) -> Result<(), Broken> {
        let asked: Vec<u32> = school.test.row_numbers().unwrap_or(&[]).to_vec();
        let lesson = school.lesson.take(&asked);
        let features = lesson.features();
        let predict = |data: &Dataset| self.try_predict(model, &Samples::all(data));
        let as_before = |contract, data: &Dataset| match predict(data)? {
            Ok(again) => self.same(contract, predicted, &again, 0.0),
            Err(error) => Err(self.broken(contract, error)),
        };
        as_before("no target is needed to predict", &features)?;
        let mut moved = lesson.clone();
        moved.columns.reverse();
        as_before("features are known by name", &moved.features())?;
        as_before("levels of categories are known by name", &lesson.with_levels_reversed().features())?;
        let more = lesson.with_column(Column::Numeric { name: "more".into(), values: vec![0.0; asked.len()] });
        if let Ok(again) = predict(&more.features())? {
            self.same("a feature that it was not fitted on has no say", predicted, &again, 0.0)?;
        }
        let some = up_to(asked.len()).into_iter().filter(|i| i % 3 == 1).rev().collect::<Vec<_>>();
        let part = self.predict(model, &self.rows(&features, &some)?)?;
        let mut expected = Matrix::zeros(some.len(), predicted.columns());
        some.iter().enumerate().for_each(|(i, &row)| expected.row_mut(i).copy_from_slice(predicted.row(row as usize)));
        self.same("a prediction depends on no other row", &expected, &part, 0.0)?;
        let nothing: [u32; 0] = [];
        if let Ok(none) = self.try_predict(model, &self.rows(&features, &nothing)?)? {
            self.sound("the prediction of no rows has none", &none, 0, &lesson.target)?;
        }

        for name in lesson.columns.iter().map(Column::name) {
            let mut fewer = lesson.clone();
            fewer.columns.retain(|column| column.name() != name);
            self.refused("a feature that is missing is named", predict(&fewer.features())?, name)?;
        }
        let contract = "a feature of another kind is named";
        let words = Column::Categorical { name: SIZE.into(), codes: vec![0; asked.len()], levels: vec!["1".into()] };
        self.refused(contract, predict(&lesson.with_column(words).features())?, SIZE)?;
        if self.learner.takes().categories {
            let numbers = Column::Numeric { name: COLOUR.into(), values: vec![1.0; asked.len()] };
            self.refused(contract, predict(&lesson.with_column(numbers).features())?, COLOUR)?;
            let codes = (0..asked.len() as u32).map(|i| i % 2).collect();
            let levels = vec!["a level that nobody saw".into(), "red".into()];
            let unknown = lesson.with_column(Column::Categorical { name: COLOUR.into(), codes, levels });
            let contract = "a level that it was not fitted on gives an error or a sound answer";
            self.defined_for(contract, model, &unknown.features(), &lesson.target)?;
        }
        for number in [f32::INFINITY, f32::NEG_INFINITY, f32::MAX, 1e-45] {
            let odd = lesson.with_number(SIZE, 3, number).features();
            self.defined_for("odd numbers give an error or a sound answer", model, &odd, &lesson.target)?;
        }
        let dense = Features::Dense { values: vec![0.5; 4 * lesson.columns.len()], shape: vec![lesson.columns.len()] };
        let dense = Dataset::new(dense).map_err(|error| self.broken("the block is legal", error))?;
        self.defined_for("a dense block gives an error or a sound answer", model, &dense, &lesson.target)
    }

    /// Training samples that are too few, too much alike, or of another problem.
    pub(super) fn odd_samples(&self, school: &School<'_>) -> Result<(), Broken> {
        let lesson = school.lesson.take(&up_to(FEW));
        let data = lesson.dataset();
        let all = Samples::all(&data);
        let refused = |contract, train: &Samples<'_>| {
            let result = self.try_fit(train, &context())?;
            self.ensure(result.is_err(), contract, "it was fitted")
        };
        refused("no training rows are refused", &self.rows(&data, &[])?)?;
        refused("a data set without a target is refused", &Samples::all(&lesson.features()))?;
        let alone = "one training row gives an error or a sound answer";
        self.defined(alone, &self.rows(&data, &[7])?, &all)?;
        self.defined(alone, &self.rows(&data, &[7, 7, 7])?, &all)?;
        self.defined(alone, &Samples::all(&lesson.take(&[7]).dataset()), &all)?;

        let mut alike = lesson.clone();
        for column in &mut alike.columns {
            match column {
                Column::Numeric { values, .. } => values.fill(2.5),
                Column::Categorical { codes, .. } => codes.fill(1),
            }
        }
        let alike = alike.dataset();
        self.defined("constant features give an error or a sound answer", &Samples::all(&alike), &all)?;
        let mut even = lesson.clone();
        match &mut even.target {
            Target::Classes { codes, .. } => codes.fill(1),
            Target::Labels { values, .. } => values.fill(true),
            Target::Values { values, .. } => values.fill(-3.0),
        }
        let even = even.dataset();
        self.defined("an equal target of all rows gives an error or a sound answer", &Samples::all(&even), &all)?;
        if self.learner.takes().missing {
            let mut empty = lesson.with_spoilt_rows(|_| false, false);
            for column in &mut empty.columns {
                match column {
                    Column::Numeric { values, .. } => values.fill(f32::NAN),
                    Column::Categorical { codes, .. } => codes.fill(Column::MISSING),
                }
            }
            let contract = "features of which all values are missing give an error or a sound answer";
            self.defined(contract, &Samples::all(&empty.dataset()), &all)?;
        }
        for number in [f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN_POSITIVE] {
            let odd = lesson.with_number(SIZE, 3, number).with_number(NOISE, 4, number).dataset();
            self.defined("odd numbers give an error or a sound answer", &Samples::all(&odd), &Samples::all(&odd))?;
        }
        let foreign = "a target of another kind gives an error or a sound answer";
        for target in self.other_targets() {
            let other = lesson.features().with_target(target).map_err(|e| self.broken("the target is legal", e))?;
            self.defined(foreign, &Samples::all(&other), &all)?;
        }
        if let Target::Values { values, names } = &lesson.target {
            for number in [f64::NAN, f64::INFINITY] {
                let mut values = values.clone();
                values[41] = number;
                let target = Target::Values { values, names: names.clone() };
                let other = lesson.features().with_target(target).map_err(|e| self.broken("it is legal", e))?;
                let result = self.try_fit(&Samples::all(&other), &context())?;
                self.refused("a target that is not finite is refused with its row", result, "row 42")?;
            }
        }
        let dense = Features::Dense { values: (0..FEW * 4).map(|i| i as f32).collect(), shape: vec![2, 2] };
        let dense = Dataset::new(dense).and_then(|dense| dense.with_target(lesson.target.clone()));
        let dense = dense.map_err(|error| self.broken("the block is legal", error))?;
        self.defined("a dense block gives an error or a sound answer", &Samples::all(&dense), &Samples::all(&dense))?;
        let wide = lesson.with_column(colours(vec![0; FEW]));
        let wide = if self.learner.takes().categories { wide } else { lesson.clone() };
        self.few_rows(&wide)
    }

    /// Every small number of rows.
    fn few_rows(&self, lesson: &Lesson) -> Result<(), Broken> {
        let contract = "a few training rows give an error or a sound answer";
        (2..12).try_for_each(|count| {
            let few = lesson.take(&up_to(count)).dataset();
            self.defined(contract, &Samples::all(&few), &Samples::all(&few))
        })
    }

    /// Targets of every kind.
    fn other_targets(&self) -> Vec<Target> {
        let mut stream = Seed::new(5).stream();
        let names = |names: [&str; 2]| names.map(String::from).to_vec();
        let numbers = |count: usize| (0..count).map(|i| (i % 5) as f64).collect();
        vec![
            Target::Values { values: numbers(FEW), names: vec!["y".into()] },
            Target::Values { values: numbers(2 * FEW), names: names(["y", "z"]) },
            Target::Labels { values: (0..2 * FEW).map(|_| stream.below(2) == 1).collect(), names: names(["a", "b"]) },
            Target::Classes { codes: vec![0; FEW], classes: super::lesson::classes(1) },
            Target::Classes { codes: (0..FEW as u32).collect(), classes: super::lesson::classes(FEW as u32) },
        ]
    }
}
