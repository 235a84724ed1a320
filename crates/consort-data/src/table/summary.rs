use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Kind, Plan, Planned, Schema, SetAside, Table};

/// What a column of a table is, at a glance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSummary {
    /// The column.
    pub column: String,
    /// What it holds.
    pub kind: Kind,
    /// In how many rows it is missing.
    pub missing: usize,
    /// What it is used as, in words: `target`, `number`, `category of 3 levels`, or why it is not used.
    pub used_as: String,
    /// Whether features are made of it.
    pub is_feature: bool,
}

/// The columns of the table that a schema was inferred from, in their order.
///
/// ```
/// use consort_data::{files::{Format, Source}, table::{self, Roles, Schema, SchemaOptions, summary}};
/// let csv = &b"size,colour,always,y\n1.5,red,7,yes\n,blue,7,no\n2,red,7,no\n"[..];
/// let table = table::read_source(&Source::bytes("t.csv", Format::Csv, csv))?;
/// let schema = Schema::infer(&table, &Roles::target("y"), SchemaOptions::default())?;
/// let summary = summary(&schema, &table);
/// assert_eq!((summary[0].missing, summary[0].used_as.as_str()), (1, "number"));
/// assert_eq!(summary[1].used_as, "category of 2 levels");
/// assert_eq!((summary[2].is_feature, summary[2].used_as.as_str()), (false, "it is `7` in every row"));
/// assert_eq!(summary[3].used_as, "target");
/// # Ok::<(), consort_data::Error>(())
/// ```
pub fn summary(schema: &Schema, table: &Table) -> Vec<ColumnSummary> {
    let roles = schema.roles();
    let named = |name: &str| {
        let others = [
            ("id", &roles.id),
            ("weight", &roles.weight),
            ("group", &roles.group),
            ("time", &roles.time),
            ("fold", &roles.fold),
        ];
        let role = others.into_iter().find(|(_, column)| column.as_deref() == Some(name)).map(|(role, _)| role);
        if name == roles.target { Some("target") } else { role }
    };
    let feature = |plan: &Plan| match plan {
        Plan::Number => "number".to_owned(),
        Plan::Offset { origin } => format!("number less {origin}"),
        Plan::Boolean => "number, 1 for true".to_owned(),
        Plan::Category { levels } => format!("category of {} levels", levels.len()),
        Plan::Date { parts, .. } => format!("date of {} parts", parts.len()),
    };
    let planned: HashMap<&str, &Planned> =
        schema.columns().iter().map(|planned| (planned.column.as_str(), planned)).collect();
    let aside: HashMap<&str, &SetAside> =
        schema.set_aside().iter().map(|aside| (aside.column.as_str(), aside)).collect();
    let of = |column: &super::Column| {
        let name = column.name();
        let planned = planned.get(name);
        let aside = || aside.get(name);
        let used_as = match (named(name), planned) {
            (Some(role), _) => role.to_owned(),
            (None, Some(planned)) => feature(&planned.plan),
            (None, None) => aside().map_or_else(|| "nothing".into(), |aside| aside.why.to_string()),
        };
        ColumnSummary {
            column: name.to_owned(),
            kind: planned.map_or(column.kind(), |planned| planned.plan.kind(column.kind())),
            missing: column.missing(),
            used_as,
            is_feature: planned.is_some(),
        }
    };
    table.columns().iter().map(of).collect()
}

/// The same in one sentence.
///
/// ```
/// use consort_data::{files::{Format, Source}, table::{self, Roles, Schema, SchemaOptions, in_words, summary}};
/// let csv = &b"size,colour,always,y\n1.5,red,7,yes\n,blue,7,no\n2,red,7,no\n"[..];
/// let table = table::read_source(&Source::bytes("t.csv", Format::Csv, csv))?;
/// let schema = Schema::infer(&table, &Roles::target("y"), SchemaOptions::default())?;
/// let words = in_words(&summary(&schema, &table), table.rows());
/// assert_eq!(words, "3 rows, 2 features (1 of numbers, 1 of texts), 1 column not used; 16.7 % of the cells of features are missing");
/// # Ok::<(), consort_data::Error>(())
/// ```
pub fn in_words(summary: &[ColumnSummary], rows: usize) -> String {
    let features: Vec<&ColumnSummary> = summary.iter().filter(|column| column.is_feature).collect();
    let kinds =
        [(Kind::Number, "numbers"), (Kind::Boolean, "true and false"), (Kind::Date, "dates"), (Kind::Text, "texts")];
    let of_kind = |(kind, name): (Kind, &str)| {
        let count = features.iter().filter(|column| column.kind == kind).count();
        (count > 0).then(|| format!("{count} of {name}"))
    };
    let kinds: Vec<String> = kinds.into_iter().filter_map(of_kind).collect();
    let roles = ["target", "id", "weight", "group", "time", "fold"];
    let unused =
        summary.iter().filter(|column| !column.is_feature && !roles.contains(&column.used_as.as_str())).count();
    let s = |count: usize| if count == 1 { "" } else { "s" };
    let missing: usize = features.iter().map(|column| column.missing).sum();
    let share = 100.0 * missing as f64 / (features.len() * rows).max(1) as f64;
    let mut text =
        format!("{rows} row{}, {} feature{} ({})", s(rows), features.len(), s(features.len()), kinds.join(", "));
    if unused > 0 {
        text += &format!(", {unused} column{} not used", s(unused));
    }
    if missing > 0 {
        text += &format!("; {share:.1} % of the cells of features are missing");
    }
    text
}
