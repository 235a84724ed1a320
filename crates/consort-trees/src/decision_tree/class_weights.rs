use consort_core::{Error, Result, Target, class_factors};
use serde::{Deserialize, Serialize};

/// What the rows of each class weigh beside their own weight.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassWeights {
    /// All alike.
    #[default]
    Equal,
    /// So that all classes together weigh alike: rows / (classes × rows of the class) (King and Zeng 2001).
    Balanced,
    /// The same, of the rows that each tree drew.
    BalancedPerTree,
    /// A weight for each class by its name.
    Given(Vec<(String, f64)>),
}

impl ClassWeights {
    /// Multiplies the weights of rows; `rows` are their numbers.
    pub(crate) fn apply(&self, by: &str, target: &Target, rows: &[u32], weights: &mut [f64]) -> Result<()> {
        if *self == ClassWeights::Equal {
            return Ok(());
        }
        let Target::Classes { codes, classes } = target else {
            return Err(Error::Unsupported {
                by: by.into(),
                what: format!("class weights for {}", target.outputs().task()),
                hint: "weigh the rows instead".into(),
            });
        };
        let factors = match self {
            ClassWeights::Given(given) => {
                class_factors::given(classes, given, |weight| (1e-30..=1e30).contains(&weight), "1e-30 to 1e30")?
            }
            _ => {
                let mut sums = vec![0.0; classes.len()];
                for (&row, &weight) in rows.iter().zip(&*weights) {
                    sums[codes[row as usize] as usize] += weight;
                }
                class_factors::balanced(&sums)
            }
        };
        for (&row, weight) in rows.iter().zip(weights) {
            *weight *= factors[codes[row as usize] as usize];
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use consort_core::Classes;

    use super::*;

    #[test]
    fn balanced_classes_weigh_alike_and_given_weights_need_a_name_each() {
        let classes = Classes::new(["a", "b"]).unwrap();
        let target = Target::Classes { codes: vec![0, 0, 0, 1, 1], classes };
        let mut weights = vec![1.0, 2.0, 3.0, 2.0];
        ClassWeights::Balanced.apply("test", &target, &[0, 1, 2, 4], &mut weights).unwrap();
        assert!((weights[0] + weights[1] + weights[2] - 4.0).abs() < 1e-12 && (weights[3] - 4.0).abs() < 1e-12);
        let given = |given: &[(&str, f64)]| {
            let given = ClassWeights::Given(given.iter().map(|(name, w)| (name.to_string(), *w)).collect());
            given.apply("test", &target, &[0], &mut [1.0]).map_err(|error| error.to_string())
        };
        assert!(given(&[("a", 1.0)]).unwrap_err().contains("without class `b`"));
        assert!(given(&[("a", 1.0), ("c", 1.0)]).unwrap_err().contains("`c`"));
        assert!(given(&[("a", 1.0), ("b", -1.0)]).unwrap_err().contains("-1 for `b`"));
        assert!(given(&[("a", 1.0), ("b", 2.0)]).is_ok());
    }
}
