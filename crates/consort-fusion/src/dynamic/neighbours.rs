use consort_core::{Error, Result};

/// Known rows near each row, found elsewhere, such as by an index of approximate neighbours.
///
/// ```
/// use consort_fusion::dynamic::Neighbours;
/// // Two rows with two neighbours each, the nearest first.
/// let neighbours = Neighbours::new(2, vec![0, 4, 3, 1], vec![0.5, 0.7, 0.0, 0.2])?;
/// assert_eq!((neighbours.rows(), neighbours.of(1)), (2, (&[3, 1][..], &[0.0, 0.2][..])));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Neighbours {
    each: usize,
    places: Vec<u32>,
    distances: Vec<f64>,
}

impl Neighbours {
    /// `each` neighbours a row, the nearest first: places in the predictions of the fit, counted from 0, and distances, both
    /// `[row][neighbour]`.
    ///
    /// # Errors
    /// [`Error::Parameter`] for no neighbour or a distance that is negative or not finite; [`Error::Length`].
    pub fn new(each: usize, places: Vec<u32>, distances: Vec<f64>) -> Result<Self> {
        if each == 0 {
            return Err(Error::parameter("each", each, "at least 1"));
        }
        if let Some(bad) = distances.iter().find(|d| !d.is_finite() || **d < 0.0) {
            return Err(Error::parameter("distances", bad, "finite and at least 0"));
        }
        if !places.len().is_multiple_of(each) || distances.len() != places.len() {
            return Err(Error::Length {
                what: "the list of distances".into(),
                got: distances.len(),
                expected: places.len().next_multiple_of(each),
                unit: "numbers",
                hint: format!("give a place and a distance for each of the {each} neighbours of a row"),
            });
        }
        Ok(Self { each, places, distances })
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.places.len() / self.each
    }

    /// The places and distances of a row's neighbours.
    pub fn of(&self, row: usize) -> (&[u32], &[f64]) {
        let range = row * self.each..(row + 1) * self.each;
        (&self.places[range.clone()], &self.distances[range])
    }
}
