use crate::tree::Tree;

/// The mean decrease of impurity (Breiman 2001): what the splits of each feature took off, weighted by the rows, as a
/// share of what all splits took off.
pub(crate) fn of_tree(tree: &Tree, features: usize) -> Vec<f64> {
    let mut gains = vec![0.0; features];
    for split in tree.nodes().iter().filter_map(|node| node.split) {
        gains[split.feature as usize] += f64::from(split.gain);
    }
    normalise(&mut gains);
    gains
}

/// Makes numbers sum to 1, if they do not sum to 0.
pub(crate) fn normalise(numbers: &mut [f64]) {
    let total: f64 = numbers.iter().sum();
    if total > 0.0 {
        numbers.iter_mut().for_each(|x| *x /= total);
    }
}
