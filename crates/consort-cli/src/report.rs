//! The report, made of what was judged.

use std::{path::Path, sync::Arc, time::SystemTime};

use consort::{
    core::{Fusion, LossHistory, Metric, Predictions, Truth},
    data::files::publish,
    fusion::{
        self,
        verdict::{Conclusion, Judgement},
    },
    metrics::significance::Difference,
    plot::{
        self, Theme,
        chart::{Gain, Gains, TrainingCurves, TrainingRun},
        report::{ChartFormat, Tone, Verdict},
    },
};
use serde_json::Value;

use crate::{
    args::{self, PageFormat},
    failure::{Failure, Result},
    judging::Fitted,
    listing,
    session::Session,
    training::Fits,
};

/// The report of a fusion that was judged.
pub(crate) fn of_judged(
    session: &Session,
    predictions: &Predictions,
    truth: &Truth<'_>,
    fitted: &Fitted<'_>,
    metrics: &[Arc<dyn Metric>],
    judgement: &Judgement,
    fits: Option<&Fits>,
) -> Result<plot::report::Report> {
    let Judgement { verdict, ensemble, .. } = judgement;
    let weights = fitted.fusion.weights();
    // The scores shown are those on rows that the fit did not see.
    let mut subject = plot::overview::Subject::new(title(fitted.fusion), predictions)
        .truth(*truth)
        .ensemble("ensemble", &ensemble.fused, ensemble.gives)
        .metric(fitted.metric.clone())
        .others(metrics[1..].iter().cloned())
        .seed(session.seed);
    if let Some(weights) = &weights {
        subject = subject.weights(weights);
    }
    if let Some(fits) = fits {
        if fits.own_scores.iter().any(Option::is_some) {
            subject = subject.train_scores(&fits.own_scores);
        }
        if let Some(seconds) = &fits.seconds {
            subject = subject.costs("time to fit, in seconds", seconds);
        }
    }
    let path = serde_json::to_value(fitted.fusion)?;
    let (picks, scores, best) = selection_path(&path);
    if !picks.is_empty() {
        subject = subject.selection(plot::overview::Selection { picks: &picks, scores: &scores, chosen: best });
    }
    let mut report = plot::overview::from_predictions(&subject)?;
    for curves in fits.map(|fits| training_curves(&fits.histories)).unwrap_or_default() {
        report = report.chart(plot::report::Topic::Members, &curves);
    }
    Ok(report
        .verdict(headline(verdict.conclusion, &verdict.text(), &verdict.gains))
        .chart(plot::report::Topic::Verdict, &gains(verdict)))
}

/// How members learnt that do so step by step, in the fit of their first fold: a chart for each loss.
fn training_curves(histories: &[(String, LossHistory)]) -> Vec<TrainingCurves> {
    let mut charts: Vec<TrainingCurves> = Vec::new();
    for (member, history) in histories {
        let LossHistory { name, loss, unit, train, valid, kept, .. } = history;
        let alone = histories.iter().filter(|(other, _)| other == member).count() == 1;
        let name = match name.strip_prefix(member.as_str()) {
            _ if alone => member.clone(),
            // Nets of a member that is called as they are.
            Some(number) if number.starts_with(' ') => name.clone(),
            _ => format!("{member}: {name}"),
        };
        let run = TrainingRun { name, train: train.clone(), valid: valid.clone(), snapshots: kept.clone() };
        match charts.iter_mut().find(|chart| chart.loss == *loss && chart.unit == *unit) {
            Some(chart) => chart.runs.push(run),
            None => charts.push(TrainingCurves {
                loss: loss.clone(),
                unit: unit.clone(),
                runs: vec![run],
                notes: vec!["Each fit is that of the member's first fold.".into()],
            }),
        }
    }
    charts
}

/// The gains as a chart.
fn gains(verdict: &fusion::verdict::Verdict) -> Gains {
    let gains = &verdict.gains;
    let level = gains.iter().find_map(Difference::gain_interval).map_or(0.95, |interval| interval.level);
    let bar = |measure: String, gain: &Difference| Gain {
        measure,
        gain: gain.gain(),
        interval: gain.gain_interval().map(|interval| (interval.low, interval.high)),
    };
    let mut bars: Vec<Gain> = gains.iter().map(|gain| bar(gain.metric.clone(), gain)).collect();
    let Some(over) = &verdict.over_best else {
        return Gains { against: format!("the best member, {}", verdict.best_member), level, gains: bars };
    };
    // Below that of the same metric.
    bars.insert(1.min(bars.len()), bar(format!("over {}", verdict.best_member), over));
    Gains { against: "whichever member was best on the other folds".into(), level, gains: bars }
}

/// The picks and scores of a selection's only run, as it was saved; nothing for another fusion.
fn selection_path(fusion: &Value) -> (Vec<usize>, Vec<f64>, Option<usize>) {
    // Behind a calibration it is what fuses.
    let fusion = fusion.get("fuses").unwrap_or(fusion);
    let Some([run]) = fusion.get("runs").and_then(Value::as_array).map(Vec::as_slice) else {
        return Default::default();
    };
    let list = |key: &str| run.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let picks: Vec<usize> = list("picks").iter().filter_map(|pick| pick.as_u64().map(|pick| pick as usize)).collect();
    let scores: Vec<f64> = list("path").iter().map(|score| score.as_f64().unwrap_or(f64::NAN)).collect();
    let best = run.get("kept_rounds").and_then(Value::as_u64).map(|round| round as usize);
    if picks.len() == scores.len() { (picks, scores, best) } else { Default::default() }
}

/// The verdict at the head of the report.
pub(crate) fn headline(conclusion: Conclusion, text: &str, gains: &[Difference]) -> Verdict {
    let tone = match conclusion {
        Conclusion::Better => Tone::Good,
        Conclusion::Worse => Tone::Bad,
        Conclusion::NoClearGain | Conclusion::Unknown => Tone::Even,
    };
    let (first, rest) =
        text.split_once(". ").map_or((text.to_string(), ""), |(first, rest)| (format!("{first}."), rest));
    let mut verdict = Verdict::new(tone, first);
    if !rest.is_empty() {
        verdict = verdict.paragraph(rest);
    }
    for gain in gains {
        if let (Some(value), Some(interval)) = (gain.gain(), gain.gain_interval()) {
            let text = format!(
                "{} ({} to {})",
                listing::number(value),
                listing::number(interval.low),
                listing::number(interval.high)
            );
            verdict = verdict.number(format!("gain in {}", gain.metric), text);
        }
    }
    verdict
}

/// Writes one chart, as what the ending of its file says.
pub(crate) fn write_chart<F: plot::Figure + serde::Serialize>(path: &Path, figure: &F) -> Result<()> {
    let format = chart_format(path)?;
    let report = plot::report::Report::new(figure.title()).chart(plot::report::Topic::Rows, figure).theme(Theme::Light);
    for file in report.chart_files(format)? {
        publish(path, |to| std::io::Write::write_all(to, &file.bytes))?;
    }
    Ok(())
}

/// What the ending of a file says that a chart is written as.
///
/// # Errors
/// For another ending.
pub(crate) fn chart_format(path: &Path) -> Result<ChartFormat> {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("svg") => Ok(ChartFormat::Svg),
        Some("png") => Ok(ChartFormat::Png),
        Some("json") => Ok(ChartFormat::Json),
        _ => Err(Failure::usage(format!("`{}`: a chart is written as .svg, .png or .json", path.display()))),
    }
}

/// What the ending of a file says that a report is written as.
///
/// # Errors
/// For another ending.
pub(crate) fn page_format(path: &Path) -> Result<PageFormat> {
    match path.extension().and_then(|ending| ending.to_str()) {
        None | Some("html" | "htm") => Ok(PageFormat::Html),
        Some("md" | "markdown") => Ok(PageFormat::Md),
        Some("json") => Ok(PageFormat::Json),
        Some("txt") => Ok(PageFormat::Text),
        Some(_) => Err(Failure::usage(format!(
            "`{}`: a report is written as .html, .md, .json or .txt: a browser prints the first to PDF",
            path.display()
        ))),
    }
}

/// What is to be written of a report.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    page: Option<Page<'a>>,
    charts: Option<(&'a Path, ChartFormat)>,
    theme: Theme,
    tensorboard: Option<&'a Path>,
}

/// A page: where it is written, and where a person will find it.
#[derive(Debug, Clone, Copy)]
struct Page<'a> {
    place: &'a Path,
    told: &'a Path,
    format: PageFormat,
}

impl<'a> Wanted<'a> {
    /// What the ending of the file says.
    pub(crate) fn page(path: &'a Path) -> Result<Self> {
        let page = Page { place: path, told: path, format: page_format(path)? };
        Ok(Self { page: Some(page), ..Self::html(path) })
    }

    /// The page that people look at.
    pub(crate) fn html(path: &'a Path) -> Self {
        Self::html_moved(path, path)
    }

    /// The same, written at one place and then moved to another.
    pub(crate) fn html_moved(place: &'a Path, told: &'a Path) -> Self {
        let page = Page { place, told, format: PageFormat::Html };
        Self { page: Some(page), charts: None, theme: Theme::Auto, tensorboard: None }
    }

    /// What `consort report` was asked for.
    pub(crate) fn asked(args: &'a args::Report) -> Result<Self> {
        let page = |path: &'a Path| -> Result<Page<'a>> {
            let format = args.format.map_or_else(|| page_format(path), Ok)?;
            Ok(Page { place: path, told: path, format })
        };
        Ok(Self {
            page: args.output.as_deref().map(page).transpose()?,
            charts: args.charts.as_deref().map(|folder| {
                let format = match args.chart_format {
                    args::ChartFormat::Svg => ChartFormat::Svg,
                    args::ChartFormat::Png => ChartFormat::Png,
                    args::ChartFormat::Json => ChartFormat::Json,
                };
                (folder, format)
            }),
            theme: match args.theme {
                args::Theme::Auto => Theme::Auto,
                args::Theme::Light => Theme::Light,
                args::Theme::Dark => Theme::Dark,
            },
            tensorboard: args.tensorboard.as_deref(),
        })
    }

    /// Writes it, with all that there is to warn of.
    pub(crate) fn write(&self, session: &mut Session, report: plot::report::Report) -> Result<()> {
        let report = report.warnings(session.warnings()).theme(self.theme);
        let put = |path: &Path, bytes: &[u8]| -> Result<()> {
            Ok(publish(path, |file| std::io::Write::write_all(file, bytes))?)
        };
        if let Some(Page { place, told, format }) = self.page {
            let text = match format {
                PageFormat::Html => report.to_html()?,
                PageFormat::Md => report.to_markdown(),
                PageFormat::Json => report.to_json()?,
                PageFormat::Text => report.to_text(plot::report::TextStyle::default()),
            };
            put(place, text.as_bytes())?;
            session.put("report", told.display().to_string().into());
            session.say(format!("report written to {}", told.display()));
        }
        if let Some((folder, format)) = self.charts {
            make(folder)?;
            let files = report.chart_files(format)?;
            for file in &files {
                put(&folder.join(&file.name), &file.bytes)?;
            }
            let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
            session.put("charts", serde_json::json!({ "folder": folder.display().to_string(), "files": names }));
            session.say(format!("{} charts written to {}", files.len(), folder.display()));
        }
        if let Some(folder) = self.tensorboard {
            make(folder)?;
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
            let mut events = plot::tensorboard::EventFile::new(now.as_secs_f64());
            events.report(&report);
            let path = folder.join(events.name());
            put(&path, events.bytes())?;
            session.put("tensorboard", path.display().to_string().into());
            session.say(format!("scalars for TensorBoard written to {}", path.display()));
        }
        Ok(())
    }
}

fn make(folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, "it cannot be made", error))
}

/// What a report of this fusion is called.
pub(crate) fn title(fusion: &dyn Fusion) -> String {
    format!("Ensemble by {}", fusion.name())
}
