/// What a criterion sums over the rows of a node, and what it makes of the sums.
///
/// The *purity* of some rows is their weight times their impurity, negated, up to a number that all rows of the tree
/// add to alike; so a split gains the purities of its sides less that of its node.
pub(crate) trait Objective: Send + Sync {
    /// What is kept of a row.
    type Item: Copy + Default + Send + Sync;

    /// Whether a cut is judged by the rows themselves, in order, since sums do not tell their impurity.
    const BY_ROWS: bool = false;

    /// How many numbers are summed.
    fn width(&self) -> usize;

    /// How many numbers a leaf has.
    fn outputs(&self) -> usize;

    /// What is kept of a row that has this weight.
    fn item(&self, row: usize, weight: f64) -> Self::Item;

    /// Adds a row to the sums.
    fn add(&self, item: Self::Item, sums: &mut [f64]);

    /// Adds rows to the sums, in order.
    fn add_all(&self, items: &[Self::Item], sums: &mut [f64]) {
        items.iter().for_each(|&item| self.add(item, sums));
    }

    /// Adds the rows whose codes are at most `last` to the sums, in order, and gives how many they are.
    fn add_up_to<K: Copy + Into<u32>>(&self, items: &[Self::Item], codes: &[K], last: u32, sums: &mut [f64]) -> usize {
        let mut rows = 0;
        for (&item, &code) in items.iter().zip(codes) {
            if code.into() <= last {
                self.add(item, sums);
                rows += 1;
            }
        }
        rows
    }

    /// The weight of the rows of these sums.
    fn weight(&self, sums: &[f64]) -> f64;

    /// The purity of the rows of these sums.
    fn purity(&self, sums: &[f64]) -> f64;

    /// Whether rows of these sums may be a side of a split.
    fn is_side(&self, _sums: &[f64]) -> bool {
        true
    }

    /// Moves the items of a node to where their sums lose least, and gives by how much.
    fn centre(&self, _items: &mut [Self::Item]) -> f64 {
        0.0
    }

    /// What a node is like: its rows in order, their sums, and by how much they were moved. Writes the value that its rows
    /// are predicted.
    fn measure(&self, items: &[Self::Item], sums: &[f64], centre: f64, value: &mut [f32]) -> Measure;

    /// How many numbers tell how the target responds to a category.
    fn responses(&self) -> usize;

    /// The mean response of the rows of these sums.
    fn response(&self, sums: &[f64], out: &mut [f64]);

    /// For rows in groups (`ends` says where each group ends), the purities of the rows up to each group's end and
    /// of those after it, added up: only if [`BY_ROWS`](Self::BY_ROWS).
    fn purities(&self, _items: &[Self::Item], _ends: &[usize], _out: &mut Vec<f64>) {}
}

/// What a node is like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Measure {
    /// The weight of its rows.
    pub(crate) weight: f64,
    /// Their purity.
    pub(crate) purity: f64,
    /// Their impurity, times their weight.
    pub(crate) impurity: f64,
    /// Whether all rows have the same target.
    pub(crate) is_pure: bool,
}

/// 1 or 0: looked up, since a compiler makes a branch of a choice, and which way it goes cannot be foretold.
#[inline(always)]
pub(super) fn one_if(is: bool) -> f64 {
    static ZERO_ONE: [f64; 2] = [0.0, 1.0];
    ZERO_ONE[usize::from(is)]
}

/// Adds what each row that goes left gives to two sums, four rows side by side, so that no addition waits for the one
/// before it. `of` gives what a row adds, 0 and 0 unless it goes left. Returns the sums and how many rows go left.
#[inline(always)]
pub(super) fn two_sums_up_to<T, K: Copy + Into<u32>>(
    items: &[T],
    codes: &[K],
    last: u32,
    of: impl Fn(&T, bool) -> [f64; 2],
) -> ([f64; 2], usize) {
    let mut sums = [[0.0; 2]; 4];
    let mut rows = [0; 4];
    let mut add = |lane: usize, item: &T, code: K| {
        let is_left = code.into() <= last;
        let [first, second] = of(item, is_left);
        sums[lane][0] += first;
        sums[lane][1] += second;
        rows[lane] += usize::from(is_left);
    };
    let (item_blocks, item_rest) = items.as_chunks::<4>();
    let (code_blocks, code_rest) = codes.as_chunks::<4>();
    for (items, codes) in item_blocks.iter().zip(code_blocks) {
        for lane in 0..4 {
            add(lane, &items[lane], codes[lane]);
        }
    }
    for (lane, (item, &code)) in item_rest.iter().zip(code_rest).enumerate() {
        add(lane, item, code);
    }
    let total = |k: usize| (sums[0][k] + sums[1][k]) + (sums[2][k] + sums[3][k]);
    ([total(0), total(1)], rows.iter().sum())
}
