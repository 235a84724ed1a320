//! Trees on the table of loans that ships: a forest that judges itself on the rows that its trees did not see, boosting
//! that stops early, and which features count.

use std::error::Error;

use consort::{
    core::{Dataset, Estimates, FitContext, Gives, Metric, Model, Samples, Seed, Truth},
    data::table::{self, Roles, Schema, SchemaOptions},
    metrics::registry,
    trees::{
        adaboost::AdaBoost,
        boosting::{EarlyStopping, GradientBoosting},
        forest::RandomForest,
    },
};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/data/tables");
    let train = table::read(format!("{folder}/credit_train.csv"))?;
    let schema = Schema::infer(&train, &Roles::target("Status"), SchemaOptions::default())?;
    let (train, test) = (schema.dataset(&train, true)?, table::read(format!("{folder}/credit_test.csv"))?);
    let test = schema.dataset(&test, true)?;
    let metric = registry::by_name("roc_auc")?;
    let context = FitContext { threads: 2, ..FitContext::new(Seed::new(1)) };
    let all = Samples::all(&train);

    // A forest: nothing to tune, and an honest score without a test.
    let forest = RandomForest::default().trees(300).fit_forest(&all, &context)?;
    let inside = forest.out_of_bag(&all)?.score(&all, &*metric)?;
    println!(
        "forest: area {:.4} out of bag, {:.4} on the test",
        inside.value().unwrap_or(0.0),
        score(&forest, &test, &*metric)?
    );
    let importance = forest.permutation_importance(&all, &*metric, 2, Seed::new(2))?;
    let mut ranked: Vec<(f64, &str)> =
        importance.means.iter().copied().zip(forest.trees().features().iter().map(|feature| feature.name())).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
    for (loss, name) in ranked.iter().take(5) {
        println!("  without {name:<10} the area falls by {loss:.4}");
    }

    // Extra trees: cuts at random, so trees differ more.
    let extra = RandomForest::extra_trees().trees(300).fit_forest(&all, &context)?;
    println!("extra trees: area {:.4} on the test", score(&extra, &test, &*metric)?);

    // Boosting: slow steps, and rows of their own that say when to stop.
    let (fit, watched): (Vec<u32>, Vec<u32>) = (0..train.rows() as u32).partition(|row| row % 5 > 0);
    let stopping = EarlyStopping { rounds: 30, ..EarlyStopping::default() };
    let mut recipe =
        GradientBoosting { rounds: 1000, learning_rate: 0.03, early_stopping: Some(stopping), ..Default::default() };
    recipe.tree.leaves = 12;
    let context = FitContext { validation: Some(Samples::rows(&train, &watched)?), ..context };
    let boosted = recipe.fit_boosted(&Samples::rows(&train, &fit)?, &context)?;
    println!("boosting: area {:.4} on the test, after {} rounds", score(&boosted, &test, &*metric)?, boosted.rounds());
    let mut gains = boosted.importances();
    gains.sort_by(|a, b| b.gain.total_cmp(&a.gain));
    for own in gains.iter().take(5) {
        println!("  {:<10} gain {:.0} in {} splits", own.name, own.gain, own.splits);
    }

    // AdaBoost: stumps, each on the rows that those before it got wrong.
    let adaptive = AdaBoost::default().rounds(100).fit_members(&all, &context)?;
    println!("adaboost: area {:.4} on the test, {} members", score(&adaptive, &test, &*metric)?, adaptive.len());
    Ok(())
}

/// The score of a model on a data set.
fn score(model: &dyn Model, data: &Dataset, metric: &dyn Metric) -> Result<f64, Box<dyn Error>> {
    let predicted = model.predict(&Samples::all(data))?;
    let truth = Truth::new(data.target_for("the score")?);
    let score = metric.score(&Estimates::matrix(&predicted, Gives::Probabilities), &truth)?;
    score.value().ok_or_else(|| "the test has one class only".into())
}
