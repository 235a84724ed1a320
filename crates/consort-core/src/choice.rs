use crate::{Classes, Estimates, Gives, Real, Values, matrix::argmax};

impl Gives {
    /// The least number for which a yes-or-no answer is yes: 0.5 of probabilities and labels, 0 of logits and scores.
    ///
    /// ```
    /// use consort_core::Gives;
    /// assert_eq!((Gives::Probabilities.least_yes(), Gives::Logits.least_yes()), (0.5, 0.0));
    /// ```
    pub fn least_yes(self) -> f64 {
        match self {
            Gives::Probabilities | Gives::Labels => 0.5,
            _ => 0.0,
        }
    }
}

impl Classes {
    /// The class that a row of numbers, one a class, chooses; `None` for an empty row or one that has NaN.
    ///
    /// Of two classes the positive one is chosen from a probability of 0.5 on (of logits or scores: where its number is
    /// not below the other's). Of more, the greatest number wins, and the first class on a tie. Every label that is
    /// written and every accuracy goes by this.
    ///
    /// ```
    /// use consort_core::{Classes, Gives};
    /// let classes = Classes::new(["no", "yes"])?;
    /// assert_eq!(classes.choice(&[0.5, 0.5], Gives::Probabilities), Some(1));
    /// assert_eq!(classes.choice(&[0.5, f64::NAN], Gives::Probabilities), None);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn choice<T: Real>(&self, row: &[T], gives: Gives) -> Option<usize> {
        let greatest = argmax(row)?;
        let [first, second] = row else { return Some(greatest) };
        let positive = self.positive().min(1);
        let [yes, no] = if positive == 1 { [second, first] } else { [first, second] };
        let least = if gives.least_yes() == 0.5 { 0.5 } else { no.f64() };
        Some(if yes.f64() >= least { positive } else { 1 - positive })
    }
}

impl Estimates<'_> {
    /// The class that row `i` chooses: the rule of [`Classes::choice`].
    ///
    /// ```
    /// use consort_core::{Classes, Estimates, Gives};
    /// let estimates = Estimates::f32(&[0.5, 0.5], 2, Gives::Probabilities)?;
    /// assert_eq!(estimates.choice(0, &Classes::new(["no", "yes"])?), Some(1));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    pub fn choice(&self, i: usize, classes: &Classes) -> Option<usize> {
        let row = i * self.columns()..(i + 1) * self.columns();
        match self.values() {
            Values::F32(values) => classes.choice(&values[row], self.gives()),
            Values::F64(values) => classes.choice(&values[row], self.gives()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_classes_are_told_apart_at_a_half_and_more_by_the_greatest() {
        let two = Classes::new(["no", "yes"]).unwrap();
        assert_eq!(two.choice(&[0.5f32, 0.5], Gives::Probabilities), Some(1));
        assert_eq!(two.choice(&[0.51f32, 0.49], Gives::Probabilities), Some(0));
        assert_eq!(two.choice(&[3.0, 2.0], Gives::Logits), Some(0));
        assert_eq!(two.choice(&[-5.0, -5.0], Gives::Scores), Some(1));
        let turned = two.with_positive("no").unwrap();
        assert_eq!(turned.choice(&[0.5f32, 0.5], Gives::Labels), Some(0));
        assert_eq!(turned.choice(&[0.4f32, 0.6], Gives::Probabilities), Some(1));
        let three = Classes::new(["a", "b", "c"]).unwrap();
        assert_eq!(three.choice(&[0.2, 0.4, 0.4], Gives::Probabilities), Some(1));
        assert_eq!(three.choice::<f32>(&[], Gives::Probabilities), None);
    }
}
