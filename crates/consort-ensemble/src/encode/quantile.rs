/// The weighted quantile of some numbers: the least one at which the weight of all that are no greater passes
/// `share` of the whole; where it meets the share exactly, the mean of it and the next (the inverse of the distribution
/// function, averaged at its steps: Hyndman and Fan 1996, definition 2). Half is the usual median.
///
/// A weight of 2 counts as two numbers, and weights may be multiplied with any number. `None` for no number. The order
/// of the numbers is changed. O(n) where all weights are 1, else O(n log n).
pub(super) fn quantile(numbers: &mut [(f32, f64)], share: f64) -> Option<f64> {
    let last = numbers.len().checked_sub(1)?;
    if numbers.iter().all(|(_, weight)| *weight == 1.0) {
        let goal = share * numbers.len() as f64;
        let place = (goal * (1.0 + TOLERANCE)).floor();
        let meets = (goal - place).abs() <= TOLERANCE * goal && place >= 1.0;
        let upper = (place as usize).min(last);
        let (below, at, _) = numbers.select_nth_unstable_by(upper, |a, b| a.0.total_cmp(&b.0));
        let at = f64::from(at.0);
        let lower = below.iter().map(|(number, _)| *number).max_by(f32::total_cmp);
        return Some(match lower {
            Some(lower) if meets && place as usize <= last => 0.5 * (f64::from(lower) + at),
            _ => at,
        });
    }
    numbers.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let goal = share * numbers.iter().map(|(_, weight)| weight).sum::<f64>();
    let mut reached = 0.0;
    for (i, &(number, weight)) in numbers.iter().enumerate() {
        reached += weight;
        if reached > goal * (1.0 + TOLERANCE) {
            return Some(f64::from(number));
        }
        if reached >= goal * (1.0 - TOLERANCE) && i < last {
            return Some(0.5 * (f64::from(number) + f64::from(numbers[i + 1].0)));
        }
    }
    Some(f64::from(numbers[last].0))
}

/// Up to this, relative, a share that is missed by rounding is met.
const TOLERANCE: f64 = 1e-12;

#[cfg(test)]
mod tests {
    use super::*;

    fn of(numbers: &[f32], share: f64) -> f64 {
        quantile(&mut numbers.iter().map(|&x| (x, 1.0)).collect::<Vec<_>>(), share).unwrap()
    }

    #[test]
    fn it_is_the_second_definition_of_hyndman_and_fan() {
        // numpy.quantile(x, q, method="averaged_inverted_cdf")
        let numbers = [9.0, 1.0, 4.0, 7.0, 3.0, 8.0, 2.0, 6.0];
        for (share, want) in [(0.0, 1.0), (0.1, 1.0), (0.25, 2.5), (0.3, 3.0), (0.5, 5.0), (0.75, 7.5), (1.0, 9.0)] {
            assert_eq!(of(&numbers, share), want, "{share}");
        }
        assert_eq!(of(&[3.0, 1.0, 2.0], 0.5), 2.0);
        assert_eq!(quantile(&mut [], 0.5), None);
    }

    #[test]
    fn weights_are_copies_and_their_unit_does_not_matter() {
        let weighted = [(3.0f32, 1.0), (1.0, 2.0), (2.0, 3.0), (0.5, 1.0)];
        let copies = [3.0, 1.0, 1.0, 2.0, 2.0, 2.0, 0.5];
        for i in 0..=28 {
            let share = f64::from(i) / 28.0;
            let want = of(&copies, share);
            for unit in [1.0, 0.001, 4.0] {
                let mut numbers = weighted.map(|(x, weight)| (x, weight * unit));
                assert_eq!(quantile(&mut numbers, share), Some(want), "{share} {unit}");
            }
        }
    }
}
