use consort_core::{FitContext, Result};
use rayon::prelude::*;

use crate::threads::alone;

/// Does work for each member, on as many threads as the fit may use; results come in the order of members.
///
/// # Errors
/// The first error, in the order of members.
pub(super) fn each<T: Send>(
    ctx: &FitContext<'_>,
    members: usize,
    work: impl Fn(usize) -> Result<T> + Sync,
) -> Result<Vec<T>> {
    ctx.install(|| {
        if members == 1 {
            return Ok(vec![work(0)?]);
        }
        // One by one, so that a thread that is done takes the next member.
        let done: Vec<Result<T>> =
            (0..members).into_par_iter().with_max_len(1).map(|member| alone(|| work(member))).collect();
        done.into_iter().collect()
    })
}
