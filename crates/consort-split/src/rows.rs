//! The order of rows that a shuffle starts from, and the checks that every splitter makes first.

use consort_core::{Error, Ids, Result, RowInfo, Seed};

/// Row numbers are kept in 32 bits.
const MOST: usize = u32::MAX as usize;

/// How many row numbers the folds of one split may hold together: 8 GiB.
const MOST_ENTRIES: u64 = 1 << 31;

/// Checks that everything known of the rows is parallel to them.
pub(super) fn check(rows: &RowInfo<'_>) -> Result<()> {
    let parts = [
        ("the target", rows.target.map(consort_core::Target::rows)),
        ("the groups", rows.groups.map(<[u32]>::len)),
        ("the times", rows.time.map(<[f64]>::len)),
        ("the ids", rows.ids.map(Ids::len)),
    ];
    for (what, got) in parts {
        if let Some(got) = got
            && got != rows.rows
        {
            let hint = "everything a splitter knows of the rows has one entry a row".into();
            return Err(Error::Length { what: what.into(), got, expected: rows.rows, unit: "rows", hint });
        }
    }
    if rows.rows == 0 {
        return Err(Error::Empty { what: "the table to split".into(), hint: "give at least 2 rows".into() });
    }
    if rows.rows > MOST {
        return Err(Error::parameter("rows", rows.rows, format!("at most {MOST}")));
    }
    Ok(())
}

/// Checks that there are at least two folds and no more than `most` things to deal out.
pub(super) fn check_folds(folds: u32, most: usize, of: &str, rows: usize) -> Result<()> {
    if folds < 2 {
        return Err(Error::parameter("folds", folds, "at least 2"));
    }
    if folds as usize > most {
        let expected = format!("at most {most}, the number of {of}: {folds} folds need at least {folds} {of}");
        return Err(Error::parameter("folds", folds, expected));
    }
    check_memory(u64::from(folds), rows)
}

/// Checks that the folds fit in memory: each names nearly every row.
pub(super) fn check_memory(folds: u64, rows: usize) -> Result<()> {
    if folds.saturating_mul(rows as u64) > MOST_ENTRIES {
        let most = MOST_ENTRIES / rows.max(1) as u64;
        return Err(Error::parameter(
            "folds",
            folds,
            format!("at most {most} for {rows} rows: more would not fit in memory"),
        ));
    }
    Ok(())
}

/// The rows in the byte order of their ids, or as they stand where they have none.
pub(super) fn canonical(rows: &RowInfo<'_>) -> Vec<u32> {
    rows.ids.map_or_else(|| (0..rows.rows as u32).collect(), Ids::order)
}

/// The rows in an order that depends on their ids and the seed, not on how the file is sorted.
pub(super) fn shuffled(rows: &RowInfo<'_>, seed: Seed) -> Vec<u32> {
    let mut order = canonical(rows);
    seed.child("shuffle").stream().shuffle(&mut order);
    order
}
