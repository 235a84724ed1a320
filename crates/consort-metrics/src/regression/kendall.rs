use consort_core::{Real, Result, Score};
use serde::{Deserialize, Serialize};

use super::rows::{Rows, whole_metric};

/// Kendall's τ-b of estimates and truth, in [−1, 1]: pairs of rows in the same order minus pairs in the other, with
/// ties taken out of the count (Kendall 1945).
///
/// (C − D) / √((P − Tₓ)(P − T_y)), P all pairs, Tₓ and T_y those tied in one. A pair of weights u and v counts u·v; a row
/// of weight w also has w(w − 1)/2 pairs with itself, so that a weight of 2 is the row twice. O(n log n) by a merge
/// sort (Knight 1966). Undefined where one of them is the same in every row. Several targets are averaged.
///
/// ```
/// use consort_metrics::regression::kendall_tau_b;
/// let tau = kendall_tau_b(&[1.0, 2.0, 3.0], &[1.0, 3.0, 2.0], None)?.value().unwrap();
/// assert!((tau - 1.0 / 3.0).abs() < 1e-12);
/// # Ok::<(), consort_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Length`](consort_core::Error::Length) unless all are parallel,
/// [`Error::NotFinite`](consort_core::Error::NotFinite) naming the row.
pub fn kendall_tau_b<T: Real>(estimates: &[T], truth: &[f64], weights: Option<&[f64]>) -> Result<Score> {
    tau_b(&Rows::new(estimates, truth, weights, "kendall_tau_b")?)
}

fn tau_b<T: Real>(rows: &Rows<'_, T>) -> Result<Score> {
    let mut points: Vec<(f64, f64, f64)> = rows.present().collect();
    points.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    // Pairs within a group of weights w: ((Σw)² − Σw) / 2, which counts w(w − 1)/2 of each row with itself.
    let pairs = |weight: f64| 0.5 * (weight * weight - weight);
    let weigh = |group: &[(f64, f64, f64)]| pairs(group.iter().map(|p| p.2).sum());
    let all = weigh(&points);
    let tied_estimate: f64 = points.chunk_by(|a, b| a.0 == b.0).map(weigh).sum();
    let tied_both: f64 = points.chunk_by(|a, b| a.0 == b.0 && a.1 == b.1).map(weigh).sum();
    let mut by_truth: Vec<(f64, f64)> = points.iter().map(|p| (p.1, p.2)).collect();
    let mut room = by_truth.clone();
    let discordant = inversions(&mut by_truth, &mut room);
    let tied_truth: f64 =
        by_truth.chunk_by(|a, b| a.0 == b.0).map(|group| pairs(group.iter().map(|p| p.1).sum())).sum();
    let concordant = all - tied_estimate - tied_truth + tied_both - discordant;
    let scale = ((all - tied_estimate) * (all - tied_truth)).sqrt();
    Ok(Score::ratio(concordant - discordant, scale, "the estimates or the truth are the same in every row")
        .map(|tau| tau.clamp(-1.0, 1.0)))
}

/// Sorts by the first number and gives the weight of the pairs that stood in the other order.
fn inversions(items: &mut [(f64, f64)], room: &mut [(f64, f64)]) -> f64 {
    if items.len() < 2 {
        return 0.0;
    }
    let middle = items.len() / 2;
    let (left, right) = items.split_at_mut(middle);
    let (left_room, right_room) = room.split_at_mut(middle);
    let mut found = inversions(left, left_room) + inversions(right, right_room);
    let mut waiting: f64 = left.iter().map(|item| item.1).sum();
    let (mut l, mut r) = (0, 0);
    for slot in room.iter_mut() {
        if r == right.len() || (l < left.len() && left[l].0 <= right[r].0) {
            waiting -= left[l].1;
            *slot = left[l];
            l += 1;
        } else {
            found += waiting * right[r].1;
            *slot = right[r];
            r += 1;
        }
    }
    items.copy_from_slice(room);
    found
}

/// The metric of [`kendall_tau_b`].
///
/// ```
/// use consort_core::Metric;
/// assert_eq!(consort_metrics::regression::Kendall.name(), "kendall_tau_b");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Kendall;

whole_metric!(Kendall, "kendall_tau_b", Higher, Value, (-1.0, 1.0), |_this| "kendall_tau_b".into(), |rows| tau_b(
    &rows
));
