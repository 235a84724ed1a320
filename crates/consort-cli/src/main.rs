//! The program `consort`: fit, predict, fuse, evaluate, report, diagnose, watch, compare and split from files.

mod allocator;
mod args;
mod commands;
mod device;
mod failure;
mod flags;
mod inputs;
mod judging;
mod listing;
mod method;
mod places;
mod report;
mod score_card;
mod session;
mod training;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use args::{Cli, Command};
use flags::Flags;

fn main() -> ExitCode {
    let matches = Cli::command().get_matches();
    let flags = Flags::of(&Cli::command(), &matches);
    let command = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit()).command;
    // Training makes and lets go of large blocks all the time.
    if !matches!(command, Command::Fit(_)) {
        allocator::give_back_large_blocks();
    }
    let done = match command {
        Command::Fit(args) => commands::fit::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Bundle(args) => commands::bundle::run(&args),
        Command::Fuse(args) => commands::fuse::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Diagnose(args) => match commands::diagnose::run(&args) {
            Ok(code) => return code,
            Err(failure) => Err(failure),
        },
        Command::Members(args) => commands::members::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Watch(args) => commands::watch::run(&args),
        Command::Split(args) => commands::split::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print(&flags);
            ExitCode::FAILURE
        }
    }
}
