//! Rules: one prediction of many, by a formula.
