use std::fmt::Debug;

use consort_core::Result;

use super::{
    Case, Diagnosis, Duplicates, Finding, FoldShift, HarmfulMember, HiddenImbalance, Leakage, NeverPredicted,
    OverfitMembers, OverfitWeights, PoorCalibration, TimeOrder, TooFewRows, WorseThanBlind,
};

/// Looks for one kind of fault. A person's own is one `impl`.
///
/// ```
/// use consort_core::Result;
/// use consort_fusion::diagnosis::{Case, Check, Examined, Finding, Severity};
///
/// /// One's own: at least three members.
/// #[derive(Debug)]
/// struct FewMembers(usize);
///
/// impl Check for FewMembers {
///     fn name(&self) -> &'static str { "few-members" }
///     fn question(&self) -> &'static str { "Are there members enough?" }
///     fn examine(&self, _: &Case<'_>) -> Result<Examined> {
///         let few = Finding::new(Severity::Note, "There are few members.", "Add others.").number("members", self.0 as f64);
///         Ok(Examined::Found(if self.0 < 3 { vec![few] } else { Vec::new() }))
///     }
/// }
/// assert_eq!(FewMembers(2).name(), "few-members");
/// ```
pub trait Check: Debug + Send + Sync {
    /// Its name, such as `leakage`.
    fn name(&self) -> &'static str;

    /// The question that it answers, in plain words.
    fn question(&self) -> &'static str;

    /// Looks.
    ///
    /// # Errors
    /// Those of the metrics and fusions that it asks.
    fn examine(&self, case: &Case<'_>) -> Result<Examined>;
}

/// What a check gives.
///
/// ```
/// use consort_fusion::diagnosis::Examined;
/// assert_ne!(Examined::Found(Vec::new()), Examined::Lacks("the times of the rows".into()));
/// ```
#[derive(Debug, Clone, PartialEq)]
pub enum Examined {
    /// What it found; nothing, if all is well.
    Found(Vec<Finding>),
    /// It could not look, and this is what it lacks.
    Lacks(String),
}

/// All checks, those whose findings make the others void first.
///
/// ```
/// let names: Vec<&str> = consort_fusion::diagnosis::checks().iter().map(|check| check.name()).collect();
/// assert!(names.contains(&"leakage") && names.len() == 12);
/// ```
pub fn checks() -> Vec<Box<dyn Check>> {
    vec![
        Box::new(Leakage),
        Box::new(WorseThanBlind),
        Box::new(TimeOrder),
        Box::new(FoldShift),
        Box::new(OverfitWeights),
        Box::new(TooFewRows),
        Box::new(OverfitMembers),
        Box::new(HarmfulMember),
        Box::new(Duplicates),
        Box::new(NeverPredicted),
        Box::new(HiddenImbalance),
        Box::new(PoorCalibration),
    ]
}

/// Runs every check over the case.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_fusion::diagnosis::{Case, diagnose};
/// let values: Vec<f32> = (0..100).map(|i| (i % 10) as f32 + if i % 2 == 0 { 0.5 } else { -0.5 }).collect();
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(100))
///     .member("a", Gives::Values, &values)?
///     .member("copy of a", Gives::Values, &values)?
///     .build()?;
/// let target = Target::from_values((0..100).map(|i| f64::from(i % 10)).collect(), "y")?;
/// let diagnosis = diagnose(&Case::new(&predictions, Truth::new(&target)))?;
/// assert!(diagnosis.findings.iter().any(|finding| finding.check == "duplicates"));
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// As [`Check::examine`]; `Length` unless all parts of the case are of the same rows and members.
pub fn diagnose(case: &Case<'_>) -> Result<Diagnosis> {
    case.check()?;
    let mut diagnosis = Diagnosis::default();
    for check in checks() {
        match check.examine(case)? {
            Examined::Lacks(what) => diagnosis.skipped.push((check.name().into(), what)),
            Examined::Found(found) if found.is_empty() => diagnosis.passed.push(check.name().into()),
            Examined::Found(found) => {
                let named = found.into_iter().map(|finding| Finding { check: check.name().into(), ..finding });
                diagnosis.findings.extend(named);
            }
        }
    }
    Ok(diagnosis.worst_first())
}
