/// The order of the leaves of a hierarchical clustering with average linkage (Sokal and Michener 1958): what is
/// alike lies together.
///
/// `distance(i, k)` is symmetric; a distance that is not finite counts as the greatest. Ties go to the pair that
/// comes first; of two clusters the one with the first item comes first. Time O(n³), for n up to some hundred.
///
/// ```
/// let spots = [0.0f64, 10.0, 0.5, 10.5];
/// let order = consort_plot::chart::cluster_order(4, |i, k| (spots[i] - spots[k]).abs());
/// assert_eq!(order, [0, 2, 1, 3]);
/// ```
pub fn cluster_order(n: usize, distance: impl Fn(usize, usize) -> f64) -> Vec<usize> {
    let mut far: Vec<f64> = (0..n * n)
        .map(|place| {
            let d = distance(place / n, place % n);
            if d.is_finite() { d } else { f64::MAX.sqrt() }
        })
        .collect();
    let mut clusters: Vec<Option<Vec<usize>>> = (0..n).map(|i| Some(vec![i])).collect();
    for _ in 1..n {
        let mut best: Option<(f64, usize, usize)> = None;
        for a in 0..n {
            for b in a + 1..n {
                if clusters[a].is_some() && clusters[b].is_some() && best.is_none_or(|best| far[a * n + b] < best.0) {
                    best = Some((far[a * n + b], a, b));
                }
            }
        }
        let Some((_, a, b)) = best else { break };
        let (Some(mut first), Some(second)) = (clusters[a].take(), clusters[b].take()) else { break };
        let (wa, wb) = (first.len() as f64, second.len() as f64);
        for c in 0..n {
            let joined = (wa * far[a * n + c] + wb * far[b * n + c]) / (wa + wb);
            far[a * n + c] = joined;
            far[c * n + a] = joined;
        }
        first.extend(second);
        clusters[a] = Some(first);
    }
    clusters.into_iter().flatten().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_a_permutation_whatever_the_distances() {
        assert!(cluster_order(0, |_, _| 0.0).is_empty());
        assert_eq!(cluster_order(1, |_, _| f64::NAN), [0]);
        assert_eq!(cluster_order(3, |_, _| f64::NAN), [0, 1, 2]);
        let mut order = cluster_order(50, |i, k| ((i * 7919 + k * 104_729) % 101) as f64);
        order.sort_unstable();
        assert_eq!(order, (0..50).collect::<Vec<_>>());
    }
}
