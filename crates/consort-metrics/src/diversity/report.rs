use consort_core::{Predictions, Result, Score, Truth};
use serde::{Deserialize, Serialize};

use super::{
    Ambiguity, BiasVarianceCovariance, CorrectCounts, Decisions, SymmetricMatrix, majority_limits, residual_correlation,
};

/// All that can be said of how classifiers differ: one matrix a pairwise measure, and the measures of the whole.
///
/// O(members² × rows / 64).
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_metrics::diversity::Diversity;
/// let classes = Classes::new(["no", "yes"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(4))
///     .member("a", Gives::Probabilities, &[0.9, 0.1, 0.4, 0.6, 0.3, 0.7, 0.8, 0.2])?
///     .member("b", Gives::Probabilities, &[0.8, 0.2, 0.7, 0.3, 0.1, 0.9, 0.6, 0.4])?
///     .build()?;
/// let target = Target::from_labels(["no", "yes", "yes", "yes"], &classes, "y")?;
/// let diversity = Diversity::of(&predictions, &Truth::new(&target))?;
/// assert_eq!(diversity.disagreement.at(0, 1), Some(0.25));
/// assert_eq!(diversity.oracle_accuracy, 0.75);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Diversity {
    /// The share of rows in which each member is right.
    pub accuracies: Vec<f64>,
    /// How many rows were left out because some member lacks them.
    pub left_out: usize,
    /// Yule's Q.
    pub q_statistic: SymmetricMatrix,
    /// The correlation of being right.
    pub correlation: SymmetricMatrix,
    /// The share of rows in which exactly one is right.
    pub disagreement: SymmetricMatrix,
    /// The share of rows in which both are wrong.
    pub double_fault: SymmetricMatrix,
    /// Single errors for each double error.
    pub ratio_errors: SymmetricMatrix,
    /// Cohen's kappa between the decisions, for the kappa–error diagram.
    pub kappa: SymmetricMatrix,
    /// In how many rows how many members are right; all of the below follow from it.
    pub counts: CorrectCounts,
    /// The entropy measure.
    pub entropy: Score,
    /// The Kohavi–Wolpert variance.
    pub kohavi_wolpert: f64,
    /// The interrater agreement of being right.
    pub interrater_agreement: Score,
    /// The difficulty θ.
    pub difficulty: f64,
    /// The generalised diversity.
    pub generalized_diversity: Score,
    /// The coincident failure diversity.
    pub coincident_failure_diversity: Score,
    /// The share of rows in which some member is right: the bound of every choice among the members.
    pub oracle_accuracy: f64,
    /// The share of rows in which more than half of the members are right.
    pub majority_accuracy: f64,
    /// The least and the greatest accuracy of a majority of members as accurate as these.
    pub majority_limits: (f64, f64),
}

/// The pairwise measures averaged over the pairs.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_metrics::diversity::Diversity;
/// let classes = Classes::new(["no", "yes"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::positions(2))
///     .member("a", Gives::Probabilities, &[0.9, 0.1, 0.4, 0.6])?
///     .member("b", Gives::Probabilities, &[0.8, 0.2, 0.7, 0.3])?
///     .build()?;
/// let target = Target::from_labels(["no", "yes"], &classes, "y")?;
/// let averages = Diversity::of(&predictions, &Truth::new(&target))?.averages();
/// assert_eq!(averages.disagreement.value(), Some(0.5)); // `b` alone is wrong, in one row of two
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PairAverages {
    /// Yule's Q.
    pub q_statistic: Score,
    /// The correlation of being right.
    pub correlation: Score,
    /// The share of rows in which exactly one is right.
    pub disagreement: Score,
    /// The share of rows in which both are wrong.
    pub double_fault: Score,
    /// Single errors for each double error.
    pub ratio_errors: Score,
    /// Cohen's kappa between the decisions.
    pub kappa: Score,
}

impl Diversity {
    /// All measures of these members.
    ///
    /// # Errors
    /// As [`Decisions::new`].
    pub fn of(predictions: &Predictions, truth: &Truth<'_>) -> Result<Self> {
        let decisions = Decisions::new(predictions, truth)?;
        let right = decisions.correctness();
        let pairs = right.pairs();
        let counts = right.counts();
        let accuracies: Vec<f64> = (0..right.names().len()).map(|m| right.accuracy(m)).collect();
        Ok(Self {
            left_out: right.left_out(),
            q_statistic: pairs.matrix(|pair| pair.q_statistic())?,
            correlation: pairs.matrix(|pair| pair.correlation())?,
            disagreement: pairs.matrix(|pair| pair.disagreement())?,
            double_fault: pairs.matrix(|pair| pair.double_fault())?,
            ratio_errors: pairs.matrix(|pair| pair.ratio_errors())?,
            kappa: decisions.kappa()?,
            entropy: counts.entropy(),
            kohavi_wolpert: counts.kohavi_wolpert(),
            interrater_agreement: counts.interrater_agreement(),
            difficulty: counts.difficulty(),
            generalized_diversity: counts.generalized_diversity(),
            coincident_failure_diversity: counts.coincident_failure_diversity(),
            oracle_accuracy: counts.oracle_accuracy(),
            majority_accuracy: counts.majority_accuracy(),
            majority_limits: majority_limits(&accuracies).unwrap_or((0.0, 1.0)),
            accuracies,
            counts,
        })
    }

    /// The members' names.
    pub fn names(&self) -> &[String] {
        self.disagreement.names()
    }

    /// The pairwise measures averaged over the pairs that have a value.
    pub fn averages(&self) -> PairAverages {
        PairAverages {
            q_statistic: self.q_statistic.mean(),
            correlation: self.correlation.mean(),
            disagreement: self.disagreement.mean(),
            double_fault: self.double_fault.mean(),
            ratio_errors: self.ratio_errors.mean(),
            kappa: self.kappa.mean(),
        }
    }
}

/// All that can be said of how regressors differ.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
/// use consort_metrics::diversity::RegressionDiversity;
/// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(3))
///     .member("a", Gives::Values, &[1.0, 3.0, 2.0])?
///     .member("b", Gives::Values, &[3.0, 1.0, 2.0])?
///     .build()?;
/// let target = Target::from_values(vec![2.0, 2.0, 2.0], "y")?;
/// let diversity = RegressionDiversity::of(&predictions, &Truth::new(&target))?;
/// assert_eq!(diversity.ambiguity.ensemble_error, 0.0);
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegressionDiversity {
    /// The correlation between the members' residuals.
    pub residual_correlation: SymmetricMatrix,
    /// The ambiguity decomposition of the members' mean.
    pub ambiguity: Ambiguity,
    /// Bias, variance and covariance of the members.
    pub bias_variance_covariance: BiasVarianceCovariance,
}

impl RegressionDiversity {
    /// All measures of these members.
    ///
    /// # Errors
    /// As [`residual_correlation`].
    pub fn of(predictions: &Predictions, truth: &Truth<'_>) -> Result<Self> {
        Ok(Self {
            residual_correlation: residual_correlation(predictions, truth)?,
            ambiguity: Ambiguity::of(predictions, truth)?,
            bias_variance_covariance: BiasVarianceCovariance::of(predictions, truth)?,
        })
    }
}
