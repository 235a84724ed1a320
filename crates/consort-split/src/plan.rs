use consort_core::{Error, Result, Splitter};
use serde::{Deserialize, Serialize};

use crate::{
    Bootstrap, By, CombinatorialPurged, ExpandingWindow, GroupKFold, KFold, LeaveOneGroupOut, LeaveOneOut,
    LeavePGroupsOut, PurgedKFold, Repeated, ShuffleSplit, Size, SlidingWindow, StratifiedGroupKFold, StratifiedKFold,
    TrainValidTest, WithValid,
};

/// What a person asked for, by name, and which columns they gave: makes the splitter of it.
///
/// Without a `method` the columns choose:
///
/// | columns | splitter |
/// |---|---|
/// | time | [`ExpandingWindow`] |
/// | stratify and group | [`StratifiedGroupKFold`] |
/// | stratify | [`StratifiedKFold`] |
/// | group | [`GroupKFold`] |
/// | none | [`KFold`], shuffled |
///
/// With `test_size` and without `folds` and time it is one cut, [`TrainValidTest`], or with `repeats`
/// [`ShuffleSplit`]. An option that the splitter has no use for is an error, never ignored.
///
/// ```
/// use consort_split::Plan;
/// let plan = Plan { folds: Some(5), stratify: true, repeats: Some(3), ..Plan::default() };
/// let splitter = plan.splitter()?;
/// assert!(format!("{splitter:?}").contains("StratifiedKFold"));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plan {
    /// The splitter, one of [`Plan::METHODS`]; by default the columns choose.
    pub method: Option<String>,
    /// How many folds, splits of time, or draws (5, but 10 draws).
    pub folds: Option<u32>,
    /// How often it is all done anew.
    pub repeats: Option<u32>,
    /// Whether there is a column to stratify by.
    pub stratify: bool,
    /// Whether there is a column of groups.
    pub group: bool,
    /// Whether there is a column of times.
    pub time: bool,
    /// Whether the rows are shuffled; yes unless said otherwise.
    pub shuffle: Option<bool>,
    /// Into how many bins a continuous target is cut.
    pub bins: Option<u32>,
    /// How much is tested: of a single cut, or in distinct times of a window.
    pub test_size: Option<Size>,
    /// How much is learned from, in a shuffle split or a sliding window.
    pub train_size: Option<Size>,
    /// How much of each training part is set aside to stop early on (of a single cut: of all rows).
    pub valid: Option<Size>,
    /// How many distinct times are left out before a test.
    pub gap: Option<u32>,
    /// How many distinct times an expanding window learns from at most.
    pub max_train_size: Option<u32>,
    /// How long after a row its label is known.
    pub horizon: Option<f64>,
    /// How long after a test nothing is learned from.
    pub embargo: Option<f64>,
    /// How many groups, or blocks of time, are left out at a time.
    pub leave: Option<u32>,
}

impl Plan {
    /// The names of the methods, and what each does.
    pub const METHODS: [(&'static str, &'static str); 14] = [
        ("holdout", "one cut into train, perhaps valid, and test"),
        ("kfold", "K folds of equal size"),
        ("stratified", "K folds with every class in proportion"),
        ("group", "K folds that never part a group"),
        ("stratified_group", "K folds that never part a group, with every class in proportion"),
        ("leave_one_out", "each row tested alone"),
        ("leave_one_group_out", "each group tested alone"),
        ("leave_groups_out", "every way to leave some groups out"),
        ("shuffle", "several cuts, each drawn anew (Monte-Carlo)"),
        ("bootstrap", "draws with replacement, tested out of bag"),
        ("expanding", "tests on the future, learning from all before"),
        ("sliding", "tests on the future, learning from a window"),
        ("purged", "K folds in time order, purged, with embargo"),
        ("combinatorial_purged", "every way to test some blocks of time, purged"),
    ];

    /// The name of the method: the one given, or the one that the columns choose.
    pub fn method(&self) -> &str {
        if let Some(method) = &self.method {
            return method;
        }
        let one_cut = self.test_size.is_some() && self.folds.is_none();
        match (self.time, self.stratify, self.group) {
            (true, ..) => "expanding",
            _ if one_cut && self.repeats.unwrap_or(1) > 1 => "shuffle",
            _ if one_cut => "holdout",
            (_, true, true) => "stratified_group",
            (_, true, false) => "stratified",
            (_, false, true) => "group",
            _ => "kfold",
        }
    }

    /// The splitter.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a method that is not there, [`Error::Unsupported`] for an option or a column that
    /// the method has no use for, [`Error::Parameter`] for a size of the wrong kind.
    pub fn splitter(&self) -> Result<Box<dyn Splitter>> {
        let method = self.method().to_owned();
        // What each method reads is taken out; what is left at the end nobody reads.
        let mut left = Plan { method: None, ..self.clone() };
        let splitter = left.take_splitter(&method)?;
        let splitter = match left.repeats.take() {
            Some(repeats) if repeats != 1 => {
                let repeated = Repeated::boxed(splitter, repeats);
                repeated.check()?;
                Box::new(repeated)
            }
            _ => splitter,
        };
        left.refuse_rest(&method)?;
        Ok(splitter)
    }

    fn take_splitter(&mut self, method: &str) -> Result<Box<dyn Splitter>> {
        let folds = |plan: &mut Plan| plan.folds.take().unwrap_or(Self::USUAL_FOLDS);
        let shuffle = |plan: &mut Plan| plan.shuffle.take().unwrap_or(true);
        match method {
            "holdout" => {
                let mut cut = TrainValidTest::new(self.test_size.take().unwrap_or(Size::Fraction(0.2)));
                if let Some(valid) = self.valid.take() {
                    cut = cut.valid(valid);
                }
                let by = self.take_by(method, true)?;
                Ok(Box::new(cut.by(by)))
            }
            "shuffle" => {
                let draws = self.folds.take().or(self.repeats.take()).unwrap_or(10);
                let mut cuts = ShuffleSplit::new(draws, self.test_size.take().unwrap_or(Size::Fraction(0.1)));
                if let Some(train) = self.train_size.take() {
                    cuts = cuts.train(train);
                }
                let by = self.take_by(method, false)?;
                self.with_valid(cuts.by(by), by)
            }
            "bootstrap" => {
                let draws = self.folds.take().or(self.repeats.take()).unwrap_or(10);
                let by = self.take_by(method, false)?;
                self.with_valid(Bootstrap::new(draws).by(by), by)
            }
            "kfold" => {
                let kfold = KFold::new(folds(self)).shuffle(shuffle(self));
                self.with_valid(kfold, By::Rows)
            }
            "stratified" => {
                self.need("stratify", method)?;
                let mut kfold = StratifiedKFold::new(folds(self)).shuffle(shuffle(self));
                if let Some(bins) = self.bins.take() {
                    kfold = kfold.bins(bins);
                }
                self.with_valid(kfold, By::Classes)
            }
            "group" => {
                self.need("group", method)?;
                let kfold = GroupKFold::new(folds(self)).shuffle(shuffle(self));
                self.with_valid(kfold, By::Groups)
            }
            "stratified_group" => {
                self.need("stratify", method)?;
                self.need("group", method)?;
                let mut kfold = StratifiedGroupKFold::new(folds(self)).shuffle(shuffle(self));
                if let Some(bins) = self.bins.take() {
                    kfold = kfold.bins(bins);
                }
                self.with_valid(kfold, By::Groups)
            }
            "leave_one_out" => self.with_valid(LeaveOneOut::new(), By::Rows),
            "leave_one_group_out" => {
                self.need("group", method)?;
                self.with_valid(LeaveOneGroupOut::new(), By::Groups)
            }
            "leave_groups_out" => {
                self.need("group", method)?;
                let out = LeavePGroupsOut::new(self.leave.take().unwrap_or(2));
                self.with_valid(out, By::Groups)
            }
            "expanding" => {
                self.need("time", method)?;
                let window = self.take_window()?;
                self.with_valid(window, By::Time)
            }
            "sliding" => {
                self.need("time", method)?;
                let train = count("train_size", self.train_size.take())?;
                let train = train.ok_or_else(|| {
                    Error::parameter("train_size", "not given", "a number of distinct times for a sliding window")
                })?;
                let test = count("test_size", self.test_size.take())?.unwrap_or(1);
                let window = SlidingWindow::new(train, test).gap(self.gap.take().unwrap_or(0));
                self.with_valid(window, By::Time)
            }
            "purged" => {
                self.need("time", method)?;
                let purged = PurgedKFold::new(folds(self))
                    .horizon(self.horizon.take().unwrap_or(0.0))
                    .embargo(self.embargo.take().unwrap_or(0.0));
                Ok(Box::new(purged))
            }
            "combinatorial_purged" => {
                self.need("time", method)?;
                let purged = CombinatorialPurged::new(self.folds.take().unwrap_or(6), self.leave.take().unwrap_or(2))
                    .horizon(self.horizon.take().unwrap_or(0.0))
                    .embargo(self.embargo.take().unwrap_or(0.0));
                Ok(Box::new(purged))
            }
            other => Err(Error::UnknownName {
                what: "way to split",
                name: other.into(),
                known: format!("there are {}", Self::METHODS.map(|(name, _)| format!("`{name}`")).join(", ")),
            }),
        }
    }

    /// The expanding window, with what the plan says of it.
    pub(super) fn take_window(&mut self) -> Result<ExpandingWindow> {
        let mut window =
            ExpandingWindow::new(self.folds.take().unwrap_or(Self::USUAL_FOLDS)).gap(self.gap.take().unwrap_or(0));
        if let Some(size) = count("test_size", self.test_size.take())? {
            window = window.test_size(size);
        }
        if let Some(most) = self.max_train_size.take() {
            window = window.max_train_size(most);
        }
        Ok(window)
    }

    /// The splitter, with validation rows where they are asked for.
    fn with_valid(&mut self, splitter: impl Splitter + 'static, by: By) -> Result<Box<dyn Splitter>> {
        match self.valid.take() {
            None => Ok(Box::new(splitter)),
            Some(valid) => {
                let splitter = WithValid::new(splitter, valid).by(by);
                splitter.check()?;
                Ok(Box::new(splitter))
            }
        }
    }

    fn take_by(&mut self, method: &str, time: bool) -> Result<By> {
        match (self.stratify, self.group, self.time) {
            (false, false, false) => Ok(By::Rows),
            (true, false, false) => self.need("stratify", method).map(|()| By::Classes),
            (false, true, false) => self.need("group", method).map(|()| By::Groups),
            (false, false, true) if time => self.need("time", method).map(|()| By::Time),
            (false, false, true) => Err(Error::Unsupported {
                by: format!("the split `{method}`"),
                what: "a column of times".into(),
                hint: "use `expanding` or `sliding`".into(),
            }),
            _ => Err(Error::Unsupported {
                by: format!("the split `{method}`"),
                what: "more than one of stratify, group and time".into(),
                hint: "give one; `stratified_group` keeps groups whole and classes in proportion".into(),
            }),
        }
    }

    /// Takes a column that the method needs.
    fn need(&mut self, column: &str, method: &str) -> Result<()> {
        let flag = match column {
            "stratify" => &mut self.stratify,
            "group" => &mut self.group,
            _ => &mut self.time,
        };
        if std::mem::take(flag) {
            return Ok(());
        }
        Err(Error::Unsupported {
            by: format!("the split `{method}`"),
            what: format!("rows without a column for `{column}`"),
            hint: format!("name the column with `{column}`"),
        })
    }

    fn refuse_rest(&self, method: &str) -> Result<()> {
        let rest = [
            ("folds", self.folds.is_some()),
            ("stratify", self.stratify),
            ("group", self.group),
            ("time", self.time),
            ("shuffle", self.shuffle.is_some()),
            ("bins", self.bins.is_some()),
            ("test_size", self.test_size.is_some()),
            ("train_size", self.train_size.is_some()),
            ("valid", self.valid.is_some()),
            ("gap", self.gap.is_some()),
            ("max_train_size", self.max_train_size.is_some()),
            ("horizon", self.horizon.is_some()),
            ("embargo", self.embargo.is_some()),
            ("leave", self.leave.is_some()),
        ];
        match rest.iter().find(|(_, given)| *given) {
            None => Ok(()),
            Some((option, _)) => Err(Error::Unsupported {
                by: format!("the split `{method}`"),
                what: format!("the option `{option}`"),
                hint: "leave it out, or choose another way to split".into(),
            }),
        }
    }
}

/// A size that must be a count.
fn count(name: &'static str, size: Option<Size>) -> Result<Option<u32>> {
    match size {
        None => Ok(None),
        Some(Size::Count(count)) => Ok(Some(count)),
        Some(fraction) => Err(Error::parameter(name, fraction, "a whole number of distinct times for a window")),
    }
}
