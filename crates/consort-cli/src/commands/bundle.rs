//! `consort bundle`: what a run needs to predict, in one file.

use consort::ensemble::run::Bundle;

use super::predict::bundle_of;
use crate::{args::BundleRun, failure::Result, places, session::Session};

pub(crate) fn run(args: &BundleRun) -> Result<()> {
    let mut session = Session::start("bundle", &args.running)?;
    places::writable(&args.output)?;
    places::outside(&args.output, &args.run)?;
    // Read and written anew, so that a damaged one is not handed on.
    let bundle = Bundle::load(&bundle_of(&args.run)?)?;
    bundle.save(&args.output)?;
    session.put("bundle", args.output.display().to_string().into());
    session.say(format!("bundle written to {}", args.output.display()));
    session.finish()
}
