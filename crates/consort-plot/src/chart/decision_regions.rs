use consort_core::{Error, Estimates, Outputs, Result};
use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, Key, SMALL, Stroke, TEXT, fit, legend, legend_height, notes, notes_height,
        number::{count, number, percent},
        ramp_key,
    },
};

/// What each model answers over a plane of two features: where its classes border on each other, and how sure it is.
///
/// The caller asks the models for the predictions at the points of [`DecisionRegions::grid`], other features held at
/// some value, and gives them back a panel each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DecisionRegions {
    /// The feature to the right, with its unit.
    pub x_title: String,
    /// The range of it.
    pub x: (f64, f64),
    /// The feature upwards, with its unit.
    pub y_title: String,
    /// The range of it.
    pub y: (f64, f64),
    /// The classes; none where numbers are predicted.
    pub classes: Vec<String>,
    /// The models.
    pub panels: Vec<RegionPanel>,
    /// Rows of the data, to be drawn over the regions.
    pub points: Vec<RegionPoint>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The answers of one model, line after line from the least y.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegionPanel {
    /// The model.
    pub name: String,
    /// Whether it is the ensemble.
    pub ensemble: bool,
    /// The class of each cell; empty where numbers are predicted.
    pub class: Vec<u16>,
    /// The probability of that class, or the number predicted.
    pub strength: Vec<f32>,
}

/// A row of the data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RegionPoint {
    /// The feature to the right.
    pub x: f64,
    /// The feature upwards.
    pub y: f64,
    /// Its class, 0 where numbers are predicted.
    pub class: u16,
}

impl DecisionRegions {
    /// Cells across, and up.
    pub const SIDE: usize = 56;
    /// The most panels that are drawn.
    const DRAWN: usize = 6;
    /// The most points that are drawn.
    const POINTS: usize = 250;

    /// An empty figure over these ranges.
    pub fn new(x_title: impl Into<String>, x: (f64, f64), y_title: impl Into<String>, y: (f64, f64)) -> Self {
        Self {
            x_title: x_title.into(),
            x,
            y_title: y_title.into(),
            y,
            classes: Vec::new(),
            panels: Vec::new(),
            points: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// The middles of the cells, at which models are to be asked: line after line from the least y.
    ///
    /// ```
    /// use consort_plot::chart::DecisionRegions;
    /// let grid = DecisionRegions::new("a", (0.0, 56.0), "b", (0.0, 1.0)).grid();
    /// assert_eq!((grid.len(), grid[0].0, grid[1].0), (56 * 56, 0.5, 1.5));
    /// ```
    pub fn grid(&self) -> Vec<(f64, f64)> {
        let side = Self::SIDE;
        let at = |(low, high): (f64, f64), i: usize| low + (high - low) * (i as f64 + 0.5) / side as f64;
        (0..side * side).map(|cell| (at(self.x, cell % side), at(self.y, cell / side))).collect()
    }

    /// With the answers of a model at the points of the grid.
    ///
    /// ```
    /// use consort_core::{Classes, Estimates, Gives, Outputs};
    /// use consort_plot::chart::DecisionRegions;
    /// let regions = DecisionRegions::new("a", (-1.0, 1.0), "b", (-1.0, 1.0));
    /// let answers: Vec<f32> = regions.grid().iter().flat_map(|p| if p.0 < 0.0 { [0.9, 0.1] } else { [0.2, 0.8] }).collect();
    /// let outputs = Outputs::Classes(Classes::new(["no", "yes"])?);
    /// let answers = Estimates::f32(&answers, 2, Gives::Probabilities)?;
    /// let regions = regions.panel("m", false, &outputs, &answers)?;
    /// assert_eq!((regions.panels[0].class[0], regions.panels[0].strength[55]), (0, 0.8));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] unless there is an answer for each point, [`Error::Unsupported`] for several numbers a point.
    pub fn panel(
        mut self,
        name: impl Into<String>,
        ensemble: bool,
        outputs: &Outputs,
        answers: &Estimates<'_>,
    ) -> Result<Self> {
        let cells = Self::SIDE * Self::SIDE;
        if answers.rows() != cells {
            return Err(Error::Length {
                what: "the answers over the plane".into(),
                got: answers.rows(),
                expected: cells,
                unit: "rows",
                hint: "ask the model at the points of `grid`, in their order".into(),
            });
        }
        let (class, strength) = match outputs {
            Outputs::Classes(classes) => {
                self.classes = classes.names().to_vec();
                let chosen: Vec<usize> = (0..cells).map(|cell| answers.choice(cell, classes).unwrap_or(0)).collect();
                let sure = chosen.iter().enumerate().map(|(cell, &k)| answers.at(cell, k) as f32).collect();
                (chosen.into_iter().map(|k| k as u16).collect(), sure)
            }
            _ if answers.columns() == 1 => (Vec::new(), (0..cells).map(|cell| answers.at(cell, 0) as f32).collect()),
            other => {
                return Err(Error::Unsupported {
                    by: "decision regions".into(),
                    what: other.task().to_string(),
                    hint: "give one number, or classes".into(),
                });
            }
        };
        self.panels.push(RegionPanel { name: name.into(), ensemble, class, strength });
        Ok(self)
    }

    /// The panels that are drawn: the first ones, and the ensemble, which comes last.
    fn shown(&self) -> Vec<&RegionPanel> {
        let ensembles = self.panels.iter().filter(|panel| panel.ensemble);
        let room = Self::DRAWN.saturating_sub(ensembles.clone().count());
        self.panels.iter().filter(|panel| !panel.ensemble).take(room).chain(ensembles).take(Self::DRAWN).collect()
    }

    /// A place among the inks for each class: the classes with most cells have one of their own.
    fn inks(&self) -> Vec<Option<usize>> {
        let mut cells = vec![0usize; self.classes.len()];
        for class in self.panels.iter().flat_map(|panel| &panel.class) {
            if let Some(cells) = cells.get_mut(usize::from(*class)) {
                *cells += 1;
            }
        }
        let mut order: Vec<usize> = (0..cells.len()).collect();
        order.sort_by_key(|&k| std::cmp::Reverse(cells[k]));
        let own = if cells.len() < Ink::SERIES { cells.len() } else { Ink::SERIES - 2 };
        let mut inks = vec![None; cells.len()];
        let mut kept: Vec<usize> = order.into_iter().take(own).collect();
        kept.sort_unstable();
        kept.into_iter().enumerate().for_each(|(ink, k)| inks[k] = Some(ink));
        inks
    }

    fn numbers(&self) -> (f64, f64) {
        let finite = self.panels.iter().flat_map(|panel| &panel.strength).filter(|x| x.is_finite());
        finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), &x| (l.min(x.into()), h.max(x.into())))
    }

    fn draw_panel(&self, canvas: &mut Canvas, frame: &Frame, panel: &RegionPanel, inks: &[Option<usize>]) {
        let side = Self::SIDE;
        let (w, h) = ((frame.right - frame.left) / side as f64, (frame.bottom - frame.top) / side as f64);
        let corner =
            |cell: usize| (frame.left + w * (cell % side) as f64, frame.bottom - h * ((cell / side) as f64 + 1.0));
        // Cells that lie side by side and look alike are one.
        let lines = |look: &dyn Fn(usize) -> Option<usize>, layers: usize| {
            let mut found: Vec<Vec<(f64, f64, f64, f64)>> = vec![Vec::new(); layers];
            for line in 0..side {
                let mut start = 0;
                while start < side {
                    let one = look(line * side + start);
                    let end = (start + 1..side).find(|&k| look(line * side + k) != one).unwrap_or(side);
                    if let Some(layer) = one {
                        let (x, y) = corner(line * side + start);
                        found[layer.min(layers - 1)].push((x, y, w * (end - start) as f64, h));
                    }
                    start = end;
                }
            }
            found
        };
        if panel.class.is_empty() {
            let (low, high) = self.numbers();
            let step = |cell: usize| {
                let value = f64::from(*panel.strength.get(cell)?);
                match Ink::ramp((value - low) / (high - low).max(1e-300)) {
                    Ink::Ramp(step) if value.is_finite() => Some(step),
                    _ => None,
                }
            };
            let steps = lines(&step, Ink::STEPS);
            steps.iter().enumerate().for_each(|(step, cells)| canvas.cells(cells, Ink::Ramp(step)));
            return;
        }
        // Three depths of colour: hardly sure, rather sure, sure.
        const DEPTHS: [f64; 3] = [0.16, 0.32, 0.52];
        let depth = |sure: f32| if sure < 0.6 { 0 } else { usize::from(sure >= 0.85) + 1 };
        let ink_of = |class: u16| inks.get(usize::from(class)).copied().flatten();
        let layer = |cell: usize| {
            let (&class, &sure) = panel.class.get(cell).zip(panel.strength.get(cell))?;
            Some(ink_of(class).unwrap_or(Ink::SERIES - 1) * 3 + depth(sure))
        };
        for (layer, cells) in lines(&layer, 3 * Ink::SERIES).iter().enumerate() {
            let ink = if layer / 3 == Ink::SERIES - 1 { Ink::Muted } else { Ink::Series(layer / 3) };
            canvas.pale_cells(cells, ink, DEPTHS[layer % 3]);
        }
        self.draw_borders(canvas, frame, panel);
    }

    /// A line wherever a class borders on another, in stretches as long as can be.
    fn draw_borders(&self, canvas: &mut Canvas, frame: &Frame, panel: &RegionPanel) {
        let side = Self::SIDE;
        let (w, h) = ((frame.right - frame.left) / side as f64, (frame.bottom - frame.top) / side as f64);
        let class = |across: usize, up: usize| panel.class.get(up * side + across);
        let mut borders = Vec::new();
        for k in 0..side - 1 {
            let upright = |up: usize| class(k, up) != class(k + 1, up);
            for (start, end) in stretches(side, upright) {
                let (x, y) = (frame.left + w * (k + 1) as f64 - 0.6, frame.bottom - h * end as f64);
                borders.push((x, y, 1.2, h * (end - start) as f64));
            }
            let level = |across: usize| class(across, k) != class(across, k + 1);
            for (start, end) in stretches(side, level) {
                let (x, y) = (frame.left + w * start as f64, frame.bottom - h * (k + 1) as f64 - 0.6);
                borders.push((x, y, w * (end - start) as f64, 1.2));
            }
        }
        canvas.cells(&borders, Ink::Text);
    }

    fn draw_points(&self, canvas: &mut Canvas, frame: &Frame, inks: &[Option<usize>]) {
        let step = self.points.len().div_ceil(Self::POINTS).max(1);
        for point in self.points.iter().step_by(step) {
            let inside = (self.x.0..=self.x.1).contains(&point.x) && (self.y.0..=self.y.1).contains(&point.y);
            if inside {
                let ink = inks.get(usize::from(point.class)).copied().flatten();
                let at = frame.at((point.x, point.y));
                canvas.mark(ink.unwrap_or(0), at, 3.2, Ink::Paper);
                canvas.mark(ink.unwrap_or(0), at, 2.2, ink.map_or(Ink::Muted, Ink::Series));
            }
        }
    }
}

/// The stretches of `0..n` in which `is` holds.
fn stretches(n: usize, is: impl Fn(usize) -> bool) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut start = 0;
    while start < n {
        let end = (start..n).find(|&k| is(k) != is(start)).unwrap_or(n);
        if is(start) {
            found.push((start, end));
        }
        start = end;
    }
    found
}

impl Figure for DecisionRegions {
    fn slug(&self) -> &'static str {
        "decision-regions"
    }

    fn title(&self) -> String {
        format!("What the models answer over {} and {}", self.x_title, self.y_title)
    }

    fn reading(&self) -> String {
        if self.classes.is_empty() {
            "The number that each model gives over the plane of two features. Steps are trees, planes are linear models; \
             the ensemble smooths what its members do apart."
                .into()
        } else {
            "The class that each model chooses over the plane of two features; deeper colour is surer, lines are the \
             borders. Ragged islands around single rows are learnt by heart; averaging many of them makes a smooth border."
                .into()
        }
    }

    fn description(&self) -> String {
        let parts: Vec<String> = self
            .shown()
            .iter()
            .map(|panel| {
                let cells = panel.class.len().max(1) as f64;
                let first = panel.class.iter().filter(|&&class| class == 0).count() as f64;
                match self.classes.first() {
                    Some(class) => format!("{} chooses {class} in {} of it", panel.name, percent(first / cells)),
                    None => panel.name.clone(),
                }
            })
            .collect();
        format!("The plane of {} and {}: {}.", self.x_title, self.y_title, parts.join(", "))
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        if self.panels.len() > Self::DRAWN {
            said.push(format!("{} of {} models.", Self::DRAWN, self.panels.len()));
        }
        if self.points.len() > Self::POINTS {
            let step = self.points.len().div_ceil(Self::POINTS);
            said.push(format!("Marks are every {step}-th of {} rows.", count(self.points.len() as f64)));
        }
        if self.inks().contains(&None) {
            said.push("Classes with few cells share one grey.".into());
        }
        said
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        const PANEL: f64 = 178.0;
        let shown = self.shown();
        let inks = self.inks();
        let lines = shown.len().div_ceil(2).max(1) as f64;
        let keys: Vec<Key> = self
            .classes
            .iter()
            .zip(&inks)
            .filter_map(|(class, ink)| Some(Key::patch(class, Ink::Series((*ink)?))))
            .chain(inks.contains(&None).then(|| Key::patch("others", Ink::Muted)))
            .collect();
        let said = self.notes();
        let bottom = 26.0 + (PANEL + 30.0) * lines;
        let keys_height = if self.classes.is_empty() { 26.0 } else { legend_height(&keys, WIDTH) };
        let mut canvas = Canvas::new(WIDTH, bottom + 34.0 + keys_height + notes_height(&said, WIDTH));
        canvas.text((2.0, 14.0), &format!("up: {}", fit(&self.y_title, TEXT, 340.0)), TEXT, Anchor::Start, Ink::Text);
        for (i, panel) in shown.iter().enumerate() {
            let (left, top) = (8.0 + (i % 2) as f64 * (PANEL + 22.0), 44.0 + (i / 2) as f64 * (PANEL + 30.0));
            let frame = Frame { left, top, right: left + PANEL, bottom: top + PANEL, x: self.x, y: self.y };
            let name = fit(&panel.name, TEXT, PANEL);
            if panel.ensemble {
                canvas.bold((left, top - 6.0), &name, TEXT, Anchor::Start, Ink::Ensemble);
            } else {
                canvas.text((left, top - 6.0), &name, TEXT, Anchor::Start, Ink::Text);
            }
            self.draw_panel(&mut canvas, &frame, panel, &inks);
            self.draw_points(&mut canvas, &frame, &inks);
            let edge = if panel.ensemble { Stroke::new(Ink::Ensemble, 2.5) } else { Stroke::new(Ink::Muted, 1.0) };
            canvas.hollow((left, top), (PANEL, PANEL), edge);
        }
        let right = format!("right: {} ({} to {})", self.x_title, number(self.x.0), number(self.x.1));
        let up = format!("up: {} to {}", number(self.y.0), number(self.y.1));
        canvas.text((2.0, bottom + 10.0), &fit(&right, SMALL, 260.0), SMALL, Anchor::Start, Ink::Text);
        canvas.text((WIDTH - 4.0, bottom + 10.0), &up, SMALL, Anchor::End, Ink::Muted);
        if self.classes.is_empty() {
            let (low, high) = self.numbers();
            ramp_key(&mut canvas, (2.0, bottom + 22.0), &number(low), &format!("{} predicted", number(high)));
        } else {
            legend(&mut canvas, &keys, (2.0, bottom + 20.0), WIDTH);
        }
        notes(&mut canvas, &said, bottom + 20.0 + keys_height, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        if self.classes.is_empty() {
            let mut table = Table::new("What is predicted over the plane", ["model", "least", "mean", "greatest"]);
            for panel in &self.panels {
                let values = || panel.strength.iter().filter(|x| x.is_finite()).map(|&x| f64::from(x));
                let mean = values().sum::<f64>() / values().count() as f64;
                let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
                table.push([panel.name.clone(), number(low), number(mean), number(high)]);
            }
            return table;
        }
        let shown = self.classes.len().min(12);
        let mut head = vec!["model".to_owned()];
        head.extend(self.classes[..shown].iter().cloned());
        let mut table = Table::new("The share of the plane in which each class is chosen", head);
        for panel in &self.panels {
            let cells = panel.class.len().max(1) as f64;
            let share = |k: usize| panel.class.iter().filter(|&&class| usize::from(class) == k).count() as f64 / cells;
            let mut row = vec![panel.name.clone()];
            row.extend((0..shown).map(|k| percent(share(k))));
            table.push(row);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_whole() {
        let is = [true, true, false, true, false, false, true];
        assert_eq!(stretches(7, |i| is[i]), [(0, 2), (3, 4), (6, 7)]);
        assert!(stretches(0, |_| true).is_empty());
    }
}
