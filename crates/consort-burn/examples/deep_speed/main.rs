//! The nets of `benches/peers/deep.py`, timed: `deep_speed [--device NAME] RUN [+ RUN]...`,
//! where a run is
//!
//! ```text
//! mnist FOLDER METHOD EPOCHS SEED ROWS     five LeNet-5
//! packed MODE BATCH [ROWS]                 ten MLPs
//! resnet DEPTH WEIGHTS IN OUT              the logits of torchvision's weights
//! resnet18-train EPOCHS ROWS [MEMBERS]     four ResNet-18 from scratch
//! ```
//!
//! One line of JSON for each. On a card shorter runs go before, since kernels are compiled when they are first met, and with
//! the feature `autotune` chosen by trial: `first` has their seconds.

mod mnist;
mod packed;
mod place;
mod resnet;

use std::{path::Path, process::ExitCode, time::Instant};

use consort_core::{Error, Result};
use place::Place;
use serde_json::Value;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let mut arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut device = "cpu";
    if let ["--device", name, ..] = arguments[..] {
        device = name;
        arguments.drain(..2);
    }
    if arguments.is_empty() {
        eprintln!("usage: deep_speed [--device NAME] RUN [+ RUN]...; runs are mnist, packed, resnet, resnet18-train");
        return ExitCode::FAILURE;
    }
    let place = match Place::of(device) {
        Ok(place) => place,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let mut code = ExitCode::SUCCESS;
    // One that fails leaves the others their turn.
    let mut tell = |arguments: &[&str], error: Error| {
        eprintln!("error: {}: {error}", arguments.join(" "));
        code = ExitCode::FAILURE;
    };
    let mut runs = Vec::new();
    for arguments in arguments.split(|&argument| argument == "+") {
        let start = Instant::now();
        match if place.is_card() { run(&place, arguments, true) } else { Ok(Value::Null) } {
            Ok(_) => runs.push((arguments, place.is_card().then(|| start.elapsed().as_secs_f64()))),
            Err(error) => tell(arguments, error),
        }
    }
    for (arguments, first) in runs {
        match run(&place, arguments, false) {
            Ok(mut line) => {
                line["run"] = arguments[0].into();
                line["by"] = "consort".into();
                line["device"] = place.name.clone().into();
                line["tuned"] = cfg!(feature = "autotune").into();
                line["first"] = first.into();
                println!("{line}");
            }
            Err(error) => tell(arguments, error),
        }
    }
    code
}

/// One run, or a shorter one that meets the same kernels.
fn run(place: &Place, arguments: &[&str], is_first: bool) -> Result<Value> {
    match *arguments {
        ["mnist", folder, method, epochs, seed, rows] => {
            let epochs = if is_first { 1 } else { number(epochs)? };
            mnist::run(place, Path::new(folder), method, epochs, number(seed)? as u64, number(rows)? as u32)
        }
        ["packed", mode, batch] => packed::run(place, mode, number(batch)?, 50_000, is_first),
        ["packed", mode, batch, rows] => packed::run(place, mode, number(batch)?, number(rows)?, is_first),
        ["resnet", depth, weights, images, logits] => {
            resnet::ask(place, depth, Path::new(weights), images, logits, is_first)
        }
        ["resnet18-train", epochs, rows, ref members @ ..] => {
            let members = members.first().map_or(Ok(4), |members| number(members))?;
            let (epochs, members) = if is_first { (1, 1) } else { (number(epochs)?, members) };
            resnet::train(place, epochs, number(rows)?, members)
        }
        _ => Err(Error::custom("there is no such run: mnist, packed, resnet and resnet18-train are known")),
    }
}

fn number(text: &str) -> Result<usize> {
    text.parse().map_err(|_| Error::custom(format!("`{text}` is no number")))
}
