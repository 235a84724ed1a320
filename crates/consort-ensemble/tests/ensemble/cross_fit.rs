//! Cross-fitting.

use std::{
    collections::HashMap,
    sync::Mutex,
    time::{Duration, Instant},
};

use consort_core::{
    Cancel, Classes, Column, Dataset, Error, Features, FitContext, Fold, Learner, Progress, Result, Samples, Seed,
    Splitter, Target,
};
use consort_ensemble::stack::Stacking;
use consort_ensemble::{
    NamedLearner,
    cross_fit::{CrossFit, CrossFitted, Fit, FitKey, OnError, Part, Store, Why},
};
use consort_split::{ExpandingWindow, KFold, Repeated, StratifiedGroupKFold, StratifiedKFold};

use crate::tables::{Broken, Memory, members, table};

fn run(cross_fit: &CrossFit<'_>, members: &[NamedLearner]) -> CrossFitted {
    cross_fit.run(members).unwrap()
}

#[test]
fn out_of_fold_predictions_are_those_of_models_that_did_not_see_the_row() {
    let data = table(200, 0);
    let folds = KFold::new(5).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let fitted = run(&CrossFit::new(Samples::all(&data), &folds, Seed::new(2)), &[NamedLearner::new("m", Memory)]);
    let seen = fitted.predictions().unwrap();
    assert_eq!(seen.rows, (0..200).collect::<Vec<u32>>());
    assert!(seen.predictions.member(0).iter().all(|&x| x == 0.0), "no row was seen by the model that predicts it");
    assert!(seen.rows.iter().zip(&seen.folds).all(|(row, &fold)| folds[fold as usize].test.contains(row)));
}

#[test]
fn a_fit_is_the_one_that_a_person_would_make_by_hand() {
    for classes in [0, 2, 3] {
        let data = table(300, classes);
        let folds = KFold::new(3).split(&data.row_info(), Seed::new(1)).unwrap().folds;
        let seed = Seed::new(7);
        let fitted = run(&CrossFit::new(Samples::all(&data), &folds, seed), &members());
        let seen = fitted.predictions().unwrap().predictions;
        for (m, NamedLearner { name, learner }) in members().iter().enumerate() {
            for fold in &folds {
                let key = FitKey {
                    layer: 0,
                    member: name.clone(),
                    part: Part::Fold { repeat: fold.repeat, fold: fold.fold },
                };
                let context = consort_core::FitContext::new(key.seed(seed));
                let model = learner.fit(&Samples::rows(&data, &fold.train).unwrap(), &context).unwrap();
                let by_hand = model.predict(&Samples::rows(&data, &fold.test).unwrap()).unwrap();
                for (i, &row) in fold.test.iter().enumerate() {
                    assert_eq!(by_hand.row(i), seen.member_rows(m, row as usize..row as usize + 1));
                }
            }
        }
    }
}

#[test]
fn neither_threads_nor_the_order_of_members_change_a_bit() {
    let data = table(400, 3);
    let folds = StratifiedKFold::new(4).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let with = |threads: usize, members: &[NamedLearner]| {
        run(&CrossFit::new(Samples::all(&data), &folds, Seed::new(3)).threads(threads), members)
            .predictions()
            .unwrap()
            .predictions
    };
    let one = with(1, &members());
    let mut backwards = members();
    backwards.reverse();
    for other in [with(2, &members()), with(5, &backwards), with(30, &members()[..2])] {
        for (m, member) in other.members().iter().enumerate() {
            assert_eq!(other.member(m), one.member(one.find(&member.name).unwrap()), "{}", member.name);
        }
    }
}

#[test]
fn repeats_are_averaged_and_rows_that_no_fold_tests_are_left_out() {
    let data = table(60, 0);
    let folds = Repeated::new(KFold::new(3), 4).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let fitted = run(&CrossFit::new(Samples::all(&data), &folds, Seed::new(3)), &members()[..1]);
    let seen = fitted.predictions().unwrap().predictions;
    let mut sums = vec![0.0f64; 60];
    for (fit, fold) in fitted.members()[0].fits.iter().zip(&folds) {
        fold.test
            .iter()
            .zip(fit.predictions.as_ref().unwrap().values())
            .for_each(|(&row, &x)| sums[row as usize] += f64::from(x) / 4.0);
    }
    for (sum, &got) in sums.iter().zip(seen.member(0)) {
        assert!((sum - f64::from(got)).abs() < 1e-6);
    }
    let data = data.with_time((0..60).map(f64::from).collect()).unwrap();
    let folds = ExpandingWindow::new(4).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let fitted = run(&CrossFit::new(Samples::all(&data), &folds, Seed::new(3)), &members()[..1]);
    let seen = fitted.predictions().unwrap();
    assert_eq!(seen.rows.len(), seen.predictions.rows());
    assert!(seen.rows[0] > 0 && seen.rows.len() < 60);
    assert_eq!(seen.predictions.id(0), seen.rows[0].to_string());
}

/// Fits in memory, as text.
#[derive(Default)]
struct Shelf {
    kept: Mutex<HashMap<FitKey, String>>,
    fitted: Mutex<usize>,
}

impl Store for Shelf {
    fn load(&self, key: &FitKey) -> Result<Option<Fit>> {
        Ok(self.kept.lock().unwrap().get(key).map(|text| serde_json::from_str(text).unwrap()))
    }

    fn save(&self, fit: &Fit) -> Result<()> {
        *self.fitted.lock().unwrap() += 1;
        self.kept.lock().unwrap().insert(fit.key.clone(), serde_json::to_string(fit).unwrap());
        Ok(())
    }
}

#[test]
fn what_is_kept_is_not_fitted_again() {
    let data = table(100, 2);
    let folds = KFold::new(3).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let shelf = Shelf::default();
    let whole = CrossFit::new(Samples::all(&data), &folds, Seed::new(3)).store(Some(&shelf));
    run(&whole, &members()[..1]);
    assert_eq!(*shelf.fitted.lock().unwrap(), 3);
    let resumed = run(&whole, &members());
    assert_eq!(*shelf.fitted.lock().unwrap(), 9);
    let at_once = run(&CrossFit::new(Samples::all(&data), &folds, Seed::new(3)), &members());
    let cube = |fitted: &CrossFitted| {
        let seen = fitted.predictions().unwrap().predictions;
        (0..3).map(|m| seen.member(m).to_vec()).collect::<Vec<_>>()
    };
    assert_eq!(cube(&resumed), cube(&at_once));
}

#[test]
fn a_member_that_fails_stops_all_or_is_skipped_and_named() {
    let data = table(100, 0);
    let folds = KFold::new(3).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let mut with_broken = members();
    with_broken.insert(1, NamedLearner::new("bad", Broken));
    let cross_fit = CrossFit::new(Samples::all(&data), &folds, Seed::new(3)).threads(2);
    assert_eq!(cross_fit.run(&with_broken).unwrap_err().to_string(), "it is broken");
    let fitted = cross_fit.on_error(OnError::Skip).run(&with_broken).unwrap();
    assert_eq!(fitted.members().len(), 3);
    assert_eq!(fitted.skipped().len(), 1);
    assert_eq!(fitted.skipped()[0].why, Why::Failed("it is broken".into()));
    let none = cross_fit.on_error(OnError::Skip).run(&[NamedLearner::new("bad", Broken)]).unwrap_err();
    assert!(none.to_string().contains("it is broken"), "{none}");
}

#[test]
fn members_that_the_time_does_not_suffice_for_are_named_and_cancelling_ends_all() {
    let data = table(2000, 0);
    let folds = KFold::new(2).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let endless = consort_trees::boosting::GradientBoosting { rounds: 1_000_000, ..Default::default() };
    let list = [members().remove(1), NamedLearner::new("endless", endless)];
    let cancel = Cancel::at(Instant::now() + Duration::from_millis(1500));
    let cross_fit = CrossFit::new(Samples::all(&data), &folds, Seed::new(3)).cancel(Some(&cancel));
    let fitted = cross_fit.limited(true).run(&list).unwrap();
    assert_eq!(fitted.members().iter().map(|m| &*m.name).collect::<Vec<_>>(), ["short"]);
    assert_eq!(fitted.skipped()[0].why, Why::Time);
    assert!(matches!(cross_fit.run(&list[1..]), Err(Error::Cancelled)));
}

#[test]
fn what_cannot_be_cross_fitted_is_refused() {
    let data = table(50, 0);
    let folds = KFold::new(2).split(&data.row_info(), Seed::new(1)).unwrap().folds;
    let all = Samples::all(&data);
    let refused = |folds: &[Fold], members: &[NamedLearner]| {
        CrossFit::new(all, folds, Seed::new(0)).run(members).unwrap_err().to_string()
    };
    assert!(refused(&folds, &[]).contains("members"));
    assert!(refused(&[], &members()).contains("fold"));
    assert!(refused(&folds, &[members().remove(0), members().remove(0)]).contains("duplicate member"));
    assert!(refused(&folds, &[NamedLearner::new("../up", Memory)]).contains("name"));
    let beyond = Fold { test: vec![50], ..folds[0].clone() };
    assert!(refused(&[beyond], &members()).contains("row"));
    assert_eq!(Memory.name(), "memory");
}

/// What was said by whom: the fits together, or one of them by its name.
#[derive(Default)]
struct Heard(Mutex<Vec<(String, u64, u64)>>);

struct HeardOf<'a>(&'a Heard, String);

impl Progress for Heard {
    fn step(&self, done: u64, total: u64, _: &str) {
        self.0.lock().unwrap().push((String::new(), done, total));
    }

    fn part(&self, name: &str) -> Box<dyn Progress + '_> {
        Box::new(HeardOf(self, name.into()))
    }
}

impl Progress for HeardOf<'_> {
    fn step(&self, done: u64, total: u64, _: &str) {
        self.0.0.lock().unwrap().push((self.1.clone(), done, total));
    }
}

#[test]
fn every_fit_says_how_far_it_is_beside_all_together() {
    let data = table(200, 0);
    let heard = Heard::default();
    let stack = Stacking::linear(members()).splitter(KFold::new(3));
    let context = FitContext { threads: 2, progress: &heard, ..FitContext::new(Seed::new(1)) };
    stack.fit_stack(&Samples::all(&data), &context).unwrap();
    let heard = heard.0.into_inner().unwrap();
    let fits = members().len() as u64 * 4;
    let all: Vec<u64> = heard.iter().filter(|(name, ..)| name.is_empty()).map(|(_, done, _)| *done).collect();
    assert!(all.is_sorted() && all.last() == Some(&fits), "{all:?}");
    for NamedLearner { name, .. } in members() {
        for part in ["(repeat 0, fold 2)", "(all rows)"] {
            let of: Vec<&(String, u64, u64)> =
                heard.iter().filter(|(of, ..)| *of == format!("{name} {part}")).collect();
            assert!(of.last().is_some_and(|(_, done, total)| done == total), "{name} {part}: {of:?}");
        }
    }
}

#[test]
fn a_class_that_a_fold_tests_and_does_not_teach_is_named() {
    let x = Column::Numeric { name: "x".into(), values: (0..60).map(|i| i as f32).collect() };
    let classes = Classes::new(["common", "rare"]).unwrap();
    // All rows of the rare class are of one group.
    let target = Target::Classes { codes: (0..60).map(|i| u32::from(i < 6)).collect(), classes };
    let data = Dataset::new(Features::Columns(vec![x])).unwrap().with_target(target).unwrap();
    let said = |groups: Vec<u32>| {
        let data = data.clone().with_groups(groups).unwrap();
        let stack = Stacking::greedy(members()).splitter(StratifiedGroupKFold::new(3));
        let fit = stack.fit_stack(&Samples::all(&data), &FitContext::new(Seed::new(0))).unwrap();
        fit.warnings.iter().map(ToString::to_string).find(|text| text.contains("learnt from none of it"))
    };
    let text = said((0..60).map(|i| i / 6).collect()).unwrap();
    assert!(text.contains("`rare`: its 6 rows in 1 of the folds"), "{text}");
    assert_eq!(said((0..60).map(|i| i % 6).collect()), None);
}
