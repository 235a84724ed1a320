use consort_core::{Column, Dataset, Features, Target};

/// A checksum of all that a fit reads of a data set: features, target, weights, groups, times and ids. A run that goes on
/// compares it, so that it never mixes fits on other data.
///
/// ```
/// use consort_core::{Column, Dataset, Features};
/// use consort_ensemble::run::data_hash;
/// let data = |x: f32| {
///     Dataset::new(Features::Columns(vec![Column::Numeric { name: "x".into(), values: vec![1.0, x] }]))
/// };
/// assert_eq!(data_hash(&data(2.0)?), data_hash(&data(2.0)?));
/// assert_ne!(data_hash(&data(2.0)?), data_hash(&data(3.0)?));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn data_hash(data: &Dataset) -> String {
    let mut sum = Sum(blake3::Hasher::new());
    if let Some(stored) = data.stored() {
        sum.numbers(stored.shape().iter().map(|&size| size as u32));
        sum.text(&stored.mark());
        return rest(sum, data);
    }
    match data.features() {
        Features::Columns(columns) => {
            for column in columns {
                sum.text(column.name());
                match column {
                    Column::Numeric { values, .. } => sum.numbers(values.iter().map(|x| x.to_bits())),
                    Column::Categorical { codes, levels, .. } => {
                        sum.numbers(codes.iter().copied());
                        levels.iter().for_each(|level| sum.text(level));
                    }
                }
            }
        }
        Features::Dense { values, shape } => {
            sum.numbers(shape.iter().map(|&size| size as u32));
            sum.numbers(values.iter().map(|x| x.to_bits()));
        }
    }
    rest(sum, data)
}

/// All but the features.
fn rest(mut sum: Sum, data: &Dataset) -> String {
    match data.target() {
        Some(Target::Classes { codes, classes }) => {
            sum.numbers(codes.iter().copied());
            classes.names().iter().for_each(|class| sum.text(class));
        }
        Some(Target::Values { values, names }) => {
            sum.doubles(values);
            names.iter().for_each(|name| sum.text(name));
        }
        Some(Target::Labels { values, names }) => {
            sum.numbers(values.iter().map(|&is| u32::from(is)));
            names.iter().for_each(|name| sum.text(name));
        }
        _ => {}
    }
    sum.doubles(data.weights().unwrap_or_default());
    sum.numbers(data.groups().unwrap_or_default().iter().copied());
    sum.doubles(data.time().unwrap_or_default());
    if !data.ids().are_positions() {
        (0..data.rows()).for_each(|row| sum.text(&data.ids().text(row)));
    }
    sum.0.finalize().to_hex().to_string()
}

/// Parts with their lengths, so that none can be taken for another.
struct Sum(blake3::Hasher);

impl Sum {
    fn text(&mut self, text: &str) {
        self.0.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
    }

    fn numbers(&mut self, numbers: impl ExactSizeIterator<Item = u32>) {
        let mut bytes = Vec::with_capacity(8 + 4 * numbers.len());
        bytes.extend((numbers.len() as u64).to_le_bytes());
        numbers.for_each(|number| bytes.extend(number.to_le_bytes()));
        self.0.update(&bytes);
    }

    fn doubles(&mut self, numbers: &[f64]) {
        self.0.update(&(numbers.len() as u64).to_le_bytes());
        numbers.iter().for_each(|number| {
            self.0.update(&number.to_le_bytes());
        });
    }
}
