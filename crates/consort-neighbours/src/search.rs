use consort_core::{Error, Result};
use faer::{Accum, MatMut, MatRef, Par, linalg::matmul::matmul};
use rayon::prelude::*;

use crate::{Distance, candidates::Candidates};

/// Rows that are compared at once: with [`QUERIES`] distances each they stay in a core's cache.
const TILE: usize = 1024;

/// So many queries are best compared at once, each part on a core of its own.
pub const QUERIES: usize = 64;

/// Rows made ready to be searched: distances by a matrix product in single precision, with bounds on its rounding, and
/// those rows that may be among the nearest once more in double precision. So the neighbours are exactly those of a plain
/// search in double precision, however the product was rounded.
///
/// Making it ready copies the rows once; a search of `n` queries is about `2 n m p` operations for `m` rows of `p` features.
#[derive(Debug)]
pub struct Search<'a> {
    distance: Distance,
    width: usize,
    /// `[row][feature]`
    rows: &'a [f32],
    weights: Option<&'a [f64]>,
    /// Centred and scaled so that nothing overflows; tile after tile, column after column.
    tiles: Vec<f32>,
    /// What is added to the product: squared lengths, or nothing.
    squares: Vec<f32>,
    /// The greatest length in each tile.
    longest: Vec<f64>,
    centre: Vec<f64>,
    factor: f64,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Neighbour {
    /// Which row, from 0 on.
    pub row: usize,
    /// How far it is.
    pub distance: f64,
    /// How much of its weight counts: all, but for the last neighbour.
    pub weight: f64,
}

impl<'a> Search<'a> {
    /// Rows `[row][feature]` of `width` features; a weight counts copies of a row.
    ///
    /// # Errors
    /// [`Error::Parameter`] for a width of 0; [`Error::Length`] if the numbers are no whole rows, or the weights are not one a
    /// row.
    pub fn new(distance: Distance, width: usize, rows: &'a [f32], weights: Option<&'a [f64]>) -> Result<Self> {
        if width == 0 {
            return Err(Error::parameter("width", width, "at least 1"));
        }
        let count = rows.len() / width;
        let expect = |what: &str, got: usize, expected: usize, unit: &'static str| match got == expected {
            true => Ok(()),
            false => Err(Error::Length {
                what: what.into(),
                got,
                expected,
                unit,
                hint: format!("a row has {width} numbers and at most one weight"),
            }),
        };
        expect("the table of rows", rows.len(), count * width, "numbers")?;
        expect("the list of weights", weights.map_or(count, <[f64]>::len), count, "weights")?;
        let mut centre = vec![0.0; width];
        if distance != Distance::Cosine {
            for row in rows.chunks_exact(width) {
                centre.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
            }
            centre.iter_mut().for_each(|sum| *sum /= count as f64);
        }
        let farthest = rows
            .par_chunks(TILE * width)
            .map(|rows| {
                let from_centre =
                    |row: &[f32]| row.iter().zip(&centre).map(|(&x, c)| (f64::from(x) - c).abs()).fold(0.0, f64::max);
                rows.chunks_exact(width).map(from_centre).fold(0.0, f64::max)
            })
            .reduce(|| 0.0, f64::max);
        let factor = if farthest > 0.0 { 1.0 / farthest } else { 1.0 };
        let mut search = Self {
            distance,
            width,
            rows,
            weights,
            tiles: vec![0.0; rows.len()],
            squares: vec![0.0; count],
            longest: vec![0.0; count.div_ceil(TILE)],
            centre,
            factor,
        };
        let (mut tiles, mut squares) = (std::mem::take(&mut search.tiles), std::mem::take(&mut search.squares));
        search.longest = tiles
            .par_chunks_mut(TILE * width)
            .zip(squares.par_chunks_mut(TILE))
            .zip(rows.par_chunks(TILE * width))
            .map(|((tile, squares), rows)| {
                let (height, mut own, mut longest) = (squares.len(), vec![0.0; width], 0.0f64);
                for (n, row) in rows.chunks_exact(width).enumerate() {
                    let length = search.scale(row, &mut own);
                    longest = longest.max(length);
                    if distance == Distance::Euclidean {
                        squares[n] = (length * length) as f32;
                    }
                    own.iter().enumerate().for_each(|(j, x)| tile[j * height + n] = *x);
                }
                longest
            })
            .collect();
        Ok(Self { tiles, squares, ..search })
    }

    /// A row as it is compared, and its length (the sum of its sizes for Manhattan).
    fn scale(&self, row: &[f32], out: &mut [f32]) -> f64 {
        if self.distance == Distance::Cosine {
            let length = row.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt();
            let factor = if length > 0.0 { 1.0 / length } else { 0.0 };
            out.iter_mut().zip(row).for_each(|(to, &x)| *to = (f64::from(x) * factor) as f32);
            return if length > 0.0 { 1.0 } else { 0.0 };
        }
        let mut sum = 0.0;
        for ((to, &x), centre) in out.iter_mut().zip(row).zip(&self.centre) {
            let x = (f64::from(x) - centre) * self.factor;
            *to = x as f32;
            sum += if self.distance == Distance::Manhattan { x.abs() } else { x * x };
        }
        if self.distance == Distance::Manhattan { sum } else { sum.sqrt() }
    }

    fn weight(&self, row: usize) -> f64 {
        self.weights.map_or(1.0, |weights| weights[row])
    }

    fn row(&self, row: usize) -> &[f32] {
        &self.rows[row * self.width..(row + 1) * self.width]
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.squares.len()
    }

    /// The nearest rows of some queries, `[query][feature]`: so many that their weights sum to `need`, or all; the nearest
    /// first, of equal distance the first row. Numbers beyond the last whole query are not read.
    ///
    /// It works on one core, and keeps 4 kB a query: from a parallel loop give it [`QUERIES`] at a time.
    pub fn nearest(&self, queries: &[f32], need: f64) -> Vec<Vec<Neighbour>> {
        let (width, count) = (self.width, queries.len() / self.width);
        let mut scaled = vec![0.0; queries.len()];
        let lengths: Vec<f64> = queries
            .chunks_exact(width)
            .zip(scaled.chunks_exact_mut(width))
            .map(|(query, scaled)| self.scale(query, scaled))
            .collect();
        let mut candidates: Vec<Candidates> = lengths.iter().map(|_| Candidates::new(need)).collect();
        let mut sizes = vec![0.0; TILE * count];
        for (t, (tile, squares)) in self.tiles.chunks(TILE * width).zip(self.squares.chunks(TILE)).enumerate() {
            let sizes = &mut sizes[..squares.len() * count];
            self.compare(tile, squares, &scaled, sizes);
            for (q, sizes) in sizes.chunks_exact(squares.len()).enumerate() {
                // Rounding of the inputs, of each product and of each sum.
                let reach = lengths[q] + self.longest[t];
                let reach = if self.distance == Distance::Manhattan { reach } else { reach * reach };
                let error = (f64::from(f32::EPSILON) * (width as f64 + 16.0) * reach) as f32 + f32::MIN_POSITIVE;
                self.collect(&mut candidates[q], sizes, t * TILE, error);
            }
        }
        candidates
            .into_iter()
            .zip(queries.chunks_exact(width))
            .map(|(candidates, query)| self.exactly(query, candidates.into_rows(), need))
            .collect()
    }

    /// What orders the rows of a tile by their distance from each query, `[query][row]`.
    fn compare(&self, tile: &[f32], squares: &[f32], queries: &[f32], sizes: &mut [f32]) {
        let (height, width) = (squares.len(), self.width);
        if self.distance == Distance::Manhattan {
            for (query, sizes) in queries.chunks_exact(width).zip(sizes.chunks_exact_mut(height)) {
                sizes.fill(0.0);
                for (column, &q) in tile.chunks_exact(height).zip(query) {
                    sizes.iter_mut().zip(column).for_each(|(size, x)| *size += (x - q).abs());
                }
            }
            return;
        }
        sizes.chunks_exact_mut(height).for_each(|sizes| sizes.copy_from_slice(squares));
        let count = queries.len() / width;
        let rows = MatRef::from_column_major_slice(tile, height, width);
        let queries = MatRef::from_column_major_slice(queries, width, count);
        let to = MatMut::from_column_major_slice_mut(sizes, height, count);
        matmul(to, Accum::Add, rows, queries, -2.0, Par::Seq);
    }

    fn collect(&self, candidates: &mut Candidates, sizes: &[f32], first: usize, error: f32) {
        let mut limit = candidates.limit() + error;
        for (c, part) in sizes.chunks(16).enumerate() {
            // Most parts hold nothing near; one comparison of their least then does. A size that is not a number, of a
            // query so far that its distances overflow, is near until the exact look says otherwise.
            if !part.iter().fold(false, |any, &size| any | (size <= limit) | size.is_nan()) {
                continue;
            }
            for (n, &size) in part.iter().enumerate() {
                if size > limit {
                    continue;
                }
                let row = first + c * 16 + n;
                let (lower, upper) = if size.is_finite() && error.is_finite() {
                    (size - error, size + error)
                } else {
                    (f32::NEG_INFINITY, f32::INFINITY)
                };
                candidates.push(row as u32, lower, upper, self.weight(row));
                limit = candidates.limit() + error;
            }
        }
    }

    /// The nearest of some rows by exact distance; equal distances go to the first row.
    fn exactly(&self, query: &[f32], rows: Vec<u32>, need: f64) -> Vec<Neighbour> {
        let mut found: Vec<(f64, u32)> =
            rows.into_iter().map(|row| (self.distance.between(query, self.row(row as usize)), row)).collect();
        found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut left = need;
        let mut neighbours = Vec::new();
        for (distance, row) in found {
            if left <= 0.0 {
                break;
            }
            let weight = self.weight(row as usize).min(left);
            left -= weight;
            neighbours.push(Neighbour { row: row as usize, distance, weight });
        }
        neighbours
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consort_core::Seed;

    fn plain(distance: Distance, width: usize, rows: &[f32], query: &[f32], k: usize) -> Vec<usize> {
        let mut all: Vec<(f64, usize)> =
            rows.chunks_exact(width).enumerate().map(|(i, row)| (distance.between(query, row), i)).collect();
        all.sort_by(|a, b| a.partial_cmp(b).unwrap());
        all[..k].iter().map(|&(_, i)| i).collect()
    }

    #[test]
    fn the_neighbours_are_those_of_a_plain_search_even_on_ties_and_far_clumps() {
        let (width, mut stream) = (5, Seed::new(3).stream());
        for (scale, offset) in [(1.0, 0.0), (3.0, 1e5), (1e30, 0.0), (1e-30, 0.0)] {
            // Few distinct values, so that many distances are equal.
            let mut draw = |n: usize| -> Vec<f32> {
                (0..n * width).map(|_| (stream.below(6) as f32 - 2.0) * scale + offset).collect()
            };
            let (mut rows, mut queries) = (draw(2500), draw(60));
            rows[..width].fill(1e3 * scale);
            queries[..width].fill(3e38);
            for distance in [Distance::Euclidean, Distance::Manhattan, Distance::Cosine] {
                let search = Search::new(distance, width, &rows, None).unwrap();
                let found = search.nearest(&queries, 7.0);
                for (query, found) in queries.chunks_exact(width).zip(&found) {
                    let found: Vec<usize> = found.iter().map(|n| n.row).collect();
                    assert_eq!(found, plain(distance, width, &rows, query, 7), "{distance:?} {scale} {offset}");
                }
            }
        }
    }
}
