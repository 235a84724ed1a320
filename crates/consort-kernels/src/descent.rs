use crate::{
    Cube, Error, Holes, Result, Truth,
    buffer::Buffer,
    kernel::{
        descent::{self, Descent, Term, VECTORS},
        step, truth,
    },
    running_sum::{check_codes, check_length},
    tile,
};

/// Losses of weight vectors and their gradients, for a search of weights: one read of the cube for up to eight vectors.
///
/// The loss of weights w is the mean over rows of −ln max(Σ wₘ·pₘ, eps), pₘ the number of the true class (`log_loss`),
/// or of (Σ wₘ·xₘ − y)² (`squared`), over rows and columns, or of −ln max(z, eps) for the rows of a class and −ln max(1 − z, eps) for the
/// others, z = Σ wₘ·xₘ of that class's column (`of_class`). What is read again and again (the numbers of the true
/// classes or of a class; the cube itself) stays on the device.
///
/// Terms are added in blocks, tiles and chunks, so that none is added to a sum of very many. Losses differ from double
/// precision by at most 1e-5 of themselves (log losses near 0 by 3e-7), slopes by 1e-5 of the mean size of their terms, which
/// of classes is themselves. Those of a class ask for weights that sum to 1; beyond, 1 − z is a small difference.
///
/// ```
/// use consort_kernels::{Cube, Device, WeightSearch};
/// if let Ok(device) = Device::open("auto") {
///     let cube = Cube::of(&device, &[0.9, 0.1, 0.5, 0.5], 2, 1, 2)?;
///     let search = WeightSearch::log_loss(&cube, &[0], 1e-15)?;
///     let found = search.losses(&[&[1.0, 0.0], &[0.5, 0.5]])?;
///     assert!((found[0].loss - -0.9f64.ln()).abs() < 1e-6);
///     assert!((found[0].gradient[1] - -0.5 / 0.9).abs() < 1e-6);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct WeightSearch {
    cube: Cube,
    term: Term,
    floor: f32,
    y: Buffer<f32>,
    chunks: usize,
}

/// A loss, and its derivative by each weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Slope {
    /// The loss.
    pub loss: f64,
    /// Its derivative by the weight of each member.
    pub gradient: Vec<f64>,
}

/// The most members: their sums are in registers.
const MEMBERS: usize = 1024;

impl WeightSearch {
    /// A search by the log loss of classes.
    ///
    /// # Errors
    /// [`Error::Length`] or [`Error::Parameter`] for a bad truth or a least probability out of (0, 1);
    /// [`Error::Unsupported`] for rows that members lack or more than 1,024 members.
    pub fn log_loss(cube: &Cube, codes: &[u32], eps: f32) -> Result<Self> {
        check_codes(codes, cube.rows(), cube.columns())?;
        check_least(eps)?;
        let device = cube.device();
        let own = truth::own_numbers(cube, &device.put(codes))?;
        Self::new(own, Term::Log, eps, device.put(&[0.0f32]))
    }

    /// A search by the log loss of a yes-or-no answer: whether a row is of this class, by the numbers of its column.
    ///
    /// L(w) = mean over rows of −y·ln z − (1 − y)·ln(1 − z), z = Σ wₘ·xₘ, y 1 for the rows of the class and 0 for others; ∂L/∂wₘ is the mean
    /// of −y·xₘ/z + (1 − y)·xₘ/(1 − z). What came true has a probability of at least eps: where z ≤ eps and y = 1, or z ≥ 1 − eps and y = 0, the
    /// term is −ln eps and its slope 0. At the other ends, where a term is 0, nothing is cut, so that slopes tell what certainty is worth.
    ///
    /// For weights that sum to 1 it is what `PerClassWeights` of `consort-fusion` minimises for a class, rows of equal weight; its slopes
    /// differ by the same number for each member, which moves no weights that keep their sum.
    ///
    /// ```
    /// use consort_kernels::{Cube, Device, WeightSearch};
    /// if let Ok(device) = Device::open("auto") {
    ///     // Two members, two rows: the first of class 1, the second not.
    ///     let cube = Cube::of(&device, &[0.2, 0.8, 0.5, 0.5, 0.6, 0.4, 0.9, 0.1], 2, 2, 2)?;
    ///     let search = WeightSearch::of_class(&cube, &[1, 0], 1, 1e-15)?;
    ///     let found = search.losses(&[&[0.5, 0.5]])?;
    ///     // z is 0.6 and 0.3.
    ///     assert!((found[0].loss - -(0.6f64.ln() + 0.7f64.ln()) / 2.0).abs() < 1e-6);
    ///     assert!((found[0].gradient[0] - (-0.8 / 0.6 + 0.5 / 0.7) / 2.0).abs() < 1e-5);
    /// }
    /// # Ok::<(), consort_kernels::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`WeightSearch::log_loss`]; [`Error::Parameter`] for a class that is no column.
    pub fn of_class(cube: &Cube, codes: &[u32], class: usize, eps: f32) -> Result<Self> {
        check_codes(codes, cube.rows(), cube.columns())?;
        check_least(eps)?;
        if class >= cube.columns() {
            return Err(Error::parameter("the class", class, "a column of the cube"));
        }
        let class = class as u32;
        let device = cube.device();
        let own = truth::own_numbers(cube, &device.put(&vec![class; codes.len()]))?;
        let y: Vec<f32> = codes.iter().map(|&code| f32::from(u8::from(code == class))).collect();
        Self::new(own, Term::YesNo, eps, device.put(&y))
    }

    /// A search by the squared error of values, or of probabilities from a 1 for the true class.
    ///
    /// # Errors
    /// As [`WeightSearch::log_loss`].
    pub fn squared(cube: &Cube, truth: Truth<'_>) -> Result<Self> {
        let (rows, columns) = (cube.rows(), cube.columns());
        let y = match truth {
            Truth::Values(values) => {
                check_length("the list of true values", values.len(), rows * columns)?;
                cube.device().put(values)
            }
            Truth::Classes(codes) => {
                check_codes(codes, rows, columns)?;
                truth::one_hot(cube.device(), &cube.device().put(codes), columns)
            }
        };
        Self::new(cube.clone(), Term::Square, 0.0, y)
    }

    fn new(cube: Cube, term: Term, floor: f32, y: Buffer<f32>) -> Result<Self> {
        let unsupported = |what: String| Err(Error::Unsupported { what, hint: "search the weights on the CPU" });
        if cube.holes() != Holes::None {
            return unsupported("rows that some members lack, in a search on a device".into());
        }
        if cube.members() > MEMBERS {
            return unsupported(format!("{} members", cube.members()));
        }
        let tiles = (cube.rows() * cube.columns()).div_ceil(tile::units(cube.device()));
        Ok(Self { chunks: tiles.min(step::CHUNKS), cube, term, floor, y })
    }

    /// The loss and the gradient of each weight vector.
    ///
    /// # Errors
    /// [`Error::Length`] for a vector that has not one weight a member; what the device says of the work.
    pub fn losses(&self, vectors: &[&[f64]]) -> Result<Vec<Slope>> {
        let (members, device) = (self.cube.members(), self.cube.device());
        for vector in vectors {
            check_length("a vector of weights", vector.len(), members)?;
        }
        let units = tile::units(device);
        let mean = 1.0 / (self.cube.rows() * self.cube.columns()) as f64;
        let mut found = Vec::with_capacity(vectors.len());
        for some in vectors.chunks(VECTORS) {
            let lacks = some.iter().map(|vector| 1.0 - vector.iter().sum::<f64>());
            let weights: Vec<f32> =
                some.iter().flat_map(|vector| vector.iter().copied()).chain(lacks).map(|w| w as f32).collect();
            let descent =
                Descent { term: self.term, vectors: some.len(), units, members_each: members.div_ceil(units) };
            let losses = device.room::<f32>(self.chunks * some.len());
            let slopes = device.room::<f32>(self.chunks * some.len() * members);
            let weights = device.put(&weights);
            descent::parts(&self.cube, descent, self.chunks, self.floor, &weights, &self.y, &losses, &slopes);
            let (loss, slope) = (device.room::<f32>(some.len()), device.room::<f32>(some.len() * members));
            descent::add_chunks(device, self.chunks, units, &losses, &loss);
            descent::add_chunks(device, self.chunks, units, &slopes, &slope);
            let (loss, slope) = (device.get(&loss)?, device.get(&slope)?);
            found.extend(loss.iter().zip(slope.chunks_exact(members)).map(|(&loss, slope)| Slope {
                loss: mean * f64::from(loss),
                gradient: slope.iter().map(|&slope| mean * f64::from(slope)).collect(),
            }));
        }
        Ok(found)
    }
}

fn check_least(eps: f32) -> Result<()> {
    if eps > 0.0 && eps < 1.0 {
        return Ok(());
    }
    Err(Error::parameter("the least probability", eps, "above 0 and below 1"))
}
