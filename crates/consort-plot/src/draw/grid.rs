use super::{Anchor, Canvas, Ink, SMALL, fit, text_width};

/// A grid of cells with names on both sides: heat maps and confusion matrices.
pub(crate) struct Grid<'a> {
    pub(crate) names: &'a [String],
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) cell: f64,
    label: f64,
}

impl<'a> Grid<'a> {
    /// A grid for these names that begins below `top`.
    pub(crate) fn new(names: &'a [String], left: f64, top: f64) -> Self {
        let n = names.len().max(1);
        let cell = match n {
            0..=4 => 64.0,
            5..=12 => 42.0,
            13..=24 => 24.0,
            25..=50 => 15.0,
            51..=100 => 7.0,
            _ => 5.0,
        };
        let label = names.iter().map(|name| text_width(name, SMALL)).fold(16.0, f64::max).min(130.0) + 10.0;
        Self { names, left: left + label, top, cell, label }
    }

    /// The side of the square of cells.
    pub(crate) fn side(&self) -> f64 {
        self.cell * self.names.len() as f64
    }

    /// The height with the names below.
    pub(crate) fn height(&self) -> f64 {
        self.side() + if self.upright() { 20.0 } else { self.label }
    }

    /// Whether there is room for numbers in the cells.
    pub(crate) fn has_room(&self) -> bool {
        self.cell >= 40.0
    }

    /// Names are shown each, or every few where cells are smaller than text.
    pub(crate) fn every(&self) -> usize {
        (13.0 / self.cell).ceil() as usize
    }

    fn upright(&self) -> bool {
        self.names.iter().all(|name| text_width(name, SMALL) < self.cell - 4.0)
    }

    pub(crate) fn draw_names(&self, canvas: &mut Canvas) {
        for (i, name) in self.names.iter().enumerate().step_by(self.every()) {
            let middle = (i as f64 + 0.5) * self.cell;
            let name = fit(name, SMALL, self.label - 10.0);
            canvas.text((self.left - 6.0, self.top + middle + 4.0), &name, SMALL, Anchor::End, Ink::Text);
            let (x, y) = (self.left + middle, self.top + self.side());
            if self.upright() {
                canvas.text((x, y + 16.0), &name, SMALL, Anchor::Middle, Ink::Text);
            } else {
                canvas.turned((x + 4.0, y + 7.0), &name, SMALL, Anchor::End, -90.0);
            }
        }
    }

    /// Cells in runs of one colour: `share` is 0 to 1, or `None` for no value.
    pub(crate) fn draw_cells(&self, canvas: &mut Canvas, share: impl Fn(usize, usize) -> Option<f64>) {
        let n = self.names.len();
        let gap = if self.cell > 10.0 { 1.0 } else { 0.0 };
        let mut runs: Vec<Vec<(f64, f64, f64, f64)>> = vec![Vec::new(); Ink::STEPS];
        for i in 0..n {
            let mut k = 0;
            while k < n {
                let step = share(i, k).map(step_of);
                let mut end = k + 1;
                while gap == 0.0 && end < n && share(i, end).map(step_of) == step {
                    end += 1;
                }
                if let Some(step) = step {
                    runs[step].push((
                        self.left + k as f64 * self.cell,
                        self.top + i as f64 * self.cell,
                        (end - k) as f64 * self.cell - gap,
                        self.cell - gap,
                    ));
                }
                k = end;
            }
        }
        for (step, cells) in runs.iter().enumerate() {
            canvas.cells(cells, Ink::Ramp(step));
        }
    }

    /// The middle of a cell.
    pub(crate) fn middle(&self, i: usize, k: usize) -> (f64, f64) {
        (self.left + (k as f64 + 0.5) * self.cell, self.top + (i as f64 + 0.5) * self.cell)
    }
}

fn step_of(share: f64) -> usize {
    match Ink::ramp(if share.is_finite() { share } else { 0.0 }) {
        Ink::Ramp(step) => step.min(Ink::STEPS - 1),
        _ => 0,
    }
}

/// A bar of the ramp's colours with the numbers at its ends.
pub(crate) fn ramp_key(canvas: &mut Canvas, (left, top): (f64, f64), low: &str, high: &str) {
    const STEP: f64 = 14.0;
    canvas.text((left, top + 11.0), low, SMALL, Anchor::Start, Ink::Muted);
    let start = left + text_width(low, SMALL) + 8.0;
    for step in 0..Ink::STEPS {
        canvas.rect((start + STEP * step as f64, top), (STEP, 12.0), Ink::Ramp(step));
    }
    canvas.text((start + STEP * Ink::STEPS as f64 + 8.0, top + 11.0), high, SMALL, Anchor::Start, Ink::Muted);
}
