use super::plan::{Factors, Plan, Step};
use crate::tree::{Test, contains};

/// Rows that are explained together, side by side in wide registers.
pub(super) const LANES: usize = 16;

/// A number of each row.
pub(super) type Lanes = [f64; LANES];

/// All bits or none, of each row.
type Mask = [u64; LANES];

/// What is kept of every node on the way from the root to the one at hand.
#[derive(Debug, Default)]
pub(super) struct Way {
    /// `[depth][points]`: the products of the factors of all features asked so far.
    products: Vec<Lanes>,
    /// `[depth][points][width]`: the sums of products times values over the leaves seen below.
    sums: Vec<Lanes>,
    /// Which rows take all splits of the step's feature so far.
    on: Vec<Mask>,
    /// Which rows the split above the node sends left.
    goes_left: Vec<Mask>,
    /// The number of the step.
    steps: Vec<usize>,
}

impl Way {
    fn make_room(&mut self, depth: usize, points: usize, width: usize) {
        let grow = |lanes: &mut Vec<Lanes>, len: usize| {
            if lanes.len() < len {
                lanes.resize(len, [0.0; LANES]);
            }
        };
        grow(&mut self.products, (depth + 1) * points);
        grow(&mut self.sums, (depth + 1) * points * width);
        if self.on.len() <= depth {
            self.on.resize(depth + 1, [0; LANES]);
            self.goes_left.resize(depth + 1, [0; LANES]);
            self.steps.resize(depth + 1, 0);
        }
    }
}

/// Some rows on their way through a tree.
pub(super) struct Rows<'a> {
    pub(super) plan: &'a Plan<'a>,
    /// The values of feature `f` of these rows are at `place[f] * stride + start`.
    pub(super) values: &'a [f32],
    pub(super) place: &'a [u32],
    pub(super) stride: usize,
    pub(super) start: usize,
    pub(super) way: &'a mut Way,
    /// `[features][outputs]`; the contributions are added.
    pub(super) out: &'a mut [Lanes],
    pub(super) outputs: usize,
    /// The first output that the tree adds to.
    pub(super) output: usize,
}

impl pulp::NullaryFnOnce for Rows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let plan = self.plan;
        let (points, width) = (plan.points, plan.tree.width());
        self.way.make_room(plan.depth, points, width);
        self.way.products[..points].fill([1.0; LANES]);
        self.way.on[0] = [u64::MAX; LANES];
        let mut depth = 0;
        for (number, step) in plan.steps.iter().enumerate() {
            while depth >= step.depth as usize {
                self.finish(depth);
                depth -= 1;
            }
            if step.is_left {
                self.ask(step);
            }
            depth = step.depth as usize;
            self.way.steps[depth] = number;
            self.way.on[depth] = self.on(step);
            let factors = &plan.tables[number * points..(number + 1) * points];
            if step.is_leaf {
                self.leaf(step, factors);
                // Nothing is left to be finished.
                depth -= 1;
            } else {
                self.enter(step, factors);
            }
        }
        while depth > 0 {
            self.finish(depth);
            depth -= 1;
        }
    }
}

impl Rows<'_> {
    /// Asks the rows the question of the split above the step.
    #[inline(always)]
    fn ask(&mut self, step: &Step) {
        let at = self.place[step.feature as usize] as usize * self.stride + self.start;
        let values = &self.values[at..at + LANES];
        let goes_left = &mut self.way.goes_left[step.depth as usize];
        let missing = if step.missing_left { u64::MAX } else { 0 };
        match step.test {
            Test::AtMost(threshold) => {
                for (goes_left, &x) in goes_left.iter_mut().zip(values) {
                    let known = if x <= threshold { u64::MAX } else { 0 };
                    *goes_left = if x.is_nan() { missing } else { known };
                }
            }
            Test::Among(set) => {
                let set = &self.plan.tree.sets()[set as usize];
                for (goes_left, &x) in goes_left.iter_mut().zip(values) {
                    let known = if contains(set, x) { u64::MAX } else { 0 };
                    *goes_left = if x.is_nan() { missing } else { known };
                }
            }
        }
    }

    /// Which rows take the step and all splits of its feature before.
    #[inline(always)]
    fn on(&self, step: &Step) -> Mask {
        let mut on = self.way.on[step.before as usize];
        let flip = if step.is_left { 0 } else { u64::MAX };
        for (on, goes_left) in on.iter_mut().zip(&self.way.goes_left[step.depth as usize]) {
            *on &= goes_left ^ flip;
        }
        on
    }

    /// Goes down to an inner node.
    #[inline(always)]
    fn enter(&mut self, step: &Step, factors: &[Factors]) {
        let (depth, points, width) = (step.depth as usize, self.plan.points, self.plan.tree.width());
        let (on, was) = (self.way.on[depth], self.way.on[step.before as usize]);
        let (above, here) = self.way.products.split_at_mut(depth * points);
        let above = &above[(depth - 1) * points..];
        for ((here, above), factors) in here.iter_mut().zip(above).zip(factors) {
            for l in 0..LANES {
                here[l] = above[l] * select(on[l], factors.stays, select(was[l], factors.leaves, step.off));
            }
        }
        self.way.sums[depth * points * width..(depth + 1) * points * width].fill([0.0; LANES]);
    }

    /// Goes down to a leaf and up again.
    #[inline(always)]
    fn leaf(&mut self, step: &Step, factors: &[Factors]) {
        let (depth, points, width) = (step.depth as usize, self.plan.points, self.plan.tree.width());
        let (on, was) = (self.way.on[depth], self.way.on[step.before as usize]);
        let above = &self.way.products[(depth - 1) * points..depth * points];
        let sums = self.way.sums[(depth - 1) * points * width..depth * points * width].chunks_exact_mut(width);
        let values = self.plan.tree.value(step.node as usize);
        let first = step.feature as usize * self.outputs + self.output;
        let mut whole = [0.0; LANES];
        for ((above, sums), factors) in above.iter().zip(sums).zip(factors) {
            let mut product = [0.0; LANES];
            for l in 0..LANES {
                product[l] = above[l] * select(on[l], factors.stays, select(was[l], factors.leaves, step.off));
                let weight = select(on[l], factors.stays_weight, select(was[l], factors.leaves_weight, 0.0));
                whole[l] += product[l] * weight;
            }
            for (sums, &value) in sums.iter_mut().zip(values) {
                for l in 0..LANES {
                    sums[l] += f64::from(value) * product[l];
                }
            }
        }
        for (out, &value) in self.out[first..first + width].iter_mut().zip(values) {
            for l in 0..LANES {
                out[l] += f64::from(value) * whole[l];
            }
        }
    }

    /// Goes up from an inner node: its feature gets its part of the sums below, which go on to the node above.
    #[inline(always)]
    fn finish(&mut self, depth: usize) {
        let (points, width) = (self.plan.points, self.plan.tree.width());
        let number = self.way.steps[depth];
        let step = &self.plan.steps[number];
        let factors = &self.plan.tables[number * points..(number + 1) * points];
        let (on, was) = (self.way.on[depth], self.way.on[step.before as usize]);
        let first = step.feature as usize * self.outputs + self.output;
        let out = &mut self.out[first..first + width];
        let (above, here) = self.way.sums.split_at_mut(depth * points * width);
        let above = above[(depth - 1) * points * width..].chunks_exact_mut(width);
        for ((above, here), factors) in above.zip(here.chunks_exact(width)).zip(factors) {
            let mut weight = [0.0; LANES];
            for l in 0..LANES {
                weight[l] = select(on[l], factors.stays_weight, select(was[l], factors.leaves_weight, 0.0));
            }
            for ((above, here), out) in above.iter_mut().zip(here).zip(&mut *out) {
                for l in 0..LANES {
                    out[l] += weight[l] * here[l];
                    above[l] += here[l];
                }
            }
        }
    }
}

/// `a` where the mask is set, else `b`, without a branch.
#[inline(always)]
fn select(mask: u64, a: f64, b: f64) -> f64 {
    f64::from_bits((mask & a.to_bits()) | (!mask & b.to_bits()))
}
