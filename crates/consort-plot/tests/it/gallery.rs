//! Every chart, at every size that must do no harm.

use consort_core::{Direction, Score};
use consort_plot::{Figure, chart::*};

/// A member's name that breaks what does not escape.
pub(crate) const HOSTILE: &str = "<b>&\"'</svg><script>alert(1)</script>$x$";

pub(crate) fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| if i == 0 { HOSTILE.into() } else { format!("member {i}") }).collect()
}

/// A small deterministic number in [0, 1).
pub(crate) fn noise(i: usize) -> f64 {
    (i as f64 * 0.754_877_666 + 0.1).fract()
}

/// All charts with `n` members, `n` classes and `rows` rows.
pub(crate) fn all(n: usize, rows: usize) -> Vec<Box<dyn FigureOf>> {
    let names = names(n);
    let score = |i: usize| match i % 5 {
        4 => Score::undefined("only one class occurs"),
        _ => Score::from(noise(i)),
    };
    let scores = (0..n)
        .map(|i| NamedScore {
            name: names[i].clone(),
            score: score(i),
            interval: (i % 2 == 0).then(|| (noise(i) - 0.1, noise(i) + 0.1)),
            ensemble: i == 1,
        })
        .collect();
    let curve = |i: usize| {
        let points =
            (0..=rows).map(|r| (r as f64 / rows.max(1) as f64, (r as f64 / rows.max(1) as f64).sqrt())).collect();
        Curve::new(names[i].clone(), (i % 3 != 2).then_some(0.7), points, i == 1)
    };
    let right: Vec<Vec<bool>> = (0..n).map(|m| (0..rows).map(|i| noise(i * 31 + m * 7) > 0.3).collect()).collect();
    let bins = (0..rows.min(10))
        .map(|b| ReliabilityBin {
            range: (b as f64 / 10.0, (b + 1) as f64 / 10.0),
            rows: noise(b) * 100.0,
            predicted: (b as f64 + 0.5) / 10.0,
            observed: noise(b),
            interval: (b != 1).then(|| (noise(b) * 0.9, noise(b) * 0.9 + 0.1)),
        })
        .collect();
    let picks: Vec<usize> = (0..rows.min(60)).map(|r| (r * r) % n.max(1)).collect();
    let rounds =
        picks.iter().map(|&p| ScoreRound { member: names.get(p).cloned().unwrap_or_default(), score: noise(p) });
    let sizes = (1..=n.min(30)).map(|m| SizeScore {
        members: m,
        mean: 1.0 / m as f64,
        low: 0.9 / m as f64,
        high: 1.1 / m as f64,
    });
    let gains = vec![
        Gain { measure: HOSTILE.into(), gain: Some(0.1), interval: Some((0.05, 0.15)) },
        Gain { measure: "ece".into(), gain: None, interval: None },
        Gain { measure: "f1".into(), gain: Some(0.0), interval: Some((0.0, 0.0)) },
    ];
    let cloud = Cloud::new(rows, |i| if i % 97 == 5 { (f64::NAN, 1.0) } else { (noise(i) * 1e5, noise(i * 3) - 0.5) });
    vec![
        Box::new(MemberScores::new("log_loss", Direction::Lower, 0.95, scores)),
        Box::new(Weights::new(names.clone(), &(0..n).map(noise).collect::<Vec<_>>())),
        Box::new(Gains { against: HOSTILE.into(), level: 0.95, gains }),
        Box::new(Likeness::new(LikenessMeasure::ErrorCorrelation, &names, |i, k| (i + k != 3).then(|| noise(i * k)))),
        Box::new(Likeness::new(LikenessMeasure::Disagreement, &names, |i, k| Some(noise(i + k) * 0.3))),
        Box::new(Roc { of: HOSTILE.into(), curves: (0..n).map(curve).collect(), notes: vec![] }),
        Box::new(PrecisionRecall {
            of: HOSTILE.into(),
            prevalence: 0.3,
            curves: (0..n).map(curve).collect(),
            notes: vec![],
        }),
        Box::new(Reliability {
            of: HOSTILE.into(),
            curves: vec![ReliabilityCurve { name: HOSTILE.into(), ece: None, bins, ensemble: true }],
            notes: vec![],
        }),
        Box::new(Confusion {
            of: HOSTILE.into(),
            classes: names.clone(),
            counts: (0..n * n).map(|i| (noise(i) * rows as f64).round()).collect(),
            notes: vec![],
        }),
        Box::new(WhoIsRight::new(&names, &right, right.first().map(Vec::as_slice), |_| 1.0)),
        Box::new(WeightPath::from_picks(names.clone(), &picks, Some(2))),
        Box::new(ScorePath {
            metric: "log_loss".into(),
            direction: Direction::Lower,
            rounds: rounds.collect(),
            chosen: Some(2),
            best_member: Some(0.5),
        }),
        Box::new(EnsembleSize {
            metric: "m".into(),
            direction: Direction::Higher,
            sizes: sizes.collect(),
            orders: 9,
            notes: vec![],
        }),
        Box::new(Residuals { of: HOSTILE.into(), cloud: cloud.clone() }),
        Box::new(PredictedTrue { of: HOSTILE.into(), cloud }),
    ]
}

/// What the tests ask of a chart, for charts of any type.
pub(crate) trait FigureOf {
    fn slug(&self) -> &'static str;
    fn inline(&self) -> String;
    fn file(&self, theme: consort_plot::Theme) -> String;
    fn json(&self) -> String;
    fn chart(&self) -> consort_plot::report::Chart;
}

impl<F: Figure> FigureOf for F {
    fn slug(&self) -> &'static str {
        Figure::slug(self)
    }
    fn inline(&self) -> String {
        self.draw().to_inline(Figure::slug(self))
    }
    fn file(&self, theme: consort_plot::Theme) -> String {
        self.draw().to_file(theme)
    }
    fn json(&self) -> String {
        self.to_json().unwrap()
    }
    fn chart(&self) -> consort_plot::report::Chart {
        consort_plot::report::Chart::new(consort_plot::report::Topic::Quality, self)
    }
}
