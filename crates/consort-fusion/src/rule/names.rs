use consort_core::{Error, Fuser, Fusion, Result};

use super::*;

/// A rule that can be asked for by name.
///
/// ```
/// let vote = consort_fusion::rule::names().iter().find(|rule| rule.name == "vote").unwrap();
/// assert!(!vote.fitted && vote.options.contains("majority"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RuleName {
    /// What it is called.
    pub name: &'static str,
    /// What may stand behind a colon, or nothing.
    pub options: &'static str,
    /// What it is, in one line.
    pub about: &'static str,
    /// Whether it must be fitted on rows whose truth is known.
    pub fitted: bool,
}

const fn rule(name: &'static str, options: &'static str, about: &'static str) -> RuleName {
    RuleName { name, options, about, fitted: false }
}

const fn fitted(name: &'static str, options: &'static str, about: &'static str) -> RuleName {
    RuleName { name, options, about, fitted: true }
}

const NAMES: [RuleName; 19] = [
    rule("mean", "", "weighted mean of probabilities or values (soft vote)"),
    rule(
        "vote",
        "majority, share, mean",
        "each member has one vote (hard vote); `majority`: more than half or no decision; `share`: shares instead of the winner; `mean`: ties by mean probability",
    ),
    rule("geometric", "raw", "geometric mean (logarithmic opinion pool)"),
    rule("logit-mean", "", "mean of logits, made into probabilities"),
    rule("harmonic", "raw", "harmonic mean"),
    rule("power", "P, raw", "power mean with exponent P, such as `power:2`"),
    rule("median", "raw", "median, weighted by the middle of the weight"),
    rule("weighted-median", "raw", "lower weighted median, always a number that a member gave"),
    rule(
        "trimmed",
        "SHARE or COUNT, raw",
        "mean without the outlying SHARE (`trimmed:0.2`) or COUNT (`trimmed:1`) at each end",
    ),
    rule("winsorised", "SHARE or COUNT, raw", "mean with the outlying SHARE or COUNT at each end pulled in"),
    rule("minimum", "raw", "the least number"),
    rule("maximum", "raw", "the greatest number"),
    rule("product", "", "product of probabilities (members independent given the class)"),
    rule("rank", "minmax", "mean of ranks among all rows, over n or from 0 to 1 (`rank:minmax`); gives scores"),
    rule("borda", "", "Borda count of the members' rankings of the classes; gives scores"),
    rule("dempster-shafer", "RELIABILITY", "Dempster's rule, members believed as far as RELIABILITY (0.9)"),
    fitted(
        "decision-templates",
        "euclidean, manhattan, jaccard, difference",
        "the class whose typical decision profile is nearest; gives scores",
    ),
    fitted(
        "bks",
        "vote, mean, prior, reject",
        "behaviour-knowledge space: what was true when the members chose as they do now",
    ),
    fitted("naive-bayes", "SMOOTHING", "naive Bayes over the members' confusion matrices"),
];

/// All rules that can be asked for by name.
///
/// ```
/// assert!(consort_fusion::rule::names().iter().any(|rule| rule.name == "mean"));
/// ```
pub fn names() -> &'static [RuleName] {
    &NAMES
}

/// What goes with the name of a rule.
///
/// ```
/// use consort_fusion::rule::{Options, by_name};
/// let rule = by_name("mean", &Options { weights: Some(vec![3.0, 1.0]) })?;
/// assert_eq!(rule.weights(), Some(vec![0.75, 0.25]));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// One weight a member, in the order of the members.
    pub weights: Option<Vec<f64>>,
}

/// The rule of this name, such as `mean`, `power:2`, `trimmed:0.2` or `vote:majority,share`.
///
/// # Errors
/// [`Error::UnknownName`] for a name or an option that is not known; [`Error::Parameter`] for an option out of
/// range; [`Error::Unsupported`] for a rule that must be fitted: see [`fuser_by_name`].
///
/// ```
/// use consort_fusion::rule::{Options, by_name};
/// assert_eq!(by_name("trimmed:0.2", &Options::default())?.name(), "trimmed:0.2");
/// assert!(by_name("trimmed:0.7", &Options::default()).is_err());
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn by_name(text: &str, options: &Options) -> Result<Box<dyn Fusion>> {
    let asked = Asked::parse(text)?;
    let weights = options.weights.clone();
    if let Some(weights) = &weights {
        panel::check_weights(weights)?;
    }
    let raw = asked.has("raw");
    Ok(match asked.rule.name {
        "mean" => Box::new(Mean { weights }),
        "vote" => Box::new(Vote {
            weights,
            quorum: if asked.has("majority") { Quorum::Majority } else { Quorum::Plurality },
            ballot: if asked.has("share") { Ballot::Share } else { Ballot::Winner },
            tie_break: if asked.has("mean") { TieBreak::Mean } else { TieBreak::First },
        }),
        "geometric" => Box::new(Geometric { weights, raw }),
        "logit-mean" => Box::new(LogitMean { weights }),
        "harmonic" => Box::new(Harmonic { weights, raw }),
        "power" => {
            let rule = Power { p: asked.number().unwrap_or(Power::default().p), weights, raw };
            rule.check()?;
            Box::new(rule)
        }
        "median" => Box::new(Median { weights, raw }),
        "weighted-median" => Box::new(WeightedMedian { weights, raw }),
        "trimmed" => Box::new(Trimmed { trim: asked.trim()?, weights, raw }),
        "winsorised" => Box::new(Winsorised { trim: asked.trim()?, weights, raw }),
        "minimum" => Box::new(Minimum { weights, raw }),
        "maximum" => Box::new(Maximum { weights, raw }),
        "product" => Box::new(Product { weights }),
        "rank" => {
            let scale = if asked.has("minmax") { RankScale::MinMax } else { RankScale::OverN };
            Box::new(RankAverage { scale, weights })
        }
        "borda" => Box::new(Borda { weights }),
        "dempster-shafer" => {
            let reliability = asked.number().unwrap_or(DempsterShafer::default().reliability);
            let rule = DempsterShafer { reliability, weights };
            rule.check()?;
            Box::new(rule)
        }
        other => {
            return Err(Error::Unsupported {
                by: format!("rule `{other}`"),
                what: "fusing without a fit".into(),
                hint: "give the truth of some rows, so that it can be fitted".into(),
            });
        }
    })
}

/// The fuser of this name: one that is fitted, or a rule that needs no fit as [`Fixed`].
///
/// # Errors
/// As [`by_name`]; [`Error::Unsupported`] for weights of members given to a rule that is fitted.
///
/// ```
/// use consort_fusion::rule::{Options, fuser_by_name};
/// assert_eq!(fuser_by_name("bks:prior", &Options::default())?.name(), "bks:prior");
/// assert_eq!(fuser_by_name("median", &Options::default())?.name(), "median");
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn fuser_by_name(text: &str, options: &Options) -> Result<Box<dyn Fuser>> {
    let asked = Asked::parse(text)?;
    if !asked.rule.fitted {
        return Ok(Box::new(Fixed::new(by_name(text, options)?)));
    }
    if options.weights.is_some() {
        return Err(Error::Unsupported {
            by: format!("rule `{}`", asked.rule.name),
            what: "weights of members".into(),
            hint: "it learns from the rows how much each member counts".into(),
        });
    }
    Ok(match asked.rule.name {
        "decision-templates" => Box::new(DecisionTemplates::new(match asked.word() {
            Some("manhattan") => Similarity::Manhattan,
            Some("jaccard") => Similarity::Jaccard,
            Some("difference") => Similarity::Difference,
            _ => Similarity::Euclidean,
        })),
        "bks" => Box::new(BehaviourKnowledgeSpace::default().with_fallback(match asked.word() {
            Some("mean") => Fallback::Mean,
            Some("prior") => Fallback::Prior,
            Some("reject") => Fallback::Reject,
            _ => Fallback::Vote,
        })),
        _ => {
            let rule = NaiveBayesCombination { smoothing: asked.number() };
            rule.check()?;
            Box::new(rule)
        }
    })
}

/// A name taken apart: the rule, and what stands behind its colon.
struct Asked<'a> {
    rule: &'static RuleName,
    options: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    fn parse(text: &'a str) -> Result<Self> {
        let (name, options) = text.split_once(':').unwrap_or((text, ""));
        let rule = NAMES.iter().find(|rule| rule.name == name).ok_or_else(|| Error::UnknownName {
            what: "rule",
            name: name.into(),
            known: format!("the rules are {}", NAMES.map(|rule| rule.name).join(", ")),
        })?;
        let options: Vec<&str> = options.split(',').map(str::trim).filter(|option| !option.is_empty()).collect();
        // A word in capitals in the list of options stands for a number.
        let words: Vec<&str> = rule.options.split(", ").filter(|word| !word.is_empty()).collect();
        let numeric = words.iter().any(|word| word.starts_with(|c: char| c.is_ascii_uppercase()));
        let known = |option: &&str| words.contains(option) || (numeric && option.parse::<f64>().is_ok());
        let numbers = options.iter().filter(|option| !words.contains(option)).count();
        if let Some(unknown) = options.iter().find(|option| !known(option) || numbers > 1) {
            let known = match rule.options {
                "" => "it has none".to_string(),
                options => format!("its options are {options}"),
            };
            return Err(Error::UnknownName { what: "option of a rule", name: format!("{name}:{unknown}"), known });
        }
        Ok(Self { rule, options })
    }

    fn has(&self, word: &str) -> bool {
        self.options.contains(&word)
    }

    /// The only option, as a word.
    fn word(&self) -> Option<&'a str> {
        self.options.first().copied()
    }

    fn number(&self) -> Option<f64> {
        self.options.iter().find_map(|option| option.parse().ok())
    }

    /// A count if it is written as a whole number, else a share.
    fn trim(&self) -> Result<Trim> {
        let count = self.options.iter().find_map(|option| option.parse::<usize>().ok());
        let trim = match (count, self.number()) {
            (Some(count), _) => Trim::Count(count),
            (None, Some(share)) => Trim::Share(share),
            (None, None) => Trim::default(),
        };
        // A count can only be checked against the members; a share can be now.
        if let Trim::Share(_) = trim {
            trim.count(usize::MAX >> 12)?;
        }
        Ok(trim)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_gives_a_fuser_whose_name_gives_it_again() {
        for rule in names() {
            let fuser = fuser_by_name(rule.name, &Options::default()).unwrap();
            let again = fuser_by_name(&fuser.name(), &Options::default()).unwrap();
            assert_eq!(serde_json::to_value(&fuser).unwrap(), serde_json::to_value(&again).unwrap());
            assert_eq!(by_name(rule.name, &Options::default()).is_err(), rule.fitted, "{}", rule.name);
        }
    }

    #[test]
    fn options_are_read_and_unknown_ones_named() {
        let name = |text: &str| by_name(text, &Options::default()).map(|rule| rule.name());
        assert_eq!(name("vote:majority,share").unwrap(), "vote:majority,share");
        assert_eq!(name("power:-0.5,raw").unwrap(), "power:-0.5,raw");
        assert_eq!(name("trimmed:1").unwrap(), "trimmed:1");
        assert_eq!(name("rank:minmax").unwrap(), "rank:minmax");
        let error = name("vote:absolute").unwrap_err().to_string();
        assert!(error.contains("vote:absolute") && error.contains("majority"), "{error}");
        let error = name("avg").unwrap_err().to_string();
        assert!(error.contains("`avg`") && error.contains("geometric"), "{error}");
        for bad in ["power:0", "trimmed:0.5", "dempster-shafer:2", "mean:2", "power:1,2"] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
