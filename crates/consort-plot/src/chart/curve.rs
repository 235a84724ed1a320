use serde::{Deserialize, Serialize};

/// A curve in the unit square, such as ROC, and the area under it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// Whose curve it is.
    pub name: String,
    /// The area under the whole curve, where it is defined; computed before the curve was thinned.
    pub area: Option<f64>,
    /// The corners.
    pub points: Vec<(f64, f64)>,
    /// Whether it is the ensemble's.
    pub ensemble: bool,
}

impl Curve {
    /// The most corners of a curve that is drawn.
    pub const MOST: usize = 500;

    /// A curve of all its points, thinned to at most [`Curve::MOST`].
    pub fn new(name: impl Into<String>, area: Option<f64>, points: Vec<(f64, f64)>, ensemble: bool) -> Self {
        Self { name: name.into(), area, points: thin(points, Self::MOST), ensemble }
    }
}

/// Fewer points with the same shape: points on a straight line go first, then those that matter least to the eye
/// (Ramer 1972; Douglas and Peucker 1973), until at most `most` are left. Ends and corners stay.
///
/// Meant for curves in the unit square. Points nearer than 1/2000 to the last one kept are passed over at once,
/// which is finer than a pixel and makes ten million points cheap. Points that are not finite are left out.
///
/// ```
/// let stairs: Vec<(f64, f64)> = (0..=10_000).map(|i| (f64::from(i) / 1e4, if i < 5_000 { 0.0 } else { 1.0 })).collect();
/// let few = consort_plot::chart::thin(stairs, 500);
/// assert_eq!(few, [(0.0, 0.0), (0.4999, 0.0), (0.5, 1.0), (1.0, 1.0)]);
/// ```
pub fn thin(points: Vec<(f64, f64)>, most: usize) -> Vec<(f64, f64)> {
    const NEAR: f64 = 1.0 / 2000.0;
    let mut points = points;
    points.retain(|point| point.0.is_finite() && point.1.is_finite());
    if points.len() <= 2 {
        return points;
    }
    if points.len() > most {
        let mut kept: Vec<(f64, f64)> = vec![points[0]];
        let (mut last, mut before) = (points[0], points[0]);
        for &point in &points[1..] {
            if (point.0 - last.0).abs() >= NEAR || (point.1 - last.1).abs() >= NEAR {
                // The point before a jump is a corner.
                if before != last {
                    kept.push(before);
                }
                kept.push(point);
                last = point;
            }
            before = point;
        }
        if before != last {
            kept.push(before);
        }
        points = kept;
    }
    let mut tolerance = 1e-9;
    loop {
        let kept = keep(&points, tolerance);
        if kept.len() <= most.max(2) || tolerance > 1.0 {
            return kept;
        }
        tolerance = if tolerance < 1e-4 { 1e-4 } else { tolerance * 1.4 };
    }
}

fn keep(points: &[(f64, f64)], tolerance: f64) -> Vec<(f64, f64)> {
    let mut kept = vec![false; points.len()];
    kept[0] = true;
    kept[points.len() - 1] = true;
    let mut spans = vec![(0, points.len() - 1)];
    while let Some((from, to)) = spans.pop() {
        let (a, b) = (points[from], points[to]);
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = dx.hypot(dy);
        let far = |p: (f64, f64)| {
            if length > 0.0 {
                ((p.0 - a.0) * dy - (p.1 - a.1) * dx).abs() / length
            } else {
                (p.0 - a.0).hypot(p.1 - a.1)
            }
        };
        let mut worst = (tolerance, 0);
        for (i, &point) in points.iter().enumerate().take(to).skip(from + 1) {
            let distance = far(point);
            if distance > worst.0 {
                worst = (distance, i);
            }
        }
        if worst.1 > 0 {
            kept[worst.1] = true;
            spans.push((from, worst.1));
            spans.push((worst.1, to));
        }
    }
    points.iter().zip(kept).filter_map(|(&point, kept)| kept.then_some(point)).collect()
}

/// The curves that are drawn: the ensemble's and the best others, so that lines can be told apart.
pub(crate) fn drawn(curves: &[Curve]) -> Vec<(usize, &Curve)> {
    const MOST: usize = 8;
    let mut order: Vec<usize> = (0..curves.len()).filter(|&i| curves[i].points.len() >= 2).collect();
    let area = |i: usize| curves[i].area.unwrap_or(f64::NEG_INFINITY);
    order.sort_by(|&a, &b| (curves[b].ensemble.cmp(&curves[a].ensemble)).then(area(b).total_cmp(&area(a))));
    order.truncate(MOST);
    // Inks by rank, the ensemble last so that it lies on top.
    let mut ranked: Vec<(usize, &Curve)> =
        order.iter().filter(|&&i| !curves[i].ensemble).enumerate().map(|(rank, &i)| (rank, &curves[i])).collect();
    ranked.extend(order.iter().filter(|&&i| curves[i].ensemble).map(|&i| (0, &curves[i])));
    ranked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_curve_keeps_its_shape_with_few_points() {
        let circle: Vec<(f64, f64)> = (0..=1_000_000)
            .map(|i| {
                let t = f64::from(i) / 1e6 * std::f64::consts::FRAC_PI_2;
                (1.0 - t.cos(), t.sin())
            })
            .collect();
        let few = thin(circle.clone(), 500);
        assert!(few.len() <= 500 && few.len() > 20, "{}", few.len());
        assert_eq!((few[0], few[few.len() - 1]), (circle[0], circle[1_000_000]));
        let area = |points: &[(f64, f64)]| -> f64 {
            points.windows(2).map(|p| (p[1].0 - p[0].0) * (p[1].1 + p[0].1) / 2.0).sum()
        };
        assert!((area(&few) - std::f64::consts::FRAC_PI_4).abs() < 5e-4, "{}", area(&few));
    }

    #[test]
    fn odd_curves_do_no_harm() {
        assert!(thin(vec![], 10).is_empty());
        assert_eq!(thin(vec![(f64::NAN, 0.0), (0.5, 0.5)], 10), [(0.5, 0.5)]);
        assert_eq!(thin(vec![(0.5, 0.5); 1000], 10), [(0.5, 0.5)]);
    }

    #[test]
    fn the_ensemble_is_always_drawn() {
        let curves: Vec<Curve> = (0..30)
            .map(|i| Curve::new(i.to_string(), Some(f64::from(i)), vec![(0.0, 0.0), (1.0, 1.0)], i == 0))
            .collect();
        let drawn = drawn(&curves);
        assert_eq!(drawn.len(), 8);
        assert!(drawn.last().unwrap().1.ensemble && drawn[0].1.name == "29");
    }
}
