use consort_core::{Classes, Error, Matrix, Model, Result, Samples, blocks};
use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};
use serde::{Deserialize, Serialize};

use super::quadratic_discriminant::BY;
use crate::{
    classes::Present,
    dense::{CHUNK, Schema, Standard, Table, chunks, whole},
};

/// A fitted [`QuadraticDiscriminant`](super::QuadraticDiscriminant).
///
/// ```
/// # use consort_core::{Classes, Column, Dataset, Features, FitContext, Samples, Seed, Target};
/// # use consort_linfa::QuadraticDiscriminant;
/// # let x = Column::Numeric { name: "x".into(), values: vec![0.0, 2.0, 5.0, 9.0] };
/// # let classes = Classes::new(["no", "yes"])?;
/// # let y = Target::from_labels(["no", "no", "yes", "yes"], &classes, "y")?;
/// # let data = Dataset::new(Features::Columns(vec![x]))?.with_target(y)?;
/// let model = QuadraticDiscriminant::default().classify(&Samples::all(&data), &FitContext::new(Seed::new(0)))?;
/// assert!((model.mean(1)[0] - 7.0).abs() < 1e-9);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuadraticDiscriminantModel {
    pub(super) features: Schema,
    pub(super) present: Present,
    pub(super) standard: Standard,
    /// `[class present][feature]`, standardised.
    pub(super) means: Vec<f64>,
    /// `[class present][direction][feature]`
    pub(super) whitening: Vec<f64>,
    /// `ln π_c − ½ ln |Σ_c|`, one a class present.
    pub(super) constants: Vec<f64>,
}

impl QuadraticDiscriminantModel {
    /// The classes, in class order.
    pub fn classes(&self) -> &Classes {
        self.present.classes()
    }

    /// The mean of each feature, in its own units, in the `c`-th class that the training rows have.
    pub fn mean(&self, c: usize) -> Vec<f64> {
        let width = self.features.len();
        let places = self.standard.means.iter().zip(&self.standard.scales);
        self.means[c * width..(c + 1) * width].iter().zip(places).map(|(z, (mean, scale))| z * scale + mean).collect()
    }
}

#[typetag::serde(name = "quadratic_discriminant")]
impl Model for QuadraticDiscriminantModel {
    fn predict(&self, rows: &Samples<'_>) -> Result<Matrix> {
        let (width, columns) = (self.features.len(), self.present.len());
        let classes = self.present.places().len();
        whole(BY, "constants", self.constants.len(), classes)?;
        whole(BY, "means", self.means.len(), classes * width)?;
        whole(BY, "directions", self.whitening.len(), classes * width * width)?;
        whole(BY, "scales", self.standard.scales.len(), width)?;
        whole(BY, "means of features", self.standard.means.len(), width)?;
        let table = Table::known(BY, &self.features, rows)?;
        let mut predicted = Matrix::zeros(table.len(), columns);
        blocks::fill(predicted.values_mut(), columns, |block, out| {
            let most = CHUNK.min(block.len());
            let (mut x, mut away) = (vec![0.0; most * width], vec![0.0; most * width]);
            let (mut along, mut logs) = (vec![0.0; most * width], vec![0.0; most * classes]);
            for (rows, out) in chunks(block).zip(out.chunks_mut(CHUNK * columns)) {
                let height = rows.len();
                let (x, away) = (&mut x[..height * width], &mut away[..height * width]);
                let (along, logs) = (&mut along[..height * width], &mut logs[..height * classes]);
                table.columns(rows, x);
                for (j, x) in x.chunks_exact_mut(height).enumerate() {
                    let (mean, scale) = (self.standard.means[j], self.standard.scales[j]);
                    x.iter_mut().for_each(|x| *x = (*x - mean) / scale);
                }
                for (c, logs) in logs.chunks_exact_mut(height).enumerate() {
                    for (j, (away, x)) in away.chunks_exact_mut(height).zip(x.chunks_exact(height)).enumerate() {
                        let mean = self.means[c * width + j];
                        away.iter_mut().zip(x).for_each(|(d, x)| *d = x - mean);
                    }
                    let own = &self.whitening[c * width * width..(c + 1) * width * width];
                    matmul(
                        MatMut::from_column_major_slice_mut(along, height, width),
                        Accum::Replace,
                        MatRef::from_column_major_slice(&*away, height, width),
                        MatRef::from_column_major_slice(own, width, width),
                        1.0,
                        Par::Seq,
                    );
                    logs.fill(self.constants[c]);
                    for along in along.chunks_exact(height) {
                        logs.iter_mut().zip(along).for_each(|(log, d)| *log -= 0.5 * d * d);
                    }
                }
                self.present.probabilities(logs, out);
            }
            Ok::<(), Error>(())
        })?;
        Ok(predicted)
    }
}
