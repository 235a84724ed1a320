use crate::{
    Cube, Error, Holes, Result, Truth,
    buffer::Buffer,
    kernel::{
        descent::{self, Descent, VECTORS},
        step::{self, Term},
        truth,
    },
    running_sum::{check_codes, check_length},
    tile,
};

/// Losses of weight vectors and their gradients, for a search of weights: one read of the cube for up to eight vectors.
///
/// The loss of weights w is the mean over rows of −ln max(Σ wₘ·pₘ, eps), pₘ the number of the true class (`log_loss`),
/// or of (Σ wₘ·xₘ − y)² (`squared`), over rows and columns. What is read again and again (the numbers of the true
/// classes; the cube itself) stays on the device.
///
/// Terms are added in blocks, tiles and chunks, so that none is added to a sum of very many. Losses differ from double
/// precision by at most 1e-5 of themselves (log losses near 0 by 3e-7), slopes by 1e-5 of the mean size of their terms, which
/// for a log loss is themselves.
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
        if !(eps > 0.0 && eps < 1.0) {
            return Err(Error::parameter("the least probability", eps, "above 0 and below 1"));
        }
        let device = cube.device();
        let own = truth::own_numbers(cube, &device.put(codes))?;
        Self::new(own, Term::Log, eps, device.put(&[0.0f32]))
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
            let weights: Vec<f32> = some.iter().flat_map(|vector| vector.iter().map(|&w| w as f32)).collect();
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
