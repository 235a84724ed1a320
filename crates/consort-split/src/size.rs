use std::{fmt, str::FromStr};

use consort_core::{Error, Result};
use serde::{Deserialize, Serialize};

/// How much goes into a part: a fraction of what there is, or a count.
///
/// What is counted depends on [`By`](super::By): rows, groups, or distinct times. In text a whole number is a count
/// and anything else a fraction: `100`, `0.2`.
///
/// ```
/// use consort_split::Size;
/// assert_eq!("0.2".parse::<Size>()?, Size::from(0.2));
/// assert_eq!("100".parse::<Size>()?, Size::from(100));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Size {
    /// So many.
    Count(u32),
    /// A share of all, above 0 and below 1.
    Fraction(f64),
}

impl Size {
    /// How many of `total` these are; a fraction is rounded up, so that a small share is never nothing.
    pub(super) fn of(self, total: usize, name: &'static str) -> Result<usize> {
        self.check(name)?;
        Ok(match self {
            Size::Count(count) => count as usize,
            // A hair less, so that 0.1 of 30 is 3 though 0.1 × 30 is a bit above it.
            Size::Fraction(fraction) => (fraction * total as f64 - 1e-9).ceil().max(1.0) as usize,
        })
    }

    /// Checks the range.
    pub(super) fn check(self, name: &'static str) -> Result<()> {
        let fits = match self {
            Size::Count(count) => count > 0,
            Size::Fraction(fraction) => fraction > 0.0 && fraction < 1.0,
        };
        if fits {
            return Ok(());
        }
        Err(Error::parameter(name, self, "a whole number from 1 on, or a fraction above 0 and below 1"))
    }
}

impl From<f64> for Size {
    fn from(fraction: f64) -> Self {
        Size::Fraction(fraction)
    }
}

impl From<u32> for Size {
    fn from(count: u32) -> Self {
        Size::Count(count)
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Size::Count(count) => count.fmt(f),
            Size::Fraction(fraction) => fraction.fmt(f),
        }
    }
}

impl FromStr for Size {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        if let Ok(count) = text.parse() {
            return Ok(Size::Count(count));
        }
        text.parse().map(Size::Fraction).map_err(|_| Error::parameter("size", text, "a whole number or a fraction"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fraction_is_rounded_up_but_not_by_rounding_error() {
        assert_eq!(Size::from(0.1).of(30, "test").unwrap(), 3);
        assert_eq!(Size::from(0.3).of(10, "test").unwrap(), 3);
        assert_eq!(Size::from(0.25).of(10, "test").unwrap(), 3);
        assert_eq!(Size::from(0.01).of(3, "test").unwrap(), 1);
        for bad in [Size::from(0), Size::from(0.0), Size::from(1.0), Size::from(-0.1), Size::from(f64::NAN)] {
            assert!(bad.of(10, "test").is_err(), "{bad}");
        }
    }
}
