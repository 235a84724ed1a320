//! Draws of rows without replacement: at random, in proportion to the classes, by whole groups, or the latest.

use consort_core::{Error, Result, RowInfo, Seed, Warning};

use crate::{
    By, Size,
    groups::Groups,
    rows,
    steps::Steps,
    strata::{BINS, Strata},
};

/// The parts drawn, and the rows that were left. Row numbers ascend.
pub(super) struct Drawn {
    pub(super) parts: Vec<Vec<u32>>,
    pub(super) rest: Vec<u32>,
    pub(super) warnings: Vec<Warning>,
}

/// Draws one part after the other from `pool`, the rows in canonical order without doubles. Each size is a share of
/// the whole pool; `names` are those of the sizes in messages. Something is always left.
pub(super) fn draw(
    rows: &RowInfo<'_>,
    mut pool: Vec<u32>,
    by: By,
    sizes: &[(&'static str, Size)],
    seed: Seed,
) -> Result<Drawn> {
    let mut stream = seed.child("shuffle").stream();
    let mut warnings = Vec::new();
    let place = format!("a draw by {}", by.word());
    match by {
        By::Rows => {
            stream.shuffle(&mut pool);
            let (parts, rest) = take(pool, sizes, "rows", |list, count| every(list, count, &mut stream))?;
            Ok(Drawn { parts: parts.into_iter().map(ascending).collect(), rest: ascending(rest), warnings })
        }
        By::Classes => {
            let strata = Strata::of(rows, BINS, sizes.len() as u32 + 1, &place)?;
            warnings.extend(strata.warnings(sizes.len() + 1));
            stream.shuffle(&mut pool);
            let pool = strata.gathered(&pool);
            let (parts, rest) = take(pool, sizes, "rows", |list, count| every(list, count, &mut stream))?;
            Ok(Drawn { parts: parts.into_iter().map(ascending).collect(), rest: ascending(rest), warnings })
        }
        By::Groups => {
            let groups = Groups::of(rows, &place)?;
            let mut list: Vec<u32> = pool.iter().map(|&row| groups.codes[row as usize]).collect();
            list.sort_unstable();
            list.dedup();
            stream.shuffle(&mut list);
            let (parts, rest) = take(list, sizes, "groups", |list, count| every(list, count, &mut stream))?;
            let mut part_of = vec![u32::MAX; groups.len()];
            for (part, members) in parts.iter().chain([&rest]).enumerate() {
                for &group in members {
                    part_of[group as usize] = part as u32;
                }
            }
            let mut lists = vec![Vec::new(); sizes.len() + 1];
            for row in ascending(pool) {
                lists[part_of[groups.codes[row as usize] as usize] as usize].push(row);
            }
            let rest = lists.pop().unwrap_or_default();
            Ok(Drawn { parts: lists, rest, warnings })
        }
        By::Time => {
            let steps = Steps::among(rows, pool, &place)?;
            let list: Vec<u32> = (0..steps.len() as u32).collect();
            let latest = |list: Vec<u32>, count: usize| {
                let mut rest = list;
                let part = rest.split_off(rest.len() - count);
                (part, rest)
            };
            let (parts, rest) = take(list, sizes, steps.unit(), latest)?;
            let rows = |list: Vec<u32>| match (list.first(), list.last()) {
                (Some(&first), Some(&last)) => steps.rows(first as usize..last as usize + 1),
                _ => Vec::new(),
            };
            Ok(Drawn { parts: parts.into_iter().map(rows).collect(), rest: rows(rest), warnings })
        }
    }
}

fn ascending(mut list: Vec<u32>) -> Vec<u32> {
    list.sort_unstable();
    list
}

/// Takes parts of the sizes asked for off the list.
fn take(
    mut list: Vec<u32>,
    sizes: &[(&'static str, Size)],
    unit: &str,
    mut one: impl FnMut(Vec<u32>, usize) -> (Vec<u32>, Vec<u32>),
) -> Result<(Vec<Vec<u32>>, Vec<u32>)> {
    let total = list.len();
    let mut parts = Vec::with_capacity(sizes.len());
    for &(name, size) in sizes {
        let count = size.of(total, name)?;
        if count >= list.len() {
            let needed = total - list.len() + count + 1;
            let expected =
                format!("so small that something is left to learn from: {needed} {unit} are needed, there are {total}");
            return Err(Error::parameter(name, size, expected));
        }
        let (part, rest) = one(list, count);
        parts.push(part);
        list = rest;
    }
    Ok((parts, list))
}

/// Takes `count` items spread evenly over the list, from a random start (systematic sampling, Madow and Madow 1944):
/// any run of the list gives its share to within one item, so a list sorted by class is sampled in proportion.
fn every(list: Vec<u32>, count: usize, stream: &mut consort_core::Stream) -> (Vec<u32>, Vec<u32>) {
    let (total, count) = (list.len() as u64, count as u64);
    let phase = stream.below(total);
    let mut taken = Vec::with_capacity(count as usize);
    let mut rest = Vec::with_capacity((total - count) as usize);
    // The running sum of `count` at each item, modulo `total`; an item at which it wraps is taken.
    let mut sum = phase;
    for item in list {
        sum += count;
        if sum >= total {
            sum -= total;
            taken.push(item);
        } else {
            rest.push(item);
        }
    }
    (taken, rest)
}

/// All rows in canonical order.
pub(super) fn pool(rows: &RowInfo<'_>) -> Result<Vec<u32>> {
    rows::check(rows)?;
    Ok(rows::canonical(rows))
}
