//! Tables as the scripts of `benches/peers` write them: `NAME.x` holds f32, column after column, with NaN for missing;
//! `NAME.y` holds f64, class numbers or values.

use std::{error::Error, fs::File, io::Read};

use consort_core::{Classes, Column, Dataset, Features, Target};
use serde::Deserialize;

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// What all tables of a set have in common.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kind {
    /// How many classes; 0 for values.
    pub(crate) classes: usize,
    /// How many levels each column has; 0 for numbers.
    pub(crate) levels: Vec<usize>,
}

/// The table `name` of a folder.
pub(crate) fn table(folder: &str, name: &str, kind: &Kind) -> Result<Dataset> {
    let y = std::fs::read(format!("{folder}/{name}.y"))?;
    let y: Vec<f64> = y.chunks_exact(8).map(|b| f64::from_le_bytes(std::array::from_fn(|i| b[i]))).collect();
    // Column by column, so that the file is never in memory beside the table.
    let mut file = File::open(format!("{folder}/{name}.x"))?;
    let mut bytes = vec![0u8; 4 * y.len()];
    let mut columns = Vec::with_capacity(kind.levels.len());
    for (f, &levels) in kind.levels.iter().enumerate() {
        file.read_exact(&mut bytes)?;
        let values = bytes.chunks_exact(4).map(|b| f32::from_le_bytes(std::array::from_fn(|i| b[i])));
        let name = format!("x{f}");
        columns.push(if levels == 0 {
            Column::Numeric { name, values: values.collect() }
        } else {
            let code = |x: f32| if x.is_nan() { Column::MISSING } else { x as u32 };
            let levels = (0..levels).map(|level| level.to_string()).collect();
            Column::Categorical { name, codes: values.map(code).collect(), levels }
        });
    }
    let target = if kind.classes == 0 {
        Target::from_values(y, "y")?
    } else {
        let classes = Classes::new((0..kind.classes).map(|k| k.to_string()))?;
        Target::Classes { codes: y.iter().map(|&y| y as u32).collect(), classes }
    };
    Ok(Dataset::new(Features::Columns(columns))?.with_target(target)?)
}
