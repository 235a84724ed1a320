use consort_core::{Error, Estimates, Gives, Outputs, Predictions, Result, Target, Truth};
use serde::{Deserialize, Serialize};

use super::intervals::both_ends;
use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, SMALL, Stroke, TEXT, decimals, fit, notes, notes_height, number::number, range,
        text_width,
    },
};

/// One row: who said what, how sure, and what is true.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowView {
    /// The id of the row.
    pub id: String,
    /// The classes, or the name of what is predicted.
    pub outputs: Vec<String>,
    /// Whether the outputs are classes.
    pub classes: bool,
    /// What is true: the place of the class, or the number.
    pub truth: Option<f64>,
    /// What each model says.
    pub models: Vec<RowAnswer>,
    /// Rows like this one whose truth is known, nearest first.
    pub neighbours: Vec<Neighbour>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// What one model says of the row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RowAnswer {
    /// The model.
    pub name: String,
    /// Whether it is the ensemble.
    pub ensemble: bool,
    /// Its number for each output; empty where it makes no prediction.
    pub values: Vec<f64>,
    /// The place of what it chooses: the class by the rule of [`consort_core::Classes::choice`], or 0, the number.
    pub chosen: Option<usize>,
}

/// A row that is like the one looked at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Neighbour {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub distance: f64,
    /// What is true of it.
    pub truth: String,
}

impl RowView {
    /// The most models and the most classes that are drawn.
    const DRAWN: (usize, usize) = (40, 6);

    /// Row `i` of these predictions, with the ensemble's answer where it is given.
    ///
    /// ```
    /// use consort_core::{Classes, Gives, Ids, Outputs, Predictions, Target, Truth};
    /// use consort_plot::chart::RowView;
    /// let classes = Classes::new(["no", "yes"])?;
    /// let predictions = Predictions::builder(Outputs::Classes(classes.clone()), Ids::from_texts(["r7"]))
    ///     .member("a", Gives::Probabilities, &[0.75, 0.25])?
    ///     .build()?;
    /// let target = Target::from_labels(["yes"], &classes, "y")?;
    /// let view = RowView::of(&predictions, Some(&Truth::new(&target)), None, 0)?;
    /// assert_eq!((view.id.as_str(), view.truth, view.models[0].values[1]), ("r7", Some(1.0), 0.25));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] if there is no such row; [`Error::Unsupported`] for several numbers or labels a row.
    pub fn of(
        predictions: &Predictions,
        truth: Option<&Truth<'_>>,
        ensemble: Option<(&str, &Estimates<'_>)>,
        i: usize,
    ) -> Result<Self> {
        if i >= predictions.rows() {
            return Err(Error::parameter("row", i, format!("below the number of rows, {}", predictions.rows())));
        }
        let (outputs, classes) = match predictions.outputs() {
            Outputs::Classes(classes) => (classes.names().to_vec(), true),
            other if other.len() == 1 => (vec![other.name(0).to_owned()], false),
            other => {
                return Err(Error::Unsupported {
                    by: "the view of a row".into(),
                    what: other.task().to_string(),
                    hint: "it is made for classes and for one number a row".into(),
                });
            }
        };
        let answer = |name: &str, ensemble: bool, estimates: &Estimates<'_>| {
            let values: Vec<f64> = (0..estimates.columns()).map(|k| estimates.at(i, k)).collect();
            let values = if values.iter().all(|x| x.is_finite()) { values } else { Vec::new() };
            let chosen = match predictions.outputs() {
                Outputs::Classes(classes) => classes.choice(&values, estimates.gives()),
                _ => (!values.is_empty()).then_some(0),
            };
            RowAnswer { name: name.into(), ensemble, values, chosen }
        };
        let mut models: Vec<RowAnswer> = (0..predictions.members().len())
            .map(|m| answer(&predictions.members()[m].name, false, &predictions.estimates(m)))
            .collect();
        models.extend(ensemble.map(|(name, estimates)| answer(name, true, estimates)));
        let truth = truth.and_then(|truth| match truth.target() {
            Target::Classes { codes, .. } => codes.get(i).map(|&code| f64::from(code)),
            Target::Values { values, names } if names.len() == 1 => values.get(i).copied(),
            _ => None,
        });
        let mut notes = Vec::new();
        if predictions.members().iter().any(|m| !matches!(m.gives, Gives::Probabilities | Gives::Values)) {
            notes.push("Some members give scores or labels, not probabilities.".into());
        }
        Ok(Self { id: predictions.id(i).into_owned(), outputs, classes, truth, models, neighbours: Vec::new(), notes })
    }

    /// The classes that are drawn: the true one and those with the greatest numbers of any model.
    fn shown_classes(&self) -> Vec<usize> {
        let most = |k: usize| {
            self.models.iter().filter_map(|model| model.values.get(k)).fold(f64::NEG_INFINITY, |most, &x| most.max(x))
        };
        let mut order: Vec<usize> = (0..self.outputs.len()).collect();
        let is_true = |k: usize| self.truth == Some(k as f64);
        order.sort_by(|&a, &b| is_true(b).cmp(&is_true(a)).then(most(b).total_cmp(&most(a))));
        order.truncate(Self::DRAWN.1);
        order.sort_unstable();
        order
    }

    /// The models that are drawn, the ensemble always.
    fn shown_models(&self) -> Vec<&RowAnswer> {
        let members: Vec<&RowAnswer> = self.models.iter().filter(|model| !model.ensemble).collect();
        let kept = both_ends(members.len(), Self::DRAWN.0).map(|i| members[i]);
        kept.chain(self.models.iter().filter(|model| model.ensemble)).collect()
    }

    /// What a model chooses, where it has a number for it.
    fn chosen(model: &RowAnswer) -> Option<usize> {
        model.chosen.filter(|&k| k < model.values.len())
    }

    fn said(&self, model: &RowAnswer) -> String {
        match (self.classes, Self::chosen(model)) {
            (_, None) => "no prediction".into(),
            (true, Some(k)) => format!("{} ({})", self.outputs[k], decimals(model.values[k], 3)),
            (false, Some(k)) => number(model.values[k]),
        }
    }

    fn true_text(&self) -> Option<String> {
        let truth = self.truth?;
        if self.classes { self.outputs.get(truth as usize).cloned() } else { Some(number(truth)) }
    }
}

impl Figure for RowView {
    fn slug(&self) -> &'static str {
        "row"
    }

    fn title(&self) -> String {
        match self.true_text() {
            Some(truth) => format!("Row {}, in truth {truth}", self.id),
            None => format!("Row {}", self.id),
        }
    }

    fn reading(&self) -> String {
        if self.classes {
            "The probability that each model gives to each class; the choice is framed, the true class marked with a \
             triangle."
                .into()
        } else {
            "What each model predicts for this row; the line is the truth.".into()
        }
    }

    fn description(&self) -> String {
        let parts: Vec<String> =
            self.models.iter().take(10).map(|model| format!("{}: {}", model.name, self.said(model))).collect();
        format!("{}. {}.", self.title(), parts.join("; "))
    }

    fn notes(&self) -> Vec<String> {
        let mut said = self.notes.clone();
        let members = self.models.iter().filter(|model| !model.ensemble).count();
        if members > Self::DRAWN.0 {
            said.push(format!("{} of {members} members; the table has all.", Self::DRAWN.0));
        }
        if self.classes && self.outputs.len() > Self::DRAWN.1 {
            said.push(format!("{} of {} classes.", Self::DRAWN.1, self.outputs.len()));
        }
        if !self.neighbours.is_empty() {
            let near: Vec<String> = self
                .neighbours
                .iter()
                .take(5)
                .map(|near| format!("{} ({}, distance {})", near.id, near.truth, number(near.distance)))
                .collect();
            said.push(format!("Nearest rows: {}.", near.join(", ")));
        }
        said
    }

    fn draw(&self) -> Svg {
        if self.classes { self.draw_classes() } else { self.draw_numbers() }
    }

    fn table(&self) -> Table {
        let head = match self.classes {
            true => ["model", "chooses", "probability of it", "probability of the truth"],
            false => ["model", "predicts", "predicted − true", ""],
        };
        let mut table = Table::new(self.title(), head);
        for model in &self.models {
            let Some(k) = Self::chosen(model) else {
                table.push([model.name.clone(), "no prediction".into(), "—".into(), "—".into()]);
                continue;
            };
            let row = if self.classes {
                let of_truth = self.truth.and_then(|truth| model.values.get(truth as usize));
                let of_truth = of_truth.map_or("—".into(), |&x| decimals(x, 4));
                [model.name.clone(), self.outputs[k].clone(), decimals(model.values[k], 4), of_truth]
            } else {
                let off = self.truth.map_or("—".into(), |truth| number(model.values[k] - truth));
                [model.name.clone(), number(model.values[k]), off, String::new()]
            };
            table.push(row);
        }
        table
    }
}

impl RowView {
    fn draw_classes(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        const ROW: f64 = 24.0;
        let (shown, classes) = (self.shown_models(), self.shown_classes());
        let labels = shown.iter().map(|m| text_width(&m.name, TEXT)).fold(40.0, f64::max).min(120.0) + 14.0;
        let cell = (WIDTH - labels - 4.0) / classes.len().max(1) as f64;
        let said = self.notes();
        let bottom = 44.0 + ROW * shown.len() as f64;
        let mut canvas = Canvas::new(WIDTH, bottom + 8.0 + notes_height(&said, WIDTH));
        for (place, &k) in classes.iter().enumerate() {
            let x = labels + cell * (place as f64 + 0.5);
            let name = fit(&self.outputs[k], SMALL, cell - 6.0);
            if self.truth == Some(k as f64) {
                canvas.bold((x, 16.0), &name, SMALL, Anchor::Middle, Ink::Text);
                canvas.area(&[(x - 6.0, 24.0), (x + 6.0, 24.0), (x, 33.0)], Ink::Text, 1.0, None);
            } else {
                canvas.text((x, 16.0), &name, SMALL, Anchor::Middle, Ink::Text);
            }
        }
        for (i, model) in shown.iter().enumerate() {
            let y = 38.0 + ROW * i as f64;
            let name = fit(&model.name, TEXT, labels - 12.0);
            if model.ensemble {
                canvas.bold((labels - 10.0, y + 16.0), &name, TEXT, Anchor::End, Ink::Ensemble);
            } else {
                canvas.text((labels - 10.0, y + 16.0), &name, TEXT, Anchor::End, Ink::Text);
            }
            let chosen = Self::chosen(model);
            for (place, &k) in classes.iter().enumerate() {
                let left = labels + cell * place as f64;
                let Some(&value) = model.values.get(k) else {
                    canvas.rect((left, y), (cell - 2.0, ROW - 2.0), Ink::Grid);
                    continue;
                };
                let ink = Ink::ramp(value);
                let tip = format!("{}: {} {}", model.name, self.outputs[k], decimals(value, 4));
                canvas.with_tip(&tip, |canvas| canvas.rect((left, y), (cell - 2.0, ROW - 2.0), ink));
                if cell > 44.0 {
                    let middle = (left + cell / 2.0 - 1.0, y + 16.0);
                    canvas.text(middle, &decimals(value, 2), SMALL, Anchor::Middle, ink.text_on());
                }
                if chosen == Some(k) {
                    canvas.hollow((left + 1.0, y + 1.0), (cell - 4.0, ROW - 4.0), Stroke::new(Ink::Ensemble, 2.0));
                }
            }
        }
        notes(&mut canvas, &said, bottom - 4.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn draw_numbers(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        const ROW: f64 = 22.0;
        let shown = self.shown_models();
        let labels = shown.iter().map(|m| text_width(&m.name, TEXT)).fold(40.0, f64::max).min(130.0);
        let bottom = 16.0 + ROW * shown.len() as f64;
        let values = shown.iter().filter_map(|model| model.values.first().copied()).chain(self.truth);
        let frame =
            Frame { left: labels + 16.0, top: 6.0, right: WIDTH - 74.0, bottom, x: range(values), y: (0.0, 1.0) };
        let said = self.notes();
        let mut canvas = Canvas::new(WIDTH, bottom + 44.0 + notes_height(&said, WIDTH));
        frame.draw_x(&mut canvas, self.outputs.first().map_or("predicted", String::as_str));
        if let Some(truth) = self.truth {
            let x = frame.px(truth);
            canvas.line((x, frame.top), (x, bottom), Stroke::new(Ink::Text, 1.75));
        }
        for (i, model) in shown.iter().enumerate() {
            let y = 10.0 + ROW * (i as f64 + 0.5);
            let ink = if model.ensemble { Ink::Ensemble } else { Ink::Text };
            let name = fit(&model.name, TEXT, labels + 4.0);
            canvas.text((frame.left - 10.0, y + 4.5), &name, TEXT, Anchor::End, ink);
            canvas.text((WIDTH - 4.0, y + 4.5), &self.said(model), SMALL, Anchor::End, Ink::Muted);
            let Some(&value) = model.values.first() else { continue };
            canvas.with_tip(&format!("{}: {}", model.name, number(value)), |canvas| {
                if model.ensemble {
                    canvas.diamond((frame.px(value), y), 7.5, ink);
                } else {
                    canvas.dot((frame.px(value), y), 4.5, ink);
                }
            });
        }
        notes(&mut canvas, &said, bottom + 40.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }
}
