//! What the rows of each class weigh beside their own weight, for learners that let a person say so.

use crate::{Classes, Error, Result};

/// The factor of each class, given by name. `is_legal` says which factors are, and `legal` says so to people.
///
/// # Errors
/// [`Error::UnknownName`] for a class that is none; [`Error::Parameter`] for a factor that is not legal, or a class
/// without one.
///
/// ```
/// use consort_core::{Classes, class_factors};
/// let classes = Classes::new(["no", "yes"])?;
/// let given = [("yes".to_owned(), 2.0), ("no".to_owned(), 1.0)];
/// assert_eq!(class_factors::given(&classes, &given, |factor| factor > 0.0, "above 0")?, [1.0, 2.0]);
/// assert!(class_factors::given(&classes, &given[..1], |factor| factor > 0.0, "above 0").is_err());
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn given(
    classes: &Classes,
    given: &[(String, f64)],
    is_legal: impl Fn(f64) -> bool,
    legal: &'static str,
) -> Result<Vec<f64>> {
    let mut factors = vec![None; classes.len()];
    for (name, factor) in given {
        let class = classes.index(name).ok_or_else(|| Error::UnknownName {
            what: "class",
            name: name.clone(),
            known: format!("the classes are {classes}"),
        })?;
        if !is_legal(*factor) {
            return Err(Error::parameter("class_weights", format!("{factor} for `{name}`"), legal));
        }
        factors[class] = Some(*factor);
    }
    if let Some(class) = factors.iter().position(Option::is_none) {
        let value = format!("without class `{}`", classes.names()[class]);
        return Err(Error::parameter("class_weights", value, "one for each class"));
    }
    Ok(factors.into_iter().flatten().collect())
}

/// The factors by which all classes that have rows weigh alike: all weight / (classes × weight of the class) (King and
/// Zeng 2001). `weights` has the weight of each class's rows; a class without any has factor 0.
///
/// ```
/// assert_eq!(consort_core::class_factors::balanced(&[3.0, 1.0, 0.0]), [2.0 / 3.0, 2.0, 0.0]);
/// ```
pub fn balanced(weights: &[f64]) -> Vec<f64> {
    let present = weights.iter().filter(|weight| **weight > 0.0).count() as f64;
    let total: f64 = weights.iter().sum();
    weights.iter().map(|&weight| if weight > 0.0 { total / (present * weight) } else { 0.0 }).collect()
}
