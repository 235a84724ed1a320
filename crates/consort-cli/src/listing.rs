//! Tables for people.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use consort::core::Score;

/// A table with a header; columns of numbers stand right.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    table.set_header(header.to_vec());
    for row in rows {
        table.add_row(row);
    }
    for (k, column) in table.column_iter_mut().enumerate() {
        let is_number = |cell: &String| {
            let first = cell.trim_start_matches(['+', '-', '−']).chars().next();
            cell.is_empty() || cell == NOTHING || first.is_some_and(|c| c.is_ascii_digit())
        };
        if rows.iter().filter_map(|row| row.get(k)).all(is_number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

/// What stands for a number that is not there.
pub(crate) const NOTHING: &str = "—";

/// A number with about five digits that count.
pub(crate) fn number(value: f64) -> String {
    let size = value.abs();
    match size {
        _ if !value.is_finite() => NOTHING.into(),
        _ if size == 0.0 => "0".into(),
        _ if !(1e-4..1e7).contains(&size) => format!("{value:.3e}"),
        _ => {
            let decimals = (4 - size.log10().floor() as i32).clamp(0, 5) as usize;
            format!("{value:.decimals$}")
        }
    }
}

/// A share as a number of hundredths, in full.
pub(crate) fn percent(share: f64) -> String {
    let text = format!("{:.8}", 100.0 * share);
    text.trim_end_matches('0').trim_end_matches('.').into()
}

/// A number that may be a count: whole ones have no decimals.
pub(crate) fn count_or_number(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 { format!("{value:.0}") } else { number(value) }
}

/// A size in words, such as `1.5 MB`.
pub(crate) fn bytes(bytes: u64) -> String {
    let size = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", size / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size / 1e6),
        _ => format!("{:.1} GB", size / 1e9),
    }
}

pub(crate) fn score(score: &Score) -> String {
    score.value().map_or_else(|| NOTHING.into(), number)
}
