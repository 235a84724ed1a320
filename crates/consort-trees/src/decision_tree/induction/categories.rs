use super::{objective::Objective, tally::Tally};

/// Groups of a tally in the order in which their target responds.
///
/// For two classes and for one number, the best of all partitions of the categories is a cut of the categories
/// ordered by their mean response (Fisher 1958; Breiman and others 1984). For more classes or targets they are ordered
/// along the first principal component of their mean responses, weighted by their rows (Coppersmith, Hong and Hosking
/// 1999), which is near the best and takes no exponential search. Of equal response, the first code.
pub(crate) fn order<O: Objective>(objective: &O, tally: &Tally<O>, groups: &[usize]) -> Vec<usize> {
    let (width, size) = (objective.width(), objective.responses());
    let sums = |group: usize| &tally.sums[group * width..(group + 1) * width];
    let mut responses = vec![0.0; groups.len() * size];
    for (response, &group) in responses.chunks_exact_mut(size).zip(groups) {
        objective.response(sums(group), response);
    }
    let weights: Vec<f64> = groups.iter().map(|&group| objective.weight(sums(group))).collect();
    let keys = if size == 1 { responses } else { along_first_component(&responses, &weights, size) };
    let mut order: Vec<usize> = (0..groups.len()).collect();
    order.sort_by(|&a, &b| keys[a].total_cmp(&keys[b]).then(a.cmp(&b)));
    order.into_iter().map(|place| groups[place]).collect()
}

/// The groups of a tally that have rows enough to be judged by themselves, and those that have not: each of these would go
/// where its noise pulls, so they are one category together.
pub(crate) fn by_support<O: Objective>(tally: &Tally<O>, groups: usize, least: usize) -> (Vec<usize>, Vec<usize>) {
    // Two can be parted in one way only.
    let least = if groups > 2 { least } else { 0 };
    (0..groups).partition(|&group| tally.rows[group] as usize >= least)
}

fn along_first_component(points: &[f64], weights: &[f64], size: usize) -> Vec<f64> {
    let total: f64 = weights.iter().sum();
    let mut mean = vec![0.0; size];
    for (point, weight) in points.chunks_exact(size).zip(weights) {
        mean.iter_mut().zip(point).for_each(|(mean, x)| *mean += weight / total * x);
    }
    // Power iteration, without the covariance itself; it starts from the point that is farthest from the mean.
    let from_mean = |point: &[f64]| point.iter().zip(&mean).map(|(x, mean)| x - mean).collect::<Vec<f64>>();
    let norm = |v: &[f64]| v.iter().map(|x| x * x).sum::<f64>().sqrt();
    let offs: Vec<Vec<f64>> = points.chunks_exact(size).map(from_mean).collect();
    let mut axis = vec![0.0; size];
    let mut farthest = 0.0;
    for (off, weight) in offs.iter().zip(weights) {
        let far = weight * norm(off);
        if far > farthest {
            farthest = far;
            axis.clone_from(off);
        }
    }
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for _ in 0..50 {
        let length = norm(&axis);
        if length <= 0.0 {
            break;
        }
        axis.iter_mut().for_each(|x| *x /= length);
        let mut next = vec![0.0; size];
        for (off, weight) in offs.iter().zip(weights) {
            let along = weight * dot(off, &axis);
            next.iter_mut().zip(off).for_each(|(next, x)| *next += along * x);
        }
        if norm(&next) <= 0.0 {
            break;
        }
        axis = next;
    }
    offs.iter().map(|off| dot(off, &axis)).collect()
}

#[cfg(test)]
mod tests {
    use super::along_first_component;

    #[test]
    fn points_on_a_line_keep_their_order() {
        let places = [0.3, -1.0, 2.0, 0.0, 5.0];
        let points: Vec<f64> = places.iter().flat_map(|t| [1.0 + t, 2.0 - 3.0 * t, 0.5 * t]).collect();
        let keys = along_first_component(&points, &[1.0, 2.0, 1.0, 3.0, 1.0], 3);
        let sign = (keys[4] - keys[1]).signum();
        for (a, x) in places.iter().zip(&keys) {
            for (b, y) in places.iter().zip(&keys) {
                assert!((a < b) == (sign * x < sign * y), "{keys:?}");
            }
        }
    }
}
