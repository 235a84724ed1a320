//! Out-of-fold predictions of learners on a raw table: `trees_quality FOLDER SEED`. The folder has the table `all`; `folds`,
//! one byte a row; `kind.json`; and `recipes.json`, a learner for each name. Each writes `NAME.p`: f32, row after row.
//!
//! The scripts in `benches/peers` make the tables, run the peers on the same folds, and compare.

mod raw;

use std::collections::BTreeMap;

use consort_core::{FitContext, Learner, Samples, Seed};
// Linked for its learners, which a setup knows by name.
use consort_trees as _;

fn main() -> raw::Result<()> {
    let args: Vec<String> = std::env::args().collect();
    let [_, folder, seed] = args.as_slice() else { return Err("usage: FOLDER SEED".into()) };
    let seed = Seed::new(seed.parse()?);
    let kind: raw::Kind = serde_json::from_str(&std::fs::read_to_string(format!("{folder}/kind.json"))?)?;
    let recipes = std::fs::read_to_string(format!("{folder}/recipes.json"))?;
    let recipes: BTreeMap<String, Box<dyn Learner>> = serde_json::from_str(&recipes)?;
    let data = raw::table(folder, "all", &kind)?;
    let folds = std::fs::read(format!("{folder}/folds"))?;
    let count = folds.iter().max().map_or(0, |&last| last + 1);
    let columns = kind.classes.max(1);
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    for (name, learner) in recipes {
        let mut out = vec![0f32; data.rows() * columns];
        for fold in 0..count {
            let (asked, own): (Vec<u32>, Vec<u32>) =
                (0..data.rows() as u32).partition(|&row| folds[row as usize] == fold);
            let context = FitContext { threads, ..FitContext::new(seed.nth("fold", u64::from(fold))) };
            let model = learner.fit(&Samples::rows(&data, &own)?, &context)?;
            let predicted = model.predict(&Samples::rows(&data, &asked)?)?;
            for (i, &row) in asked.iter().enumerate() {
                out[row as usize * columns..][..columns].copy_from_slice(predicted.row(i));
            }
        }
        let bytes: Vec<u8> = out.iter().flat_map(|p| p.to_le_bytes()).collect();
        std::fs::write(format!("{folder}/{name}.p"), bytes)?;
    }
    Ok(())
}
