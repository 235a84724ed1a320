use std::borrow::Cow;

/// The numbers of some rows, scaled: those of tables are kept, those of blocks are scaled when they are asked for, so
/// that images are in memory once.
#[derive(Debug, Clone)]
pub(crate) enum Numbers<'a> {
    /// `[row][number]`
    Kept(Vec<f32>),
    /// A block of the data set, and which of its rows these are.
    Block { values: &'a [f32], rows: Cow<'a, [u32]>, scaling: &'a BlockScaling },
}

/// How the positions of a block are scaled: `(x − mean) · factor`, one pair for each `run` positions.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BlockScaling {
    pub(crate) means: Vec<f32>,
    pub(crate) factors: Vec<f32>,
    /// What a missing number becomes, after scaling.
    pub(crate) fills: Vec<f32>,
    pub(crate) run: usize,
    /// The greatest size of a scaled number.
    pub(crate) limit: f32,
}

impl Numbers<'_> {
    /// Appends row `i`.
    pub(crate) fn gather(&self, i: usize, width: usize, out: &mut Vec<f32>) {
        match self {
            Numbers::Kept(values) => out.extend_from_slice(&values[i * width..(i + 1) * width]),
            Numbers::Block { values, rows, scaling } => {
                let row = rows[i] as usize;
                let values = &values[row * width..(row + 1) * width];
                for (k, run) in values.chunks(scaling.run).enumerate() {
                    let (mean, factor, fill) = (scaling.means[k], scaling.factors[k], scaling.fills[k]);
                    let limit = scaling.limit;
                    out.extend(run.iter().map(|&x| {
                        let x = if x.is_nan() { fill } else { (x - mean) * factor };
                        x.clamp(-limit, limit)
                    }));
                }
            }
        }
    }
}
