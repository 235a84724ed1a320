use serde::{Deserialize, Serialize};

/// How far two rows are apart.
///
/// ```
/// use consort_neighbours::Distance;
/// assert_eq!(Distance::Euclidean.between(&[0.0, 0.0], &[3.0, 4.0]), 5.0);
/// assert_eq!(Distance::Manhattan.between(&[0.0, 0.0], &[3.0, 4.0]), 7.0);
/// assert_eq!(Distance::Cosine.between(&[1.0, 0.0], &[0.0, 2.0]), 1.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Distance {
    /// `√Σ (a_j − b_j)²`
    #[default]
    Euclidean,
    /// `Σ |a_j − b_j|`
    Manhattan,
    /// `1 − a·b / (‖a‖ ‖b‖)`; a row of zeros is at distance 1 from every row.
    Cosine,
}

impl Distance {
    /// The distance of two rows, in double precision.
    pub fn between(self, a: &[f32], b: &[f32]) -> f64 {
        let pairs = a.iter().zip(b).map(|(&a, &b)| (f64::from(a), f64::from(b)));
        match self {
            Distance::Euclidean => pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f64>().sqrt(),
            Distance::Manhattan => pairs.map(|(a, b)| (a - b).abs()).sum(),
            Distance::Cosine => {
                let (dot, aa, bb) =
                    pairs.fold((0.0, 0.0, 0.0), |(dot, aa, bb), (a, b)| (dot + a * b, aa + a * a, bb + b * b));
                if aa > 0.0 && bb > 0.0 { (1.0 - dot / (aa * bb).sqrt()).max(0.0) } else { 1.0 }
            }
        }
    }
}
