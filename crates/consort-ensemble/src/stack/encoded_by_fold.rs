use consort_core::{Column, Dataset, Encoder, Error, Features, FitContext, Fold, Result, Samples};

/// What an encoder makes of rows that it did not see: the rows that each fold tests, encoded by what was fitted on those
/// that it trains on. An encoder that reads the target would else show each row its own.
#[derive(Debug)]
pub(super) struct EncodedByFold {
    pub(super) data: Dataset,
    /// Where each row of the original data set is in it; 0 for one that no fold tests.
    pub(super) place: Vec<u32>,
}

impl EncodedByFold {
    /// `like` is what the encoder made of all rows: it says which columns there are. One that a fold lacks, such as that of
    /// a level which its training rows do not have, is 0 there. A row that several folds test is encoded by the first.
    ///
    /// # Errors
    /// The encoder's; [`Error::Unsupported`] if its columns are of another kind or width from fold to fold.
    pub(super) fn new(
        encoder: &dyn Encoder,
        like: &Dataset,
        (original, weights): (&Dataset, Option<&[f64]>),
        folds: &[Fold],
        ctx: &FitContext<'_>,
    ) -> Result<Self> {
        let mut place = vec![u32::MAX; original.rows()];
        let (mut parts, mut count) = (Vec::new(), 0);
        for fold in folds {
            let rows: Vec<u32> = fold.test.iter().copied().filter(|&row| place[row as usize] == u32::MAX).collect();
            if rows.is_empty() || fold.train.is_empty() {
                continue;
            }
            let mut train = Samples::rows(original, &fold.train)?;
            if let Some(weights) = weights {
                train = train.with_weights(weights)?;
            }
            // All folds start from one seed, so that what they learn is as alike as it can be.
            let (encoding, _) = encoder.fit(&train, ctx)?;
            parts.push(encoding.apply(&Samples::rows(original, &rows)?)?);
            (count..).zip(&rows).for_each(|(i, &row)| place[row as usize] = i);
            count += rows.len() as u32;
        }
        place.iter_mut().filter(|place| **place == u32::MAX).for_each(|place| *place = 0);
        Ok(Self { data: Dataset::new(joined(&encoder.name(), like.features(), &parts)?)?, place })
    }
}

/// The rows of all parts, one part after another, in the columns of `like`.
fn joined(by: &str, like: &Features, parts: &[Dataset]) -> Result<Features> {
    let other = |what: String| Error::Unsupported {
        by: format!("features encoded by `{by}` and passed through"),
        what: format!("{what} from fold to fold"),
        hint: "take an encoder whose columns do not depend on the rows, or pass the features as they are".into(),
    };
    match like {
        Features::Dense { shape, .. } => {
            let mut all = Vec::new();
            for part in parts {
                match part.features() {
                    Features::Dense { values, shape: own } if own == shape => all.extend_from_slice(values),
                    _ => return Err(other(format!("rows that are not of shape {shape:?}"))),
                }
            }
            Ok(Features::Dense { values: all, shape: shape.clone() })
        }
        Features::Columns(columns) => {
            let join = |like: &Column| {
                let mut joined = like.clone();
                match &mut joined {
                    Column::Numeric { values, .. } => values.clear(),
                    Column::Categorical { codes, .. } => codes.clear(),
                }
                for part in parts {
                    if !extend(&mut joined, part) {
                        return Err(other(format!("another kind of column `{}`", like.name())));
                    }
                }
                Ok(joined)
            };
            columns.iter().map(join).collect::<Result<_>>().map(Features::Columns)
        }
    }
}

/// Adds the rows of a part to a column; whether they are of its kind.
fn extend(column: &mut Column, part: &Dataset) -> bool {
    let Features::Columns(own) = part.features() else { return false };
    let own = own.iter().find(|own| own.name() == column.name());
    match (column, own) {
        (Column::Numeric { values, .. }, Some(Column::Numeric { values: own, .. })) => values.extend_from_slice(own),
        (Column::Numeric { values, .. }, None) => values.resize(values.len() + part.rows(), 0.0),
        (Column::Categorical { codes, levels, .. }, Some(Column::Categorical { codes: own, levels: known, .. })) => {
            let place = |level: &String| levels.iter().position(|is| is == level).map_or(Column::MISSING, |k| k as u32);
            let known: Vec<u32> = known.iter().map(place).collect();
            codes.extend(own.iter().map(|&code| known.get(code as usize).copied().unwrap_or(Column::MISSING)));
        }
        (Column::Categorical { codes, .. }, None) => codes.resize(codes.len() + part.rows(), Column::MISSING),
        _ => return false,
    }
    true
}
