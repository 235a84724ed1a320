use consort_core::{Error, Predictions, Result, Target, Truth, blocks};
use consort_metrics::diversity::BiasVarianceCovariance;
use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, SMALL, Stroke, TEXT, notes, notes_height,
        number::{number, percent},
        range,
    },
};

/// Where the error of the mean of the members comes from: the average member's error, what averaging takes away
/// (Krogh and Vedelsby 1995), and, for numbers, what is left as bias, variance and covariance (Ueda and Nakano 1996).
///
/// Squared error; of probabilities the sum over the classes, which is the Brier score, and of two classes half of it, as the
/// metric `brier` has it. The parts are of these rows,
/// not of new training sets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ErrorSplit {
    /// How many members.
    pub members: usize,
    /// What is measured, such as `Brier score` or `mean squared error`.
    pub measure: String,
    /// The average of the members' errors.
    pub member_error: Part,
    /// The mean squared distance of the members from their mean: what averaging takes away.
    pub ambiguity: Part,
    /// The error of the mean of the members: the first minus the second.
    pub ensemble_error: Part,
    /// For numbers: what the ensemble's error is made of.
    pub spread: Option<Spread>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A mean over the rows.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// The mean.
    pub value: f64,
    /// Its 95 % interval.
    pub interval: Option<(f64, f64)>,
}

/// The parts of the error of a mean; they add up to it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The square of the members' common bias.
    pub squared_bias: f64,
    /// Their average variance divided by their number: averaging more members takes it away.
    pub variance: f64,
    /// Their average covariance times 1 − 1/M: what they share, and averaging does not take away.
    pub covariance: f64,
}

impl ErrorSplit {
    /// The parts for the plain mean of these members, on the rows that all of them predict.
    ///
    /// ```
    /// use consort_core::{Gives, Ids, Outputs, Predictions, Target, Truth};
    /// use consort_plot::chart::ErrorSplit;
    /// let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(2))
    ///     .member("a", Gives::Values, &[1.0, 2.0])?
    ///     .member("b", Gives::Values, &[3.0, 4.0])?
    ///     .build()?;
    /// let target = Target::from_values(vec![2.0, 2.0], "y")?;
    /// let split = ErrorSplit::of(&predictions, &Truth::new(&target))?;
    /// assert_eq!((split.member_error.value, split.ambiguity.value, split.ensemble_error.value), (1.5, 1.0, 0.5));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Length`] unless the truth is parallel; [`Error::Unsupported`] for yes-or-no labels;
    /// [`Error::Empty`] without a row that all members predict.
    pub fn of(predictions: &Predictions, truth: &Truth<'_>) -> Result<Self> {
        let (rows, k, members) = (predictions.rows(), predictions.columns(), predictions.members().len());
        truth.check_rows(rows)?;
        let (measure, wanted): (&str, Box<Wanted<'_>>) = match truth.target() {
            Target::Classes { codes, .. } => {
                ("Brier score", Box::new(move |i, c| if codes[i] as usize == c { 1.0 } else { 0.0 }))
            }
            Target::Values { values, names } if names.len() == k => {
                ("mean squared error", Box::new(move |i, c| values[i * k + c]))
            }
            _ => {
                return Err(Error::Unsupported {
                    by: "the split of the error".into(),
                    what: truth.target().outputs().task().to_string(),
                    hint: "it is made for classes and numbers".into(),
                });
            }
        };
        // Sums of weight, member error and ambiguity for each of the groups that are left out in turn; rows that belong
        // together are left out together.
        let left_out_with = |i: usize| truth.groups().map_or(i, |groups| groups[i] as usize) % GROUPS;
        let parts = blocks::map(rows, |rows| {
            let mut sums = [[0.0f64; 4]; GROUPS];
            for i in rows {
                let weight = truth.weight(i);
                if weight == 0.0 || (0..members).any(|m| predictions.is_missing(m, i)) {
                    continue;
                }
                let (mut error, mut apart, mut ensemble) = (0.0, 0.0, 0.0);
                for c in 0..k {
                    let y = wanted(i, c);
                    let mean = (0..members).map(|m| f64::from(predictions.at(m, i, c))).sum::<f64>() / members as f64;
                    ensemble += (mean - y).powi(2);
                    for m in 0..members {
                        let x = f64::from(predictions.at(m, i, c));
                        error += (x - y).powi(2);
                        apart += (x - mean).powi(2);
                    }
                }
                let group = &mut sums[left_out_with(i)];
                let per = weight / members as f64;
                let row = [weight, per * error, per * apart, weight * ensemble];
                group.iter_mut().zip(row).for_each(|(sum, x)| *sum += x);
            }
            sums
        });
        let mut groups = [[0.0f64; 4]; GROUPS];
        for part in parts {
            for (group, part) in groups.iter_mut().zip(part) {
                group.iter_mut().zip(part).for_each(|(sum, x)| *sum += x);
            }
        }
        // The Brier score is a sum over more than two classes, and half of it over two.
        let columns = if matches!(truth.target(), Target::Classes { .. }) && k != 2 { 1.0 } else { k as f64 };
        let total = |pick: usize| groups.iter().map(|group| group[pick]).sum::<f64>();
        if total(0) == 0.0 {
            return Err(Error::Empty {
                what: "the list of rows".into(),
                hint: "some row must have weight and a prediction of every member".into(),
            });
        }
        let part = |pick: usize| jackknife(&groups, pick, columns);
        let spread = match truth.target() {
            Target::Values { .. } if !predictions.has_missing() => {
                let found = BiasVarianceCovariance::of(predictions, truth)?;
                let m = members as f64;
                Some(Spread {
                    squared_bias: found.bias * found.bias,
                    variance: found.variance / m,
                    covariance: (1.0 - 1.0 / m) * found.covariance,
                })
            }
            _ => None,
        };
        Ok(Self {
            members,
            measure: measure.into(),
            member_error: part(1),
            ambiguity: part(2),
            ensemble_error: part(3),
            spread,
            notes: Vec::new(),
        })
    }
}

/// What is true of a row and a column.
type Wanted<'a> = dyn Fn(usize, usize) -> f64 + Sync + 'a;

/// How many groups of rows are left out in turn.
const GROUPS: usize = 20;

/// A ratio of sums, with the delete-a-group jackknife (Wolter 2007) for its interval.
fn jackknife(groups: &[[f64; 4]; GROUPS], pick: usize, columns: f64) -> Part {
    /// Student's t for 19 degrees of freedom, 95 %.
    const T: f64 = 2.093_024_054_408_263;
    let ratio = |without: Option<usize>| {
        let kept = groups.iter().enumerate().filter(|(g, _)| Some(*g) != without);
        let (sum, weight) = kept.fold((0.0, 0.0), |(sum, weight), (_, group)| (sum + group[pick], weight + group[0]));
        sum / weight / columns
    };
    let value = ratio(None);
    if groups.iter().any(|group| group[0] == 0.0) {
        return Part { value, interval: None };
    }
    let parts: Vec<f64> = (0..GROUPS).map(|g| ratio(Some(g))).collect();
    let n = GROUPS as f64;
    let mean = parts.iter().sum::<f64>() / n;
    let half = T * ((n - 1.0) / n * parts.iter().map(|x| (x - mean).powi(2)).sum::<f64>()).sqrt();
    Part { value, interval: Some((value - half, value + half)) }
}

impl Figure for ErrorSplit {
    fn slug(&self) -> &'static str {
        "error-split"
    }

    fn title(&self) -> String {
        "Where the error of the mean comes from".into()
    }

    fn reading(&self) -> String {
        let more = if self.spread.is_some() {
            " Below, what is left: bias and covariance are shared by the members and stay however many are averaged; \
             variance falls with their number."
        } else {
            ""
        };
        format!(
            "The average member's error, minus how much the members differ from their mean, is the error of the mean. \
             Members that differ more take more away.{more}"
        )
    }

    fn description(&self) -> String {
        format!(
            "{} of {} members: on average {}; averaging takes away {} ({}), which leaves {}.",
            self.measure,
            self.members,
            number(self.member_error.value),
            number(self.ambiguity.value),
            percent(self.ambiguity.value / self.member_error.value),
            number(self.ensemble_error.value)
        )
    }

    fn notes(&self) -> Vec<String> {
        let mut said = vec!["Thin bars are 95 % intervals over rows.".to_owned()];
        said.extend(self.notes.iter().cloned());
        said
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        const ROW: f64 = 40.0;
        let bars = self.bars();
        let ends = |bar: &Bar| [Some(bar.from), Some(bar.to), bar.interval.map(|i| i.0), bar.interval.map(|i| i.1)];
        let bottom = 10.0 + ROW * bars.len() as f64;
        let (low, high) = range(bars.iter().flat_map(ends).flatten().chain([0.0]));
        let x = (if low < 0.0 && bars.iter().any(|bar| bar.from.min(bar.to) < 0.0) { low } else { 0.0 }, high);
        let frame = Frame { left: 146.0, top: 6.0, right: WIDTH - 66.0, bottom, x, y: (0.0, 1.0) };
        let said = self.notes();
        let mut canvas = Canvas::new(WIDTH, bottom + 44.0 + notes_height(&said, WIDTH));
        frame.draw_x(&mut canvas, &self.measure);
        for (i, bar) in bars.iter().enumerate() {
            let y = 8.0 + ROW * i as f64;
            let (left, right) = (frame.px(bar.from.min(bar.to)), frame.px(bar.from.max(bar.to)));
            canvas.text((frame.left - 8.0, y + 17.0), bar.name, TEXT, Anchor::End, Ink::Text);
            canvas.text((frame.left - 8.0, y + 32.0), bar.under, SMALL, Anchor::End, Ink::Muted);
            canvas.text((WIDTH - 4.0, y + 20.0), &bar.text(), SMALL, Anchor::End, Ink::Muted);
            let ends = bar.interval.map_or_else(String::new, |i| format!(" ({} to {})", number(i.0), number(i.1)));
            canvas.with_tip(&format!("{}: {}{ends}", bar.name, bar.text()), |canvas| {
                canvas.rect((left, y + 6.0), ((right - left).max(1.0), 20.0), bar.ink);
                if let Some((low, high)) = bar.interval {
                    canvas.line((frame.px(low), y + 29.0), (frame.px(high), y + 29.0), Stroke::new(Ink::Text, 2.0));
                }
            });
            // The bars hang together: where one ends the next begins.
            if bar.joined {
                let x = frame.px(bar.from);
                canvas.line((x, y - 8.0), (x, y + 6.0), Stroke::new(Ink::Muted, 1.0).dashed(Some("2 2")));
            }
        }
        notes(&mut canvas, &said, bottom + 40.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(self.title(), ["part", &self.measure, "95 % from", "95 % to"]);
        for bar in self.bars() {
            let end = |pick: fn((f64, f64)) -> f64| bar.own.map_or("—".into(), |i| number(pick(i)));
            table.push([bar.name.into(), bar.text(), end(|i| i.0), end(|i| i.1)]);
        }
        table
    }
}

/// One bar of the figure: from one number to another, so that sums are seen.
struct Bar {
    name: &'static str,
    under: &'static str,
    from: f64,
    to: f64,
    /// The interval of the part, where it is drawn: at the bar's end.
    interval: Option<(f64, f64)>,
    /// The interval of the part itself.
    own: Option<(f64, f64)>,
    ink: Ink,
    joined: bool,
}

impl Bar {
    fn text(&self) -> String {
        number(self.to - self.from)
    }
}

impl ErrorSplit {
    fn bars(&self) -> Vec<Bar> {
        let (one, apart, mean) = (self.member_error, self.ambiguity, self.ensemble_error);
        let moved = apart.interval.map(|(low, high)| (one.value - high, one.value - low));
        let bar = |name, under, from, to, interval, own, ink, joined| Bar {
            name,
            under,
            from,
            to,
            interval,
            own,
            ink,
            joined,
        };
        let negative = |interval: Option<(f64, f64)>| interval.map(|(low, high)| (-high, -low));
        let mut bars = vec![
            bar("average member", "", 0.0, one.value, one.interval, one.interval, Ink::Muted, false),
            bar(
                "− ambiguity",
                "taken away",
                one.value,
                one.value - apart.value,
                moved,
                negative(apart.interval),
                Ink::Good,
                true,
            ),
            bar("= mean of all", "what is left", 0.0, mean.value, mean.interval, mean.interval, Ink::Ensemble, false),
        ];
        if let Some(spread) = self.spread {
            let (bias, variance) = (spread.squared_bias, spread.squared_bias + spread.variance);
            bars.push(bar("bias²", "shared", 0.0, bias, None, None, Ink::Bad, false));
            bars.push(bar("variance / M", "falls with M", bias, variance, None, None, Ink::Series(4), true));
            let end = variance + spread.covariance;
            bars.push(bar("covariance", "shared", variance, end, None, None, Ink::Series(2), true));
        }
        bars
    }
}
