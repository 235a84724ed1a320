//! Stacking: members on folds, a meta-learner on their out-of-fold predictions, and an honest score of the whole recipe.
//!
//! `cargo run --release -p consort-examples --example stacking`

use std::{error::Error, sync::Arc};

use consort::{
    core::{Classes, Column, Dataset, Features, FitContext, Model, Samples, Seed, Target},
    ensemble::{
        NamedLearner,
        encode::suited,
        estimate::{Nested, ShuffledTarget, diagnose_data},
        stack::Stacking,
    },
    linfa::{GaussianNb, KNearest, LogisticRegression},
    split::StratifiedKFold,
    trees::boosting::GradientBoosting,
};

/// Two classes, of which one lies in a ring about the other, and a feature that says nothing.
fn table(rows: usize) -> Result<Dataset, Box<dyn Error>> {
    let mut stream = Seed::new(3).stream();
    let mut column =
        |name: &str| Column::Numeric { name: name.into(), values: (0..rows).map(|_| stream.normal() as f32).collect() };
    let columns = vec![column("x"), column("y"), column("noise")];
    let (Column::Numeric { values: x, .. }, Column::Numeric { values: y, .. }) = (&columns[0], &columns[1]) else {
        return Err("both are numbers".into());
    };
    let far = |(&x, &y): (&f32, &f32)| f64::from(x * x + y * y + x) + 0.8 * stream.normal() > 1.6;
    let codes = x.iter().zip(y).map(far).map(u32::from).collect();
    let target = Target::Classes { codes, classes: Classes::new(["inside", "ring"])? };
    Ok(Dataset::new(Features::Columns(columns))?.with_target(target)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = table(1500)?;
    let all = Samples::all(&data);
    let context = FitContext { threads: 2, ..FitContext::new(Seed::new(7)) };
    let members = vec![
        NamedLearner { name: "logistic".into(), learner: suited(Arc::new(LogisticRegression::default())) },
        NamedLearner { name: "bayes".into(), learner: suited(Arc::new(GaussianNb::default())) },
        NamedLearner { name: "near".into(), learner: suited(Arc::new(KNearest { k: 25, ..KNearest::default() })) },
        NamedLearner::new("boost", GradientBoosting { rounds: 60, ..GradientBoosting::default() }),
    ];
    let stack = Stacking::logistic(members.clone()).splitter(StratifiedKFold::new(5));

    // One fit: the model, and the members' predictions of rows that they did not see.
    let fit = stack.fit_stack(&all, &context)?;
    println!("members: {:?}", fit.seen.predictions.names().collect::<Vec<_>>());
    println!("row 0: {:?}", fit.model.predict(&all)?.row(0));
    for finding in diagnose_data(&data, &fit.folds)?.findings {
        println!("{}: {} {}", finding.severity, finding.what, finding.advice);
    }

    // The whole recipe beside its members, on outer folds that nothing of it saw.
    let mut recipes = members;
    recipes.push(NamedLearner::new("stack", stack.clone()));
    let scores = Nested::default().run(&recipes, &all, &context)?;
    for recipe in &scores.recipes {
        let interval = recipe.interval.ok_or("one fold has no interval")?;
        let mean = recipe.mean.value().ok_or("no score")?;
        println!("{:10} {} {mean:.4}, {:.4} to {:.4}", recipe.name, scores.metric, interval.low, interval.high);
    }

    // With a shuffled target the same estimate must fall to chance.
    println!("{}", ShuffledTarget::default().of_recipe(Arc::new(stack), &all, &context)?);
    Ok(())
}
