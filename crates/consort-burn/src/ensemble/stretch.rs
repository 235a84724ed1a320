use crate::{input::Lesson, loss::Loss};

/// How far raw outputs of the rows of a lesson are to be stretched, so that the loss of what they say of classes or labels is
/// least: from 1, a Newton step for each member at most. 1 for numbers, which are what is learnt.
pub(super) fn stretch(loss: &Loss, lesson: &Lesson<'_>, outputs: &[f32], members: usize) -> f64 {
    let Lesson { targets, weights, width, .. } = lesson;
    let line = Line { loss, outputs, targets, weights: weights.as_deref(), width: *width };
    match loss {
        Loss::CrossEntropy { .. } | Loss::Binary => (0..members).fold(1.0, |length, _| line.best(length)),
        _ => 1.0,
    }
}

/// The loss of some rows along a line: that of `length` times their raw outputs.
struct Line<'a> {
    loss: &'a Loss,
    /// `[row][output]`
    outputs: &'a [f32],
    /// `[row][output]`
    targets: &'a [f32],
    /// One a row; `None` where each counts 1.
    weights: Option<&'a [f32]>,
    /// How many outputs there are.
    width: usize,
}

impl Line<'_> {
    /// The length of least loss (Friedman's 2001 line search), but at most one Newton step from `from`, and never below
    /// 0: rows that a net has learnt by heart would be followed without end.
    fn best(&self, from: f64) -> f64 {
        let (slope, curve) = self.derivatives(from);
        let newton = (from - slope / curve).max(0.0);
        if !newton.is_finite() {
            return from;
        }
        if self.derivatives(newton).0 * slope >= 0.0 {
            return newton;
        }
        // The slope only rises with the length, so between the two is where it is 0.
        let (mut low, mut high) = (from.min(newton), from.max(newton));
        let mut at = 0.5 * (low + high);
        for _ in 0..60 {
            let (slope, curve) = self.derivatives(at);
            if slope > 0.0 {
                high = at;
            } else {
                low = at;
            }
            let step = at - slope / curve;
            let next = if step > low && step < high { step } else { 0.5 * (low + high) };
            if (next - at).abs() <= 1e-6 * high {
                return next;
            }
            at = next;
        }
        at
    }

    /// How fast the loss grows with the length, and how fast that does.
    fn derivatives(&self, length: f64) -> (f64, f64) {
        let (mut slope, mut curve) = (0.0, 0.0);
        let mut p = vec![0.0f64; self.width];
        let rows = self.outputs.chunks_exact(self.width).zip(self.targets.chunks_exact(self.width));
        for (i, (outputs, targets)) in rows.enumerate() {
            let weight = self.weights.map_or(1.0, |weights| f64::from(weights[i]));
            let at = |k: usize| length * f64::from(outputs[k]);
            let (mut first, mut second) = (0.0, 0.0);
            match self.loss {
                Loss::CrossEntropy { .. } => {
                    let top = (0..self.width).map(at).fold(f64::NEG_INFINITY, f64::max);
                    (0..self.width).for_each(|k| p[k] = (at(k) - top).exp());
                    let whole: f64 = p.iter().sum();
                    let mut mean = 0.0;
                    for k in 0..self.width {
                        let (p, f) = (p[k] / whole, f64::from(outputs[k]));
                        first += (p - f64::from(targets[k])) * f;
                        second += p * f * f;
                        mean += p * f;
                    }
                    second -= mean * mean;
                }
                _ => {
                    for k in 0..self.width {
                        let (p, f) = (1.0 / (1.0 + (-at(k)).exp()), f64::from(outputs[k]));
                        first += (p - f64::from(targets[k])) * f;
                        second += p * (1.0 - p) * f * f;
                    }
                }
            }
            slope += weight * first;
            curve += weight * second;
        }
        (slope, curve)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line<'a>(loss: &'a Loss, outputs: &'a [f32], targets: &'a [f32], width: usize) -> Line<'a> {
        Line { loss, outputs, targets, weights: None, width }
    }

    #[test]
    fn of_classes_the_loss_is_least_there_or_one_newton_step_away() {
        let loss = Loss::CrossEntropy { smoothing: 0.0 };
        // Three rows of four are right: the best logit difference is ln 3, which is less than Newton's 4 · 0.25.
        let outputs = [0.5, -0.5, 0.5, -0.5, 0.5, -0.5, 0.5, -0.5];
        let targets = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 1.0];
        let first = line(&loss, &outputs, &targets, 2).best(0.0);
        assert!((first - 1.0).abs() < 1e-9, "Newton's step falls short of ln 3: {first}");
        let second = line(&loss, &outputs, &targets, 2).best(first);
        assert!((second - 3.0f64.ln()).abs() < 5e-3, "{second}");
        // From beyond it comes back.
        let back = line(&loss, &outputs, &targets, 2).best(2.0);
        assert!((0.5..2.0).contains(&back), "{back}");
        // Rows without an error would be followed without end.
        let all_right = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
        assert!((line(&loss, &outputs, &all_right, 2).best(0.0) - 2.0).abs() < 1e-9);
        // What leads away from the truth is not followed.
        let all_wrong = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0];
        assert_eq!(line(&loss, &outputs, &all_wrong, 2).best(0.0), 0.0);
        // A row of weight 0 is absent.
        let heavy = Line { weights: Some(&[1.0, 1.0, 1.0, 0.0]), ..line(&loss, &outputs, &targets, 2) };
        assert!((heavy.best(0.0) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn of_labels_it_is_the_sum_over_them() {
        let outputs = [1.0, 1.0, 1.0, -1.0];
        let length = line(&Loss::Binary, &outputs, &[1.0, 1.0, 1.0, 0.0], 2).best(0.0);
        assert!((length - 2.0).abs() < 1e-9, "{length}"); // 4 · 0.5 / (4 · 0.25)
    }
}
