use std::sync::Arc;

#[cfg(feature = "nets")]
use consort_burn::architecture::Depth;
use consort_core::{Dataset, Error, Learner, Result};
use consort_linfa::{GaussianNb, KNearest, LogisticRegression, Ridge, SupportVector};
use consort_trees::{adaboost::AdaBoost, decision_tree::DecisionTree, forest::RandomForest};

use super::boosted;
use crate::{
    NamedLearner,
    encode::{Encoded, Impute, TableEncoder, has_categories, suited},
};

/// A member that can be asked for by name.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The name.
    pub name: &'static str,
    /// What it is, for people.
    pub about: &'static str,
    make: fn(&Dataset) -> Arc<dyn Learner>,
    /// Whether it is among those taken where none is named.
    auto: fn(&Dataset) -> bool,
}

/// All members with a name, cheapest first.
pub const NAMES: &[Entry] = &[
    Entry {
        name: "linear",
        about: "ridge regression, its penalty chosen by leave-one-out; for classes, logistic regression",
        make: |data| if is_classification(data) { logistic() } else { ridge() },
        auto: |data| data.rows() <= 200_000,
    },
    Entry { name: "logistic", about: "logistic regression", make: |_| logistic(), auto: |_| false },
    Entry {
        name: "gnb",
        about: "Gaussian naive Bayes, its variances at least a tenth of a scaled column's",
        make: |_| bell_curves(),
        auto: |_| false,
    },
    Entry {
        name: "knn",
        about: "15 nearest neighbours",
        make: |_| suited(Arc::new(KNearest { k: 15, ..KNearest::default() })),
        auto: |data| data.rows() <= 20_000,
    },
    Entry {
        name: "svm",
        about: "support vectors with a Gaussian kernel, of at most 10,000 rows a fit",
        // In units of the target an error of 0.1 means nothing.
        make: |_| suited(Arc::new(SupportVector { standardise_target: true, ..SupportVector::default() })),
        auto: |_| false,
    },
    Entry {
        name: "tree",
        about: "a decision tree, pruned by its leaf size",
        make: |data| {
            let mut tree = DecisionTree::default();
            tree.shape.min_leaf_rows = (data.rows() / 200).clamp(5, 100);
            Arc::new(tree)
        },
        auto: |_| false,
    },
    Entry {
        name: "boost",
        about: "gradient boosting of histogram trees",
        make: |data| Arc::new(boosted::usual(data)),
        auto: |_| true,
    },
    Entry {
        name: "forest",
        about: "a random forest of 200 trees",
        make: |_| Arc::new(RandomForest::default().trees(200)),
        auto: |data| data.rows() <= 500_000,
    },
    Entry {
        name: "extra",
        about: "200 extremely randomised trees; of numbers, behind one column a level of each category",
        make: |data| {
            if is_classification(data) || !has_categories(data) { extra_trees() } else { behind_levels(extra_trees()) }
        },
        auto: |data| data.rows() <= 500_000,
    },
    Entry {
        name: "boost-deep",
        about: "gradient boosting of deeper trees on parts of the features",
        make: |data| Arc::new(boosted::deep(data)),
        auto: |_| true,
    },
    #[cfg(feature = "nets")]
    Entry {
        name: "mlp",
        about: "four neural nets (multi-layer perceptrons), and their mean",
        make: |data| Arc::new(super::nets::usual(data)),
        auto: |_| false,
    },
    #[cfg(feature = "nets")]
    Entry {
        name: "tabular-resnet",
        about: "four residual nets for tables, and their mean",
        make: |data| Arc::new(super::nets::residual(data)),
        auto: |_| false,
    },
    #[cfg(feature = "nets")]
    Entry {
        name: "lenet",
        about: "five small convolutional nets for pictures (LeNet-5), and their mean",
        make: |data| Arc::new(super::nets::lenet(data)),
        auto: |_| false,
    },
    #[cfg(feature = "nets")]
    Entry {
        name: "resnet18",
        about: "a residual net of 18 layers for pictures",
        make: |data| Arc::new(super::nets::resnet(data, Depth::D18)),
        auto: |_| false,
    },
    #[cfg(feature = "nets")]
    Entry {
        name: "resnet50",
        about: "a residual net of 50 layers for pictures",
        make: |data| Arc::new(super::nets::resnet(data, Depth::D50)),
        auto: |_| false,
    },
    Entry {
        name: "adaboost",
        about: "AdaBoost of small trees: SAMME for classes, R2 for numbers",
        make: |_| Arc::new(AdaBoost::default()),
        auto: |_| false,
    },
];

fn extra_trees() -> Arc<dyn Learner> {
    Arc::new(RandomForest::extra_trees().trees(200))
}

/// Extra trees of numbers, which ask all features at each split: a random part of the levels is a poor question then, and one level against the
/// rest a better one. Where few are asked, as for classes, it is the other way round (measured: docs/benchmarks/quality.md).
fn behind_levels(trees: Arc<dyn Learner>) -> Arc<dyn Learner> {
    let encoder = TableEncoder { impute: None, scale: None, ..TableEncoder::default() };
    Arc::new(Encoded::new(Arc::new(encoder), trees))
}

/// Gaussian naive Bayes, with a smoothing that columns of 0 and 1 can bear: within a class that lacks a level its column is constant, and next to no
/// variance makes such a column outweigh all others. Where one row of one class is missing, so would each `NAME is missing`: there are none
/// (a breast cancer table with one empty row: log loss 10.6 with both as usual, 0.5 so).
fn bell_curves() -> Arc<dyn Learner> {
    let impute = Impute { indicator: false, ..Impute::default() };
    let encoder = TableEncoder { impute: Some(impute), ..TableEncoder::default() };
    Arc::new(Encoded::new(Arc::new(encoder), Arc::new(GaussianNb::default().var_smoothing(0.1))))
}

fn is_classification(data: &Dataset) -> bool {
    data.target().is_some_and(|target| target.outputs().task().is_classification())
}

fn logistic() -> Arc<dyn Learner> {
    suited(Arc::new(LogisticRegression::default()))
}

fn ridge() -> Arc<dyn Learner> {
    suited(Arc::new(Ridge { alphas: vec![0.1, 1.0, 10.0, 100.0, 1000.0], ..Ridge::default() }))
}

/// The member of this name, with parameters for this data.
///
/// # Errors
/// [`Error::UnknownName`] that lists the names.
pub fn by_name(name: &str, data: &Dataset) -> Result<NamedLearner> {
    let entry = NAMES.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<&str> = NAMES.iter().map(|entry| entry.name).collect();
        Error::UnknownName { what: "member", name: name.into(), known: format!("there are {}", names.join(", ")) }
    })?;
    Ok(NamedLearner { name: name.into(), learner: (entry.make)(data) })
}

/// The members taken where none is named: different in kind, and each good for data of this size. Pictures have nets alone.
///
/// ```
/// use consort_core::{Column, Dataset, Features};
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let names: Vec<String> = consort_ensemble::portfolio::auto(&data).into_iter().map(|member| member.name).collect();
/// assert!(names.contains(&"boost".to_owned()));
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn auto(data: &Dataset) -> Vec<NamedLearner> {
    #[cfg(feature = "nets")]
    if super::nets::are_pictures(data) {
        return vec![NamedLearner { name: "lenet".into(), learner: Arc::new(super::nets::lenet(data)) }];
    }
    let made = |entry: &Entry| NamedLearner { name: entry.name.into(), learner: (entry.make)(data) };
    NAMES.iter().filter(|entry| (entry.auto)(data)).map(made).collect()
}

/// Puts members into an order that depends on nothing but their learners and names: the kinds of learners as in [`NAMES`],
/// others behind them; of one kind, by name. With a limit of time, that is the order in which they are fitted.
///
/// ```
/// use consort_core::{Column, Dataset, Features};
/// use consort_ensemble::{NamedLearner, portfolio::{by_name, in_order}};
/// use consort_trees::forest::RandomForest;
/// let x = Column::Numeric { name: "x".into(), values: vec![1.0, 2.0] };
/// let data = Dataset::new(Features::Columns(vec![x]))?;
/// let forest = NamedLearner::new("a forest", RandomForest::default());
/// let members = in_order(vec![forest, by_name("boost", &data)?, by_name("linear", &data)?], &data);
/// assert_eq!(members.iter().map(|member| member.name.as_str()).collect::<Vec<_>>(), ["linear", "boost", "a forest"]);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn in_order(mut members: Vec<NamedLearner>, data: &Dataset) -> Vec<NamedLearner> {
    let kinds: Vec<String> = NAMES.iter().map(|entry| (entry.make)(data).name()).collect();
    members.sort_by_cached_key(|member| {
        let kind = member.learner.name();
        (kinds.iter().position(|other| *other == kind).unwrap_or(kinds.len()), member.name.clone())
    });
    members
}
