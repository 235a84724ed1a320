//! The groups of the rows, numbered without gaps.

use consort_core::{Error, Result, RowInfo};

/// The group of each row, `0..sizes.len()` in the order of the numbers given.
pub(super) struct Groups {
    pub(super) codes: Vec<u32>,
    pub(super) sizes: Vec<usize>,
}

impl Groups {
    /// The groups of all rows.
    pub(super) fn of(rows: &RowInfo<'_>, by: &str) -> Result<Self> {
        let groups = rows.groups.ok_or_else(|| Error::Unsupported {
            by: by.into(),
            what: "rows without groups".into(),
            hint: "give the column of the groups".into(),
        })?;
        Ok(Self::dense(groups))
    }

    /// Renumbers without gaps, in ascending order of the old numbers.
    pub(super) fn dense(groups: &[u32]) -> Self {
        let mut distinct;
        let greatest = groups.iter().copied().max().unwrap_or(0) as usize;
        let codes: Vec<u32> = if greatest <= 2 * groups.len() + 1024 {
            let mut number = vec![u32::MAX; greatest + 1];
            for &group in groups {
                number[group as usize] = 0;
            }
            let mut count = 0;
            for number in number.iter_mut().filter(|number| **number == 0) {
                *number = count;
                count += 1;
            }
            distinct = vec![0; count as usize];
            groups.iter().map(|&group| number[group as usize]).collect()
        } else {
            let mut numbers = groups.to_vec();
            numbers.sort_unstable();
            numbers.dedup();
            distinct = vec![0; numbers.len()];
            groups.iter().map(|group| numbers.partition_point(|known| known < group) as u32).collect()
        };
        for &code in &codes {
            distinct[code as usize] += 1;
        }
        Self { codes, sizes: distinct }
    }

    /// How many groups there are.
    pub(super) fn len(&self) -> usize {
        self.sizes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_near_and_far_become_dense_in_their_order() {
        for far in [9, u32::MAX] {
            let groups = Groups::dense(&[far, 3, 3, far, 0]);
            assert_eq!(groups.codes, [2, 1, 1, 2, 0]);
            assert_eq!(groups.sizes, [1, 2, 2]);
        }
    }
}
