//! The contracts of fusers and of the fusions that they fit.

use super::{Broken, members::Sample};
use crate::{Fuser, Fusion, Gives, Matrix, Missing, Outputs, Predictions, Seed, Task, Truth};

/// What a fusion or a fuser is for, and which contracts apply to it beyond those that apply to all.
///
/// ```
/// use consort_core::{Gives, Task, check::FusionCase};
/// let case = FusionCase { weighted: false, ..FusionCase::new(Task::Binary, Gives::Probabilities) };
/// assert!(case.missing && !case.weighted);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct FusionCase {
    /// The kind of problem it is tried on.
    pub task: Task,
    /// What the members give.
    pub gives: Gives,
    /// It takes weights of members: a member of weight 0 is as absent.
    pub weighted: bool,
    /// A member listed twice with half its weight each changes nothing.
    pub halves: bool,
    /// The fusion of one member is that member.
    pub identity: bool,
    /// The fused row depends on that row alone (ranks depend on all rows).
    pub row_wise: bool,
    /// It leaves a member out of a row that the member lacks.
    pub missing: bool,
    /// How far two fusions that must agree may be apart, where exact bits are not asked for.
    pub tolerance: f32,
}

impl FusionCase {
    /// A fusion of which every contract holds.
    pub fn new(task: Task, gives: Gives) -> Self {
        Self {
            task,
            gives,
            weighted: true,
            halves: true,
            identity: true,
            row_wise: true,
            missing: true,
            tolerance: 1e-6,
        }
    }
}

/// Rows enough for two blocks of [`blocks::ROWS`](crate::blocks::ROWS), so that threads have something to share.
const ROWS: usize = crate::blocks::ROWS + 700;
const MEMBERS: usize = 4;

/// Runs every contract of a rule. `make` gives it with the weights, or unweighted.
///
/// ```
/// use consort_core::{Fusion, Gives, Matrix, Predictions, Result, Task, check};
/// use serde::{Deserialize, Serialize};
///
/// /// The member of the first name, whatever the others say.
/// #[derive(Debug, Serialize, Deserialize)]
/// struct First;
///
/// #[typetag::serde]
/// impl Fusion for First {
///     fn name(&self) -> String { "first".into() }
///     fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
///         let first = (0..predictions.members().len()).min_by_key(|&m| &predictions.members()[m].name);
///         Ok(predictions.to_matrix(first.unwrap_or(0)))
///     }
/// }
///
/// let case = check::FusionCase::new(Task::Binary, Gives::Probabilities);
/// let case = check::FusionCase { weighted: false, halves: false, missing: false, ..case };
/// check::fusion(&|_weights| Box::new(First), &case)?;
/// # Ok::<(), check::Broken>(())
/// ```
///
/// # Errors
/// The first contract that is broken.
pub fn fusion(make: &dyn Fn(Option<Vec<f64>>) -> Box<dyn Fusion>, case: &FusionCase) -> Result<(), Broken> {
    let rule = make(None);
    let suite = Suite { subject: format!("{} ({}, {})", rule.name(), case.task, case.gives), case };
    let sample = Sample::new(case, ROWS, MEMBERS, "rule");
    suite.fused(&sample, &*rule)?;
    let fused = suite.fuse(&*rule, &sample.predictions())?;

    let order = [2, 0, 3, 1];
    let permuted = suite.fuse(&*rule, &sample.predictions().subset(&order))?;
    suite.same("the order of members does not matter", &fused, &permuted, case.tolerance)?;
    if case.weighted {
        let weights = [0.4, 0.1, 0.0, 0.3];
        let weighted = suite.fuse(&*make(Some(weights.to_vec())), &sample.predictions())?;
        let moved = order.map(|m| weights[m]).to_vec();
        let permuted = suite.fuse(&*make(Some(moved)), &sample.predictions().subset(&order))?;
        suite.same("weights follow their members", &weighted, &permuted, case.tolerance)?;
        let without = suite.fuse(&*make(Some(vec![0.4, 0.1, 0.3])), &sample.predictions().subset(&[0, 1, 3]))?;
        suite.same("a member of weight 0 is absent", &weighted, &without, 0.0)?;
        let (hole, absent) = (sample.with_missing_member(2, Missing::Propagate), "a member of weight 0 is not read");
        suite.same(absent, &weighted, &suite.fuse(&*make(Some(weights.to_vec())), &hole)?, 0.0)?;
        let bad = |weights: Vec<f64>, why: &str| {
            let refused = make(Some(weights)).fuse(&sample.predictions()).is_err();
            suite.ensure(refused, "weights that make no sense are refused", why)
        };
        bad(vec![1.0; MEMBERS - 1], "one weight too few")?;
        bad(vec![0.0; MEMBERS], "all weights are 0")?;
        bad(vec![1.0, -0.5, 1.0, 1.0], "a negative weight")?;
        bad(vec![1.0, f64::NAN, 1.0, 1.0], "a weight that is NaN")?;
    }
    if case.halves {
        let doubled = sample.with_doubled_member(1);
        let plain = suite.fuse(&*make(Some(vec![1.0, 3.0, 2.0, 2.0])), &sample.predictions())?;
        let halves = suite.fuse(&*make(Some(vec![1.0, 1.5, 2.0, 2.0, 1.5])), &doubled)?;
        suite.same("a member twice with half its weight is that member", &plain, &halves, case.tolerance)?;
    }
    if case.identity {
        let one = sample.predictions().subset(&[1]);
        let expected = one.to_matrix(0);
        suite.same("the fusion of one member is that member", &expected, &suite.fuse(&*rule, &one)?, case.tolerance)?;
    }
    Ok(())
}

/// Runs every contract of a fuser, and of the fusion that it fits.
///
/// ```
/// # use consort_core::{Fuser, Fusion, Gives, Matrix, Predictions, Result, Seed, Task, Truth, check};
/// # use serde::{Deserialize, Serialize};
/// /// Learns nothing and forgets to look at the truth.
/// #[derive(Debug, Serialize, Deserialize)]
/// struct Careless;
///
/// # #[derive(Debug, Serialize, Deserialize)]
/// # struct Leader;
/// # #[typetag::serde]
/// # impl Fusion for Leader {
/// #     fn name(&self) -> String { "leader".into() }
/// #     fn fuse(&self, predictions: &Predictions) -> Result<Matrix> {
/// #         let first = (0..predictions.members().len()).min_by_key(|&m| &predictions.members()[m].name);
/// #         Ok(predictions.to_matrix(first.unwrap_or(0)))
/// #     }
/// # }
/// #[typetag::serde]
/// impl Fuser for Careless {
///     fn name(&self) -> String { "careless".into() }
///     fn fit(&self, _: &Predictions, _: &Truth<'_>, _: Seed) -> Result<Box<dyn Fusion>> { Ok(Box::new(Leader)) }
/// }
///
/// let case = check::FusionCase { missing: false, ..check::FusionCase::new(Task::Binary, Gives::Probabilities) };
/// let broken = check::fuser(&Careless, &case).unwrap_err();
/// assert_eq!(broken.contract, "a truth of other rows is refused");
/// ```
///
/// # Errors
/// The first contract that is broken.
pub fn fuser(fuser: &dyn Fuser, case: &FusionCase) -> Result<(), Broken> {
    let suite = Suite { subject: format!("{} ({}, {})", fuser.name(), case.task, case.gives), case };
    let sample = Sample::new(case, ROWS, MEMBERS, "fuser");
    let (predictions, target) = (sample.predictions(), &sample.target);
    let truth = Truth::new(target);
    let fit = |fuser: &dyn Fuser, predictions: &Predictions, truth: &Truth<'_>| {
        fuser.fit(predictions, truth, Seed::new(1)).map_err(|error| suite.broken("it fits good predictions", error))
    };
    let fitted = fit(fuser, &predictions, &truth)?;
    suite.fused(&sample, &*fitted)?;
    let fused = suite.fuse(&*fitted, &predictions)?;

    let again = suite.fuse(&*fit(fuser, &predictions, &truth)?, &predictions)?;
    suite.same("the same fit twice gives the same bits", &fused, &again, 0.0)?;
    for threads in [1, 2] {
        let refit = suite.with_threads(threads, || fit(fuser, &predictions, &truth))??;
        let contract = "a fit with 1 and with 2 threads gives the same bits";
        suite.same(contract, &fused, &suite.fuse(&*refit, &predictions)?, 0.0)?;
    }
    let copy: Box<dyn Fuser> = suite.round_trip("serde round-trips the fuser", fuser)?;
    suite.same(
        "serde round-trips the fuser",
        &fused,
        &suite.fuse(&*fit(&*copy, &predictions, &truth)?, &predictions)?,
        0.0,
    )?;

    let permuted = predictions.subset(&[2, 0, 3, 1]);
    let refit = suite.fuse(&*fit(fuser, &permuted, &truth)?, &permuted)?;
    suite.same("the order of members does not matter to the fit", &fused, &refit, case.tolerance)?;

    let order = shuffled(ROWS);
    let (moved, moved_target) = (predictions.take(&order), target.take(&order));
    let refit = fit(fuser, &moved, &Truth::new(&moved_target))?;
    let contract = "the order of rows does not matter to the fit";
    suite.same(contract, &fused, &suite.fuse(&*refit, &predictions)?, case.tolerance)?;

    // Weight 0 for every seventh row, 2 for every fifth other.
    let weights: Vec<f64> = (0..ROWS)
        .map(|i| {
            if i % 7 == 0 {
                0.0
            } else if i % 5 == 0 {
                2.0
            } else {
                1.0
            }
        })
        .collect();
    let rows: Vec<u32> = (0..ROWS as u32).flat_map(|i| std::iter::repeat_n(i, weights[i as usize] as usize)).collect();
    let copies = predictions.take(&rows);
    let expected = fit(fuser, &copies, &Truth::new(&target.take(&rows)))?;
    let expected = suite.fuse(&*expected, &predictions)?;
    let weighted = |target| Truth::weighted(target, &weights).map_err(|error| suite.broken("weights are legal", error));
    let got = suite.fuse(&*fit(fuser, &predictions, &weighted(target)?)?, &predictions)?;
    suite.same("weight 2 is the row twice and weight 0 is no row", &expected, &got, case.tolerance)?;
    let spoilt = sample.with_spoilt_rows(|i| weights[i] == 0.0);
    let blind = suite.fuse(&*fit(fuser, &spoilt, &weighted(target)?)?, &predictions)?;
    suite.same("rows of weight 0 are not read", &got, &blind, 0.0)?;
    if case.missing {
        let hollow = sample.with_missing_rows(Missing::Available, |_, i| weights[i] == 0.0);
        let blind = suite.fuse(&*fit(fuser, &hollow, &weighted(target)?)?, &predictions)?;
        suite.same("rows of weight 0 may be missing", &got, &blind, 0.0)?;
    }

    let short = target.take(&order[1..]);
    let refused = fuser.fit(&predictions, &Truth::new(&short), Seed::new(1)).is_err();
    suite.ensure(refused, "a truth of other rows is refused", "one row too few")?;
    let other = match case.task {
        Task::Regression | Task::Quantile => {
            Sample::new(&FusionCase { task: Task::Binary, ..case.clone() }, ROWS, 1, "other")
        }
        _ => Sample::new(&FusionCase { task: Task::Regression, ..case.clone() }, ROWS, 1, "other"),
    };
    let refused = fuser.fit(&predictions, &Truth::new(&other.target), Seed::new(1)).is_err();
    suite.ensure(refused, "a truth of another task is refused", other.outputs.task())?;

    let one = predictions.subset(&[1]);
    suite.sound("one member can be fused", &*fit(fuser, &one, &truth)?, &one)?;
    Ok(())
}

struct Suite<'a> {
    subject: String,
    case: &'a FusionCase,
}

impl Suite<'_> {
    /// The contracts of any fusion, fitted or not.
    fn fused(&self, sample: &Sample, fusion: &dyn Fusion) -> Result<(), Broken> {
        let predictions = sample.predictions();
        let fused = self.fuse(fusion, &predictions)?;
        self.sound("the fused numbers are sound", fusion, &predictions)?;
        for threads in [1, 2] {
            let again = self.with_threads(threads, || self.fuse(fusion, &predictions))??;
            self.same("1 and 2 threads give the same bits", &fused, &again, 0.0)?;
        }
        let copy: Box<dyn Fusion> = self.round_trip("serde round-trips the fusion", fusion)?;
        self.same("serde round-trips the fusion", &fused, &self.fuse(&*copy, &predictions)?, 0.0)?;

        let order = shuffled(predictions.rows());
        let moved = self.fuse(fusion, &predictions.take(&order))?;
        self.same("the order of rows does not matter", &take(&fused, &order), &moved, 0.0)?;
        if self.case.row_wise || fusion.row_by_row() {
            let part = self.fuse(fusion, &predictions.slice(100..4200))?;
            let rows: Vec<u32> = (100..4200).collect();
            self.same("a row depends on no other row", &take(&fused, &rows), &part, 0.0)?;
        }
        if self.case.gives == Gives::Probabilities {
            self.sound("exact 0 and 1 stay sound", fusion, &sample.saturated())?;
            self.sound("a class that a member never predicts stays sound", fusion, &sample.without_a_class())?;
        }
        if self.case.missing {
            let hole = |m: usize, i: usize| (m == 1 && i.is_multiple_of(3)) || i == 5;
            let weights = fusion.weights();
            let counts = |m: usize| weights.as_ref().is_none_or(|weights| weights[m] > 0.0);
            let members: Vec<usize> = (0..MEMBERS).filter(|&m| counts(m)).collect();
            let available = self.fuse(fusion, &sample.with_missing_rows(Missing::Available, hole))?;
            let propagated = self.fuse(fusion, &sample.with_missing_rows(Missing::Propagate, hole))?;
            for i in 0..predictions.rows() {
                let nan = |fused: &Matrix| fused.row(i).iter().all(|x| x.is_nan());
                let all = members.iter().all(|&m| hole(m, i));
                let undecided = nan(&fused);
                let row = format!("row {}", i + 1);
                self.ensure(undecided || nan(&available) == all, "a row is missing only if all members lack it", &row)?;
                let any = members.iter().any(|&m| hole(m, i));
                self.ensure(undecided || nan(&propagated) == any, "a row is missing if any member lacks it", &row)?;
            }
            if self.case.row_wise {
                let whole: Vec<u32> = (0..predictions.rows() as u32).filter(|&i| !hole(1, i as usize)).collect();
                let contract = "rows that no member lacks are fused as ever";
                self.same(contract, &take(&fused, &whole), &take(&available, &whole), self.case.tolerance)?;
                self.same(contract, &take(&fused, &whole), &take(&propagated, &whole), self.case.tolerance)?;
            }
        }
        Ok(())
    }

    /// Finite or missing as a whole; probabilities in [0, 1] that sum to 1.
    fn sound(&self, contract: &'static str, fusion: &dyn Fusion, predictions: &Predictions) -> Result<(), Broken> {
        let fused = self.fuse(fusion, predictions)?;
        let right = fused.rows() == predictions.rows() && fused.columns() == predictions.columns();
        self.ensure(right, "the fusion has the shape of a member", format!("{} × {}", fused.rows(), fused.columns()))?;
        let gives = fusion.gives(predictions.outputs());
        let probabilities = matches!(gives, Gives::Probabilities | Gives::Labels);
        let sums = probabilities && matches!(predictions.outputs(), Outputs::Classes(_));
        for i in 0..fused.rows() {
            let row = fused.row(i);
            if row.iter().all(|x| x.is_nan()) {
                continue;
            }
            let finite = row.iter().all(|x| x.is_finite());
            let inside = !probabilities || row.iter().all(|x| (0.0..=1.0 + 1e-6).contains(x));
            let one = !sums || (row.iter().map(|&x| f64::from(x)).sum::<f64>() - 1.0).abs() < 1e-4;
            self.ensure(finite && inside && one, contract, format!("row {} is {row:?}, said to be {gives}", i + 1))?;
        }
        if let Some(weights) = fusion.weights() {
            let good = weights.len() == predictions.members().len()
                && weights.iter().all(|&w| w >= 0.0)
                && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-9;
            self.ensure(good, "the weights of members sum to 1", format!("{weights:?}"))?;
        }
        Ok(())
    }

    fn fuse(&self, fusion: &dyn Fusion, predictions: &Predictions) -> Result<Matrix, Broken> {
        fusion.fuse(predictions).map_err(|error| self.broken("it fuses good predictions", error))
    }

    fn with_threads<T: Send>(&self, threads: usize, work: impl FnOnce() -> T + Send) -> Result<T, Broken> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        Ok(pool.map_err(|error| self.broken("a pool of threads can be made", error))?.install(work))
    }

    fn round_trip<T: serde::Serialize + ?Sized, U: serde::de::DeserializeOwned>(
        &self,
        contract: &'static str,
        what: &T,
    ) -> Result<U, Broken> {
        let text = serde_json::to_string(what).map_err(|error| self.broken(contract, error))?;
        serde_json::from_str(&text).map_err(|error| self.broken(contract, error))
    }

    /// Equal to the bit for a tolerance of 0; NaN equals NaN.
    fn same(&self, contract: &'static str, a: &Matrix, b: &Matrix, tolerance: f32) -> Result<(), Broken> {
        self.ensure(a.rows() == b.rows() && a.columns() == b.columns(), contract, "the shapes differ")?;
        for i in 0..a.rows() {
            for (x, y) in a.row(i).iter().zip(b.row(i)) {
                let near = x == y || (x.is_nan() && y.is_nan()) || (x - y).abs() <= tolerance * x.abs().max(1.0);
                self.ensure(near, contract, format_args!("row {}: {x} and {y}", i + 1))?;
            }
        }
        Ok(())
    }

    fn ensure(&self, holds: bool, contract: &'static str, detail: impl std::fmt::Display) -> Result<(), Broken> {
        if holds { Ok(()) } else { Err(self.broken(contract, detail)) }
    }

    fn broken(&self, contract: &'static str, detail: impl std::fmt::Display) -> Broken {
        Broken { subject: self.subject.clone(), contract, detail: detail.to_string() }
    }
}

fn shuffled(rows: usize) -> Vec<u32> {
    let mut order: Vec<u32> = (0..rows as u32).collect();
    Seed::new(3).stream().shuffle(&mut order);
    order
}

fn take(matrix: &Matrix, rows: &[u32]) -> Matrix {
    let mut taken = Matrix::zeros(rows.len(), matrix.columns());
    for (i, &row) in rows.iter().enumerate() {
        taken.row_mut(i).copy_from_slice(matrix.row(row as usize));
    }
    taken
}
