//! A fit that takes long and is interrupted, in a run.

use consort_core::{Error, FitContext, Learner, Matrix, Model, Result, Samples, Seed, Splitter, Takes};
use consort_ensemble::{
    NamedLearner,
    cross_fit::CrossFit,
    run::{RunFolder, read_sealed},
};
use consort_split::KFold;
use serde::{Deserialize, Serialize};

use crate::tables::table;

/// Counts to ten, keeps how far it is, and is interrupted at five unless it begins later.
#[derive(Debug, Serialize, Deserialize)]
struct Counts;

#[derive(Debug, Serialize, Deserialize)]
struct Counted(f32);

#[typetag::serde(name = "counts for checkpoints")]
impl Learner for Counts {
    fn name(&self) -> String {
        "counts".into()
    }

    fn takes(&self) -> Takes {
        Takes { categories: true, missing: true, weights: true }
    }

    fn fit(&self, _: &Samples<'_>, ctx: &FitContext<'_>) -> Result<Box<dyn Model>> {
        let place = ctx.checkpoints.ok_or_else(|| Error::custom("a run has a place for checkpoints"))?;
        let begun = place.load("count/1")?.map_or(0, |state| state[0]);
        for count in begun + 1..=10 {
            place.save("count/1", &[count])?;
            if begun == 0 && count == 5 {
                return Err(Error::Cancelled);
            }
        }
        Ok(Box::new(Counted(f32::from(begun))))
    }
}

#[typetag::serde(name = "counted for checkpoints")]
impl Model for Counted {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        Matrix::new(rows.len(), 1, vec![self.0; rows.len()])
    }
}

#[test]
fn an_interrupted_fit_goes_on_where_it_was_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let run = RunFolder::create(&folder.path().join("run"), &1).unwrap();
    let data = table(30, 0);
    let folds = KFold::new(3).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let cross_fit = CrossFit::new(Samples::all(&data), &folds, Seed::new(2)).store(Some(&run));
    let members = [NamedLearner::new("m", Counts)];
    let parts = |fold: u32| run.path().join(format!("models/m/l0-r0-f{fold}.part"));
    // Each try interrupts the next fold, once.
    for fold in 0..3 {
        assert!(matches!(cross_fit.run(&members), Err(Error::Cancelled)));
        let state = parts(fold).join("count_1.state");
        assert!(state.is_file() && read_sealed::<serde_json::Value>(&state, "fit").is_err());
    }
    let fitted = cross_fit.run(&members).unwrap();
    let seen = fitted.predictions().unwrap().predictions;
    assert!(seen.member(0).iter().all(|&begun| begun == 5.0), "each went on at five");
    assert!((0..3).all(|fold| !parts(fold).exists()));
}
