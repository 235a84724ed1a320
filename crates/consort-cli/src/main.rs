//! The program `consort`: fuse, evaluate, compare and split from files.

mod args;
mod commands;
mod failure;
mod inputs;
mod listing;
mod method;
mod report;
mod score_card;
mod session;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Fuse(args) => commands::fuse::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Split(args) => commands::split::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.print();
            ExitCode::FAILURE
        }
    }
}
