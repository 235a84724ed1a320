use super::edges::ascending;

/// Finds the bins of many numbers: the edges of one feature, laid out so that few of them are looked at.
///
/// The first 16 bits of a number (sign, exponent, 7 bits of the fraction) name a bucket, and a table says how many
/// edges lie below it. Only the edges within the bucket are left to be compared: for most features one or two
/// instead of eight, and with no branch that depends on the data.
pub(super) struct Encoder {
    /// The edges, and then infinity, which no number is above.
    edges: [f32; PADDED],
    below: Option<Box<[u8; BUCKETS]>>,
    /// Halvings that the fullest bucket needs.
    halvings: u32,
    missing: u8,
}

const BUCKETS: usize = 1 << 16;
/// The greatest place that a search can look at: 255 edges below and 255 on.
const PADDED: usize = 512;
/// From this many numbers on, the table is worth its making.
const MANY: usize = 1 << 14;

impl Encoder {
    /// For ascending edges, at most 254 of them; `missing` is the code of NaN.
    pub(super) fn new(edges: &[f32], missing: u8, numbers: usize) -> Self {
        let mut padded = [f32::INFINITY; PADDED];
        padded[..edges.len()].copy_from_slice(edges);
        let mut fullest = edges.len();
        let mut below = None;
        if numbers >= MANY {
            let mut table = Box::new([edges.len() as u8; BUCKETS]);
            let (mut bucket, mut most) = (0, 0);
            for (i, &edge) in edges.iter().enumerate() {
                let own = bucket_of(edge);
                // A number above this edge may lie in the edge's own bucket, so that one counts from before it.
                for slot in &mut table[bucket..=own] {
                    *slot = (*slot).min(i as u8);
                }
                bucket = own + 1;
                let first = table[own] as usize;
                most = most.max(i + 1 - first);
            }
            fullest = most;
            below = Some(table);
        }
        Self { edges: padded, below, halvings: usize::BITS - fullest.leading_zeros(), missing }
    }

    /// The code of each number: how many edges are below it.
    pub(super) fn encode(&self, values: &[f32], codes: &mut [u8]) {
        match &self.below {
            Some(below) => self.with(values, codes, |x| below[bucket_of(x)] as usize),
            None => self.with(values, codes, |_| 0),
        }
    }

    /// The code of one number.
    pub(super) fn code(&self, x: f32) -> u8 {
        let mut code = [0];
        self.encode(&[x], &mut code);
        code[0]
    }

    #[inline(always)]
    fn with(&self, values: &[f32], codes: &mut [u8], start: impl Fn(f32) -> usize) {
        for (code, &x) in codes.iter_mut().zip(values) {
            let mut below = start(x);
            for halving in (0..self.halvings).rev() {
                let half = 1 << halving;
                // The mask changes nothing; it tells the compiler that the place is within the array.
                let is_above = self.edges[(below + half - 1) & (PADDED - 1)] < x;
                below += if is_above { half } else { 0 };
            }
            *code = if x.is_nan() { self.missing } else { below as u8 };
        }
    }
}

/// The first 16 bits of a number, turned so that they ascend with it. Zero of either sign is in one bucket.
#[inline(always)]
fn bucket_of(x: f32) -> usize {
    (ascending(x) >> 16) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(edges: &[f32], x: f32) -> u8 {
        edges.iter().filter(|&&edge| edge < x).count() as u8
    }

    #[test]
    fn the_table_and_the_plain_search_count_the_edges_below() {
        let mut edge_sets: Vec<Vec<f32>> = vec![
            vec![],
            vec![0.0],
            vec![f32::NEG_INFINITY, -1.0, 0.0, 1.0, f32::MAX],
            (0..254).map(|i| i as f32 / 10.0 - 12.0).collect(),
            (0..254).map(|i| 1e6 + i as f32 / 4.0).collect(),
            (0..254).map(|i| f32::from_bits(i + 1)).collect(),
            (0..200).map(|i| (i as f32 - 100.0).powi(3)).collect(),
        ];
        edge_sets.push(vec![-1e-30, 1e-30]);
        for edges in edge_sets {
            let mut values: Vec<f32> = vec![f32::NEG_INFINITY, f32::INFINITY, -0.0, 0.0, f32::MIN, f32::MAX, 1e-40];
            for &edge in &edges {
                values.extend([edge, edge.next_up(), edge.next_down(), -edge, edge * 0.5, edge + 0.01]);
            }
            for numbers in [10, MANY] {
                let encoder = Encoder::new(&edges, 255, numbers);
                for &x in values.iter().filter(|x| !x.is_nan()) {
                    assert_eq!(encoder.code(x), naive(&edges, x), "{x} in {edges:?} ({numbers})");
                }
                assert_eq!(encoder.code(f32::NAN), 255);
            }
        }
    }
}
