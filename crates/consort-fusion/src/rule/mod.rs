//! Rules: one prediction of many, by a formula.

#![allow(dead_code)]

mod exp;
mod fixed;
mod ln;
mod mean;
mod panel;
mod softmax;

pub use fixed::Fixed;
pub use mean::Mean;

#[cfg(test)]
mod tests {
    use consort_core::{Gives, Task, check};

    use super::*;

    #[test]
    fn every_rule_keeps_the_contracts() {
        let case = check::FusionCase::new(Task::Multiclass, Gives::Probabilities);
        check::fusion(&|weights| Box::new(Mean { weights }), &case).unwrap();
    }

    #[test]
    fn a_rule_is_a_fuser() {
        let case = check::FusionCase::new(Task::Binary, Gives::Probabilities);
        check::fuser(&Fixed::new(Box::new(Mean::new())), &case).unwrap();
    }
}
