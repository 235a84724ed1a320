use consort_core::Direction;

use super::{Anchor, Canvas, Ink, SMALL, Stroke, TEXT, canvas::round_ticks, number};

/// How far the labels of ticks stand apart at least.
const LABEL_GAP: f64 = 6.0;

/// A pair of axes: a rectangle on the sheet and the ranges of the numbers shown in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Frame {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) right: f64,
    pub(crate) bottom: f64,
    pub(crate) x: (f64, f64),
    pub(crate) y: (f64, f64),
}

impl Frame {
    /// Where `x` is on the sheet, kept inside the frame.
    pub(crate) fn px(&self, x: f64) -> f64 {
        self.left + share(x, self.x) * (self.right - self.left)
    }

    /// Where `y` is on the sheet, kept inside the frame.
    pub(crate) fn py(&self, y: f64) -> f64 {
        self.bottom - share(y, self.y) * (self.bottom - self.top)
    }

    pub(crate) fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.px(x), self.py(y))
    }

    pub(crate) fn all(&self, points: &[(f64, f64)]) -> Vec<(f64, f64)> {
        points.iter().map(|&point| self.at(point)).collect()
    }

    /// Grid, tick labels and titles of both axes.
    pub(crate) fn draw(&self, canvas: &mut Canvas, x_title: &str, y_title: &str) {
        self.draw_x(canvas, x_title);
        self.draw_y(canvas, y_title);
    }

    pub(crate) fn draw_x(&self, canvas: &mut Canvas, title: &str) {
        self.draw_x_at(canvas, &self.x_ticks(fewer_ticks), title);
    }

    /// As [`Self::draw_x`] where the axis counts: there are no ticks between whole numbers.
    pub(crate) fn draw_count_x(&self, canvas: &mut Canvas, title: &str) {
        self.draw_x_at(canvas, &self.x_ticks(whole_ticks), title);
    }

    /// As many ticks as their labels have room for.
    fn x_ticks(&self, ticks: fn((f64, f64), usize) -> Vec<f64>) -> Vec<f64> {
        let most = ((self.right - self.left) / 62.0) as usize;
        let choices = (2..=most).rev().map(|most| ticks(self.x, most));
        choices.into_iter().find(|values| self.have_room(values)).unwrap_or_else(|| ticks(self.x, 2))
    }

    /// Whether the labels of these ticks stand apart.
    fn have_room(&self, values: &[f64]) -> bool {
        let labels = number::ticks(values);
        let ends: Vec<(f64, f64)> = values.iter().zip(&labels).map(|(&x, label)| self.label_at(x, label)).collect();
        ends.windows(2).all(|pair| pair[0].1 + LABEL_GAP <= pair[1].0)
    }

    /// From where to where the label of a tick reaches.
    fn label_at(&self, value: f64, label: &str) -> (f64, f64) {
        let half = super::text_width(label, SMALL) / 2.0;
        (self.px(value) - half, self.px(value) + half)
    }

    fn draw_x_at(&self, canvas: &mut Canvas, values: &[f64], title: &str) {
        let mut free = f64::NEG_INFINITY;
        for (&value, label) in values.iter().zip(number::ticks(values)) {
            let x = self.px(value);
            canvas.line((x, self.top), (x, self.bottom), Stroke::new(Ink::Grid, 1.0));
            let (from, to) = self.label_at(value, &label);
            if from >= free {
                canvas.text((x, self.bottom + 16.0), &label, SMALL, Anchor::Middle, Ink::Muted);
                free = to + LABEL_GAP;
            }
        }
        canvas.line((self.left, self.bottom), (self.right, self.bottom), Stroke::new(Ink::Muted, 1.0));
        canvas.text(((self.left + self.right) / 2.0, self.bottom + 36.0), title, TEXT, Anchor::Middle, Ink::Text);
    }

    /// As [`Self::draw_x`] where the axis holds logarithms to the base of 10; the labels are the numbers themselves.
    pub(crate) fn draw_log_x(&self, canvas: &mut Canvas, title: &str) {
        let (low, high) = self.x;
        let steps: &[f64] = if high - low > 2.5 { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let values = (low.floor() as i32..=high.ceil() as i32)
            .flat_map(|power| steps.iter().map(move |step| (step * 10f64.powi(power), step.log10() + f64::from(power))))
            .filter(|(_, log)| (low - 1e-9..=high + 1e-9).contains(log));
        let mut free = f64::NEG_INFINITY;
        for (value, log) in values {
            let (x, label) = (self.px(log), number::number(value));
            canvas.line((x, self.top), (x, self.bottom), Stroke::new(Ink::Grid, 1.0));
            let (from, to) = self.label_at(log, &label);
            if from > free {
                canvas.text((x, self.bottom + 16.0), &label, SMALL, Anchor::Middle, Ink::Muted);
                free = to + LABEL_GAP;
            }
        }
        canvas.line((self.left, self.bottom), (self.right, self.bottom), Stroke::new(Ink::Muted, 1.0));
        let middle = ((self.left + self.right) / 2.0, self.bottom + 36.0);
        canvas.text(middle, title, TEXT, Anchor::Middle, Ink::Text);
    }

    pub(crate) fn draw_y(&self, canvas: &mut Canvas, title: &str) {
        self.draw_y_at(canvas, &fewer_ticks(self.y, self.most_y_ticks()), title);
    }

    /// As [`Self::draw_y`] where the axis counts: there are no ticks between whole numbers.
    pub(crate) fn draw_count_y(&self, canvas: &mut Canvas, title: &str) {
        self.draw_y_at(canvas, &whole_ticks(self.y, self.most_y_ticks()), title);
    }

    fn most_y_ticks(&self) -> usize {
        ((self.bottom - self.top) / 40.0) as usize
    }

    fn draw_y_at(&self, canvas: &mut Canvas, values: &[f64], title: &str) {
        for (&value, label) in values.iter().zip(number::ticks(values)) {
            let y = self.py(value);
            canvas.line((self.left, y), (self.right, y), Stroke::new(Ink::Grid, 1.0));
            canvas.text((self.left - 6.0, y + 4.0), &label, SMALL, Anchor::End, Ink::Muted);
        }
        // Reading sideways is hard: the title of the y axis stands upright above it.
        canvas.text((2.0, self.top - 13.0), title, TEXT, Anchor::Start, Ink::Text);
    }
}

/// The room that the tick labels of a y axis need.
pub(crate) fn y_labels_width(y: (f64, f64), height: f64) -> f64 {
    let values = fewer_ticks(y, (height / 40.0) as usize);
    number::ticks(&values).iter().map(|label| super::text_width(label, SMALL)).fold(20.0, f64::max) + 10.0
}

fn fewer_ticks(range: (f64, f64), most: usize) -> Vec<f64> {
    let most = most.max(2);
    let mut about = most;
    loop {
        let values = round_ticks(range.0, range.1, about);
        if values.len() <= most + 1 || about <= 2 {
            return values;
        }
        about -= 1;
    }
}

/// Round ticks at whole numbers.
fn whole_ticks((low, high): (f64, f64), most: usize) -> Vec<f64> {
    let round = fewer_ticks((low, high), most);
    if round.iter().all(|tick| tick.fract() == 0.0) {
        return round;
    }
    // Fractions come of steps below 5 only, such as 0.5 and 2.5.
    let ticks_of =
        |step: f64| ((low / step).ceil() as i64..=(high / step).floor() as i64).map(move |i| i as f64 * step);
    let step = [1.0, 2.0, 5.0].into_iter().find(|&step| ticks_of(step).count() <= most.max(2) + 1);
    ticks_of(step.unwrap_or(10.0)).collect()
}

fn share(value: f64, (low, high): (f64, f64)) -> f64 {
    let share = (value - low) / (high - low);
    if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.5 }
}

/// A range around all finite values with a little air; one value alone gets air too.
pub(crate) fn range(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values
        .into_iter()
        .filter(|value| value.is_finite())
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
    if low > high {
        return (0.0, 1.0);
    }
    let air = if high > low { 0.04 * (high - low) } else { (0.05 * low.abs()).max(1e-9) };
    (low - air, high + air)
}

/// The part of an axis of scores that is worth its room: all of it, or, where a few are far off, from the best to six
/// times as far from it as the one in the middle. What lies beyond is drawn at the edge.
pub(crate) fn reach(scores: impl IntoIterator<Item = f64>, direction: Direction) -> Option<f64> {
    let mut costs: Vec<f64> = scores.into_iter().filter(|x| x.is_finite()).map(|x| direction.cost(x)).collect();
    costs.sort_by(f64::total_cmp);
    let (best, worst, middle) = (*costs.first()?, *costs.last()?, costs[costs.len() / 2]);
    let limit = best + 6.0 * (middle - best);
    (costs.len() >= 5 && middle > best && worst > limit)
        .then(|| if direction == Direction::Lower { limit } else { -limit })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_scores_far_off_do_not_press_the_others_together() {
        assert_eq!(reach([1.0, 1.1, 1.25, 1.3, 9.0], Direction::Lower), Some(2.5));
        assert_eq!(reach([-1.0, -1.1, -1.25, -1.3, -9.0], Direction::Higher), Some(-2.5));
        assert_eq!(reach([1.0, 1.1, 1.2, 1.3, 1.4], Direction::Lower), None);
        assert_eq!(reach([1.0, f64::NAN], Direction::Lower), None);
    }

    #[test]
    fn labels_of_large_numbers_do_not_overlap() {
        for x in [(0.0, 1.0), (0.0, 98_765_432.0), (-1e7, 1e7), (123_456_000.0, 123_457_000.0), (0.0, 9e11)] {
            for width in [330.0, 210.0] {
                let frame = Frame { left: 0.0, top: 0.0, right: width, bottom: 50.0, x, y: (0.0, 1.0) };
                let ticks = frame.x_ticks(fewer_ticks);
                assert!(frame.have_room(&ticks) && ticks.len() >= 2, "{x:?} in {width}: {ticks:?}");
            }
        }
    }

    #[test]
    fn an_axis_of_counts_has_whole_ticks() {
        assert_eq!(fewer_ticks((1.0, 13.0), 5), [2.5, 5.0, 7.5, 10.0, 12.5]);
        assert_eq!(whole_ticks((1.0, 13.0), 5), [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]);
        for last in 2..200 {
            let ticks = whole_ticks((1.0, f64::from(last)), 5);
            assert!(ticks.iter().all(|tick| tick.fract() == 0.0), "{last}: {ticks:?}");
            assert!((2..=6).contains(&ticks.len()), "{last}: {ticks:?}");
        }
        assert_eq!(whole_ticks((0.0, 0.5), 5), [0.0]);
    }

    #[test]
    fn numbers_outside_are_kept_at_the_edge_and_an_empty_range_does_not_divide_by_zero() {
        let frame = Frame { left: 0.0, top: 0.0, right: 100.0, bottom: 50.0, x: (0.0, 1.0), y: (2.0, 2.0) };
        assert_eq!(frame.at((2.0, 5.0)), (100.0, 25.0));
        assert_eq!(frame.px(f64::NAN), 50.0);
        assert_eq!(range([f64::NAN]), (0.0, 1.0));
        let (low, high) = range([3.0]);
        assert!(low < 3.0 && high > 3.0);
    }
}
