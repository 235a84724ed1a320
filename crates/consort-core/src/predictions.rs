use std::{ops::Range, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{Error, Estimates, Ids, Matrix, Outputs, Result, blocks, huge_pages};

/// What a member's numbers mean.
///
/// ```
/// use consort_core::{Classes, Gives, Outputs};
/// assert_eq!(Outputs::target("y").gives(), Gives::Values);
/// assert_eq!(Gives::Probabilities.to_string(), "probabilities");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gives {
    /// Probabilities of the classes, which sum to 1; or of labels, each in [0, 1].
    Probabilities,
    /// Unnormalised log-probabilities of the classes.
    Logits,
    /// Numbers whose order matters and whose size does not.
    Scores,
    /// A label: 1 for the class chosen and 0 for the others.
    Labels,
    /// Predicted numbers, of a regression.
    Values,
}

impl std::fmt::Display for Gives {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Gives::Probabilities => "probabilities",
            Gives::Logits => "logits",
            Gives::Scores => "scores",
            Gives::Labels => "labels",
            Gives::Values => "values",
        })
    }
}

/// What to do with a row that a member does not predict (NaN).
///
/// ```
/// use consort_core::{Gives, Ids, Missing, Outputs, Predictions};
/// let with = |missing| {
///     let builder = Predictions::builder(Outputs::target("y"), Ids::positions(2)).missing(missing);
///     builder.member("a", Gives::Values, &[1.0, f32::NAN])?.build()
/// };
/// assert!(with(Missing::Error).is_err());
/// assert!(with(Missing::Available)?.is_missing(0, 1));
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Missing {
    /// Refuse it: an error names row and member.
    #[default]
    Error,
    /// Leave that member out of that row; the weights of the others are renormalised.
    Available,
    /// The fused row is missing too.
    Propagate,
}

/// One column of the table of members.
///
/// ```
/// use consort_core::{Gives, Member};
/// let member = Member { name: "forest".into(), gives: Gives::Probabilities };
/// assert_eq!(serde_json::to_string(&member).unwrap(), r#"{"name":"forest","gives":"probabilities"}"#);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Its name, unique among the members.
    pub name: String,
    /// What its numbers mean.
    pub gives: Gives,
}

/// The members' predictions of the same rows, aligned by row and by class: `[member][row][column]` in `f32`.
///
/// Cloning, [`slice`](Self::slice) and [`subset`](Self::subset) share the numbers and cost nothing.
///
/// ```
/// use consort_core::{Classes, Gives, Ids, Outputs, Predictions};
/// let classes = Classes::new(["no", "yes"])?;
/// let predictions = Predictions::builder(Outputs::Classes(classes), Ids::positions(2))
///     .member("forest", Gives::Probabilities, &[0.9, 0.1, 0.4, 0.6])?
///     .member("boost", Gives::Probabilities, &[0.8, 0.2, 0.3, 0.7])?
///     .build()?;
/// assert_eq!(predictions.at(1, 0, 1), 0.2);
/// assert_eq!(predictions.subset(&[1]).members()[0].name, "boost");
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Predictions {
    outputs: Arc<Outputs>,
    ids: Ids,
    /// Where the rows of this view start in `ids` and in each member's block.
    start: usize,
    rows: usize,
    members: Vec<Member>,
    /// Which block of the cube each member has.
    places: Vec<usize>,
    cube: Arc<Vec<f32>>,
    missing: Missing,
    holes: bool,
}

impl Predictions {
    /// Starts a cube of these columns and rows.
    pub fn builder(outputs: Outputs, ids: Ids) -> PredictionsBuilder {
        PredictionsBuilder {
            outputs,
            ids,
            members: Vec::new(),
            cube: Vec::new(),
            missing: Missing::Error,
            tolerance: PredictionsBuilder::TOLERANCE,
        }
    }

    /// What the columns are.
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The members, in order.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The names of the members, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members.iter().map(|member| member.name.as_str())
    }

    /// The place of the member of this name.
    pub fn find(&self, name: &str) -> Option<usize> {
        self.members.iter().position(|member| member.name == name)
    }

    /// How many rows there are.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// How many columns a row of one member has.
    pub fn columns(&self) -> usize {
        self.outputs.len()
    }

    /// The id of row `i` as text.
    pub fn id(&self, i: usize) -> std::borrow::Cow<'_, str> {
        self.ids.text(self.start + i)
    }

    /// The ids of all rows.
    pub fn ids(&self) -> Ids {
        if self.start == 0 && self.rows == self.ids.len() {
            return self.ids.clone();
        }
        if self.ids.are_positions() {
            return Ids::positions(self.rows);
        }
        Ids::from_texts((0..self.rows).map(|i| self.id(i)))
    }

    /// The numbers of member `m`, row after row: `[rows][columns]`, in one piece of memory.
    pub fn member(&self, m: usize) -> &[f32] {
        let columns = self.columns();
        let block = self.places[m] * self.ids.len() * columns;
        &self.cube[block + self.start * columns..block + (self.start + self.rows) * columns]
    }

    /// The numbers of member `m` for some rows.
    pub fn member_rows(&self, m: usize, rows: Range<usize>) -> &[f32] {
        &self.member(m)[rows.start * self.columns()..rows.end * self.columns()]
    }

    /// The number of member `m` in row `i` and column `k`.
    pub fn at(&self, m: usize, i: usize, k: usize) -> f32 {
        self.member(m)[i * self.columns() + k]
    }

    /// Member `m` as a metric reads it.
    pub fn estimates(&self, m: usize) -> Estimates<'_> {
        Estimates::matrix_part(self.member(m), self.columns(), self.members[m].gives)
    }

    /// What is done with missing rows.
    pub fn missing(&self) -> Missing {
        self.missing
    }

    /// Whether any member lacks any row. A row is missing as a whole: NaN in every column.
    pub fn has_missing(&self) -> bool {
        self.holes
    }

    /// Whether member `m` lacks row `i`.
    pub fn is_missing(&self, m: usize, i: usize) -> bool {
        self.holes && self.at(m, i, 0).is_nan()
    }

    /// The same members on a range of rows. Costs nothing.
    ///
    /// # Panics
    /// If the range is beyond the rows, as a slice does.
    pub fn slice(&self, rows: Range<usize>) -> Predictions {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows {rows:?} of {}", self.rows);
        Predictions { start: self.start + rows.start, rows: rows.len(), ..self.clone() }
    }

    /// Some members, in the order given. Costs nothing.
    ///
    /// # Panics
    /// If a member number is beyond the members, as a slice does.
    pub fn subset(&self, members: &[usize]) -> Predictions {
        Predictions {
            members: members.iter().map(|&m| self.members[m].clone()).collect(),
            places: members.iter().map(|&m| self.places[m]).collect(),
            ..self.clone()
        }
    }

    /// The members of these names, in the order given. Costs nothing.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name that no member bears.
    pub fn named<S: AsRef<str>>(&self, names: &[S]) -> Result<Predictions> {
        let places: Result<Vec<usize>> =
            names.iter().map(|name| self.find(name.as_ref()).ok_or_else(|| self.unknown(name.as_ref()))).collect();
        Ok(self.subset(&places?))
    }

    /// The members of these names, in the order given, where only some are needed: the place of one that is absent
    /// and not needed is taken by the numbers of another, for a fusion that gives it weight 0 and never reads it.
    ///
    /// # Errors
    /// [`Error::UnknownName`] for a name that is needed and that no member bears.
    pub fn named_where<S: AsRef<str>>(&self, names: &[S], needed: impl Fn(usize) -> bool) -> Result<Predictions> {
        let mut places = Vec::with_capacity(names.len());
        for (m, name) in names.iter().enumerate() {
            match self.find(name.as_ref()) {
                Some(place) => places.push(place),
                None if needed(m) => return Err(self.unknown(name.as_ref())),
                None => places.push(0),
            }
        }
        let mut subset = self.subset(&places);
        for (member, name) in subset.members.iter_mut().zip(names) {
            member.name = name.as_ref().into();
        }
        Ok(subset)
    }

    fn unknown(&self, name: &str) -> Error {
        let members = self.names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Error::UnknownName { what: "member", name: name.into(), known: format!("the members are {members}") }
    }

    /// Some rows, in the order given, copied.
    ///
    /// # Panics
    /// If a row number is beyond the rows, as a slice does.
    pub fn take(&self, rows: &[u32]) -> Predictions {
        let columns = self.columns();
        let mut cube = huge_pages::zeros(self.members.len() * rows.len() * columns);
        for m in 0..self.members.len() {
            let from = self.member(m);
            let to = &mut cube[m * rows.len() * columns..(m + 1) * rows.len() * columns];
            for (to, &i) in to.chunks_exact_mut(columns).zip(rows) {
                to.copy_from_slice(&from[i as usize * columns..(i as usize + 1) * columns]);
            }
        }
        let ids = if self.ids.are_positions() {
            Ids::positions(rows.len())
        } else {
            Ids::from_texts(rows.iter().map(|&i| self.id(i as usize)))
        };
        Predictions {
            outputs: self.outputs.clone(),
            ids,
            start: 0,
            rows: rows.len(),
            members: self.members.clone(),
            places: (0..self.members.len()).collect(),
            cube: Arc::new(cube),
            missing: self.missing,
            holes: self.holes,
        }
    }

    /// The members' predictions as a matrix, copied.
    pub fn to_matrix(&self, m: usize) -> Matrix {
        let mut matrix = Matrix::zeros(self.rows, self.columns());
        matrix.values_mut().copy_from_slice(self.member(m));
        matrix
    }
}

/// Makes [`Predictions`], checking each member as it comes.
///
/// ```
/// use consort_core::{Gives, Ids, Outputs, Predictions};
/// let builder = Predictions::builder(Outputs::target("y"), Ids::positions(2)).member("a", Gives::Values, &[1.0, 2.0])?;
/// assert!(builder.member("a", Gives::Values, &[3.0, 4.0]).is_err()); // the name is taken
/// # Ok::<(), consort_core::Error>(())
/// ```
#[derive(Debug)]
pub struct PredictionsBuilder {
    outputs: Outputs,
    ids: Ids,
    members: Vec<Member>,
    cube: Vec<f32>,
    missing: Missing,
    tolerance: f32,
}

impl PredictionsBuilder {
    /// How far the probabilities of a row may be from a sum of 1.
    pub const TOLERANCE: f32 = 1e-4;

    /// What to do with rows that a member does not predict; the default refuses them.
    pub fn missing(mut self, missing: Missing) -> Self {
        self.missing = missing;
        self
    }

    /// Makes room for this many members at once, so that none is moved when another comes. Room that there is not is not
    /// made: the members that come say so.
    pub fn reserve(mut self, members: usize) -> Self {
        let numbers = members.saturating_mul(self.ids.len()).saturating_mul(self.outputs.len());
        if self.cube.try_reserve_exact(numbers).is_ok() {
            huge_pages::prefer(self.cube.spare_capacity_mut());
        }
        self
    }

    /// Adds a member: its numbers row after row, `[rows][columns]`.
    ///
    /// # Errors
    /// [`Error::Length`], [`Error::DuplicateName`], [`Error::NotFinite`] or [`Error::NotProbabilities`], naming
    /// member and row.
    pub fn member(mut self, name: impl Into<String>, gives: Gives, values: &[f32]) -> Result<Self> {
        let name = name.into();
        let expected = self.ids.len() * self.outputs.len();
        if values.len() != expected {
            return Err(Error::Length {
                what: format!("member `{name}`"),
                got: values.len(),
                expected,
                unit: "numbers",
                hint: format!("{} rows of {} columns", self.ids.len(), self.outputs.len()),
            });
        }
        self.add(name, gives, |slot| {
            slot.copy_from_slice(values);
            Ok(())
        })?;
        Ok(self)
    }

    /// Adds a member whose numbers `write` puts where they belong, without a copy between.
    ///
    /// # Errors
    /// As [`member`](Self::member), and those of `write`; after an error the builder is as it was before.
    pub fn add(
        &mut self,
        name: impl Into<String>,
        gives: Gives,
        write: impl FnOnce(&mut [f32]) -> Result<()>,
    ) -> Result<()> {
        self.add_together(vec![Member { name: name.into(), gives }], write)
    }

    /// Adds several members whose numbers `write` puts where they belong: member after member, `[member][row][column]`.
    /// It serves a source that has them side by side and is read once.
    ///
    /// # Errors
    /// As [`add`](Self::add); after an error none of them is added.
    pub fn add_together(&mut self, members: Vec<Member>, write: impl FnOnce(&mut [f32]) -> Result<()>) -> Result<()> {
        let mut known = std::collections::HashSet::new();
        if let Some(twice) = self.members.iter().chain(&members).find(|member| !known.insert(&member.name)) {
            return Err(Error::DuplicateName { what: "member", name: twice.name.clone() });
        }
        let (start, size) = (self.cube.len(), self.ids.len() * self.outputs.len());
        self.cube.resize(start + members.len() * size, 0.0);
        let mut written = write(&mut self.cube[start..]);
        for (i, member) in members.iter().enumerate() {
            written = written.and_then(|()| self.check(&member.name, member.gives, start + i * size, size));
        }
        match written {
            Ok(()) => self.members.extend(members),
            Err(_) => self.cube.truncate(start),
        }
        written
    }

    /// Refuses what the contracts refuse, and makes a row that lacks one number lack all.
    fn check(&mut self, name: &str, gives: Gives, start: usize, size: usize) -> Result<()> {
        let columns = self.outputs.len();
        let (ids, outputs, missing, tolerance) = (&self.ids, &self.outputs, self.missing, self.tolerance);
        let sums_to_one =
            matches!(outputs, Outputs::Classes(_)) && matches!(gives, Gives::Probabilities | Gives::Labels);
        let in_unit = matches!(gives, Gives::Probabilities | Gives::Labels);
        let place = || format!("member `{name}`");
        blocks::fill(&mut self.cube[start..start + size], columns, |rows, part| {
            for (i, row) in rows.zip(part.chunks_exact_mut(columns)) {
                let (mut sum, mut least) = (0.0f32, f32::INFINITY);
                for &x in row.iter() {
                    sum += x;
                    least = least.min(x);
                }
                if !sum.is_finite() {
                    let Some(k) = row.iter().position(|x| !x.is_finite()) else {
                        // Finite numbers whose sum is not: only values and scores may be that large.
                        if !in_unit {
                            continue;
                        }
                        let problem = "the numbers are too large for probabilities".into();
                        return Err(Error::NotProbabilities { place: place(), row: i + 1, id: ids.label(i), problem });
                    };
                    if missing == Missing::Error || row.iter().any(|x| x.is_infinite()) {
                        return Err(Error::NotFinite {
                            place: place(),
                            row: i + 1,
                            id: ids.label(i),
                            what: format!("`{}`", outputs.name(k)),
                            value: f64::from(row[k]),
                        });
                    }
                    row.fill(f32::NAN);
                    continue;
                }
                let problem = if in_unit && least < 0.0 {
                    Some(format!("the least number is {least}, below 0"))
                } else if sums_to_one && (sum - 1.0).abs() > tolerance {
                    Some(format!("the probabilities sum to {sum}, not to 1"))
                } else if in_unit && !sums_to_one && row.iter().any(|&x| x > 1.0) {
                    Some("a probability is above 1".into())
                } else {
                    None
                };
                if let Some(problem) = problem {
                    return Err(Error::NotProbabilities { place: place(), row: i + 1, id: ids.label(i), problem });
                }
            }
            Ok(())
        })
    }

    /// The cube.
    ///
    /// # Errors
    /// [`Error::Empty`] without a member, a row or a column; those of [`Outputs::check`].
    pub fn build(self) -> Result<Predictions> {
        self.outputs.check()?;
        let empty = |what: &str, hint: &str| Err(Error::Empty { what: what.into(), hint: hint.into() });
        if self.members.is_empty() {
            return empty("the list of members", "give at least one member");
        }
        if self.ids.is_empty() {
            return empty("the list of rows", "the members have no row in common");
        }
        if self.outputs.is_empty() {
            return empty("the list of outputs", "declare at least one class or target");
        }
        let holes = self.missing != Missing::Error
            && blocks::map(self.cube.len(), |part| self.cube[part].iter().any(|x| x.is_nan())).contains(&true);
        Ok(Predictions {
            outputs: Arc::new(self.outputs),
            start: 0,
            rows: self.ids.len(),
            ids: self.ids,
            places: (0..self.members.len()).collect(),
            members: self.members,
            cube: Arc::new(self.cube),
            missing: self.missing,
            holes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Classes;

    fn two_classes() -> Outputs {
        Outputs::Classes(Classes::new(["no", "yes"]).unwrap())
    }

    #[test]
    fn a_bad_row_is_named_with_member_and_id() {
        let ids = Ids::from_texts(["r1", "r2"]);
        let build = |values: &[f32]| {
            Predictions::builder(two_classes(), ids.clone()).member("m", Gives::Probabilities, values).map(|_| ())
        };
        let nan = build(&[0.5, 0.5, 0.5, f32::NAN]).unwrap_err().to_string();
        assert!(nan.contains("member `m`: row 2 (id `r2`): `yes` is NaN"), "{nan}");
        let sum = build(&[0.5, 0.4, 0.5, 0.5]).unwrap_err().to_string();
        assert!(sum.contains("row 1 (id `r1`): the probabilities sum to 0.9, not to 1"), "{sum}");
        let negative = build(&[0.5, 0.5, -0.1, 1.1]).unwrap_err().to_string();
        assert!(negative.contains("below 0"), "{negative}");
        assert!(build(&[0.5, 0.5, 0.50004, 0.5]).is_ok());
    }

    #[test]
    fn room_that_there_is_not_is_not_made() {
        let builder = Predictions::builder(Outputs::target("y"), Ids::positions(8)).reserve(usize::MAX / 4);
        assert_eq!(builder.member("a", Gives::Values, &[1.0; 8]).unwrap().build().unwrap().rows(), 8);
    }

    #[test]
    fn outputs_that_contradict_themselves_are_refused() {
        let build = |outputs: Outputs| {
            let builder = Predictions::builder(outputs, Ids::positions(1));
            builder.member("a", Gives::Values, &[1.0, 2.0]).unwrap().build().map(|_| ()).unwrap_err().to_string()
        };
        let twice = build(Outputs::Targets(vec!["y".into(), "y".into()]));
        assert!(twice.contains("duplicate target `y`"), "{twice}");
        let falling = build(Outputs::Quantiles(vec![0.9, 0.1]));
        assert!(falling.contains("`levels` is 0.9 before 0.1"), "{falling}");
    }

    #[test]
    fn a_failed_member_leaves_the_builder_as_it_was() {
        let mut builder = Predictions::builder(two_classes(), Ids::positions(1));
        builder
            .add("a", Gives::Probabilities, |slot| {
                slot.copy_from_slice(&[0.5, 0.5]);
                Ok(())
            })
            .unwrap();
        assert!(
            builder
                .add("b", Gives::Probabilities, |slot| {
                    slot[0] = 2.0;
                    Ok(())
                })
                .is_err()
        );
        let built = builder.member("b", Gives::Probabilities, &[0.25, 0.75]).unwrap().build().unwrap();
        assert_eq!((built.member(0), built.member(1)), (&[0.5, 0.5][..], &[0.25, 0.75][..]));
    }

    #[test]
    fn members_added_together_are_those_added_one_by_one() {
        let mut builder = Predictions::builder(Outputs::target("y"), Ids::positions(2));
        let member = |name: &str| Member { name: name.into(), gives: Gives::Values };
        let twice = builder.add_together(vec![member("a"), member("a")], |_| Ok(())).unwrap_err();
        assert!(twice.to_string().contains("duplicate member `a`"), "{twice}");
        builder
            .add_together(vec![member("a"), member("b")], |slots| {
                slots.copy_from_slice(&[1.0, 2.0, 3.0, 4.0]);
                Ok(())
            })
            .unwrap();
        let built = builder.build().unwrap();
        assert_eq!((built.member(0), built.member(1)), (&[1.0, 2.0][..], &[3.0, 4.0][..]));
    }

    #[test]
    fn a_row_that_lacks_one_number_lacks_all_where_a_policy_allows_it() {
        let built = Predictions::builder(two_classes(), Ids::positions(2))
            .missing(Missing::Available)
            .member("m", Gives::Probabilities, &[f32::NAN, 0.5, 0.5, 0.5])
            .unwrap()
            .build()
            .unwrap();
        assert!(built.has_missing() && built.is_missing(0, 0) && !built.is_missing(0, 1));
        assert!(built.at(0, 0, 1).is_nan());
    }

    #[test]
    fn slices_subsets_and_taken_rows_agree() {
        let values = |m: usize| (0..10).map(|i| (10 * m + i) as f32).collect::<Vec<_>>();
        let mut builder = Predictions::builder(Outputs::target("y"), Ids::from_texts((0..10).map(|i| format!("r{i}"))));
        for m in 0..3 {
            builder = builder.member(format!("m{m}"), Gives::Values, &values(m)).unwrap();
        }
        let all = builder.build().unwrap();
        let part = all.subset(&[2, 0]).slice(3..7);
        let taken = part.take(&[3, 0]);
        assert_eq!(part.member(0), [23.0, 24.0, 25.0, 26.0]);
        assert_eq!(taken.member(1), [6.0, 3.0]);
        assert_eq!((taken.id(0), taken.ids().text(1)), ("r6".into(), "r3".into()));
        assert_eq!(part.ids().text(1), "r4");
    }
}
