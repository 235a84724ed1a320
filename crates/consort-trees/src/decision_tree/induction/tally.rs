use super::objective::Objective;

/// The rows of a node by the code of one feature: for each code that occurs, in ascending order, the sums of its rows.
///
/// Only codes that occur cost anything, so that small nodes are cheap.
pub(crate) struct Tally<O: Objective> {
    /// The codes that occur.
    pub(crate) codes: Vec<u32>,
    /// Their sums, `[codes][width]`.
    pub(crate) sums: Vec<f64>,
    /// How many rows each has.
    pub(crate) rows: Vec<u32>,
    /// The rows in the order of their codes, where the objective judges by rows.
    pub(crate) items: Vec<O::Item>,
    /// Sums and counts of all codes; 0 between two calls.
    histogram: Vec<f64>,
    counts: Vec<u32>,
    pairs: Vec<u64>,
}

impl<O: Objective> Default for Tally<O> {
    fn default() -> Self {
        Self {
            codes: Vec::new(),
            sums: Vec::new(),
            rows: Vec::new(),
            items: Vec::new(),
            histogram: Vec::new(),
            counts: vec![0; 256],
            pairs: Vec::new(),
        }
    }
}

impl<O: Objective> Tally<O> {
    /// Tallies the rows whose numbers are `rows` and whose items are `items`.
    pub(crate) fn count<C: Copy + Into<u32> + 'static>(
        &mut self,
        objective: &O,
        items: &[O::Item],
        rows: &[u32],
        column: &[C],
    ) {
        self.codes.clear();
        self.sums.clear();
        self.rows.clear();
        // A code of one byte has a histogram; one of four is sorted.
        if size_of::<C>() == 1 {
            self.by_histogram(objective, items, rows, column);
        } else {
            self.by_sorting(objective, items, rows, column);
        }
    }

    /// Puts groups together in a new one, behind all others, and gives its place. The groups remain.
    pub(crate) fn join(&mut self, width: usize, groups: &[usize]) -> usize {
        let joined = self.rows.len();
        self.sums.resize((joined + 1) * width, 0.0);
        let (own, sums) = self.sums.split_at_mut(joined * width);
        for &group in groups {
            sums.iter_mut().zip(&own[group * width..]).for_each(|(sum, x)| *sum += x);
        }
        if O::BY_ROWS {
            let starts: Vec<usize> = self.starts().collect();
            for &group in groups {
                self.items.extend_from_within(starts[group]..starts[group] + self.rows[group] as usize);
            }
        }
        self.rows.push(groups.iter().map(|&group| self.rows[group]).sum());
        joined
    }

    /// Where the items of each group start.
    pub(crate) fn starts(&self) -> impl Iterator<Item = usize> {
        self.rows.iter().scan(0, |start, &rows| Some(std::mem::replace(start, *start + rows as usize)))
    }

    fn by_histogram<C: Copy + Into<u32>>(&mut self, objective: &O, items: &[O::Item], rows: &[u32], column: &[C]) {
        let width = objective.width();
        self.histogram.resize(256 * width, 0.0);
        let mut occurs = [0u64; 4];
        let histogram = &mut self.histogram[..256 * width];
        let counts = &mut self.counts[..256];
        for (&row, &item) in rows.iter().zip(items) {
            let code = (column[row as usize].into() & 255) as usize;
            occurs[code >> 6] |= 1 << (code & 63);
            counts[code] += 1;
            objective.add(item, &mut histogram[code * width..code * width + width]);
        }
        for (word, mut bits) in occurs.into_iter().enumerate() {
            while bits != 0 {
                let code = word * 64 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let sums = &mut histogram[code * width..code * width + width];
                self.codes.push(code as u32);
                self.sums.extend_from_slice(sums);
                self.rows.push(counts[code]);
                sums.fill(0.0);
                counts[code] = 0;
            }
        }
        if O::BY_ROWS {
            let mut start = 0;
            for (&code, &rows) in self.codes.iter().zip(&self.rows) {
                self.counts[code as usize] = start;
                start += rows;
            }
            self.items.resize(items.len(), O::Item::default());
            for (&row, &item) in rows.iter().zip(items) {
                let place = &mut self.counts[(column[row as usize].into() & 255) as usize];
                self.items[*place as usize] = item;
                *place += 1;
            }
            self.counts.fill(0);
        }
    }

    fn by_sorting<C: Copy + Into<u32>>(&mut self, objective: &O, items: &[O::Item], rows: &[u32], column: &[C]) {
        let width = objective.width();
        self.pairs.clear();
        self.pairs.extend((0u64..).zip(rows).map(|(i, &row)| u64::from(column[row as usize].into()) << 32 | i));
        self.pairs.sort_unstable();
        self.items.clear();
        for &pair in &self.pairs {
            let (code, item) = ((pair >> 32) as u32, items[pair as u32 as usize]);
            if self.codes.last() != Some(&code) {
                self.codes.push(code);
                self.rows.push(0);
                self.sums.resize(self.codes.len() * width, 0.0);
            }
            let group = self.codes.len() - 1;
            self.rows[group] += 1;
            objective.add(item, &mut self.sums[group * width..]);
            if O::BY_ROWS {
                self.items.push(item);
            }
        }
    }
}
