use consort_core::{Error, FitContext, Result, Samples};
use serde::{Deserialize, Serialize};

use super::{
    Combine, DeepEnsemble, NetEnsemble,
    deep_ensemble::{expect_members, learner},
    net_ensemble::Source,
    parallel,
};
use crate::{
    net::{Net, NetModel, school::Basis, tally::Tally},
    packed,
};

/// Whether nets of equal architecture are trained as one program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Packing {
    /// Packed where nets can be: MLPs. It was measured to be faster at every size of a batch, on a CPU and on a card; see
    /// `docs/benchmarks/deep.md`.
    #[default]
    Auto,
    /// Packed, or an error that says why not.
    Packed,
    /// One net after another on each thread.
    Apart,
}

/// Nets trained apart from each other, each from its own first weights and in its own order of rows: a deep ensemble
/// (Lakshminarayanan and others 2017). The prediction is the mean of theirs.
///
/// Different architectures may take part: member `m` is of the kind `m mod kinds`. MLPs of one kind can be trained as one
/// program of batched matrix products, equal to separate runs up to rounding; which way was taken,
/// [`NetEnsemble::how`] says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Independent {
    /// The kinds of nets.
    pub nets: Vec<Net>,
    /// How many members.
    pub members: usize,
    /// Whether nets of equal architecture are trained as one program.
    pub packing: Packing,
}

impl Default for Independent {
    fn default() -> Self {
        Self { nets: vec![Net::default()], members: 5, packing: Packing::Auto }
    }
}

impl DeepEnsemble for Independent {
    fn train(&self, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        expect_members(self.members)?;
        if self.nets.is_empty() {
            return Err(Error::parameter("nets", "an empty list", "at least one kind of net"));
        }
        if let [net] = &self.nets[..] {
            let basis = Basis::new(net, train)?;
            let refusal = packed::refusal(net, &basis);
            match (self.packing, refusal) {
                (Packing::Packed, Some(why)) => {
                    return Err(Error::Unsupported {
                        by: "packed training".into(),
                        what: why,
                        hint: "set `packing` to apart, or leave the choice".into(),
                    });
                }
                (Packing::Packed, None) => return self.packed(net, &basis, train, ctx),
                (Packing::Auto, None) if self.fits_a_cache(net, &basis, ctx) => {
                    return self.packed(net, &basis, train, ctx);
                }
                _ => {}
            }
        }
        let bases = self.nets.iter().map(|net| Basis::new(net, train)).collect::<Result<Vec<_>>>()?;
        let kind = |m: usize| m % self.nets.len();
        let tally = Tally::new(ctx, (0..self.members).map(|m| self.nets[kind(m)].epochs).sum());
        let members = parallel::each(ctx, self.members, |m| {
            let ctx = FitContext { seed: ctx.seed.nth("member", m as u64), threads: 1, ..*ctx };
            self.nets[kind(m)].train_on(&bases[kind(m)], train, &ctx, &tally)
        })?;
        let how = format!("{} nets apart, on up to {} threads", self.members, ctx.threads.max(1));
        Ok(NetEnsemble::new("net", Source::Nets(members), Combine::Mean).trained(how))
    }
}

impl Independent {
    /// Whether the nets of a group, with their gradients and an optimizer's two moments, stay in a core's share of the cache
    /// from step to step. Where they do not, a net alone is the better company for it. A card has no such bound.
    fn fits_a_cache(&self, net: &Net, basis: &Basis, ctx: &FitContext<'_>) -> bool {
        const MOST: usize = 8 << 20;
        let Some(mlp) = net.architecture.as_mlp() else { return false };
        let together = self.members.div_ceil(ctx.threads.clamp(1, self.members));
        let spec = &basis.spec;
        let widths = mlp.widths(&spec.intake.shape(), spec.head.width(&spec.loss));
        let weights: usize = widths.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let bytes = 4 * size_of::<f32>() * weights;
        basis.is_on_card() || together.saturating_mul(bytes) <= MOST
    }

    /// Trains groups of packed nets, a group a thread; a card takes all as one.
    fn packed(&self, net: &Net, basis: &Basis, train: &Samples<'_>, ctx: &FitContext<'_>) -> Result<NetEnsemble> {
        let groups = if basis.is_on_card() { 1 } else { ctx.threads.clamp(1, self.members) };
        let each = self.members.div_ceil(groups);
        let groups = self.members.div_ceil(each);
        let tally = Tally::new(ctx, groups * net.epochs);
        let members: Vec<Vec<NetModel>> = parallel::each(ctx, groups, |g| {
            let members = g * each..((g + 1) * each).min(self.members);
            let seeds: Vec<_> = members.map(|m| ctx.seed.nth("member", m as u64)).collect();
            packed::train(net, basis, train, &seeds, &FitContext { threads: 1, ..*ctx }, &tally)
        })?;
        let how = format!("{} nets packed in {groups} groups, one a thread", self.members);
        let members = members.into_iter().flatten().collect();
        Ok(NetEnsemble::new("net", Source::Nets(members), Combine::Mean).trained(how))
    }
}

learner!(Independent, "independent_nets", "deep-ensemble");
