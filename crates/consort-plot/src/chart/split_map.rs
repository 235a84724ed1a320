use consort_core::{Error, Fold, Result};
use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, Key, SMALL, fit, legend, legend_height, notes, notes_height,
        number::{count, percent},
        text_width,
    },
};

/// Which rows each fit of a split learns from, and which it is asked about.
///
/// The rows lie from left to right, in their own order or in that of a time, a group or a class, in as many cells as can be told
/// apart: a strip a fit says how much of each cell is learnt from, serves to stop early, is tested, or is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SplitMap {
    /// How many rows there are.
    pub rows: usize,
    /// What the rows are laid out by; `None` for the order of the table.
    pub by: Option<String>,
    /// The fits, in order.
    pub fits: Vec<FitRows>,
}

/// The rows of one fit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FitRows {
    /// Which fit it is.
    pub name: String,
    /// How many rows it learns from; a row that was drawn twice is one.
    pub train: usize,
    /// How many it stops early by.
    pub valid: usize,
    /// How many it is asked about.
    pub test: usize,
    /// The shares of each cell that are learnt from, stopped by and asked about.
    pub cells: Vec<[f64; 3]>,
}

impl SplitMap {
    /// The most cells from left to right.
    const CELLS: usize = 160;
    /// The most fits that are drawn.
    const DRAWN: usize = 30;

    /// The map of these folds. With `by`, a name and a permutation of the rows, they are laid out in its order.
    ///
    /// ```
    /// use consort_core::Fold;
    /// use consort_plot::chart::SplitMap;
    /// let fold = |fold, train: [u32; 2], test: [u32; 2]| Fold { fold, train: train.into(), test: test.into(), ..Fold::default() };
    /// let map = SplitMap::new(&[fold(0, [2, 3], [0, 1]), fold(1, [0, 1], [2, 3])], 4, None)?;
    /// assert_eq!(map.fits[0].cells[0], [0.0, 0.0, 1.0]); // the first row is tested by the first fit
    /// assert_eq!(map.fits[1].cells[0], [1.0, 0.0, 0.0]);
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] where a fold names a row that is not there, or the order is not one of all rows.
    pub fn new(folds: &[Fold], rows: usize, by: Option<(&str, &[u32])>) -> Result<Self> {
        let beyond = |got: usize, what: &str| Error::Length {
            what: what.into(),
            got,
            expected: rows,
            unit: "rows",
            hint: "the split is of other rows".into(),
        };
        let named = folds.iter().flat_map(|fold| [&fold.train, &fold.valid, &fold.test]).flatten();
        if let Some(&row) = named.max().filter(|row| **row as usize >= rows) {
            return Err(beyond(row as usize + 1, "a fold"));
        }
        let place = match by {
            None => None,
            Some((name, order)) => {
                let mut place = vec![u32::MAX; rows];
                for (at, &row) in (0..).zip(order) {
                    if let Some(place) = place.get_mut(row as usize) {
                        *place = at;
                    }
                }
                if order.len() != rows || place.contains(&u32::MAX) {
                    return Err(beyond(order.len(), &format!("the order by `{name}`")));
                }
                Some(place)
            }
        };
        let cells = rows.min(Self::CELLS);
        // Cell c holds the places from c · rows / cells on.
        let cell = |row: u32| {
            let at = place.as_ref().map_or(row, |place| place[row as usize]) as usize;
            ((at + 1) * cells - 1) / rows
        };
        let repeats = folds.iter().any(|fold| fold.repeat > 0);
        let fits = folds.iter().map(|fold| {
            let mut counts = vec![[0usize; 3]; cells];
            for (part, rows) in [&fold.train, &fold.valid, &fold.test].into_iter().enumerate() {
                let mut last = None;
                // They ascend, so that a row that was drawn again follows itself.
                for &row in rows.iter().filter(|row| last.replace(**row) != Some(**row)) {
                    counts[cell(row)][part] += 1;
                }
            }
            let sum = |part: usize| counts.iter().map(|cell| cell[part]).sum();
            let size = |c: usize| ((c + 1) * rows / cells - c * rows / cells) as f64;
            FitRows {
                name: match repeats {
                    true => format!("repeat {}, fold {}", fold.repeat + 1, fold.fold + 1),
                    false => format!("fold {}", fold.fold + 1),
                },
                train: sum(0),
                valid: sum(1),
                test: sum(2),
                cells: counts.iter().enumerate().map(|(c, cell)| cell.map(|rows| rows as f64 / size(c))).collect(),
            }
        });
        Ok(Self { rows, by: by.map(|(name, _)| name.to_owned()), fits: fits.collect() })
    }

    fn left_out(&self, fit: &FitRows) -> usize {
        self.rows.saturating_sub(fit.train + fit.valid + fit.test)
    }
}

impl Figure for SplitMap {
    fn slug(&self) -> &'static str {
        "split-map"
    }

    fn title(&self) -> String {
        "Which rows each fit sees".into()
    }

    fn reading(&self) -> String {
        "Each strip is a fit, the rows lie from left to right. An even mixture everywhere means rows were drawn at random; \
         blocks mean that neighbours stay together. What is tested should be parted from what is learnt as the future \
         will be."
            .into()
    }

    fn description(&self) -> String {
        let Some(first) = self.fits.first() else { return "There is no fit.".into() };
        format!(
            "{} fits of {} rows; {} learns from {} and is asked about {}.",
            self.fits.len(),
            count(self.rows as f64),
            first.name,
            count(first.train as f64),
            count(first.test as f64)
        )
    }

    fn notes(&self) -> Vec<String> {
        let mut said = Vec::new();
        if self.fits.len() > Self::DRAWN {
            said.push(format!("The first {} of {} fits are drawn.", Self::DRAWN, self.fits.len()));
        }
        if self.rows > Self::CELLS {
            let each = self.rows / Self::CELLS;
            said.push(format!(
                "Each column holds {}; its colours are shares of them.",
                if each == 1 { "one or two rows".into() } else { format!("about {} rows", count(each as f64)) }
            ));
        }
        said
    }

    fn draw(&self) -> Svg {
        const STRIP: f64 = 16.0;
        const STEP: f64 = 21.0;
        let drawn = &self.fits[..self.fits.len().min(Self::DRAWN)];
        let names = drawn.iter().map(|fit| text_width(&fit.name, SMALL)).fold(0.0, f64::max).min(140.0);
        let (left, top) = (names + 12.0, 8.0);
        let width = left + 400.0;
        let bottom = top + STEP * drawn.len().max(1) as f64;
        let frame = Frame { left, top, right: width - 10.0, bottom, x: (0.0, self.rows.max(1) as f64), y: (0.0, 1.0) };
        let parts = [("learnt from", Ink::Ramp(2)), ("to stop early", Ink::Series(1)), ("asked about", Ink::Series(0))];
        let occurs = |part: usize| part != 1 || self.fits.iter().any(|fit| fit.valid > 0);
        let shown = parts.iter().enumerate().filter(|(part, _)| occurs(*part));
        let left_out = drawn.iter().any(|fit| self.left_out(fit) > 0).then_some(&("left out", Ink::Grid));
        let keys = shown.map(|(_, key)| key).chain(left_out).map(|(name, ink)| Key::patch(*name, *ink));
        let keys: Vec<Key> = keys.collect();
        let (below, said) = (bottom + 46.0, self.notes());
        let keys_height = legend_height(&keys, width);
        let mut canvas = Canvas::new(width, below + keys_height + notes_height(&said, width) + 4.0);
        let title = match &self.by {
            None => "row, in the order of the table".to_owned(),
            Some(by) => format!("row, in the order of {by}"),
        };
        frame.draw_count_x(&mut canvas, &title);
        for (i, rows) in drawn.iter().enumerate() {
            let y = top + STEP * i as f64;
            let name = fit(&rows.name, SMALL, names + 4.0);
            canvas.text((left - 7.0, y + STRIP - 4.0), &name, SMALL, Anchor::End, Ink::Text);
            let tip = format!(
                "{}: learns from {} rows ({}), is asked about {}, leaves out {}",
                rows.name,
                count(rows.train as f64),
                percent(rows.train as f64 / self.rows.max(1) as f64),
                count(rows.test as f64),
                count(self.left_out(rows) as f64)
            );
            canvas.with_tip(&tip, |canvas| {
                canvas.rect((left, y), (frame.right - left, STRIP), Ink::Grid);
                for (part, (_, ink)) in parts.iter().enumerate() {
                    canvas.cells(&runs(&rows.cells, part, &frame, self.rows, (y, STRIP)), *ink);
                }
            });
        }
        legend(&mut canvas, &keys, (2.0, below), width);
        notes(&mut canvas, &said, below + keys_height, width);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(
            "Rows of each fit; a row drawn twice counts once",
            ["fit", "learnt from", "to stop early", "asked about", "left out"],
        );
        for fit in &self.fits {
            let numbers = [fit.train, fit.valid, fit.test, self.left_out(fit)].map(|rows| count(rows as f64));
            table.push([fit.name.clone()].into_iter().chain(numbers));
        }
        table
    }
}

/// The rectangles of one part in a strip, neighbours of equal shares as one. The parts stand on each other: what is learnt from
/// at the bottom, what is tested on top.
fn runs(
    cells: &[[f64; 3]],
    part: usize,
    frame: &Frame,
    rows: usize,
    (y, height): (f64, f64),
) -> Vec<(f64, f64, f64, f64)> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < cells.len() {
        let end = start + cells[start..].iter().take_while(|cell| **cell == cells[start]).count();
        let below: f64 = cells[start][..part].iter().sum();
        let share = cells[start][part];
        if share > 0.0 {
            let x = |cell: usize| frame.px((cell * rows / cells.len()) as f64);
            found.push((x(start), y + height * (1.0 - below - share), x(end) - x(start), height * share));
        }
        start = end;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(fold: u32, train: &[u32], valid: &[u32], test: &[u32]) -> Fold {
        Fold { repeat: 0, fold, train: train.into(), valid: valid.into(), test: test.into() }
    }

    #[test]
    fn every_row_is_in_one_cell_and_a_row_that_is_drawn_twice_counts_once() {
        for rows in [1u32, 7, 160, 161, 1000] {
            let all: Vec<u32> = (0..rows).collect();
            let twice: Vec<u32> = all.iter().flat_map(|&row| [row, row]).collect();
            let map =
                SplitMap::new(&[fold(0, &twice, &[], &[]), fold(1, &[], &[], &all)], rows as usize, None).unwrap();
            assert!(map.fits[0].cells.iter().all(|cell| *cell == [1.0, 0.0, 0.0]), "{rows}");
            assert!(map.fits[1].cells.iter().all(|cell| *cell == [0.0, 0.0, 1.0]), "{rows}");
            assert_eq!((map.fits[0].train, map.fits[1].test), (rows as usize, rows as usize));
        }
    }

    #[test]
    fn rows_lie_in_the_order_that_is_asked_for() {
        let folds = [fold(0, &[0, 2], &[4], &[1, 3]), fold(1, &[1, 3], &[], &[0, 2])];
        let map = SplitMap::new(&folds, 6, Some(("day", &[1, 3, 5, 4, 0, 2]))).unwrap();
        let of = |fit: usize, part: usize| map.fits[fit].cells.iter().map(|cell| cell[part]).collect::<Vec<f64>>();
        assert_eq!(of(0, 2), [1.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
        assert_eq!(of(0, 1), [0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
        assert_eq!(of(0, 0), [0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
        assert_eq!(map.left_out(&map.fits[0]), 1);
        assert!(map.draw().to_inline("x").contains("in the order of day"));
        for order in [&[0, 1, 2][..], &[0, 0, 1, 2, 3, 4], &[0, 1, 2, 3, 4, 6]] {
            assert!(SplitMap::new(&folds, 6, Some(("day", order))).is_err());
        }
        assert!(SplitMap::new(&folds, 4, None).unwrap_err().to_string().contains("5"));
    }

    #[test]
    fn no_rows_no_folds_and_many_do_no_harm() {
        let many: Vec<Fold> = (0..50).map(|k| fold(k, &[0], &[], &[k + 1])).collect();
        for map in [
            SplitMap::new(&[], 0, None),
            SplitMap::new(&[fold(0, &[], &[], &[])], 0, None),
            SplitMap::new(&many, 60, None),
        ] {
            let map = map.unwrap();
            assert!(!map.draw().to_inline("x").contains("NaN") && !map.description().is_empty());
        }
        assert_eq!(SplitMap::new(&many, 60, None).unwrap().notes().len(), 1);
    }
}
