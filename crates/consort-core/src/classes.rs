use std::{cmp::Ordering, fmt};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// The ordered list of classes of a problem, declared once.
///
/// A class is a text: `"1"` and `"1.0"` are two classes. Column `k` of a prediction belongs to class `k` of
/// this list, and a tie goes to the first class. One class is the *positive* one, for binary scores; it is the
/// last unless named.
///
/// ```
/// use consort_core::Classes;
/// let classes = Classes::from_labels(["10", "3", "-1", "3"])?;
/// assert_eq!(classes.names(), ["-1", "3", "10"]); // numeric, since all are numbers
/// assert_eq!(classes.positive(), 2);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Saved", into = "Saved")]
pub struct Classes {
    names: Vec<String>,
    positive: usize,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Saved {
    names: Vec<String>,
    positive: String,
}

impl TryFrom<Saved> for Classes {
    type Error = Error;
    fn try_from(saved: Saved) -> Result<Self> {
        Classes::new(saved.names)?.with_positive(&saved.positive)
    }
}

impl From<Classes> for Saved {
    fn from(classes: Classes) -> Self {
        let positive = classes.names[classes.positive].clone();
        Saved { names: classes.names, positive }
    }
}

impl Classes {
    /// The classes in the order given.
    ///
    /// # Errors
    /// [`Error::Empty`] without a class, [`Error::DuplicateName`] if a class is given twice.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>) -> Result<Self> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.is_empty() {
            return Err(Error::Empty { what: "the class list".into(), hint: "declare at least one class".into() });
        }
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::DuplicateName { what: "class", name: pair[0].clone() });
        }
        let positive = names.len() - 1;
        Ok(Self { names, positive })
    }

    /// The distinct labels in class order: numeric if every one is a finite number, else the order of their bytes.
    ///
    /// Two spellings of one number (`1`, `1.0`) stay two classes; the spelling's bytes decide between them.
    ///
    /// # Errors
    /// [`Error::Empty`] without a label.
    pub fn from_labels<S: Into<String>>(labels: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut names: Vec<String> = labels.into_iter().map(Into::into).collect();
        names.sort_unstable();
        names.dedup();
        let numbers: Option<Vec<f64>> =
            names.iter().map(|name| name.trim().parse().ok().filter(|x: &f64| x.is_finite())).collect();
        if let Some(numbers) = numbers {
            let mut order: Vec<usize> = (0..names.len()).collect();
            // Stable on the byte order, so equal numbers keep it.
            order.sort_by(|&a, &b| numbers[a].partial_cmp(&numbers[b]).unwrap_or(Ordering::Equal));
            names = order.into_iter().map(|i| std::mem::take(&mut names[i])).collect();
        }
        Self::new(names)
    }

    /// The same classes with another positive class.
    ///
    /// # Errors
    /// [`Error::UnknownName`] if it is not one of them.
    pub fn with_positive(mut self, name: &str) -> Result<Self> {
        self.positive = self.index(name).ok_or_else(|| Error::UnknownName {
            what: "positive class",
            name: name.into(),
            known: format!("the classes are {self}"),
        })?;
        Ok(self)
    }

    /// The names, in class order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many classes there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Always false: a class list has at least one class.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The number of the positive class.
    pub fn positive(&self) -> usize {
        self.positive
    }

    /// The number of a class, by its exact spelling.
    pub fn index(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| known == name)
    }
}

impl fmt::Display for Classes {
    /// The names in backquotes; a long list is cut.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 12;
        for (i, name) in self.names.iter().take(SHOWN).enumerate() {
            write!(f, "{}`{name}`", if i == 0 { "" } else { ", " })?;
        }
        match self.names.len().checked_sub(SHOWN) {
            Some(more) if more > 0 => write!(f, " and {more} more"),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_order_is_numeric_only_if_all_are_numbers() {
        let text = Classes::from_labels(["spam", "01", "ham", "naïve", "phishing, urgent"]).unwrap();
        assert_eq!(text.names(), ["01", "ham", "naïve", "phishing, urgent", "spam"]);
        let spelled = Classes::from_labels(["1.0", "1", "2"]).unwrap();
        assert_eq!(spelled.names(), ["1", "1.0", "2"]);
        // `inf` and `nan` parse as floats but are words here.
        assert_eq!(Classes::from_labels(["nan", "2", "10"]).unwrap().names(), ["10", "2", "nan"]);
    }

    #[test]
    fn a_doubled_class_is_named() {
        let error = Classes::new(["a", "b", "a"]).unwrap_err();
        assert!(error.to_string().contains("duplicate class `a`"), "{error}");
    }

    #[test]
    fn serde_keeps_the_positive_class_and_refuses_an_unknown_one() {
        let classes = Classes::new(["bad", "good"]).unwrap().with_positive("bad").unwrap();
        let text = serde_json::to_string(&classes).unwrap();
        assert_eq!(serde_json::from_str::<Classes>(&text).unwrap(), classes);
        assert!(serde_json::from_str::<Classes>(r#"{"names":["a"],"positive":"z"}"#).is_err());
    }
}
