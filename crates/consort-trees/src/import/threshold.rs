/// The greatest `f32` at most `t`: `x ≤ t` and `x ≤ at_most(t)` are the same for every `f32` x.
pub(super) fn at_most(t: f64) -> f32 {
    let rounded = t as f32;
    if f64::from(rounded) > t { rounded.next_down() } else { rounded }
}

/// The greatest `f32` below `t`: `x < t` and `x ≤ below(t)` are the same for every `f32` x.
pub(super) fn below(t: f32) -> f32 {
    t.next_down()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that lie close together, at both ends and around 0.
    fn numbers() -> Vec<f32> {
        let mut numbers = vec![0.0, -0.0, f32::MIN_POSITIVE, 1e-45, -1e-45, f32::MAX, f32::MIN, f32::INFINITY];
        for start in [1.0f32, 0.1, -0.1, 3.4e38, 1e-38, 16_777_216.0, -2.5] {
            numbers.extend([start.next_down().next_down(), start.next_down(), start, start.next_up()]);
        }
        numbers.push(f32::NEG_INFINITY);
        numbers
    }

    #[test]
    fn a_rounded_threshold_compares_every_number_as_the_unrounded_did() {
        let numbers = numbers();
        for &a in &numbers {
            let a = f64::from(a);
            for t in [a, a.next_up(), a.next_down(), a * (1.0 + 1e-9), a * (1.0 - 1e-9), 1e300, -1e300] {
                for &x in &numbers {
                    assert_eq!(x <= at_most(t), f64::from(x) <= t, "{x} ≤ {t}");
                }
            }
        }
    }

    #[test]
    fn a_strict_threshold_compares_every_number_as_before() {
        let numbers = numbers();
        for &t in numbers.iter().filter(|t| **t > f32::NEG_INFINITY) {
            for &x in &numbers {
                assert_eq!(x <= below(t), x < t, "{x} < {t}");
            }
        }
    }
}
