use std::fmt;

use consort_core::Warning;
use serde::{Deserialize, Serialize};

/// How bad a finding is.
///
/// ```
/// use consort_fusion::diagnosis::Severity;
/// assert!(Severity::Fault > Severity::Warning && Severity::Warning > Severity::Note);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    Note,
    /// Worth mending.
    Warning,
    /// The scores cannot be believed, or the ensemble is worse than it need be.
    Fault,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Fault => "fault",
        })
    }
}

/// What a check found: a sentence, the numbers behind it, and what to do.
///
/// ```
/// use consort_fusion::diagnosis::{Finding, Severity};
/// let finding = Finding::new(Severity::Note, "`a` and `b` are copies.", "Leave one out.").of("b").number("distance", 0.0);
/// assert_eq!(finding.evidence, [("distance".to_string(), 0.0)]);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The check that found it.
    pub check: String,
    /// How bad it is.
    pub severity: Severity,
    /// The member, class, fold or feature that it is about, where it is about one.
    pub of: Option<String>,
    /// What was found, in one sentence.
    pub what: String,
    /// The numbers behind it, with their names.
    pub evidence: Vec<(String, f64)>,
    /// What to do about it.
    pub advice: String,
}

impl Finding {
    /// A finding without numbers yet; [`diagnose`](super::diagnose) puts in the check's name.
    pub fn new(severity: Severity, what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            check: String::new(),
            severity,
            of: None,
            what: what.into(),
            evidence: Vec::new(),
            advice: advice.into(),
        }
    }

    /// About this member, class or fold.
    pub fn of(mut self, name: impl Into<String>) -> Self {
        self.of = Some(name.into());
        self
    }

    /// With another number.
    pub fn number(mut self, name: impl Into<String>, value: f64) -> Self {
        self.evidence.push((name.into(), value));
        self
    }
}

/// In one paragraph: what, the numbers, the advice.
impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        for (i, (name, value)) in self.evidence.iter().enumerate() {
            // A count has no decimals.
            let decimals = if value.fract() == 0.0 { 0 } else { 4 };
            write!(f, "{} {name}: {value:.decimals$}", if i == 0 { "" } else { ";" })?;
        }
        write!(f, "{} {}", if self.evidence.is_empty() { "" } else { "." }, self.advice)
    }
}

impl From<Finding> for Warning {
    fn from(finding: Finding) -> Self {
        Warning::Note { text: finding.to_string() }
    }
}

/// What all checks found.
///
/// ```
/// use consort_fusion::diagnosis::{Diagnosis, Finding, Severity};
/// let found = Finding::new(Severity::Warning, "`a` and `b` are copies.", "Leave one out.");
/// let diagnosis = Diagnosis { findings: vec![found], ..Diagnosis::default() };
/// assert_eq!(diagnosis.worst(), Some(Severity::Warning));
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Diagnosis {
    /// The findings, the worst first; of equals in the order of the checks.
    pub findings: Vec<Finding>,
    /// The checks that found nothing.
    pub passed: Vec<String>,
    /// The checks that could not be made, and what they lack.
    pub skipped: Vec<(String, String)>,
}

impl Diagnosis {
    /// Adds what another set of checks found.
    pub fn join(mut self, other: Self) -> Self {
        self.findings.extend(other.findings);
        self.passed.extend(other.passed);
        self.skipped.extend(other.skipped);
        self.worst_first()
    }

    /// With the findings in order: the worst first, equals as they are.
    pub fn worst_first(mut self) -> Self {
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        self
    }

    /// The worst of the findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_sets_of_findings_join_with_the_worst_first() {
        let of =
            |severity, what: &str| Finding::new(severity, what, "Do it.").number("share", 0.25).number("rows", 10.0);
        let one = Diagnosis { findings: vec![of(Severity::Note, "a.")], passed: vec!["x".into()], skipped: Vec::new() };
        let both = one.join(Diagnosis { findings: vec![of(Severity::Fault, "b.")], ..Diagnosis::default() });
        assert_eq!((both.findings[0].what.as_str(), both.passed.len()), ("b.", 1));
        assert_eq!(both.worst(), Some(Severity::Fault));
        assert_eq!(both.findings[1].to_string(), "a. share: 0.2500; rows: 10. Do it.");
    }
}
