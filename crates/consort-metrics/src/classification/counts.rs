use std::ops::{Add, AddAssign};

/// How the rows of one class, or one label, were told from the others: four weights.
///
/// From them follow [`precision`](Self::precision), [`recall`](Self::recall), [`f_beta`](Self::f_beta),
/// [`jaccard`](Self::jaccard), [`specificity`](Self::specificity), [`npv`](Self::npv), [`accuracy`](Self::accuracy)
/// and [`mcc`](Self::mcc).
///
/// ```
/// use consort_metrics::classification::Counts;
/// let counts = Counts::new(3.0, 1.0, 2.0, 4.0);
/// assert_eq!(counts.precision().value(), Some(0.75));
/// assert_eq!(counts.recall().value(), Some(0.6));
/// assert_eq!(counts.total(), 10.0);
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Counts {
    /// Rows of the class that were found.
    pub true_positive: f64,
    /// Rows of other classes that were taken for it.
    pub false_positive: f64,
    /// Rows of the class that were missed.
    pub false_negative: f64,
    /// Rows of other classes that were left alone.
    pub true_negative: f64,
}

impl Counts {
    /// The four weights.
    pub fn new(true_positive: f64, false_positive: f64, false_negative: f64, true_negative: f64) -> Self {
        Self { true_positive, false_positive, false_negative, true_negative }
    }

    /// The weight of the rows of the class.
    pub fn positives(&self) -> f64 {
        self.true_positive + self.false_negative
    }

    /// The weight of the rows of other classes.
    pub fn negatives(&self) -> f64 {
        self.true_negative + self.false_positive
    }

    /// The weight of all rows.
    pub fn total(&self) -> f64 {
        self.positives() + self.negatives()
    }

    /// Takes a row.
    #[inline]
    pub(crate) fn take(&mut self, truth: bool, predicted: bool, weight: f64) {
        // No branch: sums of weights times 0 or 1.
        let (y, p) = (f64::from(u8::from(truth)), f64::from(u8::from(predicted)));
        self.true_positive += weight * y * p;
        self.false_positive += weight * (1.0 - y) * p;
        self.false_negative += weight * y * (1.0 - p);
        self.true_negative += weight * (1.0 - y) * (1.0 - p);
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.true_positive += other.true_positive;
        self.false_positive += other.false_positive;
        self.false_negative += other.false_negative;
        self.true_negative += other.true_negative;
    }
}

impl Add for Counts {
    type Output = Self;
    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}
