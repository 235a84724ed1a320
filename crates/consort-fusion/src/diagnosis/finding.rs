use serde::{Deserialize, Serialize};

/// How bad a finding is.
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

impl std::fmt::Display for Severity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
    /// The member, class or fold that it is about, where it is about one.
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

/// What all checks found.
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
    /// The worst of the findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}
