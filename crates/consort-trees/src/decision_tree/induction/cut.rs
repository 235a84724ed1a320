use super::{objective::Objective, tally::Tally};

/// What the sides of a split must have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// The fewest rows.
    pub(crate) rows: usize,
    /// The least weight.
    pub(crate) weight: f64,
}

/// A node whose split is looked for.
#[derive(Clone, Copy)]
pub(crate) struct Whole<'a> {
    /// How many rows it has.
    pub(crate) rows: usize,
    /// Their sums.
    pub(crate) sums: &'a [f64],
    /// What both sides must have.
    pub(crate) limits: Limits,
}

/// The best place to cut groups in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Place {
    /// The purity of both sides.
    pub(crate) purity: f64,
    /// How many groups of the sequence go left.
    pub(crate) lefts: usize,
    /// Whether the group of missing values goes left.
    pub(crate) missing_left: bool,
}

/// Room for the sums of both sides.
#[derive(Debug, Default)]
pub(crate) struct Sides {
    left: Vec<f64>,
    right: Vec<f64>,
    purities: Vec<f64>,
    ends: Vec<usize>,
}

/// What the purity of a cut must be above to be better than one of this purity. Sums of the same rows differ in their
/// last bits with the order in which they are added; without this, the order of the rows would choose between cuts that
/// are equal.
#[inline(always)]
fn above(purity: f64) -> f64 {
    purity + 64.0 * f64::EPSILON * purity.abs()
}

/// A side of less than this share of its node's weight is no side: its sums are what is left of the node's when the
/// other side's are taken off, and so little of them is rounding.
const LEAST_SHARE: f64 = 64.0 * f64::EPSILON;

impl Whole<'_> {
    /// The least weight of a side.
    fn least<O: Objective>(&self, objective: &O) -> f64 {
        self.limits.weight.max(LEAST_SHARE * objective.weight(self.sums))
    }
}

impl Sides {
    /// The cut of greatest purity above `floor` through the groups of a tally, taken in the order of `sequence`; the
    /// group `missing` stands outside of it and is tried on both sides. Of equal cuts, the first.
    pub(crate) fn best<O: Objective>(
        &mut self,
        objective: &O,
        tally: &Tally<O>,
        sequence: impl ExactSizeIterator<Item = usize> + Clone,
        missing: Option<usize>,
        whole: Whole<'_>,
        floor: f64,
    ) -> Option<Place> {
        let mut best = None;
        let mut floor = floor;
        for missing_left in [false, true] {
            let first = missing.filter(|_| missing_left);
            if missing_left && missing.is_none() {
                break;
            }
            // With missing values on the right, all others may go left.
            let cuts =
                if missing.is_some() && !missing_left { sequence.len() } else { sequence.len().saturating_sub(1) };
            let found = if O::BY_ROWS {
                let last = missing.filter(|_| !missing_left);
                self.by_rows(objective, tally, first.into_iter().chain(sequence.clone()).chain(last), whole, floor)
                    .map(|(purity, groups)| (purity, groups - usize::from(first.is_some())))
                    .filter(|(_, lefts)| *lefts > 0)
            } else {
                self.by_sums(objective, tally, first, sequence.clone().take(cuts), whole, floor)
            };
            if let Some((purity, lefts)) = found {
                floor = purity;
                best = Some(Place { purity, lefts, missing_left });
            }
        }
        best
    }

    /// The purity of the cut with these sums on the left, if the sides are large enough and it is above `floor`.
    #[inline]
    pub(crate) fn judge<O: Objective>(
        &mut self,
        objective: &O,
        left: &[f64],
        rows: usize,
        whole: Whole<'_>,
        floor: f64,
    ) -> Option<f64> {
        self.right.clear();
        self.right.extend(whole.sums.iter().zip(left).map(|(total, left)| total - left));
        let right = &self.right[..];
        let purity = objective.purity(left) + objective.purity(right);
        let fits = purity > above(floor)
            && rows.min(whole.rows - rows) >= whole.limits.rows
            && objective.weight(left).min(objective.weight(right)) >= whole.least(objective)
            && objective.is_side(left)
            && objective.is_side(right);
        fits.then_some(purity)
    }

    /// The one cut with these groups on its sides, if its purity is above `floor`; missing values are tried on both,
    /// and alone on the right.
    pub(crate) fn at<O: Objective>(
        &mut self,
        objective: &O,
        tally: &Tally<O>,
        parts: [&[usize]; 2],
        missing: Option<usize>,
        whole: Whole<'_>,
        floor: f64,
    ) -> Option<Place> {
        let width = objective.width();
        let mut merged = Tally::default();
        let missing_part = missing.as_slice();
        let parts: Vec<&[usize]> =
            [parts[0], parts[1], missing_part].into_iter().filter(|part| !part.is_empty()).collect();
        for (code, part) in (0..).zip(&parts) {
            let mut sums = vec![0.0; width];
            for &group in *part {
                sums.iter_mut().zip(&tally.sums[group * width..]).for_each(|(sum, x)| *sum += x);
            }
            merged.codes.push(code);
            merged.sums.extend(sums);
            merged.rows.push(part.iter().map(|&group| tally.rows[group]).sum());
        }
        let groups = parts.len() - missing_part.len();
        let place = self.best(objective, &merged, 0..groups, missing.map(|_| groups), whole, floor)?;
        let lefts = parts[..place.lefts].iter().map(|part| part.len()).sum();
        Some(Place { lefts, ..place })
    }

    #[inline(always)]
    fn by_sums<O: Objective>(
        &mut self,
        objective: &O,
        tally: &Tally<O>,
        first: Option<usize>,
        sequence: impl Iterator<Item = usize>,
        whole: Whole<'_>,
        floor: f64,
    ) -> Option<(f64, usize)> {
        let (mut bar, least) = (above(floor), whole.least(objective));
        let width = objective.width();
        self.left.clear();
        self.left.resize(width, 0.0);
        self.right.resize(width, 0.0);
        let (left, right) = (&mut self.left[..width], &mut self.right[..width]);
        let total = &whole.sums[..width];
        let mut rows = 0;
        let take = |group: usize, left: &mut [f64], rows: &mut usize| {
            *rows += tally.rows[group] as usize;
            left.iter_mut().zip(&tally.sums[group * width..group * width + width]).for_each(|(sum, x)| *sum += x);
        };
        if let Some(first) = first {
            take(first, left, &mut rows);
        }
        let mut best = None;
        for (taken, group) in sequence.enumerate() {
            take(group, left, &mut rows);
            for ((right, total), left) in right.iter_mut().zip(total).zip(left.iter()) {
                *right = total - left;
            }
            let purity = objective.purity(left) + objective.purity(right);
            if purity > bar
                && rows.min(whole.rows - rows) >= whole.limits.rows
                && objective.weight(left).min(objective.weight(right)) >= least
                && objective.is_side(left)
                && objective.is_side(right)
            {
                bar = above(purity);
                best = Some((purity, taken + 1));
            }
        }
        best
    }

    fn by_rows<O: Objective>(
        &mut self,
        objective: &O,
        tally: &Tally<O>,
        sequence: impl Iterator<Item = usize>,
        whole: Whole<'_>,
        floor: f64,
    ) -> Option<(f64, usize)> {
        let mut bar = above(floor);
        let starts: Vec<usize> = tally.starts().collect();
        let mut items: Vec<O::Item> = Vec::with_capacity(whole.rows);
        self.ends.clear();
        for group in sequence {
            items.extend_from_slice(&tally.items[starts[group]..starts[group] + tally.rows[group] as usize]);
            self.ends.push(items.len());
        }
        objective.purities(&items, &self.ends, &mut self.purities);
        let width = objective.width();
        self.left.clear();
        self.left.resize(width, 0.0);
        let (weight, least) = (objective.weight(whole.sums), whole.least(objective));
        let (mut best, mut start) = (None, 0);
        let cuts = self.ends.len().saturating_sub(1);
        for (taken, (&end, &purity)) in self.ends[..cuts].iter().zip(&self.purities).enumerate() {
            items[start..end].iter().for_each(|&item| objective.add(item, &mut self.left));
            start = end;
            let left = objective.weight(&self.left);
            if purity > bar && end.min(whole.rows - end) >= whole.limits.rows && left.min(weight - left) >= least {
                bar = above(purity);
                best = Some((purity, taken + 1));
            }
        }
        best
    }
}
