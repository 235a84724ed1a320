use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{
        Anchor, Canvas, Frame, Ink, Key, SMALL, Stroke, TEXT, fit, legend, notes, notes_height,
        number::{count, percent},
        text_width,
    },
};

/// Who is right where others are wrong: the rows by the set of members that are right (an UpSet chart: Lex and
/// others 2014).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WhoIsRight {
    /// The members, the most often right first; of very many the last stands for any of those that have no line.
    pub members: Vec<String>,
    /// How many rows each is right on.
    pub right: Vec<f64>,
    /// The sets of members that are right, the commonest first.
    pub sets: Vec<RightSet>,
    /// All rows.
    pub rows: f64,
    /// The rows in sets too rare to be listed.
    pub rare_rows: f64,
    /// Whether it is known where the ensemble is right.
    pub with_ensemble: bool,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// One set of members that are right on the same rows, and all others wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RightSet {
    /// Whether each member is in the set.
    pub members: Vec<bool>,
    /// The rows.
    pub rows: f64,
    /// The rows of these on which the ensemble is right too.
    pub ensemble_right: f64,
}

impl WhoIsRight {
    /// The most members that are shown: those that are most often right. Whether any other is right has a line of its own.
    pub const MEMBERS: usize = 12;
    /// The most sets that are shown.
    pub const SETS: usize = 20;

    /// Counts the sets. `right[m][i]` says whether member `m` is right on row `i`; `ensemble[i]` whether the
    /// ensemble is; `weight(i)` is what the row counts, 0 leaves it out.
    ///
    /// ```
    /// use consort_plot::chart::WhoIsRight;
    /// let chart = WhoIsRight::new(&["a".into(), "b".into()], &[vec![true, true, false], vec![true, false, false]], None, |_| 1.0);
    /// assert_eq!((chart.sets.len(), chart.rows), (3, 3.0));
    /// ```
    pub fn new(
        names: &[String],
        right: &[Vec<bool>],
        ensemble: Option<&[bool]>,
        weight: impl Fn(usize) -> f64,
    ) -> Self {
        let rows = right.first().map_or(0, Vec::len);
        let mut order: Vec<(f64, usize)> = right
            .iter()
            .enumerate()
            .map(|(m, right)| {
                let sum = right.iter().enumerate().map(|(i, &right)| if right { weight(i) } else { 0.0 }).sum();
                (sum, m)
            })
            .collect();
        order.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut said = Vec::new();
        let mut members: Vec<String> = order.iter().map(|&(_, m)| names[m].clone()).collect();
        let mut sums: Vec<f64> = order.iter().map(|&(sum, _)| sum).collect();
        let hidden = order.split_off(Self::MEMBERS.min(order.len()));
        let by_another = |i: usize| hidden.iter().any(|&(_, m)| right[m][i]);
        if !hidden.is_empty() {
            said.push(format!("The {} members that are most often right, of {}.", Self::MEMBERS, members.len()));
            members.truncate(Self::MEMBERS);
            members.push(format!("any of {} others", hidden.len()));
            sums.truncate(Self::MEMBERS);
            sums.push((0..rows).filter(|&i| by_another(i)).map(&weight).sum());
        }
        let mut sets: HashMap<u64, (f64, f64)> = HashMap::new();
        for i in 0..rows {
            let weight = weight(i);
            if weight > 0.0 {
                let shown = order.iter().map(|&(_, m)| right[m][i]);
                let all = shown.chain((!hidden.is_empty()).then(|| by_another(i)));
                let key = all.enumerate().fold(0, |key, (bit, right)| key | u64::from(right) << bit);
                let entry = sets.entry(key).or_default();
                entry.0 += weight;
                if ensemble.is_some_and(|ensemble| ensemble[i]) {
                    entry.1 += weight;
                }
            }
        }
        let mut sets: Vec<(u64, (f64, f64))> = sets.into_iter().collect();
        // Equal counts in the order of the sets, so that nothing depends on the order of the map.
        sets.sort_by(|a, b| b.1.0.total_cmp(&a.1.0).then(a.0.cmp(&b.0)));
        let total = sets.iter().map(|set| set.1.0).sum();
        let rare: f64 = sets.iter().skip(Self::SETS).map(|set| set.1.0).sum();
        if sets.len() > Self::SETS {
            let share = percent(rare / total);
            said.push(format!(
                "The {} commonest of {} sets; the others hold {share} of the rows.",
                Self::SETS,
                sets.len()
            ));
        }
        Self {
            sets: sets
                .into_iter()
                .take(Self::SETS)
                .map(|(key, (rows, ensemble_right))| RightSet {
                    members: (0..members.len()).map(|bit| key >> bit & 1 == 1).collect(),
                    rows,
                    ensemble_right,
                })
                .collect(),
            members,
            right: sums,
            rows: total,
            rare_rows: rare,
            with_ensemble: ensemble.is_some(),
            notes: said,
        }
    }

    fn name(&self, set: &RightSet) -> String {
        let count = set.members.iter().filter(|&&right| right).count();
        if count == 0 {
            return "nobody".into();
        }
        if count == self.members.len() {
            return if count > Self::MEMBERS { "all of these".into() } else { "everybody".into() };
        }
        let (who, but): (Vec<&str>, Vec<&str>) = (self.pick(set, true), self.pick(set, false));
        if who.len() <= but.len() { format!("only {}", who.join(", ")) } else { format!("all but {}", but.join(", ")) }
    }

    fn pick(&self, set: &RightSet, right: bool) -> Vec<&str> {
        self.members.iter().zip(&set.members).filter(|(_, is)| **is == right).map(|(name, _)| name.as_str()).collect()
    }
}

impl Figure for WhoIsRight {
    fn slug(&self) -> &'static str {
        "who-is-right"
    }

    fn title(&self) -> String {
        "Who is right where others are wrong".into()
    }

    fn reading(&self) -> String {
        let ensemble = if self.with_ensemble {
            " The filled part of a bar are the rows on which the ensemble is right too."
        } else {
            ""
        };
        format!(
            "Each column is a set of members (filled dots) that are right on the same rows while the others are wrong; \
             the bar counts the rows.{ensemble} Where nobody is right no weighting helps."
        )
    }

    fn description(&self) -> String {
        let parts: Vec<String> = self
            .sets
            .iter()
            .take(4)
            .map(|set| format!("{} on {}", self.name(set), percent(set.rows / self.rows)))
            .collect();
        if parts.is_empty() { "There is no row.".into() } else { format!("Right: {}.", parts.join("; ")) }
    }

    fn notes(&self) -> Vec<String> {
        self.notes.clone()
    }

    fn draw(&self) -> Svg {
        const COLUMN: f64 = 24.0;
        const ROW: f64 = 22.0;
        let labels = self.members.iter().map(|name| text_width(name, TEXT)).fold(60.0, f64::max).min(150.0) + 62.0;
        let width = (labels + COLUMN * self.sets.len() as f64 + 12.0).max(400.0);
        let most = self.sets.iter().fold(0.0f64, |most, set| most.max(set.rows));
        let right = labels + COLUMN * self.sets.len() as f64;
        let y = (0.0, if most > 0.0 { most * 1.04 } else { 1.0 });
        let frame = Frame { left: labels, top: 54.0, right, bottom: 200.0, x: (0.0, 1.0), y };
        let below = frame.bottom + 14.0 + ROW * self.members.len() as f64;
        let mut canvas = Canvas::new(width, below + 6.0 + notes_height(&self.notes, width));
        if self.with_ensemble {
            let keys = [Key::patch("the ensemble is right", Ink::Ensemble), Key::patch("it is wrong", Ink::Bad)];
            legend(&mut canvas, &keys, (2.0, 4.0), width);
        }
        if self.sets.iter().all(|set| set.rows.fract() == 0.0) {
            frame.draw_count_y(&mut canvas, "rows");
        } else {
            frame.draw_y(&mut canvas, "rows");
        }
        for (i, set) in self.sets.iter().enumerate() {
            let x = labels + COLUMN * (i as f64 + 0.5);
            let top = frame.py(set.rows);
            let mid = frame.py(set.ensemble_right);
            let mut tip =
                format!("Right: {}; {} rows, {}", self.name(set), count(set.rows), percent(set.rows / self.rows));
            if self.with_ensemble {
                tip += &format!("; the ensemble is right on {}", count(set.ensemble_right));
            }
            canvas.with_tip(&tip, |canvas| {
                if self.with_ensemble {
                    canvas.rect((x - 7.0, mid), (14.0, frame.bottom - mid), Ink::Ensemble);
                    canvas.hollow((x - 6.5, top + 0.5), (13.0, (mid - top - 1.0).max(0.0)), Stroke::new(Ink::Bad, 1.5));
                } else {
                    canvas.rect((x - 7.0, top), (14.0, frame.bottom - top), Ink::Ensemble);
                }
            });
            let filled: Vec<f64> = (0..self.members.len())
                .filter(|&m| set.members[m])
                .map(|m| frame.bottom + 14.0 + ROW * (m as f64 + 0.5))
                .collect();
            if let (Some(&first), Some(&last)) = (filled.first(), filled.last()) {
                canvas.line((x, first), (x, last), Stroke::new(Ink::Text, 2.0));
            }
            for m in 0..self.members.len() {
                let y = frame.bottom + 14.0 + ROW * (m as f64 + 0.5);
                canvas.dot((x, y), 5.5, if set.members[m] { Ink::Text } else { Ink::Grid });
            }
        }
        for (m, name) in self.members.iter().enumerate() {
            let y = frame.bottom + 14.0 + ROW * (m as f64 + 0.5) + 4.5;
            let share = if self.rows > 0.0 { self.right[m] / self.rows } else { 0.0 };
            canvas.text((2.0, y), &fit(name, TEXT, labels - 62.0), TEXT, Anchor::Start, Ink::Text);
            canvas.text((labels - 8.0, y), &percent(share), SMALL, Anchor::End, Ink::Muted);
        }
        notes(&mut canvas, &self.notes, below, width);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new(
            "Rows by who is right, the commonest first",
            ["right", "rows", "share", "the ensemble is right on"],
        );
        for set in &self.sets {
            let ensemble = if self.with_ensemble { count(set.ensemble_right) } else { "—".into() };
            table.push([self.name(set), count(set.rows), percent(set.rows / self.rows), ensemble]);
        }
        if self.rare_rows > 0.0 {
            table.push(["rarer sets".into(), count(self.rare_rows), percent(self.rare_rows / self.rows), "—".into()]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_counted_once_and_named() {
        let right = [vec![true, true, false, false], vec![true, false, false, true], vec![true, false, false, false]];
        let names = ["a", "b", "c"].map(String::from);
        let chart =
            WhoIsRight::new(&names, &right, Some(&[true, false, false, true]), |i| if i == 3 { 2.0 } else { 1.0 });
        assert_eq!(chart.members, ["b", "a", "c"]);
        assert_eq!(chart.right, [3.0, 2.0, 1.0]);
        let sets: Vec<(String, f64, f64)> =
            chart.sets.iter().map(|set| (chart.name(set), set.rows, set.ensemble_right)).collect();
        let expected = [("only b", 2.0, 2.0), ("nobody", 1.0, 0.0), ("only a", 1.0, 0.0), ("everybody", 1.0, 1.0)];
        assert_eq!(sets, expected.map(|(name, rows, right)| (name.to_owned(), rows, right)));
    }

    #[test]
    fn nobody_is_right_only_where_no_member_is() {
        // Three rows: all but the last member are right, only the last one is, none is.
        let members = WhoIsRight::MEMBERS + 2;
        let right: Vec<Vec<bool>> = (0..members).map(|m| vec![m + 1 < members, m + 1 == members, false]).collect();
        let names: Vec<String> = (0..members).map(|m| format!("m{m}")).collect();
        let chart = WhoIsRight::new(&names, &right, None, |_| 1.0);
        let sets: Vec<(String, f64)> = chart.sets.iter().map(|set| (chart.name(set), set.rows)).collect();
        let expected = [("nobody", 1.0), ("only any of 2 others", 1.0), ("all of these", 1.0)];
        assert_eq!(sets, expected.map(|(name, rows)| (name.to_owned(), rows)));
        assert_eq!(chart.right.last(), Some(&2.0));
    }

    #[test]
    fn rows_of_weight_0_and_no_rows_at_all_do_no_harm() {
        let chart = WhoIsRight::new(&["a".into()], &[vec![]], None, |_| 1.0);
        assert!(chart.sets.is_empty() && !chart.draw().to_inline("x").contains("NaN"));
        assert_eq!(WhoIsRight::new(&["a".into()], &[vec![true]], None, |_| 0.0).rows, 0.0);
    }
}
