//! Bagging and boosting of any learner: trees, neighbours and lines, with their out-of-bag estimates.
//!
//! `cargo run --release -p consort-examples --example bagging`

use std::error::Error;

use consort::{
    core::{Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target},
    ensemble::{
        bag::Bagging,
        boost::{Boosting, loss},
        encode::suited,
    },
    fusion::rule::Median,
    linfa::{KNearest, LinearRegression},
    metrics::registry,
    trees::decision_tree::DecisionTree,
};

/// A wave in two numbers, with noise.
fn table(rows: usize) -> Result<Dataset, Box<dyn Error>> {
    let mut stream = Seed::new(1).stream();
    let mut column =
        |name: &str| Column::Numeric { name: name.into(), values: (0..rows).map(|_| stream.normal() as f32).collect() };
    let columns = vec![column("a"), column("b"), column("noise")];
    let (Column::Numeric { values: a, .. }, Column::Numeric { values: b, .. }) = (&columns[0], &columns[1]) else {
        return Err("both are numbers".into());
    };
    let answers = a.iter().zip(b).map(|(&a, &b)| f64::from(a).sin() * 3.0 + f64::from(b * a));
    let y: Vec<f64> = answers.map(|y| y + 0.5 * stream.normal()).collect();
    Ok(Dataset::new(Features::Columns(columns))?.with_target(Target::from_values(y, "y")?)?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let data = table(3000)?;
    let (train, test): (Vec<u32>, Vec<u32>) = (0..3000).partition(|row| row % 3 != 0);
    let (train, test) = (Samples::rows(&data, &train)?, Samples::rows(&data, &test)?);
    let context = FitContext { threads: 2, ..FitContext::new(Seed::new(7)) };
    let rmse = registry::by_name("rmse")?;
    let score = |model: &dyn Model| -> Result<f64, Box<dyn Error>> {
        let (predicted, target) = (model.predict(&test)?, test.target("the example")?);
        let estimates = consort::core::Estimates::matrix(&predicted, consort::core::Gives::Values);
        Ok(rmse.score(&estimates, &consort::core::Truth::new(&target))?.value().ok_or("no score")?)
    };

    let tree = DecisionTree::default();
    println!("one tree                     {:.3}", score(&*tree.fit(&train, &context)?)?);
    let bags = [
        ("a bag of trees", Bagging::new(tree.clone())),
        ("their median", Bagging::new(tree.clone()).rule(Median::default())),
        ("pasted on half of the rows", Bagging::pasting(tree.clone(), 0.5)),
        ("a bag of one neighbour", Bagging::of(suited(std::sync::Arc::new(KNearest { k: 1, ..KNearest::default() })))),
    ];
    for (name, bagging) in bags {
        let model = bagging.members(50).fit_bag(&train, &context)?;
        // The estimate of rows that the members did not see costs no fit and needs no rows set aside.
        let honest = model.out_of_bag(&train)?.score(&train, &*rmse)?.value().ok_or("no score")?;
        println!("{name:28} {:.3}, out of bag {honest:.3}", score(&model)?);
    }

    let line = Boosting::new(LinearRegression::default()).loss(loss::Absolute);
    println!("a line by absolute error     {:.3}", score(&*line.fit(&train, &context)?)?);
    let trees = Boosting::new(DecisionTree::default().depth(3)).rounds(200).rows(0.5);
    let model = trees.fit_boosted(&train, &context)?;
    println!("boosted small trees          {:.3}", score(&model)?);
    let path = model.snapshots(&test, &[10, 50, 200])?;
    println!("their path has the members   {:?}", path.names().collect::<Vec<_>>());
    Ok(())
}
