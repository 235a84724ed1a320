use consort_core::Stream;
use serde::{Deserialize, Serialize};

/// How a bootstrap draws units: rows, groups, or sets of them (see [`bootstrap`](super::bootstrap)).
///
/// ```
/// use consort_metrics::significance::{Bootstrap, Resampling};
/// let params = Bootstrap::default().resampling(Resampling::Poisson);
/// assert!(params.check().is_ok());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resampling {
    /// As many as there are, drawn with replacement (Efron 1979).
    #[default]
    Multinomial,
    /// Each a Poisson(1) number of times: units need not know of each other (Chamandy et al. 2012).
    Poisson,
}

impl Resampling {
    /// Puts how often each unit is drawn into `counts`.
    pub(super) fn draw(self, stream: &mut Stream, counts: &mut [f64]) {
        if self == Resampling::Multinomial {
            counts.fill(0.0);
            for _ in 0..counts.len() {
                counts[stream.below(counts.len() as u64) as usize] += 1.0;
            }
            return;
        }
        let poisson = PoissonOne::new();
        for pair in counts.chunks_mut(2) {
            let bits = stream.next_u64();
            pair[0] = poisson.count(bits as u32);
            if let Some(second) = pair.get_mut(1) {
                *second = poisson.count((bits >> 32) as u32);
            }
        }
    }
}

/// The Poisson distribution of mean 1, by inversion of 32 bits.
struct PoissonOne {
    /// Below `limits[k]`, the count is at most k.
    limits: [u64; 14],
    /// The least count for each value of the top 8 bits, where the search begins.
    start: [u8; 256],
}

impl PoissonOne {
    fn new() -> Self {
        let mut limits = [1u64 << 32; 14];
        let (mut term, mut sum) = ((-1.0f64).exp(), 0.0);
        for (k, limit) in limits[..13].iter_mut().enumerate() {
            sum += term;
            *limit = (sum * 2f64.powi(32)).round() as u64;
            term /= (k + 1) as f64;
        }
        let mut start = [0u8; 256];
        for (top, start) in start.iter_mut().enumerate() {
            *start = limits.iter().filter(|&&limit| (top as u64) << 24 >= limit).count() as u8;
        }
        Self { limits, start }
    }

    fn count(&self, bits: u32) -> f64 {
        let mut k = self.start[(bits >> 24) as usize] as usize;
        while u64::from(bits) >= self.limits[k] {
            k += 1;
        }
        k as f64
    }
}

#[cfg(test)]
mod tests {
    use consort_core::Seed;

    use super::*;

    #[test]
    fn poisson_counts_have_the_probabilities_of_poisson_one() {
        let mut counts = vec![0.0; 200_000];
        Resampling::Poisson.draw(&mut Seed::new(3).stream(), &mut counts);
        let mut expected = (-1.0f64).exp();
        for k in 0..6 {
            let share = counts.iter().filter(|&&c| c == f64::from(k)).count() as f64 / counts.len() as f64;
            let error = (expected * (1.0 - expected) / counts.len() as f64).sqrt();
            assert!((share - expected).abs() < 4.0 * error, "{k}: {share} for {expected}");
            expected /= f64::from(k + 1);
        }
    }

    #[test]
    fn multinomial_counts_add_up_to_the_rows() {
        let mut counts = vec![0.0; 1001];
        Resampling::Multinomial.draw(&mut Seed::new(3).stream(), &mut counts);
        assert_eq!(counts.iter().sum::<f64>(), 1001.0);
    }
}
