use std::sync::Arc;

use consort_core::{Column, Dataset, Error, Features, Result, Samples, StoredRows};
use tract_onnx::prelude::{
    Datum, Framework, InferenceFact, InferenceModelExt, IntoRunnable, IntoTValue, Tensor, TractResult,
    TypedRunnableModel, tvec,
};
use tract_onnx::tract_hir::infer::Factoid;

use crate::input::other_shape;

/// How many rows are asked about at once where the file leaves it open.
const ROWS_AT_ONCE: usize = 64;

/// What the inputs are called, and the shape of a row.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Shape {
    /// Columns by name.
    Columns(Vec<String>),
    /// A block.
    Block(Vec<usize>),
}

impl Shape {
    pub(super) fn row(&self) -> Vec<usize> {
        match self {
            Shape::Columns(names) => vec![names.len()],
            Shape::Block(shape) => shape.clone(),
        }
    }

    /// What the first dimension of a row counts.
    pub(super) fn unit(&self) -> &'static str {
        match self {
            Shape::Columns(_) => "columns",
            Shape::Block(shape) if shape.len() > 1 => "channels",
            Shape::Block(_) => "positions",
        }
    }
}

/// A model that is ready to be asked.
#[derive(Clone)]
pub(super) struct Session {
    plan: Arc<TypedRunnableModel>,
    shape: Shape,
    rows: usize,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("shape", &self.shape).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Session {
    /// The inputs that a data set gives: these columns, or all.
    pub(super) fn features(data: &Dataset, columns: &[String]) -> Shape {
        if let Some(shape) = data.row_shape() {
            return Shape::Block(shape.to_vec());
        }
        if !columns.is_empty() {
            return Shape::Columns(columns.to_vec());
        }
        let Features::Columns(all) = data.features() else { return Shape::Columns(Vec::new()) };
        Shape::Columns(all.iter().map(|column| column.name().to_owned()).collect())
    }

    /// Reads a file's bytes; `place` is what errors call it.
    pub(super) fn open(place: &str, bytes: &[u8], shape: Shape) -> Result<Self> {
        let open = || -> TractResult<(Arc<TypedRunnableModel>, usize)> {
            let model = tract_onnx::onnx().model_for_read(&mut &bytes[..])?;
            let known = model.input_fact(0)?.shape.dims().next().and_then(|dim| dim.concretize());
            let rows = known
                .and_then(|rows| rows.to_i64().ok())
                .filter(|&rows| rows > 0)
                .map(|rows| rows as usize)
                .unwrap_or(ROWS_AT_ONCE);
            let mut whole = vec![rows];
            whole.extend(shape.row());
            let model = model.with_input_fact(0, InferenceFact::dt_shape(f32::datum_type(), whole))?;
            Ok((model.into_optimized()?.into_runnable()?, rows))
        };
        let damaged = |problem: String| Error::Damaged { place: place.to_owned(), problem };
        // A hostile file may bring the reader down: that is an error like any other.
        let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(open));
        let opened = opened.map_err(|_| damaged("it is no ONNX model that can be read".into()))?;
        let (plan, rows) = opened
            .map_err(|error| damaged(format!("it is no ONNX model for rows of shape {:?}: {error:#}", shape.row())))?;
        Ok(Self { plan, shape, rows })
    }

    pub(super) fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The numbers that the model puts out, row after row, and how many a row has.
    pub(super) fn run(&self, by: &str, samples: &Samples<'_>, scale: impl Fn(&mut [f32])) -> Result<(Vec<f32>, usize)> {
        let row = self.shape.row();
        let width = row.iter().product::<usize>().max(1);
        let mut whole = vec![self.rows];
        whole.extend(&row);
        let (mut said, mut each) = (Vec::new(), 0);
        let source = self.source(by, samples.dataset())?;
        let mut values = vec![0.0; self.rows * width];
        for first in (0..samples.len()).step_by(self.rows) {
            let count = self.rows.min(samples.len() - first);
            for (i, into) in values.chunks_exact_mut(width).take(count).enumerate() {
                source.read(samples.row(first + i), into)?;
                scale(into);
            }
            // The places of rows that are not there hold those of the last part, or zeros.
            let outputs = Tensor::from_shape(&whole, &values)
                .and_then(|inputs| self.plan.run(tvec![inputs.into_tvalue()]))
                .and_then(|outputs| numbers(&outputs, self.rows))
                .map_err(|error| Error::custom(format!("{by} failed: {error:#}")))?;
            each = outputs.len() / self.rows;
            said.extend_from_slice(&outputs[..count * each]);
        }
        Ok((said, each))
    }

    /// Where the numbers of rows are.
    fn source<'a>(&self, by: &str, data: &'a Dataset) -> Result<Source<'a>> {
        match &self.shape {
            Shape::Columns(names) => {
                let Features::Columns(columns) = data.features() else { return Err(other(by, "columns")) };
                names.iter().map(|name| numbers_of(by, columns, name)).collect::<Result<_>>().map(Source::Columns)
            }
            Shape::Block(shape) => {
                let Some(found) = data.row_shape() else { return Err(other(by, "blocks")) };
                if found != shape {
                    return Err(other_shape(&format!("{by} reads"), shape, found));
                }
                if let Some(stored) = data.stored() {
                    return Ok(Source::Stored(&**stored));
                }
                let Features::Dense { values, .. } = data.features() else { return Err(other(by, "blocks")) };
                Ok(Source::Rows(values))
            }
        }
    }
}

/// The numbers of a column.
fn numbers_of<'a>(by: &str, columns: &'a [Column], name: &str) -> Result<&'a [f32]> {
    match columns.iter().find(|column| column.name() == name) {
        Some(Column::Numeric { values, .. }) => Ok(values),
        Some(Column::Categorical { .. }) => Err(Error::Unsupported {
            by: by.into(),
            what: format!("categories, which column `{name}` holds"),
            hint: "name the columns of numbers that it was trained on, in their order".into(),
        }),
        None => Err(Error::UnknownName {
            what: "feature",
            name: name.into(),
            known: format!("{by} needs it, and the data set lacks it"),
        }),
    }
}

/// The numbers of a data set, as a model reads them.
enum Source<'a> {
    /// One column an input.
    Columns(Vec<&'a [f32]>),
    /// Row after row.
    Rows(&'a [f32]),
    /// Read when asked for.
    Stored(&'a dyn StoredRows),
}

impl Source<'_> {
    fn read(&self, row: usize, into: &mut [f32]) -> Result<()> {
        match self {
            Source::Columns(columns) => columns.iter().zip(into).for_each(|(column, to)| *to = column[row]),
            Source::Rows(values) => into.copy_from_slice(&values[row * into.len()..][..into.len()]),
            Source::Stored(stored) => return stored.read(row, into),
        }
        Ok(())
    }
}

/// The first output that has numbers for each row.
fn numbers(outputs: &[tract_onnx::prelude::TValue], rows: usize) -> TractResult<Vec<f32>> {
    let mut last = Err(tract_onnx::tract_core::internal::format_err!("it puts out nothing"));
    for output in outputs {
        match output.to_plain_array_view::<f32>() {
            Ok(view) if view.shape().first() == Some(&rows) => return Ok(view.iter().copied().collect()),
            Ok(view) => {
                let shape = view.shape().to_vec();
                last = Err(tract_onnx::tract_core::internal::format_err!(
                    "it puts out the shape {shape:?} for {rows} rows"
                ));
            }
            Err(error) => last = Err(error),
        }
    }
    last
}

fn other(by: &str, kind: &str) -> Error {
    let hint = format!("it reads {kind}");
    Error::Unsupported { by: by.into(), what: "features of another kind".into(), hint }
}
