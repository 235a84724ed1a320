use consort_core::Stream;

use super::{
    categories,
    columns::Columns,
    cut::{Limits, Place, Sides, Whole},
    objective::Objective,
    random_cut::{RandomCut, random_part},
    tally::Tally,
};

/// Which codes of a feature go left.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Cut {
    /// Those up to this one.
    UpTo(u32),
    /// Those in the set, one bit a code.
    Among(Vec<u64>),
}

/// The best split found of a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    pub(crate) feature: usize,
    pub(crate) cut: Cut,
    /// For [`Cut::UpTo`], a number that parts the rows alike.
    pub(crate) threshold: f32,
    /// Where missing values go: where the node's fit best; if it has none, where most of its weight goes.
    pub(crate) missing_left: bool,
    /// The purity of both sides.
    pub(crate) purity: f64,
}

/// How the places of cuts are chosen, and among how many features.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Policy {
    /// How many features are drawn.
    pub(crate) drawn: usize,
    /// Whether a feature is cut at random rather than where it is best.
    pub(crate) random: bool,
    /// What both sides of a split must have.
    pub(crate) limits: Limits,
    /// The fewest rows by which a category is judged by itself.
    pub(crate) min_level_rows: usize,
}

/// The rows of a node: numbers into the columns, items, and the sums of the items.
#[derive(Clone, Copy)]
pub(crate) struct NodeRows<'a, T> {
    pub(crate) rows: &'a [u32],
    pub(crate) items: &'a [T],
    pub(crate) sums: &'a [f64],
}

/// One feature of a node, and the purity that a split must be above.
struct Question<'a, O: Objective, C: Columns> {
    objective: &'a O,
    columns: &'a C,
    feature: usize,
    codes: &'a [C::Code],
    node: NodeRows<'a, O::Item>,
    policy: Policy,
    floor: f64,
}

/// Looks for the split of a node; keeps its memory from node to node.
pub(crate) struct Search<O: Objective, C: Columns> {
    /// The features of the tree, in the order of the last draw.
    pub(crate) features: Vec<u32>,
    tally: Tally<O>,
    sides: Sides,
    codes: Vec<C::Code>,
    left: Vec<f64>,
}

impl<O: Objective, C: Columns> Default for Search<O, C> {
    fn default() -> Self {
        let (features, codes, left) = Default::default();
        Self { features, tally: Tally::default(), sides: Sides::default(), codes, left }
    }
}

impl<O: Objective, C: Columns> Search<O, C> {
    /// The best split among the features drawn; of equal ones, that of the first feature drawn, which depends on the
    /// order of a plan's features and not on that of the columns. `column` gives the
    /// codes that row numbers point into.
    pub(crate) fn split<'c>(
        &mut self,
        objective: &O,
        columns: &C,
        column: impl Fn(usize) -> &'c [C::Code],
        node: NodeRows<'_, O::Item>,
        policy: Policy,
        stream: &mut Stream,
    ) -> Option<Found>
    where
        C: 'c,
    {
        let all = self.features.len();
        let mut best: Option<Found> = None;
        let mut varies = false;
        for k in 0..all {
            if k >= policy.drawn && varies {
                break;
            }
            if policy.drawn < all {
                let drawn = k + stream.below((all - k) as u64) as usize;
                self.features.swap(k, drawn);
            }
            let feature = self.features[k] as usize;
            let floor = best.as_ref().map_or(f64::MIN, |best| best.purity);
            let question = Question { objective, columns, feature, codes: column(feature), node, policy, floor };
            let (found, differs) = if columns.is_categorical(feature) {
                self.category(&question, stream)
            } else if policy.random {
                self.random_number(&question, stream)
            } else {
                self.number(&question)
            };
            varies |= differs;
            best = found.or(best);
        }
        best
    }

    /// The best cut of a number, and whether its codes differ.
    fn number(&mut self, q: &Question<'_, O, C>) -> (Option<Found>, bool) {
        let Self { tally, sides, .. } = self;
        tally.count(q.objective, q.node.items, q.node.rows, q.codes);
        let (groups, missing) = q.groups(tally);
        if tally.codes.len() < 2 {
            return (None, false);
        }
        let place = sides.best(q.objective, tally, 0..groups, missing, q.whole(), q.floor);
        let found = place.map(|place| {
            let left = tally.codes[place.lefts - 1];
            // All numbers go left where only missing values go right.
            let threshold = match tally.codes[..groups].get(place.lefts) {
                Some(&right) => q.columns.threshold(q.feature, left, right),
                None => f32::INFINITY,
            };
            let left_is_heavier = q.heavier(tally, 0..place.lefts, place, missing);
            q.found(place, missing, left_is_heavier, Cut::UpTo(left), threshold)
        });
        (found, true)
    }

    /// The best cut through ordered categories, or a random part of them; and whether they differ.
    fn category(&mut self, q: &Question<'_, O, C>, stream: &mut Stream) -> (Option<Found>, bool) {
        let Self { tally, sides, .. } = self;
        tally.count(q.objective, q.node.items, q.node.rows, q.codes);
        let (groups, missing) = q.groups(tally);
        if tally.codes.len() < 2 {
            return (None, false);
        }
        let (mut rare, mut together) = (Vec::new(), usize::MAX);
        let (order, place) = if q.policy.random {
            let (order, lefts) = random_part(groups, stream);
            let parts = [&order[..lefts], &order[lefts..]];
            let place = sides.at(q.objective, tally, parts, missing, q.whole(), q.floor);
            (order, place)
        } else {
            let (mut judged, few) = categories::by_support(tally, groups, q.policy.min_level_rows);
            if !few.is_empty() {
                together = tally.join(q.objective.width(), &few);
                judged.push(together);
                rare = few;
            }
            if judged.len() < 2 && missing.is_none() {
                return (None, false);
            }
            let order = categories::order(q.objective, tally, &judged);
            let place = sides.best(q.objective, tally, order.iter().copied(), missing, q.whole(), q.floor);
            (order, place)
        };
        let found = place.map(|place| {
            let left_is_heavier = q.heavier(tally, order[..place.lefts].iter().copied(), place, missing);
            let codes = q.columns.missing(q.feature) as usize;
            let mut set = vec![0u64; codes / 64 + 1];
            let mut put = |code: usize, is_left: bool| {
                let bit = 1 << (code % 64);
                set[code / 64] = if is_left { set[code / 64] | bit } else { set[code / 64] & !bit };
            };
            // Categories that the node lacks go with most of its weight: at an end of the order they would pull it there.
            if left_is_heavier {
                (0..codes).for_each(|code| put(code, true));
            }
            for (place_of, group) in order.iter().enumerate() {
                let own = if *group == together { &rare[..] } else { std::slice::from_ref(group) };
                own.iter().for_each(|&group| put(tally.codes[group] as usize, place_of < place.lefts));
            }
            q.found(place, missing, left_is_heavier, Cut::Among(set), 0.0)
        });
        (found, true)
    }

    /// A cut at a number drawn evenly between the least and the greatest of the node (Geurts and others 2006), and
    /// whether they differ.
    fn random_number(&mut self, q: &Question<'_, O, C>, stream: &mut Stream) -> (Option<Found>, bool) {
        let missing = q.columns.missing(q.feature);
        self.codes.clear();
        self.codes.extend(q.node.rows.iter().map(|&row| q.codes[row as usize]));
        let Some(&first) = self.codes.first() else { return (None, false) };
        let (least, greatest) = self.codes.iter().fold((first, first), |(a, b), &code| (a.min(code), b.max(code)));
        let (least, mut greatest): (u32, u32) = (least.into(), greatest.into());
        if least == greatest {
            return (None, false);
        }
        if greatest < missing {
            let cut = RandomCut::new(q.columns, q.feature, [least, greatest], stream.unit());
            let last = cut.last(q.columns, &self.codes);
            self.left.clear();
            self.left.resize(q.objective.width(), 0.0);
            let rows = q.objective.add_up_to(q.node.items, &self.codes, last, &mut self.left);
            let purity = self.sides.judge(q.objective, &self.left, rows, q.whole(), q.floor);
            let found = purity.map(|purity| {
                let place = Place { purity, lefts: 1, missing_left: false };
                let (last, threshold) = ends(&cut, q.columns, &self.codes, last);
                let left_is_heavier = q.is_heavier(q.objective.weight(&self.left));
                q.found(place, None, left_is_heavier, Cut::UpTo(last), threshold)
            });
            return (found, true);
        }
        greatest = least;
        for &code in &self.codes {
            let code = code.into();
            greatest = greatest.max(if code == missing { least } else { code });
        }
        let (cut, threshold) = if least == greatest {
            (least, f32::INFINITY)
        } else {
            let cut = RandomCut::new(q.columns, q.feature, [least, greatest], stream.unit());
            ends(&cut, q.columns, &self.codes, cut.last(q.columns, &self.codes))
        };
        // Groups: left, right, missing.
        let width = q.objective.width();
        let tally = &mut self.tally;
        tally.codes.clear();
        tally.codes.extend([0, 1, 2]);
        tally.rows.clear();
        tally.rows.resize(3, 0);
        tally.sums.clear();
        tally.sums.resize(3 * width, 0.0);
        for (&code, &item) in self.codes.iter().zip(q.node.items) {
            let code: u32 = code.into();
            let group = usize::from(code > cut) + usize::from(code == missing);
            tally.rows[group] += 1;
            q.objective.add(item, &mut tally.sums[group * width..group * width + width]);
        }
        let groups = if tally.rows[1] > 0 { 2 } else { 1 };
        let missing = Some(2);
        let place = self.sides.best(q.objective, tally, 0..groups, missing, q.whole(), q.floor);
        let found = place.map(|place| {
            let all_left = place.lefts == groups;
            let (cut, threshold) = if all_left { (greatest, f32::INFINITY) } else { (cut, threshold) };
            q.found(place, missing, false, Cut::UpTo(cut), threshold)
        });
        (found, true)
    }
}

/// The greatest code of a node that goes left, if those up to `last` do, and a number between it and the next.
fn ends<C: Columns>(cut: &RandomCut, columns: &C, codes: &[C::Code], last: u32) -> (u32, f32) {
    // In the codes' own type, of which many fit into a register.
    let (last, least, greatest) = (C::kept(last), C::kept(cut.least), C::kept(cut.greatest));
    let (left, right) = codes.iter().fold((least, greatest), |(left, right), &code| {
        let is_left = code <= last;
        (left.max(if is_left { code } else { least }), right.min(if is_left { greatest } else { code }))
    });
    let (left, right) = (left.into(), right.into());
    (left, cut.threshold(columns, left, right))
}

impl<O: Objective, C: Columns> Question<'_, O, C> {
    /// How many groups of the tally are values, and the group of missing values.
    fn groups(&self, tally: &Tally<O>) -> (usize, Option<usize>) {
        let occur = tally.codes.len();
        let has_missing = tally.codes.last() == Some(&self.columns.missing(self.feature));
        let groups = occur - usize::from(has_missing);
        (groups, has_missing.then_some(groups))
    }

    fn whole(&self) -> Whole<'_> {
        Whole { rows: self.node.rows.len(), sums: self.node.sums, limits: self.policy.limits }
    }

    /// Whether these groups of the tally, with the missing values if they go along, have most of the node's weight.
    fn heavier(
        &self,
        tally: &Tally<O>,
        lefts: impl Iterator<Item = usize>,
        place: Place,
        missing: Option<usize>,
    ) -> bool {
        let width = self.objective.width();
        let lefts = lefts.chain(missing.filter(|_| place.missing_left));
        self.is_heavier(lefts.map(|g| self.objective.weight(&tally.sums[g * width..(g + 1) * width])).sum())
    }

    /// Whether a side of this weight has most of the node's; by more than rounding, so that the order of rows does not say.
    fn is_heavier(&self, weight: f64) -> bool {
        2.0 * weight > self.objective.weight(self.node.sums) * (1.0 + 1e-12)
    }

    fn found(&self, place: Place, missing: Option<usize>, left_is_heavier: bool, cut: Cut, threshold: f32) -> Found {
        Found {
            feature: self.feature,
            cut,
            threshold,
            missing_left: if missing.is_some() { place.missing_left } else { left_is_heavier },
            purity: place.purity,
        }
    }
}
