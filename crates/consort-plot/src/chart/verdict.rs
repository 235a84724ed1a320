use serde::{Deserialize, Serialize};

use crate::{
    Figure, Svg, Table,
    draw::{Anchor, Canvas, Ink, SMALL, Stroke, TEXT, fit, notes, notes_height, number::number},
};

/// By how much the ensemble beats what it is compared with: a gain with an interval in each of some measures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gains {
    /// What the ensemble is compared with, such as `the best member, boost`.
    pub against: String,
    /// How sure the intervals are meant to be, such as 0.95.
    pub level: f64,
    /// The gains; more than 0 is in favour of the ensemble in every measure.
    pub gains: Vec<Gain>,
}

/// The gain in one measure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gain {
    /// The measure, such as `log_loss`.
    pub measure: String,
    /// How much better the ensemble is; `None` where it is undefined.
    pub gain: Option<f64>,
    /// The ends of its interval.
    pub interval: Option<(f64, f64)>,
}

impl Gain {
    /// In words: better, worse, or too close to call.
    pub fn verdict(&self) -> &'static str {
        match (self.gain, self.interval) {
            (None, _) => "undefined",
            (_, Some((low, _))) if low > 0.0 => "better",
            (_, Some((_, high))) if high < 0.0 => "worse",
            (_, Some(_)) => "too close to call",
            (Some(gain), None) if gain > 0.0 => "better, no interval",
            (Some(gain), None) if gain < 0.0 => "worse, no interval",
            _ => "equal",
        }
    }
}

impl Figure for Gains {
    fn slug(&self) -> &'static str {
        "gain"
    }

    fn title(&self) -> String {
        format!("Gain of the ensemble over {}", self.against)
    }

    fn reading(&self) -> String {
        format!(
            "Right of the line the ensemble is better. Where the bar, a {} % interval, crosses the line, these rows \
             cannot tell. Each measure has a scale of its own.",
            number(self.level * 100.0)
        )
    }

    fn description(&self) -> String {
        let parts: Vec<String> = self
            .gains
            .iter()
            .map(|gain| {
                let value = gain.gain.map_or("undefined".into(), number);
                format!("{}: {value}, {}", gain.measure.replace('_', " "), gain.verdict())
            })
            .collect();
        format!("Gains. {}.", parts.join("; "))
    }

    fn draw(&self) -> Svg {
        const WIDTH: f64 = 400.0;
        const ROW: f64 = 58.0;
        let (left, right) = (92.0, WIDTH - 114.0);
        let middle = (left + right) / 2.0;
        let said = ["Left: worse than the comparison. Right: better.".to_owned()];
        let bottom = ROW * self.gains.len() as f64 + 8.0;
        let mut canvas = Canvas::new(WIDTH, bottom + 4.0 + notes_height(&said, WIDTH));
        for (i, gain) in self.gains.iter().enumerate() {
            let y = ROW * i as f64 + 24.0;
            canvas.text(
                (left - 10.0, y + 4.5),
                &fit(&gain.measure.replace('_', " "), TEXT, left - 12.0),
                TEXT,
                Anchor::End,
                Ink::Text,
            );
            let ends = [gain.gain, gain.interval.map(|i| i.0), gain.interval.map(|i| i.1)];
            let most = ends.iter().flatten().filter(|x| x.is_finite()).fold(0.0f64, |most, x| most.max(x.abs()));
            let most = round_up(most);
            let scale = if most > 0.0 { (right - left) / 2.0 / most } else { 0.0 };
            let px = |value: f64| middle + value * scale;
            canvas.line((left, y + 14.0), (right, y + 14.0), Stroke::new(Ink::Grid, 1.0));
            canvas.line((middle, y - 16.0), (middle, y + 18.0), Stroke::new(Ink::Muted, 1.25));
            canvas.text((middle, y + 30.0), "0", SMALL, Anchor::Middle, Ink::Muted);
            if most > 0.0 {
                canvas.text((left, y + 30.0), &number(-most), SMALL, Anchor::Start, Ink::Muted);
                canvas.text((right, y + 30.0), &number(most), SMALL, Anchor::End, Ink::Muted);
            }
            let ink = match gain.verdict() {
                "better" => Ink::Good,
                "worse" => Ink::Bad,
                _ => Ink::Muted,
            };
            if let Some((low, high)) = gain.interval {
                canvas.line((px(low), y), (px(high), y), Stroke::new(ink, 3.0));
                for end in [px(low), px(high)] {
                    canvas.line((end, y - 5.0), (end, y + 5.0), Stroke::new(ink, 1.5));
                }
            }
            if let Some(value) = gain.gain {
                canvas.diamond((px(value), y), 7.5, ink);
            }
            let text = gain.gain.map_or("undefined".into(), |value| {
                if value > 0.0 { format!("+{}", number(value)) } else { number(value) }
            });
            canvas.bold((right + 14.0, y), &text, TEXT, Anchor::Start, Ink::Text);
            canvas.text((right + 14.0, y + 16.0), gain.verdict(), SMALL, Anchor::Start, Ink::Muted);
        }
        notes(&mut canvas, &said, bottom - 4.0, WIDTH);
        canvas.finish(&self.title(), &self.description())
    }

    fn table(&self) -> Table {
        let level = number(self.level * 100.0);
        let head =
            ["measure".into(), "gain".into(), format!("{level} % from"), format!("{level} % to"), "reading".into()];
        let mut table = Table::new(self.title(), head);
        for gain in &self.gains {
            let end = |pick: fn((f64, f64)) -> f64| gain.interval.map_or("—".into(), |i| number(pick(i)));
            table.push([
                gain.measure.clone(),
                gain.gain.map_or("undefined".into(), number),
                end(|i| i.0),
                end(|i| i.1),
                gain.verdict().into(),
            ]);
        }
        table
    }
}

/// The next greater number of two digits.
fn round_up(x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    let unit = 10f64.powf((x * 1.05).log10().floor() - 1.0);
    (x * 1.05 / unit).ceil() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_follow_the_interval() {
        let gain = |gain, interval| Gain { measure: "m".into(), gain, interval }.verdict();
        assert_eq!(gain(Some(0.1), Some((0.05, 0.2))), "better");
        assert_eq!(gain(Some(0.1), Some((-0.05, 0.2))), "too close to call");
        assert_eq!(gain(Some(-0.1), Some((-0.2, -0.05))), "worse");
        assert_eq!(gain(None, None), "undefined");
        assert_eq!(gain(Some(0.0), None), "equal");
    }
}
