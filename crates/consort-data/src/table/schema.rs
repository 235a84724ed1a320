use consort_core::{Dataset, Outputs, Warning};
use serde::{Deserialize, Serialize};

use crate::{Error, Result, files::TextColumn};

use super::{
    MissingTarget, MissingValues, Plan, Roles, SchemaOptions, SetAside, Table, Why,
    apply::{self, Applied},
    column::Data,
    feature, leak,
    target::Truths,
};

/// What the columns of a training table are, so that any later table is read in the same way: which are features and
/// of what kind, which are set aside and why, what the target is.
///
/// | column | what it becomes |
/// |---|---|
/// | numbers, whole or not | a number |
/// | `true`/`false` | a number, 1 or 0 |
/// | texts of at most 20 levels, or of at most 10,000 with two rows each in the mean | a category |
/// | dates, with or without a time | numbers: `COL.year`, `.month`, `.day`, `.weekday`, `.day_of_year`, `.hour`, `.days` |
/// | other texts; texts or row numbers that are an id; one value everywhere; nothing; lists | set aside, with a warning |
///
/// Integers stay numbers. The column named as target, id, weight, group, time or fold is no feature. What a column is
/// depends neither on the order of the rows nor on that of the columns.
///
/// ```
/// use consort_data::{files::{Format, Source}, table::{self, Roles, Schema, SchemaOptions}};
/// let csv = &b"id,size,colour,always,y\na,1.5,red,7,yes\nb,,blue,7,no\nc,2,red,7,no\n"[..];
/// let table = table::read_source(&Source::bytes("t.csv", Format::Csv, csv))?;
/// let schema = Schema::infer(&table, &Roles::target("y"), SchemaOptions::default())?;
/// assert_eq!(schema.features(), ["size", "colour"]);
/// assert_eq!(schema.set_aside()[0].to_string(), "column `always` is set aside: it is `7` in every row");
/// let dataset = schema.dataset(&table, true)?;
/// assert_eq!((dataset.rows(), dataset.ids().text(2)), (3, "c".into()));
/// # Ok::<(), consort_data::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schema {
    pub(super) roles: Roles,
    /// Whether the column of ids was taken by its name, not asked for: later tables need not have it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) id_is_judged: bool,
    pub(super) options: SchemaOptions,
    pub(super) target: Truths,
    pub(super) columns: Vec<Planned>,
    set_aside: Vec<SetAside>,
    /// What was missing in the training table by what a person says.
    #[serde(default, skip_serializing_if = "MissingValues::is_empty")]
    missing_values: MissingValues,
    #[serde(default)]
    judged: Vec<String>,
    #[serde(default)]
    warnings: Vec<Warning>,
}

/// A column that is used, and how.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Planned {
    /// The column.
    pub column: String,
    /// What it becomes.
    pub plan: Plan,
    /// In how many of the training rows it was missing, from 0 to 1.
    pub missing: f64,
}

impl Schema {
    /// Judges the columns of a training table.
    ///
    /// # Errors
    /// [`Error::NoColumn`] for a role that no column bears; [`Error::MissingValue`] for rows without target (unless
    /// they may be dropped); [`Error::Unclear`] for a target of one value or of too many classes, or if no column is
    /// left; [`Error::NotNumber`] for decimal commas and for texts where numbers are said to be; [`Error::ColumnType`] for a target of dates or lists.
    pub fn infer(table: &Table, roles: &Roles, options: SchemaOptions) -> Result<Self> {
        roles.check(table)?;
        let mut roles = roles.clone();
        let (mut judged, mut warnings) = (Vec::new(), Vec::new());
        let is_said = options.categorical.iter().chain(&options.numeric).any(|name| name == "id");
        let takes_id = roles.id.is_none() && !is_said && roles.leaves("id") && table.column("id").is_some();
        let wanted = if takes_id { vec![roles.target.as_str(), "id"] } else { vec![roles.target.as_str()] };
        let texts = table.texts(&wanted)?;
        let looks_like_ids = texts.get(1).is_some_and(|id| are_ids(id.texts()));
        let no_ids = texts.get(1).filter(|_| !looks_like_ids).map(why_no_ids);
        let id_is_judged = looks_like_ids && table.check_id("id").is_ok();
        if id_is_judged {
            judged.push("`id` is the column of row ids".into());
            roles.id = Some("id".into());
        }
        roles.id.as_ref().map(|id| table.check_id(id)).transpose()?;
        options.check(table, &roles)?;
        let Some(column) = table.column(&roles.target) else {
            return Err(table.no_column("target", &roles.target, "name it with `--target`"));
        };
        let target = Truths::infer(table, column, &texts[0], &options, &mut judged, &mut warnings)?;
        drop(texts);

        let (mut columns, mut set_aside) = (Vec::new(), Vec::new());
        for column in table.columns() {
            let name = column.name();
            if roles.ignore.iter().any(|ignored| ignored == name) {
                set_aside.push(SetAside { column: name.into(), why: Why::Ignored });
            } else if looks_like_ids && !id_is_judged && name == "id" {
                set_aside.push(SetAside { column: name.into(), why: Why::FloatIds });
            } else if roles.leaves(name) {
                match feature::plan(table, column, &options, &mut warnings)? {
                    Ok(plan) => columns.push(Planned {
                        column: name.into(),
                        plan,
                        missing: column.missing() as f64 / table.rows() as f64,
                    }),
                    Err(why) => set_aside.push(SetAside { column: name.into(), why }),
                }
            }
        }
        let written = columns.iter().filter_map(|planned| match &planned.plan {
            Plan::Date { format, .. } if !format.is_iso() => {
                Some(format!("`{}` holds dates, written as {}", planned.column, format.example()))
            }
            _ => None,
        });
        judged.extend(written);
        if columns.is_empty() {
            let reasons: Vec<String> = set_aside.iter().take(5).map(ToString::to_string).collect();
            return Err(Error::Unclear {
                file: table.file(),
                problem: if reasons.is_empty() {
                    "no column is left for a feature".into()
                } else {
                    format!("no column is left for a feature: {}", reasons.join("; "))
                },
                hint: "add columns that tell the rows apart".into(),
            });
        }
        if let Some(why) = no_ids.filter(|_| columns.iter().any(|planned| planned.column == "id")) {
            let text = format!(
                "`id` is used as a feature, since {why}: `--group id` keeps the rows of one id together, `--ignore id` \
                 leaves the column out"
            );
            warnings.push(Warning::Note { text });
        }
        parts_are_named_apart(table, &columns)?;
        let aside = set_aside.iter().filter(|aside: &&SetAside| aside.why != Why::Ignored);
        warnings.extend(aside.map(|aside| Warning::Note { text: aside.to_string() }));
        let missing_values = table.missing_values().clone();
        let mut schema =
            Self { roles, id_is_judged, options, target, columns, set_aside, missing_values, judged, warnings };
        // Read once here, so that faults of weights, ids, groups, times and infinite numbers come before any fit.
        let rows = apply::rows(&schema, table, true)?;
        if let Some(target) = &rows.target {
            for planned in &schema.columns {
                let column = table.column(&planned.column);
                let suspicion = column.and_then(|column| leak::suspicion(column, target, rows.kept.as_deref()));
                schema.warnings.extend(suspicion);
            }
        }
        Ok(schema)
    }

    /// The data set of a table, at fit as at predict time.
    ///
    /// Other order of columns and more columns are fine. A level that training did not have is missing. With
    /// `with_target` the target and the weights are read, and groups and times where the table has them; rows that
    /// lack the target are an error, or left out if the options say so. Without it, none of them need be there, and
    /// every row is kept.
    ///
    /// # Errors
    /// As [`apply`](Self::apply).
    pub fn dataset(&self, table: &Table, with_target: bool) -> Result<Dataset> {
        Ok(self.apply(table, with_target)?.dataset)
    }

    /// As [`dataset`](Self::dataset), with the folds, the rows that were kept, and what a person should know.
    ///
    /// ```
    /// # use consort_data::{files::{Format, Source}, table::{self, Roles, Schema, SchemaOptions}};
    /// # let read = |text: &'static str| table::read_source(&Source::bytes("t.csv", Format::Csv, text.as_bytes()));
    /// let train = read("x,c,y\n1,a,no\n2,b,yes\n3,a,no\n")?;
    /// let schema = Schema::infer(&train, &Roles::target("y"), SchemaOptions::default())?;
    /// let applied = schema.apply(&read("c,x\nz,5\na,7\n")?, false)?;
    /// assert!(applied.warnings[0].to_string().contains("`z`"));
    /// # Ok::<(), consort_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::NoColumn`] for a column that is needed and absent; [`Error::NotNumber`] or [`Error::ColumnType`] for
    /// one of another kind, naming column, row and text; [`Error::MissingValue`] for a row without target, weight, id,
    /// group or time; [`Error::Range`] for infinite numbers; an error of `consort-core` for an unknown class or a
    /// doubled id.
    pub fn apply(&self, table: &Table, with_target: bool) -> Result<Applied> {
        apply::apply(self, table, with_target)
    }

    /// The roles of the columns.
    pub fn roles(&self) -> &Roles {
        &self.roles
    }

    /// Whether the column of ids was taken by its name, not asked for. A later table without it goes by positions.
    pub fn id_is_judged(&self) -> bool {
        self.id_is_judged
    }

    /// What a prediction has: the classes, or the name of the target.
    pub fn outputs(&self) -> Outputs {
        self.target.outputs(&self.roles.target)
    }

    /// The columns that are used, and how.
    pub fn columns(&self) -> &[Planned] {
        &self.columns
    }

    /// The names of the features of a data set.
    pub fn features(&self) -> Vec<String> {
        self.columns
            .iter()
            .flat_map(|planned| match &planned.plan {
                Plan::Date { parts, .. } => {
                    parts.iter().map(|part| format!("{}.{}", planned.column, part.name())).collect()
                }
                _ => vec![planned.column.clone()],
            })
            .collect()
    }

    /// The columns that are not used, and why.
    pub fn set_aside(&self) -> &[SetAside] {
        &self.set_aside
    }

    /// What was missing in the training table by what a person says: later tables are to be [read with](super::read_with) it.
    pub fn missing_values(&self) -> &MissingValues {
        &self.missing_values
    }

    /// What was judged where nobody said it, one sentence each, to be said aloud.
    pub fn judged(&self) -> &[String] {
        &self.judged
    }

    /// What a person should know of the training table: what is set aside, and what may leak the target.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    pub(super) fn drops_rows(&self) -> bool {
        self.options.missing_target == MissingTarget::Drop
    }
}

/// Refuses a date whose part would have the name of another column that is used, as `when.year` beside the date `when`.
fn parts_are_named_apart(table: &Table, columns: &[Planned]) -> Result<()> {
    for planned in columns {
        let Plan::Date { parts, .. } = &planned.plan else { continue };
        let names = parts.iter().map(|part| format!("{}.{}", planned.column, part.name()));
        if let Some(name) = names.into_iter().find(|name| columns.iter().any(|other| other.column == *name)) {
            return Err(Error::Unclear {
                file: table.file(),
                problem: format!("the date `{}` gives a feature `{name}`, which is a column, too", planned.column),
                hint: format!("rename the column `{name}`, or leave it out with `--ignore`"),
            });
        }
    }
    Ok(())
}

/// Whether texts can be the ids of rows: all there, all different.
fn are_ids<'a>(mut texts: impl Iterator<Item = Option<&'a str>>) -> bool {
    let mut seen = std::collections::HashSet::new();
    texts.all(|text| text.is_some_and(|text| seen.insert(text)))
}

/// Why the texts of a column `id` are no ids of rows.
fn why_no_ids(id: &TextColumn) -> &'static str {
    if id.texts().any(|text| text.is_none()) { "some rows lack it" } else { "some of its values repeat" }
}

impl Planned {
    /// Whether its texts must be read again from the file: it is a category, and the table took it for something
    /// else, such as for numbers, or has too many texts to keep; or its dates were taken for texts.
    pub(super) fn needs_texts(&self, data: &Data) -> bool {
        match (&self.plan, data) {
            (Plan::Category { .. }, Data::Texts(texts)) => texts.many,
            (Plan::Category { .. }, Data::Numbers(_) | Data::Booleans(_) | Data::Dates(_)) => true,
            (Plan::Date { .. }, Data::Texts(_)) => true,
            _ => false,
        }
    }
}
