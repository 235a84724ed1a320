use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{Anchor, Canvas, Frame, Ink, Key, SMALL, Stroke, decimals, legend, legend_height, notes, notes_height},
};

/// How the weights grew while members were selected, round by round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightPath {
    /// The members.
    pub members: Vec<String>,
    /// The weights after each round, one a member, summing to 1.
    pub rounds: Vec<Vec<f64>>,
    /// The round (from 1) whose weights were taken.
    pub chosen: Option<usize>,
}

impl WeightPath {
    /// How many members have a band of their own.
    const BANDS: usize = 7;

    /// The path of a selection that adds one member a round, with equal steps (Caruana and others 2004):
    /// `picks[r]` is the member added in round `r`.
    ///
    /// ```
    /// use consort_plot::chart::WeightPath;
    /// let path = WeightPath::from_picks(["a", "b"], &[0, 1, 0], None);
    /// assert_eq!(path.rounds[1], [0.5, 0.5]);
    /// ```
    pub fn from_picks<S: Into<String>>(
        names: impl IntoIterator<Item = S>,
        picks: &[usize],
        chosen: Option<usize>,
    ) -> Self {
        let members: Vec<String> = names.into_iter().map(Into::into).collect();
        let mut counts = vec![0u32; members.len()];
        let mut total = 0;
        let rounds = picks
            .iter()
            .map(|&pick| {
                if let Some(count) = counts.get_mut(pick) {
                    *count += 1;
                    total += 1;
                }
                counts.iter().map(|&count| f64::from(count) / f64::from(total.max(1))).collect()
            })
            .collect();
        Self { members, rounds, chosen }
    }

    fn weight(&self, round: usize, m: usize) -> f64 {
        self.rounds[round].get(m).copied().filter(|w| w.is_finite()).unwrap_or(0.0)
    }

    /// The members by their weight in the round chosen, or the last.
    fn order(&self) -> Vec<usize> {
        let Some(last) = self.rounds.len().checked_sub(1) else { return Vec::new() };
        let round = self.chosen.map_or(last, |chosen| chosen.saturating_sub(1).min(last));
        let ever = |m: usize| (0..self.rounds.len()).map(|r| self.weight(r, m)).fold(0.0, f64::max);
        let mut order: Vec<usize> = (0..self.members.len()).filter(|&m| ever(m) > 0.0).collect();
        order.sort_by(|&a, &b| {
            self.weight(round, b).total_cmp(&self.weight(round, a)).then(ever(b).total_cmp(&ever(a)))
        });
        order
    }
}

impl Figure for WeightPath {
    fn slug(&self) -> &'static str {
        "weight-path"
    }

    fn title(&self) -> String {
        "How the weights grew".into()
    }

    fn reading(&self) -> String {
        "The share of each member after each round of the selection. Bands that settle early are well determined; \
         bands that keep shifting are members that can stand in for each other."
            .into()
    }

    fn description(&self) -> String {
        let order = self.order();
        match (order.first(), self.rounds.len()) {
            (Some(&first), rounds) => {
                format!(
                    "{rounds} rounds, {} members in use. The greatest share is that of {}.",
                    order.len(),
                    self.members[first]
                )
            }
            _ => "There is no round.".into(),
        }
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        let order = self.order();
        let (own, rest) = order.split_at(order.len().min(Self::BANDS));
        let mut keys: Vec<Key> =
            own.iter().enumerate().map(|(i, &m)| Key::patch(self.members[m].clone(), Ink::Series(i))).collect();
        if !rest.is_empty() {
            keys.push(Key::patch(format!("{} others", rest.len()), Ink::Grid));
        }
        let last = self.rounds.len().max(2) as f64;
        let frame = Frame { left: 44.0, top: 28.0, right: WIDTH - 12.0, bottom: 300.0, x: (1.0, last), y: (0.0, 1.0) };
        let below = frame.bottom + 46.0;
        let said = self.notes();
        let keys_height = legend_height(&keys, WIDTH);
        let mut canvas = Canvas::new(WIDTH, below + keys_height + notes_height(&said, WIDTH) + 4.0);
        frame.draw_count_x(&mut canvas, "round");
        frame.draw_y(&mut canvas, "weight");
        let rounds = self.rounds.len();
        let mut floor = vec![0.0; rounds];
        let bands = own.iter().map(std::slice::from_ref).chain((!rest.is_empty()).then_some(rest));
        for (i, band) in bands.enumerate() {
            let top: Vec<f64> =
                (0..rounds).map(|r| floor[r] + band.iter().map(|&m| self.weight(r, m)).sum::<f64>()).collect();
            let x = |r: usize| if rounds == 1 { [frame.left, frame.right] } else { [frame.px(r as f64 + 1.0); 2] };
            let mut outline: Vec<(f64, f64)> = Vec::new();
            for (r, &share) in top.iter().enumerate() {
                outline.extend(x(r).map(|x| (x, frame.py(share))));
            }
            for (r, &share) in floor.iter().enumerate().rev() {
                let [a, b] = x(r);
                outline.extend([(b, frame.py(share)), (a, frame.py(share))]);
            }
            outline.dedup();
            let ink = keys[i].stroke.ink;
            canvas.with_tip(&keys[i].name, |canvas| {
                canvas.area(&outline, ink, 1.0, Some(Stroke::new(Ink::Paper, 1.5)));
            });
            floor = top;
        }
        if let Some(chosen) = self.chosen {
            let x = frame.px(chosen as f64);
            canvas.line((x, frame.top), (x, frame.bottom), Stroke::new(Ink::Text, 1.5).dashed(Some("4 3")));
            let (anchor, dx) = if x > frame.right - 80.0 { (Anchor::End, -5.0) } else { (Anchor::Start, 5.0) };
            canvas.text((x + dx, frame.top - 6.0), "taken", SMALL, anchor, Ink::Text);
        }
        legend(&mut canvas, &keys, (2.0, below), WIDTH);
        notes(&mut canvas, &said, below + keys_height, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let order: Vec<usize> = self.order().into_iter().take(Self::BANDS + 1).collect();
        let head = ["round".to_owned()].into_iter().chain(order.iter().map(|&m| self.members[m].clone()));
        let mut table = Table::new("Weights after each round; the members with the greatest", head);
        for r in 0..self.rounds.len() {
            let weights = order.iter().map(|&m| decimals(self.weight(r, m), 3));
            table.push([(r + 1).to_string()].into_iter().chain(weights));
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_counts_over_rounds() {
        let path = WeightPath::from_picks(["a", "b", "c"], &[1, 1, 0, 9], Some(3));
        assert_eq!(path.rounds[2], [1.0 / 3.0, 2.0 / 3.0, 0.0]);
        assert_eq!(path.rounds[3], path.rounds[2]); // a pick beyond the members is nobody
        assert_eq!(path.order(), [1, 0]);
    }

    #[test]
    fn no_round_and_one_round_do_no_harm() {
        for picks in [&[][..], &[0]] {
            let svg = WeightPath::from_picks(["a"], picks, Some(1)).draw().to_inline("x");
            assert!(!svg.contains("NaN"));
        }
    }
}
