use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{Anchor, Canvas, Frame, Ink, SMALL, TEXT, fit, notes, notes_height, number::number, text_width},
};

/// The weight of each member in the fusion.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// The members, greatest weight first, ties as given.
    pub members: Vec<MemberWeight>,
}

/// One member's weight.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberWeight {
    /// The member.
    pub name: String,
    /// Its weight.
    pub weight: f64,
}

impl Weights {
    /// How many bars are drawn; the table has all.
    pub const BARS: usize = 40;

    /// Weights in any order; a weight that is not finite counts as 0.
    pub fn new<S: Into<String>>(names: impl IntoIterator<Item = S>, weights: &[f64]) -> Self {
        let mut members: Vec<MemberWeight> = names
            .into_iter()
            .zip(weights)
            .map(|(name, &weight)| MemberWeight {
                name: name.into(),
                weight: if weight.is_finite() { weight } else { 0.0 },
            })
            .collect();
        members.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        Self { members }
    }

    fn used(&self) -> usize {
        self.members.iter().filter(|member| member.weight != 0.0).count()
    }
}

impl Figure for Weights {
    fn slug(&self) -> &'static str {
        "weights"
    }

    fn title(&self) -> String {
        "Weights of the members".into()
    }

    fn reading(&self) -> String {
        "How much each member counts in the fusion. Weights of members that say nearly the same are not well \
         determined: either could have the other's share."
            .into()
    }

    fn description(&self) -> String {
        match self.members.first() {
            Some(first) => format!(
                "{} of {} members have a weight other than 0. The greatest is that of {}, {}.",
                self.used(),
                self.members.len(),
                first.name,
                number(first.weight)
            ),
            None => "There is no member.".into(),
        }
    }

    fn notes(&self) -> Vec<String> {
        match self.members.len().checked_sub(Self::BARS) {
            Some(more) if more > 0 => {
                vec![format!("The {} greatest of {} weights; the table has all.", Self::BARS, self.members.len())]
            }
            _ => Vec::new(),
        }
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        const ROW: f64 = 24.0;
        let shown = &self.members[..self.members.len().min(Self::BARS)];
        let labels = shown.iter().map(|member| text_width(&member.name, TEXT)).fold(40.0, f64::max).min(130.0);
        let low = shown.iter().fold(0.0f64, |low, member| low.min(member.weight));
        let high = shown.iter().fold(0.0f64, |high, member| high.max(member.weight));
        let bottom = 10.0 + ROW * shown.len() as f64;
        let x = (low * 1.02, if high > low { high * 1.02 } else { 1.0 });
        let frame =
            Frame { left: labels + 16.0, top: 6.0, right: WIDTH - 62.0, bottom: bottom + 4.0, x, y: (0.0, 1.0) };
        let said = self.notes();
        let mut canvas = Canvas::new(WIDTH, frame.bottom + 44.0 + notes_height(&said, WIDTH));
        frame.draw_x(&mut canvas, "weight");
        for (i, member) in shown.iter().enumerate() {
            let y = 10.0 + ROW * (i as f64 + 0.5);
            let (from, to) = (frame.px(member.weight.min(0.0)), frame.px(member.weight.max(0.0)));
            let name = fit(&member.name, TEXT, labels + 4.0);
            canvas.text((frame.left - 10.0, y + 4.5), &name, TEXT, Anchor::End, Ink::Text);
            canvas.with_tip(&format!("{}: {}", member.name, number(member.weight)), |canvas| {
                canvas.rect((from, y - 7.0), (to - from, 14.0), Ink::Ensemble);
            });
            canvas.text((WIDTH - 4.0, y + 4.5), &number(member.weight), SMALL, Anchor::End, Ink::Muted);
        }
        notes(&mut canvas, &said, frame.bottom + 40.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let mut table = Table::new("Weight of each member, greatest first", ["member", "weight"]);
        for member in &self.members {
            table.push([member.name.clone(), number(member.weight)]);
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_in_order_and_ties_stay_as_given() {
        let weights = Weights::new(["a", "b", "c"], &[0.2, 0.6, 0.2]);
        let names: Vec<&str> = weights.members.iter().map(|member| member.name.as_str()).collect();
        assert_eq!(names, ["b", "a", "c"]);
        assert_eq!(weights.used(), 3);
        assert_eq!(Weights::new(["a"], &[f64::NAN]).members[0].weight, 0.0);
    }
}
