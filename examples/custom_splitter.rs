//! A splitter of your own: odd rows against even ones.

use std::error::Error;

use consort::core::{Fold, Result, RowInfo, Seed, Split, Splitter};
use serde::{Deserialize, Serialize};

/// Two folds: the rows of even number, and the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct OddEven;

#[typetag::serde]
impl Splitter for OddEven {
    fn split(&self, rows: &RowInfo<'_>, _: Seed) -> Result<Split> {
        let part = |odd: u32| (0..rows.rows as u32).filter(|row| row % 2 == odd).collect::<Vec<u32>>();
        let fold = |k: u32| Fold { fold: k, train: part(1 - k), test: part(k), ..Fold::default() };
        Ok(Split { folds: vec![fold(0), fold(1)], warnings: Vec::new() })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let splitter: Box<dyn Splitter> = Box::new(OddEven);
    let saved = serde_json::to_string(&splitter)?;
    let back: Box<dyn Splitter> = serde_json::from_str(&saved)?;
    let split = back.split(&RowInfo { rows: 6, ..RowInfo::default() }, Seed::new(0))?;
    for fold in &split.folds {
        println!("fold {}: train {:?}, test {:?}", fold.fold, fold.train, fold.test);
    }
    Ok(())
}
