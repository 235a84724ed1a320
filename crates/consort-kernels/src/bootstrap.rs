use crate::{Device, Error, Result, kernel::bootstrap, philox::poisson_weight, tile};

/// Poisson bootstrap of means over rows: each row counts as often as a Poisson variable of mean 1 says.
///
/// For a metric that is a mean over rows (log loss, Brier, accuracy, squared error) of one predictor, or of two on the
/// same rows, whose difference then has the same resamples. Weights come from Philox-4×32-10 by counter (group of four
/// rows, resample) and key (the seed), so that the host draws the same ones.
///
/// Reads 4 bytes a row and series for each resample, from a cache where they fit. Terms are added in blocks, so
/// that means differ from double precision by at most 2e-6 of the greatest value for up to a million rows.
///
/// Source: Chamandy et al. 2012, *Estimating uncertainty for massive data streams*.
///
/// ```
/// use consort_kernels::{Bootstrap, Device};
/// let bootstrap = Bootstrap { resamples: 200, seed: 7 };
/// let host = bootstrap.on_host(&[&[0.0, 1.0, 1.0, 0.0, 1.0]])?;
/// if let Ok(device) = Device::open("auto") {
///     let there = bootstrap.on(&device, &[&[0.0, 1.0, 1.0, 0.0, 1.0]])?;
///     assert_eq!(host.drawn, there.drawn);
/// }
/// # Ok::<(), consort_kernels::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bootstrap {
    /// How many resamples; at least 1.
    pub resamples: usize,
    /// Decides every draw.
    pub seed: u64,
}

/// The means of the resamples.
#[derive(Debug, Clone, PartialEq)]
pub struct Resamples {
    /// For each series its mean in each resample; NaN for a resample that drew no row.
    pub means: Vec<Vec<f64>>,
    /// How many rows each resample drew.
    pub drawn: Vec<u32>,
}

impl Resamples {
    /// The mean of the first series minus that of the second, for each resample.
    pub fn differences(&self) -> Vec<f64> {
        match self.means.as_slice() {
            [a, b] => a.iter().zip(b).map(|(a, b)| a - b).collect(),
            _ => Vec::new(),
        }
    }
}

impl Bootstrap {
    /// The resamples of one series of values, or of two on the same rows, on a device.
    ///
    /// # Errors
    /// [`Error::Length`] for series of different lengths; [`Error::Parameter`] for no or more than two series, no rows,
    /// or no resamples; what the device says of the work.
    pub fn on(&self, device: &Device, series: &[&[f32]]) -> Result<Resamples> {
        let rows = self.check(series)?;
        let values = device.put(&series.concat());
        let sums = device.room::<f32>(series.len() * self.resamples);
        let drawn = device.room::<u32>(self.resamples);
        let units = tile::units(device);
        bootstrap::launch(device, &values, rows, series.len(), self.resamples, units, self.key(), (&sums, &drawn));
        let (sums, drawn) = (device.get(&sums)?, device.get(&drawn)?);
        let mean = |(sum, drawn): (&f32, &u32)| f64::from(*sum) / f64::from(*drawn);
        let means = sums.chunks_exact(self.resamples).map(|sums| sums.iter().zip(&drawn).map(mean).collect()).collect();
        Ok(Resamples { means, drawn })
    }

    /// The same on the host, in double precision.
    ///
    /// # Errors
    /// As [`Bootstrap::on`], but for the device.
    pub fn on_host(&self, series: &[&[f32]]) -> Result<Resamples> {
        let rows = self.check(series)?;
        let mut found = Resamples { means: vec![Vec::new(); series.len()], drawn: Vec::new() };
        for resample in 0..self.resamples as u32 {
            let weights: Vec<u32> = (0..rows as u32).map(|row| poisson_weight(self.key(), resample, row)).collect();
            let drawn: u32 = weights.iter().sum();
            for (means, values) in found.means.iter_mut().zip(series) {
                let sum: f64 = weights.iter().zip(values.iter()).map(|(&w, &v)| f64::from(w) * f64::from(v)).sum();
                means.push(sum / f64::from(drawn));
            }
            found.drawn.push(drawn);
        }
        Ok(found)
    }

    fn key(&self) -> [u32; 2] {
        [self.seed as u32, (self.seed >> 32) as u32]
    }

    fn check(&self, series: &[&[f32]]) -> Result<usize> {
        let (Some(first), true) = (series.first(), series.len() <= 2) else {
            return Err(Error::parameter("the number of series", series.len(), "1 or 2"));
        };
        check_count("the number of rows", first.len())?;
        check_count("the number of resamples", self.resamples)?;
        for other in series {
            crate::running_sum::check_length("a series of values", other.len(), first.len())?;
        }
        Ok(first.len())
    }
}

/// Refuses what a kernel cannot count for two series, in 32 bits.
fn check_count(name: &'static str, count: usize) -> Result<()> {
    if (1..=i32::MAX as usize).contains(&count) {
        return Ok(());
    }
    Err(Error::parameter(name, count, "from 1 to 2,147,483,647"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn more_rows_or_resamples_than_a_kernel_counts_are_refused() {
        for (resamples, rows) in [(0, 1), (1, 0), (1 << 31, 1)] {
            let error = Bootstrap { resamples, seed: 0 }.on_host(&[&vec![0.0; rows]]).unwrap_err();
            assert!(matches!(error, Error::Parameter { .. }), "{error}");
        }
        assert!(check_count("rows", i32::MAX as usize).is_ok() && check_count("rows", 1 << 31).is_err());
    }
}
