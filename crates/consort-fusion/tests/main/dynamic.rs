//! Dynamic selection against DESlib's choices, and the laws that it must obey.

use std::sync::Arc;

use consort_core::{
    Classes, Fuser, Fusion, Gives, Ids, Matrix, Missing, Outputs, Predictions, Seed, Target, Task, Truth, check,
    check::FusionCase,
};
use consort_fusion::dynamic::{self, DesKnn, DynamicSelection, FittedDynamic, Neighbours, Region, Voting};

use crate::reference::{column, columns};

/// The rows of `dynamic.csv` that are known, or new.
struct Rows {
    numbers: Vec<usize>,
    predictions: Predictions,
    target: Target,
    features: Matrix,
}

fn rows(part: &str) -> Rows {
    let table = columns("dynamic.csv");
    let here: Vec<usize> = (0..table["part"].len()).filter(|&i| table["part"][i] == part).collect();
    let of = |name: &str| -> Vec<f64> {
        let all = column(&table, name);
        here.iter().map(|&i| all[i]).collect()
    };
    let classes = Classes::new(["0", "1"]).unwrap();
    let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(here.len()));
    for m in 0..8 {
        let values: Vec<f32> = of(&format!("p{m}")).iter().flat_map(|&p| [(1.0 - p) as f32, p as f32]).collect();
        builder = builder.member(format!("m{m}"), Gives::Probabilities, &values).unwrap();
    }
    let labels: Vec<String> = of("y").iter().map(|y| y.to_string()).collect();
    let each: Vec<Vec<f64>> = (0..30).map(|f| of(&format!("f{f}"))).collect();
    let features = (0..here.len()).flat_map(|i| each.iter().map(move |values| values[i] as f32)).collect();
    Rows {
        numbers: of("row").iter().map(|&x| x as usize).collect(),
        predictions: builder.build().unwrap(),
        target: Target::from_labels(labels, &classes, "the truth").unwrap(),
        features: Matrix::new(here.len(), 30, features).unwrap(),
    }
}

fn fit(selection: &DynamicSelection) -> FittedDynamic {
    let known = rows("known");
    selection.fit_near(&known.predictions, &Truth::new(&known.target), &known.features).unwrap()
}

#[test]
fn the_classes_chosen_are_those_of_deslib() {
    let (new, expected) = (rows("new"), columns("dynamic_chosen.csv"));
    let names = [
        ("knora-e", "knora_e", false),
        ("knora-u", "knora_u", false),
        ("ola", "ola", false),
        ("lca", "lca", false),
        ("mla", "mla", false),
        ("mcb", "mcb", false),
        ("rank", "rank", false),
        ("a-priori", "a_priori", false),
        ("a-posteriori", "a_posteriori", false),
        ("des-p", "des_p", false),
        ("knop", "knop", false),
        ("meta-des", "meta_des", false),
        ("rrc", "rrc", false),
        ("knora-u", "knora_u_dfp", true),
        ("des-p", "des_p_dfp", true),
    ];
    for (name, theirs, prunes) in names {
        let selection = dynamic::by_name(name).unwrap().voting(Voting::Hard).prune_by_frienemies(prunes);
        let fused = fit(&selection).fuse_in(&new.predictions, Region::Near(&new.features)).unwrap();
        let expected = column(&expected, theirs);
        let differ: Vec<usize> = (0..fused.rows())
            .filter(|&i| fused.argmax(i) != Some(expected[i] as usize))
            .map(|i| new.numbers[i])
            .collect();
        assert!(differ.is_empty(), "{theirs}: rows {differ:?}");
    }
}

#[test]
fn every_competence_keeps_the_contracts_of_a_fuser() {
    // `rank` is `knora-e`; and of all rows, as `rrc` asks for by itself, the suite would take minutes.
    for name in dynamic::NAMES.into_iter().filter(|&name| name != "rank") {
        let selection = dynamic::by_name(if name == "rrc" { "rrc:30" } else { name }).unwrap();
        check::fuser(&selection, &FusionCase::new(Task::Multiclass, Gives::Probabilities)).unwrap();
    }
    // Of two classes the profiles are narrower.
    for name in ["lca", "knop", "meta-des"] {
        let case = FusionCase::new(Task::Binary, Gives::Probabilities);
        check::fuser(&dynamic::by_name(name).unwrap(), &case).unwrap();
    }
    for name in ["local-error", "local-error:select", "local-error:better"] {
        let case = FusionCase::new(Task::Regression, Gives::Values);
        check::fuser(&dynamic::by_name(name).unwrap(), &case).unwrap();
    }
    check::fuser(&DynamicSelection::default().voting(Voting::Hard), &FusionCase::new(Task::Multiclass, Gives::Logits))
        .unwrap();
}

#[test]
fn neighbours_found_elsewhere_serve_as_those_found_here() {
    let (known, new) = (rows("known"), rows("new"));
    let search =
        consort_neighbours::Search::new(consort_neighbours::Distance::Euclidean, 30, known.features.values(), None)
            .unwrap();
    let found: Vec<_> = search.nearest(new.features.values(), 7.0).into_iter().flatten().collect();
    let places = found.iter().map(|n| n.row as u32).collect();
    let given = Neighbours::new(7, places, found.iter().map(|n| n.distance).collect()).unwrap();
    for name in dynamic::NAMES.into_iter().filter(|&name| name != "rrc") {
        let fitted = fit(&dynamic::by_name(name).unwrap());
        let here = fitted.shares_in(&new.predictions, Region::Near(&new.features)).unwrap();
        let there = fitted.shares_in(&new.predictions, Region::Among(&given)).unwrap();
        assert_eq!(here, there, "{name}");
    }
}

#[test]
fn the_same_neighbours_as_in_scikit_learn() {
    // The first five new rows and their seven neighbours, by scikit-learn 1.9.
    let expected = [
        [190, 146, 22, 78, 14, 214, 562],
        [518, 106, 118, 94, 506, 230, 194],
        [34, 330, 198, 182, 282, 94, 6],
        [26, 14, 118, 562, 34, 370, 62],
        [170, 422, 154, 406, 502, 482, 394],
    ];
    let (known, new) = (rows("known"), rows("new"));
    let search =
        consort_neighbours::Search::new(consort_neighbours::Distance::Euclidean, 30, known.features.values(), None)
            .unwrap();
    let found = search.nearest(&new.features.values()[..5 * 30], 7.0);
    let found: Vec<Vec<usize>> =
        found.iter().map(|found| found.iter().map(|n| known.numbers[n.row]).collect()).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_members_that_are_asked_follow_their_names_not_their_places() {
    let new = rows("new");
    let order = [5, 2, 7, 0, 1, 6, 3, 4];
    let fitted = fit(&dynamic::by_name("des-knn").unwrap());
    let shares = fitted.shares_in(&new.predictions, Region::Near(&new.features)).unwrap();
    let moved = fitted.shares_in(&new.predictions.subset(&order), Region::Near(&new.features)).unwrap();
    for i in 0..shares.rows() {
        assert!((shares.row(i).iter().sum::<f32>() - 1.0).abs() < 1e-6);
        for (to, &from) in order.iter().enumerate() {
            assert_eq!(moved.at(i, to), shares.at(i, from));
        }
    }
}

#[test]
fn a_member_that_is_absent_takes_no_part() {
    // With neighbours by features, to lack a member is to have been fitted without it: whoever is next best is asked.
    let (known, new) = (rows("known"), rows("new"));
    let without: Vec<usize> = (0..8).filter(|&m| m != 3).collect();
    let mut lacking = Predictions::builder(new.predictions.outputs().clone(), Ids::positions(new.predictions.rows()))
        .missing(Missing::Available);
    for (m, member) in new.predictions.members().iter().enumerate() {
        let values = new.predictions.member(m);
        let none = vec![f32::NAN; values.len()];
        lacking = lacking.member(member.name.clone(), member.gives, if m == 3 { &none } else { values }).unwrap();
    }
    let lacking = lacking.build().unwrap();
    for name in ["ola", "lca", "mla", "mcb", "knora-e", "knora-u", "des-p"] {
        for prunes in [false, true] {
            let selection = dynamic::by_name(name).unwrap().prune_by_frienemies(prunes);
            let fit = |predictions: &Predictions| {
                selection.fit_near(predictions, &Truth::new(&known.target), &known.features).unwrap()
            };
            let region = Region::Near(&new.features);
            let absent = fit(&known.predictions).shares_in(&lacking, region).unwrap();
            let never =
                fit(&known.predictions.subset(&without)).shares_in(&new.predictions.subset(&without), region).unwrap();
            for i in 0..absent.rows() {
                assert_eq!(absent.at(i, 3), 0.0);
                for (k, &m) in without.iter().enumerate() {
                    assert!((absent.at(i, m) - never.at(i, k)).abs() < 1e-6, "{name}, row {i}, member {m}");
                }
            }
        }
    }
}

#[test]
fn the_most_diverse_of_the_most_accurate_are_asked() {
    // Four known rows at one place. m0 to m2 are right on three rows each; m0 and m1 are wrong on the same row, m2 alone.
    let classes = Classes::new(["a", "b"]).unwrap();
    let right = [[1, 1, 1, 0], [1, 1, 1, 0], [0, 1, 1, 1], [1, 0, 0, 0]];
    let mut known = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4));
    let mut new = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(1));
    for (m, right) in right.iter().enumerate() {
        let labels: Vec<f32> = right.iter().flat_map(|&right| [right as f32, 1.0 - right as f32]).collect();
        known = known.member(format!("m{m}"), Gives::Probabilities, &labels).unwrap();
        new = new.member(format!("m{m}"), Gives::Probabilities, [[1.0, 0.0], [0.0, 1.0]][m % 2].as_slice()).unwrap();
    }
    let target = Target::from_labels(["a"; 4], &classes, "the truth").unwrap();
    let place = |rows| Matrix::new(rows, 1, vec![0.0; rows]).unwrap();
    let selection = DynamicSelection::new(DesKnn { accurate: 0.75, diverse: 0.25 }).neighbours(4);
    let fitted = selection.fit_near(&known.build().unwrap(), &Truth::new(&target), &place(4)).unwrap();
    let shares = fitted.shares_in(&new.build().unwrap(), Region::Near(&place(1))).unwrap();
    assert_eq!(shares.row(0), [0.0, 0.0, 1.0, 0.0]);
}

#[test]
fn a_competence_of_ones_own_takes_part_and_is_saved() {
    #[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
    struct Nearest;
    #[typetag::serde(name = "own_nearest")]
    impl dynamic::Competence for Nearest {
        fn name(&self) -> String {
            "own".into()
        }
        fn fit(&self, _: &dynamic::Training<'_>) -> consort_core::Result<Box<dyn dynamic::Judge>> {
            Ok(Box::new(Nearest))
        }
    }
    #[typetag::serde(name = "own_nearest")]
    impl dynamic::Judge for Nearest {
        fn competence(&self, case: &dynamic::Case<'_>, competences: &mut [f64]) {
            let nearest = case.region()[0].row;
            competences.iter_mut().enumerate().for_each(|(m, x)| *x = case.known().support(nearest, m));
        }
    }
    let new = rows("new");
    let fitted = fit(&DynamicSelection::by(Arc::new(Nearest)).neighbours(1));
    let saved = serde_json::to_string(&fitted).unwrap();
    let loaded: FittedDynamic = serde_json::from_str(&saved).unwrap();
    let region = Region::Near(&new.features);
    assert_eq!(fitted.fuse_in(&new.predictions, region).unwrap(), loaded.fuse_in(&new.predictions, region).unwrap());
}

#[test]
fn what_cannot_be_done_is_refused_with_its_reason() {
    let (known, new) = (rows("known"), rows("new"));
    let truth = Truth::new(&known.target);
    let plain = DynamicSelection::default();
    let says = |error: consort_core::Error, part: &str| assert!(error.to_string().contains(part), "{error}");

    let near = fit(&plain);
    says(near.fuse(&new.predictions).unwrap_err(), "it was fitted with features");
    let narrow = Matrix::new(new.predictions.rows(), 2, vec![0.0; 2 * new.predictions.rows()]).unwrap();
    says(near.fuse_in(&new.predictions, Region::Near(&narrow)).unwrap_err(), "2 columns, but 30 columns");
    let without = plain.fit(&known.predictions, &truth, Seed::new(0)).unwrap();
    assert!(without.fuse(&new.predictions).is_ok());

    let few = Matrix::new(1, 30, vec![0.0; 30]).unwrap();
    let mut holed = rows("known").features;
    holed.row_mut(3)[4] = f32::NAN;
    says(plain.fit_near(&known.predictions, &truth, &holed).unwrap_err(), "row 4: feature 5 is NaN");
    says(plain.fit_near(&known.predictions, &truth, &few).unwrap_err(), "rows");
    says(plain.clone().neighbours(0).fit(&known.predictions, &truth, Seed::new(0)).unwrap_err(), "neighbours");

    let halves = vec![0.5; known.predictions.rows()];
    let weighted = Truth::weighted(&known.target, &halves).unwrap();
    let meta = dynamic::by_name("meta-des").unwrap();
    says(meta.fit(&known.predictions, &weighted, Seed::new(0)).unwrap_err(), "whole numbers");
    let none = vec![0.0; known.predictions.rows()];
    assert!(
        Truth::weighted(&known.target, &none)
            .and_then(|truth| plain.fit(&known.predictions, &truth, Seed::new(0)).map(|_| ()))
            .is_err()
    );

    let values = Predictions::builder(Outputs::target("y"), Ids::positions(2));
    let values = values.member("m", Gives::Values, &[1.0, 2.0]).unwrap().build().unwrap();
    let target = Target::from_values(vec![1.0, 2.0], "y").unwrap();
    says(plain.fit(&values, &Truth::new(&target), Seed::new(0)).unwrap_err(), "use `local-error`");

    let mut broken: serde_json::Value = serde_json::to_value(&near).unwrap();
    broken["known"]["answers"]["classes"]["truth"][0] = 7.into();
    let broken: FittedDynamic = serde_json::from_value(broken).unwrap();
    says(broken.fuse_in(&new.predictions, Region::Near(&new.features)).unwrap_err(), "fit again");
    assert!(Neighbours::new(2, vec![0, 1, 2], vec![0.0; 3]).is_err());
    assert!(Neighbours::new(1, vec![0], vec![f64::NAN]).is_err());
}
