//! Voting.

use consort_core::{FitContext, Learner, Model, Samples, Seed};
use consort_ensemble::{
    cross_fit::{FitKey, Part},
    vote::Voting,
};
use consort_fusion::rule;

use crate::tables::{members, table};

#[test]
fn a_vote_is_the_rule_over_members_fitted_on_all_rows() {
    let data = table(200, 3);
    let all = Samples::all(&data);
    let context = FitContext { threads: 2, ..FitContext::new(Seed::new(3)) };
    let model = Voting::new(members()).fit(&all, &context).unwrap();
    let got = model.predict(&all).unwrap();
    let mut mean = vec![0.0f64; got.values().len()];
    for member in members() {
        let context =
            FitContext::new(FitKey { layer: 0, member: member.name.clone(), part: Part::All }.seed(Seed::new(3)));
        let single = member.learner.fit(&all, &context).unwrap().predict(&all).unwrap();
        mean.iter_mut().zip(single.values()).for_each(|(sum, &x)| *sum += f64::from(x) / 3.0);
    }
    assert!(got.values().iter().zip(mean).all(|(&a, b)| (f64::from(a) - b).abs() < 1e-6));
    let back: Box<dyn Model> = serde_json::from_str(&serde_json::to_string(&model).unwrap()).unwrap();
    assert_eq!(back.predict(&all).unwrap().values(), got.values());

    let hard = Voting::new(members()).rule(rule::Vote::default()).fit(&all, &context).unwrap().predict(&all).unwrap();
    assert!(hard.values().chunks_exact(3).all(|row| (row.iter().sum::<f32>() - 1.0).abs() < 1e-5));
    assert_ne!(hard.values(), got.values());
}
