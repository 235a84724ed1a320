use consort_core::Result;

use super::induction::Grown;
use crate::tree::{Node, Split, Test, Tree};

/// Minimal cost-complexity pruning (Breiman and others 1984, chapter 3): which branch falls at which cost of a leaf.
///
/// With `R` the impurity of a node weighted by its share of the rows, a node is worth its branch as long as
/// `alpha < (R(node) − Σ R(leaves below)) / (leaves below − 1)`. The weakest branch falls first, then the nodes above it
/// are reckoned anew. O(depth × log nodes) for each branch that falls.
#[derive(Debug, Clone, PartialEq)]
pub struct PruningPath {
    /// The costs, ascending from 0: step `i` is the tree that is left at `alphas[i]`.
    pub alphas: Vec<f64>,
    /// The impurity of the leaves of each step.
    pub impurities: Vec<f64>,
    /// The nodes that lose their branches, one a step after the first.
    fallen: Vec<usize>,
}

/// Finds the least of some costs while they change: a tournament, in which each change plays its own matches anew.
struct Tournament {
    /// The cost of each place, where there is one.
    costs: Vec<Option<f64>>,
    /// The winner of each match; those of match `i` come from `2 i` and `2 i + 1`, and the places stand behind all matches.
    winners: Vec<usize>,
}

impl Tournament {
    fn of(costs: Vec<Option<f64>>) -> Self {
        let size = costs.len().next_power_of_two();
        let mut own = Self { winners: (0..2 * size).map(|i| i.saturating_sub(size)).collect(), costs };
        (1..size).rev().for_each(|i| own.play(i));
        own
    }

    /// Of equal costs, the first place wins.
    fn play(&mut self, i: usize) {
        let [first, second] = [self.winners[2 * i], self.winners[2 * i + 1]];
        let cost = |place: usize| self.costs.get(place).copied().flatten();
        let is_second = match (cost(first), cost(second)) {
            (Some(first), Some(second)) => second < first,
            (first, second) => first.is_none() && second.is_some(),
        };
        self.winners[i] = if is_second { second } else { first };
    }

    fn set(&mut self, place: usize, cost: Option<f64>) {
        self.costs[place] = cost;
        let mut i = (self.winners.len() / 2 + place) / 2;
        while i > 0 {
            self.play(i);
            i /= 2;
        }
    }

    /// The place of the least cost, and the cost.
    fn least(&self) -> Option<(usize, f64)> {
        // Where there is one place, there is no match.
        let place = self.winners[1];
        self.costs[place].map(|cost| (place, cost))
    }
}

impl PruningPath {
    /// The whole path.
    pub(crate) fn of(grown: &Grown) -> Self {
        Self::up_to(grown, f64::INFINITY)
    }

    /// The path up to this cost of a leaf.
    pub(crate) fn up_to(grown: &Grown, most: f64) -> Self {
        let nodes = grown.tree.nodes();
        let weight = f64::from(nodes[0].cover);
        let risk: Vec<f64> = grown.impurities.iter().map(|impurity| impurity / weight).collect();
        let order = preorder(nodes);
        let mut place = vec![0; nodes.len()];
        order.iter().enumerate().for_each(|(at, &i)| place[i] = at);
        let mut parent = vec![usize::MAX; nodes.len()];
        for (i, node) in nodes.iter().enumerate() {
            node.split.iter().flat_map(Split::children).for_each(|child| parent[child] = i);
        }
        // The leaves of each branch: how many, and their risk. Children come after their parents.
        let mut leaves = vec![1usize; nodes.len()];
        let mut below = risk.clone();
        for (i, node) in nodes.iter().enumerate().rev() {
            if let Some(split) = &node.split {
                let [left, right] = split.children();
                (leaves[i], below[i]) = (leaves[left] + leaves[right], below[left] + below[right]);
            }
        }
        let cost = |i: usize, leaves: &[usize], below: &[f64]| {
            (leaves[i] > 1).then(|| (risk[i] - below[i]) / (leaves[i] - 1) as f64)
        };
        let mut weakest = Tournament::of(order.iter().map(|&i| cost(i, &leaves, &below)).collect());
        let mut path = Self { alphas: vec![0.0], impurities: vec![below[0]], fallen: Vec::new() };
        while let Some((at, alpha)) = weakest.least().filter(|(_, alpha)| *alpha <= most) {
            let fallen = order[at];
            let mut under: Vec<usize> = nodes[fallen].split.iter().flat_map(Split::children).collect();
            while let Some(i) = under.pop() {
                // What is below one leaf is gone already.
                if leaves[i] > 1 {
                    under.extend(nodes[i].split.iter().flat_map(Split::children));
                }
                leaves[i] = 0;
                weakest.set(place[i], None);
            }
            let (lost, more) = (leaves[fallen] - 1, risk[fallen] - below[fallen]);
            let mut at = fallen;
            while at != usize::MAX {
                leaves[at] -= lost;
                below[at] += more;
                weakest.set(place[at], cost(at, &leaves, &below));
                at = parent[at];
            }
            path.alphas.push(alpha);
            path.impurities.push(below[0]);
            path.fallen.push(fallen);
        }
        path
    }

    /// The tree that is left at this cost of a leaf.
    pub(crate) fn prune(&self, tree: &Tree, alpha: f64) -> Result<Tree> {
        let mut is_leaf = vec![false; tree.nodes().len()];
        for (&fallen, &cost) in self.fallen.iter().zip(&self.alphas[1..]) {
            if cost > alpha {
                break;
            }
            is_leaf[fallen] = true;
        }
        let mut nodes: Vec<Node> = vec![tree.nodes()[0]];
        let mut from = vec![0usize];
        let mut sets = Vec::new();
        let mut at = 0;
        while at < nodes.len() {
            if is_leaf[from[at]] {
                nodes[at].split = None;
            }
            if let Some(mut split) = nodes[at].split {
                for child in split.children() {
                    nodes.push(tree.nodes()[child]);
                    from.push(child);
                }
                split.left = nodes.len() as u32 - 2;
                if let Test::Among(set) = split.test {
                    sets.push(tree.sets()[set as usize].clone());
                    split.test = Test::Among(sets.len() as u32 - 1);
                }
                nodes[at].split = Some(split);
            }
            at += 1;
        }
        let values = from.iter().flat_map(|&node| tree.value(node)).copied().collect();
        Tree::new(nodes, values, sets)
    }
}

/// The nodes, each before those below it, left before right.
fn preorder(nodes: &[Node]) -> Vec<usize> {
    let mut order = Vec::with_capacity(nodes.len());
    let mut stack = vec![0];
    while let Some(i) = stack.pop() {
        order.push(i);
        stack.extend(nodes[i].split.iter().flat_map(Split::children).rev());
    }
    order
}

#[cfg(test)]
mod tests {
    use consort_core::{Seed, Stream};

    use super::*;

    /// A random tree whose impurities add up as those of rows do: sums of quarters, so that many branches tie.
    fn random(stream: &mut Stream, splits: usize) -> Grown {
        let mut nodes = vec![Node::leaf(64.0)];
        let mut impurities = vec![64.0];
        for _ in 0..splits {
            let leaves: Vec<usize> = (0..nodes.len()).filter(|&i| nodes[i].split.is_none()).collect();
            let chosen = leaves[stream.below(leaves.len() as u64) as usize];
            let left = nodes.len() as u32;
            nodes[chosen].split =
                Some(Split { feature: 0, test: Test::AtMost(0.0), missing_left: false, left, gain: 0.0 });
            let kept = impurities[chosen] * stream.below(5) as f64 / 4.0;
            let share = stream.below(5) as f64 / 4.0;
            for part in [share, 1.0 - share] {
                nodes.push(Node::leaf(1.0));
                impurities.push(kept * part);
            }
        }
        let values = vec![0.0; nodes.len()];
        Grown { tree: Tree::new(nodes, values, Vec::new()).unwrap(), impurities }
    }

    /// The definition: all branches are looked at each time.
    fn slowly(grown: &Grown) -> PruningPath {
        let nodes = grown.tree.nodes();
        let risk: Vec<f64> = grown.impurities.iter().map(|impurity| impurity / f64::from(nodes[0].cover)).collect();
        let (mut leaves, mut below) = (vec![1usize; nodes.len()], risk.clone());
        for (i, node) in nodes.iter().enumerate().rev() {
            if let Some([left, right]) = node.split.as_ref().map(Split::children) {
                (leaves[i], below[i]) = (leaves[left] + leaves[right], below[left] + below[right]);
            }
        }
        let mut path = PruningPath { alphas: vec![0.0], impurities: vec![below[0]], fallen: Vec::new() };
        let is_under = |mut i: usize, above: usize| {
            while let Some(parent) = nodes.iter().position(|node| node.split.is_some_and(|s| s.children().contains(&i)))
            {
                if parent == above {
                    return true;
                }
                i = parent;
            }
            false
        };
        while leaves[0] > 1 {
            let mut weakest: Option<(f64, usize)> = None;
            for i in preorder(nodes).into_iter().filter(|&i| leaves[i] > 1) {
                let alpha = (risk[i] - below[i]) / (leaves[i] - 1) as f64;
                if weakest.is_none_or(|(least, _)| alpha < least) {
                    weakest = Some((alpha, i));
                }
            }
            let Some((alpha, fallen)) = weakest else { break };
            let (lost, more) = (leaves[fallen] - 1, risk[fallen] - below[fallen]);
            for i in 0..nodes.len() {
                if is_under(i, fallen) {
                    leaves[i] = 0;
                } else if i == fallen || is_under(fallen, i) {
                    leaves[i] -= lost;
                    below[i] += more;
                }
            }
            path.alphas.push(alpha);
            path.impurities.push(below[0]);
            path.fallen.push(fallen);
        }
        path
    }

    #[test]
    fn the_path_is_that_of_looking_at_all_branches_each_time_to_the_bit() {
        let mut stream = Seed::new(4).stream();
        for splits in (0..60).chain([150]) {
            let grown = random(&mut stream, splits);
            let want = slowly(&grown);
            let got = PruningPath::of(&grown);
            assert_eq!(got.fallen, want.fallen);
            let bits = |numbers: &[f64]| numbers.iter().map(|x| x.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&got.alphas), bits(&want.alphas));
            assert_eq!(bits(&got.impurities), bits(&want.impurities));
            for &alpha in want.alphas.iter().step_by(3) {
                let short = PruningPath::up_to(&grown, alpha).prune(&grown.tree, alpha).unwrap();
                assert_eq!(short, want.prune(&grown.tree, alpha).unwrap());
            }
        }
    }
}
