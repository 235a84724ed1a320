//! Every chart, at every size that must do no harm.

use consort_core::{Classes, Direction, Estimates, Fold, Gives, Outputs, Score};
use consort_metrics::{generalisation::FitReading, ranking::RankedScores};
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
    let mut figures: Vec<Box<dyn FigureOf>> = vec![
        Box::new(MemberScores::new("log_loss", Direction::Lower, 0.95, scores)),
        Box::new(Weights::new(names.clone(), &(0..n).map(noise).collect::<Vec<_>>())),
        Box::new(Gains { against: HOSTILE.into(), level: 0.95, gains }),
        Box::new(Likeness::new(LikenessMeasure::ErrorCorrelation, &names, |i, k| (i + k != 3).then(|| noise(i * k)))),
        Box::new(Likeness::new(LikenessMeasure::Disagreement, &names, |i, k| Some(noise(i + k) * 0.3))),
        Box::new(Roc { of: HOSTILE.into(), curves: (0..n).map(curve).collect(), notes: vec![] }),
        Box::new(PrecisionRecall {
            of: HOSTILE.into(),
            prevalence: vec![0.3; if n.is_multiple_of(2) { 1 } else { n }],
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
        Box::new(split_map(n, rows)),
        Box::new(EnsembleSize {
            metric: "m".into(),
            direction: Direction::Higher,
            sizes: sizes.collect(),
            orders: 9,
            notes: vec![],
        }),
        Box::new(Residuals { of: HOSTILE.into(), cloud: cloud.clone() }),
        Box::new(PredictedTrue { of: HOSTILE.into(), cloud }),
    ];
    figures.extend(of_members(&names, rows));
    figures.extend(of_rows(&names, rows));
    figures
}

/// `n` folds of the rows, dealt in turn; every third row is left out, where there is a fold to leave it out of.
fn split_map(n: usize, rows: usize) -> SplitMap {
    let part = |wanted: &dyn Fn(u32) -> bool| (0..rows as u32).filter(|&i| wanted(i)).collect::<Vec<u32>>();
    let fold = |k: u32| Fold {
        repeat: k / 3,
        fold: k % 3,
        train: part(&|i| i % 3 != 2 && i % n as u32 != k),
        valid: part(&|i| i % 3 == 2 && i % 7 == 2 && i % n as u32 != k),
        test: part(&|i| i % n as u32 == k),
    };
    let order: Vec<u32> = (0..rows as u32).rev().collect();
    SplitMap::new(&(0..n as u32).map(fold).collect::<Vec<_>>(), rows, Some((HOSTILE, &order))).unwrap()
}

/// The charts that have something for each member.
fn of_members(names: &[String], rows: usize) -> Vec<Box<dyn FigureOf>> {
    let n = names.len();
    let pair = |(first, second): (usize, usize)| KappaErrorPair {
        first,
        second,
        kappa: noise(first * 7 + second),
        error: noise(first + second) / 2.0,
    };
    let pairs = (0..n).flat_map(|first| (first + 1..n).map(move |second| (first, second)));
    let contribution = |i: usize| Contribution {
        name: names[i].clone(),
        gain: (i % 7 != 6).then(|| noise(i) - 0.3),
        interval: i.is_multiple_of(3).then(|| (noise(i) - 0.4, noise(i) - 0.2)),
    };
    let cost = |i: usize| CostPoint {
        name: names[i].clone(),
        cost: if i == 3 { 0.0 } else { (10.0 * noise(i)).exp() },
        score: noise(i * 3),
        interval: i.is_multiple_of(2).then(|| (noise(i * 3) - 0.1, noise(i * 3) + 0.1)),
        ensemble: i == 1,
    };
    let fit = |i: usize| {
        let score = |x: f64| if i % 9 == 8 { Score::undefined("none") } else { x.into() };
        (
            names[i].clone(),
            score(noise(i)),
            score(noise(i * 5)),
            i.is_multiple_of(2).then(|| (noise(i * 5) - 0.1, noise(i * 5))),
        )
    };
    let learning = |i: usize| LearningModel {
        name: names[i].clone(),
        ensemble: i == 1,
        points: (0..rows.min(8))
            .map(|p| LearningPoint {
                rows: 10 << (2 * p),
                held_out: noise(i) + 1.0 / (p + 1) as f64,
                interval: (p % 2 == 0).then(|| (noise(i), noise(i) + 1.5)),
                train: i.is_multiple_of(2).then(|| noise(i)),
            })
            .collect(),
    };
    let training = |i: usize| TrainingRun {
        name: names[i].clone(),
        train: (0..rows).map(|e| 1.0 / (e + 1) as f64).collect(),
        valid: if i % 3 == 2 { vec![] } else { (0..rows).map(|e| noise(e + i)).collect() },
        snapshots: if i.is_multiple_of(2) { vec![rows / 2, rows, rows + 9] } else { vec![] },
    };
    let weights: Vec<f64> = (0..n).map(|i| if i % 4 == 3 { 0.0 } else { noise(i) - 0.1 }).collect();
    let layers = [names.iter().take(40).cloned().collect(), names.to_vec()];
    let says = |i: usize, values: Vec<f64>| RowAnswer {
        name: names[i].clone(),
        ensemble: i + 1 == n,
        chosen: values.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(k, _)| k),
        values: if i % 6 == 5 { vec![] } else { values },
    };
    let near = |i: usize| Neighbour { id: names[i].clone(), distance: noise(i), truth: names[0].clone() };
    let row = |classes: bool| RowView {
        id: HOSTILE.into(),
        outputs: if classes { names.to_vec() } else { vec![HOSTILE.into()] },
        classes,
        truth: (n > 0).then_some(0.0),
        models: (0..n).map(|i| says(i, (0..if classes { n } else { 1 }).map(|k| noise(i + k)).collect())).collect(),
        neighbours: (0..n.min(7)).map(near).collect(),
        notes: vec![],
    };
    assert_eq!(FitReading::Leaks.to_string(), "leaks?");
    vec![
        Box::new(KappaError {
            names: names.to_vec(),
            pairs: pairs.map(pair).collect(),
            ensemble: Some(0.1),
            notes: vec![],
        }),
        Box::new(Contributions::new("log_loss", Direction::Lower, 0.95, (0..n).map(contribution).collect())),
        Box::new(CostScore {
            metric: "log_loss".into(),
            direction: Direction::Lower,
            cost: format!("time to fit {HOSTILE}, in seconds"),
            points: (0..n).map(cost).collect(),
            notes: vec![],
        }),
        Box::new(FitGap::new("accuracy", Direction::Higher, Some(0.1), (0..n).map(fit))),
        Box::new(LearningCurve {
            metric: "rmse".into(),
            direction: Direction::Lower,
            models: (0..n).map(learning).collect(),
            notes: vec![],
        }),
        Box::new(TrainingCurves {
            loss: HOSTILE.into(),
            unit: "epoch".into(),
            runs: (0..n).map(training).collect(),
            notes: vec![],
        }),
        Box::new(Importance::of_scores(
            "accuracy",
            Direction::Higher,
            HOSTILE,
            0.9,
            (0..n).map(|i| (names[i].clone(), vec![noise(i); i % 4])),
        )),
        Box::new(EnsembleGraph::flat(names.to_vec(), HOSTILE, Some(&weights))),
        Box::new(EnsembleGraph::layered(layers, HOSTILE, None)),
        Box::new(row(true)),
        Box::new(row(false)),
        Box::new(regions(names, rows)),
    ]
}

/// The charts that are made of rows; none where there is no row.
fn of_rows(names: &[String], rows: usize) -> Vec<Box<dyn FigureOf>> {
    let margins = |k: usize| ClassMargins {
        class: names[k].clone(),
        rows: rows as f64,
        lost: noise(k),
        mean: noise(k) - 0.5,
        counts: (0..VoteMargins::BINS).map(|b| (noise(b * 3 + k) * rows as f64).round()).collect(),
    };
    let part = |x: f64| Part { value: x, interval: (rows > 20).then_some((x * 0.9, x * 1.1)) };
    let split = |spread| ErrorSplit {
        members: names.len(),
        measure: "mean squared error".into(),
        member_error: part(3.0),
        ambiguity: part(1.0),
        ensemble_error: part(2.0),
        spread,
        notes: vec![],
    };
    let spread = Spread { squared_bias: 0.5, variance: 2.0, covariance: -0.5 };
    let mut figures: Vec<Box<dyn FigureOf>> = vec![
        Box::new(VoteMargins { of: HOSTILE.into(), classes: (0..names.len()).map(margins).collect(), notes: vec![] }),
        Box::new(split(None)),
        Box::new(split(Some(spread))),
    ];
    let scores: Vec<f64> = (0..rows).map(noise).collect();
    let positive: Vec<bool> = (0..rows).map(|i| noise(i * 3) < noise(i)).collect();
    let ranked = RankedScores::new(&scores, &positive, None).unwrap();
    let models = names.iter().filter_map(|name| LiftModel::of(name, &ranked, name == "member 1").unwrap()).collect();
    figures.push(Box::new(Lift { of: HOSTILE.into(), prevalence: 0.4, models, notes: vec![] }));
    if let Some(threshold) = Threshold::of(HOSTILE, HOSTILE, &ranked) {
        figures.push(Box::new(threshold));
    }
    figures
}

/// Panels of two kinds over one plane.
fn regions(names: &[String], rows: usize) -> DecisionRegions {
    let mut regions = DecisionRegions::new(HOSTILE, (0.0, 1.0), "b", (-1.0, 1.0));
    regions.points = (0..rows)
        .map(|i| RegionPoint { x: noise(i), y: noise(i * 5), class: (i % names.len().max(1)) as u16 })
        .collect();
    if names.is_empty() {
        let values: Vec<f64> = regions.grid().iter().map(|p| p.0 * p.1).collect();
        let answers = Estimates::f64(&values, 1, Gives::Values).unwrap();
        return regions.panel(HOSTILE, true, &Outputs::target("y"), &answers).unwrap();
    }
    let outputs = Outputs::Classes(Classes::new(names.to_vec()).unwrap());
    let k = names.len();
    for (m, name) in names.iter().take(8).enumerate() {
        let cell = |p: &(f64, f64)| ((p.0 * 3.0 + p.1 * (m + 1) as f64).abs() * 5.0) as usize % k;
        let grid = regions.grid();
        let values: Vec<f64> =
            grid.iter().flat_map(|p| (0..k).map(move |c| if c == cell(p) { 0.5 + p.0 / 2.0 } else { 0.0 })).collect();
        let answers = Estimates::f64(&values, k, Gives::Scores).unwrap();
        regions = regions.panel(name, m == 1, &outputs, &answers).unwrap();
    }
    regions
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
