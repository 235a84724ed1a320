use consort_core::Result;

/// How small the slope must become, as a share of the slope at 0.
const FLAT: f64 = 1e-6;
/// A slope of this share of the first is flat enough to end the search for an upper end: that of a loss which falls for
/// ever, such as of separable classes.
const NEARLY_FLAT: f64 = 1e-3;

/// The step at which a convex function is least, by its slope: 0 if it does not fall at 0.
///
/// The step is doubled until the slope turns, and the turn then narrowed down by false position (the Illinois way, Dowell
/// and Jarratt 1971) and, where the slope jumps, by halving. A slope that is no number counts as too far.
///
/// # Errors
/// Those of `slope`.
pub(super) fn line_search(mut slope: impl FnMut(f64) -> Result<f64>) -> Result<f64> {
    let first = slope(0.0)?;
    if first.is_nan() || first >= 0.0 {
        return Ok(0.0);
    }
    let mut at = |step: f64| slope(step).map(|s| if s.is_nan() { f64::INFINITY } else { s });
    let (mut low, mut of_low) = (0.0, first);
    let (mut high, mut of_high) = (1.0, at(1.0)?);
    while of_high < 0.0 {
        if of_high >= NEARLY_FLAT * first || high >= 1e9 {
            return Ok(high);
        }
        (low, of_low) = (high, of_high);
        high *= 2.0;
        of_high = at(high)?;
    }
    for round in 0..100 {
        if of_high.abs() <= FLAT * first.abs() {
            return Ok(high);
        }
        if high - low <= 1e-9 * high {
            break;
        }
        let by_chord = high - of_high * (high - low) / (of_high - of_low);
        let is_within = by_chord > low && by_chord < high;
        let middle = if round % 3 == 2 || !is_within { 0.5 * (low + high) } else { by_chord };
        let of_middle = at(middle)?;
        if of_middle.abs() <= FLAT * first.abs() {
            return Ok(middle);
        }
        if of_middle < 0.0 {
            (low, of_low) = (middle, of_middle);
            of_high *= 0.5;
        } else {
            (high, of_high) = (middle, of_middle);
            of_low *= 0.5;
        }
    }
    Ok(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_found_for_smooth_and_for_kinked_functions_of_any_scale() {
        for best in [1e-5, 0.3, 1.0, 7.0, 12_345.0] {
            let mut asked = 0;
            let quadratic = line_search(|x| {
                asked += 1;
                Ok(x - best)
            });
            assert!((quadratic.unwrap() / best - 1.0).abs() < 1e-5, "{best}");
            assert!(asked < 50, "{asked}");
            let kinked = line_search(|x| Ok(if x < best { -1.0 } else { 2.0 })).unwrap();
            assert!((kinked / best - 1.0).abs() < 1e-6, "{kinked} {best}");
            let steep = line_search(|x| Ok((x - best).exp() - 1.0)).unwrap();
            assert!((steep - best).abs() < 1e-4 * best.max(1.0), "{steep} {best}");
        }
    }

    #[test]
    fn a_function_that_does_not_fall_gives_0_and_one_that_falls_for_ever_ends() {
        assert_eq!(line_search(|_| Ok(0.0)).unwrap(), 0.0);
        assert_eq!(line_search(|_| Ok(1.0)).unwrap(), 0.0);
        assert_eq!(line_search(|_| Ok(f64::NAN)).unwrap(), 0.0);
        let step = line_search(|x| Ok(-(-x).exp())).unwrap();
        assert!((4.0..=16.0).contains(&step), "{step}");
        let overflow = line_search(|x| Ok(if x > 3.0 { f64::NAN } else { x - 2.5 })).unwrap();
        assert!((overflow - 2.5).abs() < 1e-4, "{overflow}");
    }
}
