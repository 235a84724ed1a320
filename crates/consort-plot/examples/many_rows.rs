//! How long the report of many rows takes, and how large it is.
//!
//! `cargo run --release -p consort-plot --example many_rows -- 10000000`

use std::{error::Error, time::Instant};

use consort_core::{Classes, Gives, Ids, Matrix, Outputs, Predictions, Seed, Target, Truth};
use consort_plot::overview::{Subject, from_predictions};

fn main() -> Result<(), Box<dyn Error>> {
    const MEMBERS: usize = 5;
    let rows: usize = std::env::args().nth(1).ok_or("how many rows?")?.parse()?;
    let classes = Classes::new(["no", "yes"])?;
    let mut stream = Seed::new(1).stream();
    let codes: Vec<u32> = (0..rows).map(|_| u32::from(stream.unit() < 0.3)).collect();
    let mut builder = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(rows)).reserve(MEMBERS);
    let mut mean = Matrix::zeros(rows, 2);
    for m in 0..MEMBERS {
        builder.add(format!("member {m}"), Gives::Probabilities, |values| {
            for (row, &code) in values.chunks_exact_mut(2).zip(&codes) {
                let yes = (0.35 * stream.unit() + 0.4 * stream.unit() + 0.25 * f64::from(code)) as f32;
                row.copy_from_slice(&[1.0 - yes, yes]);
            }
            Ok(())
        })?;
    }
    let predictions = builder.build()?;
    for m in 0..MEMBERS {
        for (mean, x) in mean.values_mut().iter_mut().zip(predictions.member(m)) {
            *mean += x / MEMBERS as f32;
        }
    }
    let target = Target::Classes { codes, classes };
    let start = Instant::now();
    let subject = Subject::new("Many rows", &predictions).truth(Truth::new(&target)).ensemble(
        "mean",
        &mean,
        Gives::Probabilities,
    );
    let html = from_predictions(&subject)?.to_html()?;
    println!("{rows} rows, {MEMBERS} members: {:.1} s, {} KB", start.elapsed().as_secs_f64(), html.len() / 1024);
    Ok(())
}
