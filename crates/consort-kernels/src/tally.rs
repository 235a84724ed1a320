use crate::{
    Device, Error, Fused, Result,
    buffer::Buffer,
    fused::ReadOff,
    kernel::tally::{self, CONFIDENCE, Of, ROWS},
    running_sum::{check_codes, check_length},
    tile,
};

/// How often each class was taken for each: `[true class][label]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    /// How many classes.
    pub classes: usize,
    /// The counts, row after row.
    pub counts: Vec<u32>,
}

/// Rows by how sure their label is.
#[derive(Debug, Clone, PartialEq)]
pub struct Calibration {
    /// Rows of each bin (i/n, (i+1)/n].
    pub counts: Vec<u64>,
    /// The share of rows of each bin whose label is right; NaN for a bin without rows.
    pub accuracy: Vec<f64>,
    /// The mean confidence of each bin, in steps of 2⁻²⁰; NaN for a bin without rows.
    pub confidence: Vec<f64>,
}

impl Calibration {
    /// The expected calibration error: Σ (rows of the bin / rows)·|accuracy − confidence|.
    pub fn error(&self) -> f64 {
        let rows: u64 = self.counts.iter().sum();
        let bins = self.counts.iter().zip(&self.accuracy).zip(&self.confidence).filter(|((n, _), _)| **n > 0);
        bins.map(|((n, a), c)| *n as f64 / rows as f64 * (a - c).abs()).sum()
    }
}

/// The area under the ROC curve, from scores in bins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinnedAuc {
    /// The area, where scores of one bin count as equal.
    pub area: f64,
    /// By how much the exact area may differ at most.
    pub within: f64,
}

impl Fused {
    /// How often each class was taken for each. Counted on the device; whole numbers, so the same each time.
    ///
    /// # Errors
    /// [`consort_core::Error::NotFinite`] naming the first row that has no label (all members lack it, or no class has the
    /// majority), as `consort-metrics` does; [`Error::Length`] or [`Error::Parameter`] for a truth that is not of these
    /// rows and columns; [`Error::Unsupported`] for more than 2,048 classes or a fusion without labels; what the device says of the work.
    pub fn confusion(&self, codes: &[u32]) -> Result<Confusion> {
        check_codes(codes, self.rows, self.columns)?;
        self.needs(self.read_off != ReadOff::Nothing, "labels")?;
        if self.columns > 2048 {
            return Err(Error::Unsupported {
                what: format!("a table of {0} × {0} confusions", self.columns),
                hint: "it takes 2,048 classes at most: count on the CPU",
            });
        }
        let device = &self.device;
        let counts = device.put(&vec![0u32; self.columns * self.columns]);
        let none = device.put(&[0.0f32]);
        let units = tile::units(device);
        let (codes, lost) = (device.put(codes), device.put(&[u32::MAX]));
        tally::count(device, Of::Confusions, &codes, &self.labels, &none, units, self.columns, &counts, &lost);
        refuse_lost(device, &lost, "the confusion matrix")?;
        Ok(Confusion { classes: self.columns, counts: device.get(&counts)? })
    }

    /// How often labels are right, by how sure they are, in so many bins of equal width. Counted on the device in whole
    /// numbers, so the same each time.
    ///
    /// # Errors
    /// As [`Fused::confusion`]; [`Error::Parameter`] for a number of bins out of 1 to 1,000.
    pub fn calibration(&self, codes: &[u32], bins: usize) -> Result<Calibration> {
        check_codes(codes, self.rows, self.columns)?;
        self.needs(self.read_off == ReadOff::Surety, "greatest numbers")?;
        if !(1..=1000).contains(&bins) {
            return Err(Error::parameter("the number of bins", bins, "from 1 to 1,000"));
        }
        let device = &self.device;
        let parts: Buffer<u32> = device.room(self.rows.div_ceil(ROWS) * 3 * bins);
        let (codes, lost) = (device.put(codes), device.put(&[u32::MAX]));
        tally::bins(device, &codes, &self.labels, &self.tops, tile::units(device), bins, &parts, &lost);
        refuse_lost(device, &lost, "the calibration")?;
        let mut sums = vec![0u64; 3 * bins];
        for part in device.get(&parts)?.chunks_exact(3 * bins) {
            sums.iter_mut().zip(part).for_each(|(sum, &part)| *sum += u64::from(part));
        }
        let share = |i: usize, of: f64| sums[i] as f64 / of / sums[i % bins] as f64;
        Ok(Calibration {
            counts: sums[..bins].to_vec(),
            accuracy: (0..bins).map(|b| share(bins + b, 1.0)).collect(),
            confidence: (0..bins).map(|b| share(2 * bins + b, f64::from(CONFIDENCE))).collect(),
        })
    }
}

/// Refuses rows without a label, if the first of them was found.
fn refuse_lost(device: &Device, lost: &Buffer<u32>, place: &str) -> Result<()> {
    match device.get(lost)?.first() {
        Some(&row) if row != u32::MAX => Err(no_number(place, row as usize, "the label")),
        _ => Ok(()),
    }
}

fn no_number(place: &str, row: usize, what: &str) -> Error {
    let (place, what) = (place.into(), what.into());
    consort_core::Error::NotFinite { place, row: row + 1, id: String::new(), what, value: f64::NAN }.into()
}

/// The area under the ROC curve of scores in [0, 1], from so many bins of equal width (scores beyond are in the first
/// and the last). Counted on the device in whole numbers, so the same each time.
///
/// ```
/// use consort_kernels::{Device, binned_auc};
/// if let Ok(device) = Device::open("auto") {
///     let found = binned_auc(&device, &[0.1, 0.4, 0.35, 0.8], &[false, false, true, true], 1000)?;
///     assert_eq!(found.area, 0.75);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
///
/// # Errors
/// [`consort_core::Error::NotFinite`] naming the row of a score that is NaN; [`Error::Length`] for lists of different lengths;
/// [`Error::Parameter`] if a kind of row is missing or the number of
/// bins is out of 1 to 65,536; what the device says of the work.
pub fn binned_auc(device: &Device, scores: &[f32], positive: &[bool], bins: usize) -> Result<BinnedAuc> {
    check_length("the list of positive rows", positive.len(), scores.len())?;
    if !(1..=65_536).contains(&bins) {
        return Err(Error::parameter("the number of bins", bins, "from 1 to 65,536"));
    }
    if let Some(row) = scores.iter().position(|score| score.is_nan()) {
        return Err(no_number("the area under the ROC curve", row, "the score"));
    }
    let all = positive.iter().filter(|&&p| p).count();
    if all == 0 || all == positive.len() {
        return Err(Error::parameter("the number of positive rows", all, "some but not all"));
    }
    let truth: Vec<u32> = positive.iter().map(|&p| u32::from(p)).collect();
    let counts = device.put(&vec![0u32; 2 * bins]);
    // No row lacks its score, and labels are not read.
    let (labels, lost) = (device.put(&[0u32]), device.put(&[u32::MAX]));
    let units = tile::units(device);
    let (truth, scores) = (device.put(&truth), device.put(scores));
    tally::count(device, Of::Scores, &truth, &labels, &scores, units, bins, &counts, &lost);
    let counts = device.get(&counts)?;
    let (negatives, positives) = counts.split_at(bins);
    let (mut below, mut pairs, mut even) = (0.0f64, 0.0f64, 0.0f64);
    for (&n, &p) in negatives.iter().zip(positives) {
        let (n, p) = (f64::from(n), f64::from(p));
        pairs += p * (below + 0.5 * n);
        even += 0.5 * p * n;
        below += n;
    }
    let of = all as f64 * (positive.len() - all) as f64;
    Ok(BinnedAuc { area: pairs / of, within: even / of })
}
