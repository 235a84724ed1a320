use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How alike two rows are.
///
/// ```
/// use consort_linfa::Kernel;
/// let kernel: Kernel = serde_json::from_str(r#"{"poly":{"degree":2,"coef0":1.0}}"#)?;
/// assert_eq!(kernel, Kernel::Poly { degree: 2, coef0: 1.0 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// `e^(−γ ‖a − b‖²)`
    #[default]
    Rbf,
    /// `a·b`
    Linear,
    /// `(γ a·b + c)^d`
    Poly {
        /// The degree `d`.
        degree: u32,
        /// The constant `c`.
        coef0: f64,
    },
}

/// The factor `γ` of a kernel.
///
/// ```
/// use consort_linfa::Gamma;
/// assert_eq!(Gamma::default(), Gamma::Scale);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gamma {
    /// `1 / (p v)`, with `p` features and the variance `v` of all their numbers; 1 where they are all alike.
    #[default]
    Scale,
    /// This number.
    Value(f64),
}

impl Kernel {
    pub(super) fn check(self) -> Result<()> {
        match self {
            Kernel::Poly { degree, .. } if degree == 0 || degree > 20 => {
                Err(Error::parameter("degree", degree, "from 1 to 20"))
            }
            Kernel::Poly { coef0, .. } if !coef0.is_finite() => Err(Error::parameter("coef0", coef0, "finite")),
            _ => Ok(()),
        }
    }

    /// How alike two rows are, by their product and squared lengths.
    fn of(self, gamma: f64, product: f64, aa: f64, bb: f64) -> f64 {
        match self {
            Kernel::Rbf => (-gamma * (aa + bb - 2.0 * product).max(0.0)).exp(),
            Kernel::Linear => product,
            Kernel::Poly { degree, coef0 } => (gamma * product + coef0).powi(degree as i32),
        }
    }
}

/// Rows, column after column, with what a kernel needs of them.
#[derive(Debug)]
pub(super) struct Alike<'a> {
    pub(super) kernel: Kernel,
    pub(super) gamma: f64,
    /// `[row][feature]`
    rows: &'a [f64],
    width: usize,
    squares: Vec<f64>,
    /// `[feature][row]`
    columns: Vec<f64>,
}

impl<'a> Alike<'a> {
    pub(super) fn new(kernel: Kernel, gamma: f64, rows: &'a [f64], width: usize) -> Self {
        let count = rows.len() / width.max(1);
        let squares = rows.chunks_exact(width.max(1)).map(|row| row.iter().map(|x| x * x).sum()).collect();
        let mut columns = vec![0.0; rows.len()];
        for (i, row) in rows.chunks_exact(width.max(1)).enumerate() {
            row.iter().enumerate().for_each(|(j, x)| columns[j * count + i] = *x);
        }
        Self { kernel, gamma, rows, width, squares, columns }
    }

    pub(super) fn len(&self) -> usize {
        self.squares.len()
    }

    /// How alike a row is to all.
    pub(super) fn to(&self, row: &[f64]) -> Vec<f64> {
        let count = self.len();
        let mut products = vec![0.0; count];
        for (column, x) in self.columns.chunks_exact(count.max(1)).zip(row) {
            products.iter_mut().zip(column).for_each(|(to, y)| *to += x * y);
        }
        let aa: f64 = row.iter().map(|x| x * x).sum();
        for (product, bb) in products.iter_mut().zip(&self.squares) {
            *product = self.kernel.of(self.gamma, *product, aa, *bb);
        }
        products
    }

    /// How alike row `i` is to all.
    pub(super) fn row(&self, i: usize) -> Vec<f64> {
        self.to(&self.rows[i * self.width..(i + 1) * self.width])
    }

    /// How alike row `i` is to itself.
    pub(super) fn own(&self, i: usize) -> f64 {
        self.kernel.of(self.gamma, self.squares[i], self.squares[i], self.squares[i])
    }
}
