use std::cell::Cell;

use pulp::Arch;

use super::Then;
use crate::cpu::{View, product, room};

/// So many rows are worked on at once: what a layer reads and writes of them stays in the cache of a core.
const ROWS_AT_ONCE: usize = 256;
/// Up to so many outputs a product is made by sums over rows: tiles of a matrix product would be mostly empty.
const NARROW: usize = 8;

/// The sizes of a layer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layer {
    pub(super) members: usize,
    /// Of each member.
    pub(super) rows: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) then: Then,
}

/// The gradients of a layer.
#[derive(Debug)]
pub(super) struct Gradients {
    pub(super) weights: Vec<f32>,
    pub(super) bias: Vec<f32>,
    /// Empty where it was not asked for.
    pub(super) x: Vec<f32>,
}

thread_local! {
    /// Room for gradients of sums and for turned weights, kept from call to call.
    static ROOM: Cell<[Vec<f32>; 3]> = const { Cell::new([Vec::new(), Vec::new(), Vec::new()]) };
}

/// What comes out, `[members][rows][outputs]`.
pub(super) fn forward(layer: &Layer, x: &[f32], weights: &[f32], bias: &[f32]) -> Vec<f32> {
    let Layer { rows, inputs, outputs, then, .. } = *layer;
    let mut out = vec![0.0; layer.members * rows * outputs];
    let [mut turned, own, given] = ROOM.take();
    let members = x.chunks_exact(rows * inputs).zip(weights.chunks_exact(inputs * outputs));
    for (((x, weights), bias), out) in members.zip(bias.chunks_exact(outputs)).zip(out.chunks_exact_mut(rows * outputs))
    {
        let turned = (outputs <= NARROW).then(|| turn(weights, outputs, &mut turned));
        let blocks = x.chunks(ROWS_AT_ONCE * inputs).zip(out.chunks_mut(ROWS_AT_ONCE * outputs));
        for (x, out) in blocks {
            match &turned {
                Some(turned) => Arch::new().dispatch(|| dots(x, turned, out, [inputs, outputs])),
                None => {
                    let sizes = [out.len() / outputs, outputs, inputs];
                    product(out, outputs, sizes, View::rows(x, inputs), View::rows(weights, outputs), false);
                }
            }
            Arch::new().dispatch(|| finish(out, bias, then));
        }
    }
    ROOM.set([turned, own, given]);
    out
}

/// The gradients, from that of what came out.
pub(super) fn backward(
    layer: &Layer,
    x: &[f32],
    weights: &[f32],
    out: &[f32],
    gradient: &[f32],
    wants_x: bool,
) -> Gradients {
    let Layer { members, rows, inputs, outputs, then } = *layer;
    let mut all = Gradients {
        weights: vec![0.0; members * inputs * outputs],
        bias: vec![0.0; members * outputs],
        x: vec![0.0; if wants_x { members * rows * inputs } else { 0 }],
    };
    let [mut turned, mut sums, mut given] = ROOM.take();
    for m in 0..members {
        let weights = &weights[m * inputs * outputs..][..inputs * outputs];
        let of_weights = &mut all.weights[m * inputs * outputs..][..inputs * outputs];
        let of_bias = &mut all.bias[m * outputs..][..outputs];
        let mut narrow = (outputs <= NARROW).then(|| {
            let sums = room(&mut sums, inputs * outputs);
            sums.fill(0.0);
            (turn(weights, outputs, &mut turned), sums)
        });
        for first in (0..rows).step_by(ROWS_AT_ONCE) {
            let count = ROWS_AT_ONCE.min(rows - first);
            let at = |width: usize| (m * rows + first) * width..(m * rows + first + count) * width;
            let (x, out, gradient) = (&x[at(inputs)], &out[at(outputs)], &gradient[at(outputs)]);
            let given = match then {
                Then::Linear => gradient,
                Then::Rectified => {
                    let given = room(&mut given, count * outputs);
                    Arch::new().dispatch(|| pass_back(out, gradient, given));
                    given
                }
            };
            Arch::new().dispatch(|| add_rows(given, of_bias));
            let mut of_x = if wants_x { Some(&mut all.x[at(inputs)]) } else { None };
            match &mut narrow {
                Some((turned, sums)) => {
                    Arch::new()
                        .dispatch(|| back_narrow(x, turned, given, sums, of_x.as_deref_mut(), [inputs, outputs]));
                }
                None => {
                    let given = View::rows(given, outputs);
                    let sizes = [inputs, outputs, count];
                    product(of_weights, outputs, sizes, View::turned(x, inputs), given, first > 0);
                    if let Some(of_x) = of_x {
                        product(of_x, inputs, [count, inputs, outputs], given, View::turned(weights, outputs), false);
                    }
                }
            }
        }
        if let Some((_, sums)) = narrow {
            for (k, sums) in sums.chunks_exact(inputs).enumerate() {
                of_weights.iter_mut().skip(k).step_by(outputs).zip(sums).for_each(|(to, &sum)| *to = sum);
            }
        }
    }
    ROOM.set([turned, sums, given]);
    all
}

/// The weights of each output side by side.
fn turn<'a>(weights: &[f32], outputs: usize, room_of: &'a mut Vec<f32>) -> &'a [f32] {
    let turned = room(room_of, weights.len());
    let inputs = weights.len() / outputs;
    for (k, turned) in turned.chunks_exact_mut(inputs).enumerate() {
        turned.iter_mut().zip(weights.iter().skip(k).step_by(outputs)).for_each(|(to, &weight)| *to = weight);
    }
    turned
}

/// Adds the bias to the sums of each row, and rectifies them.
#[inline(always)]
fn finish(out: &mut [f32], bias: &[f32], then: Then) {
    for row in out.chunks_exact_mut(bias.len()) {
        match then {
            Then::Linear => row.iter_mut().zip(bias).for_each(|(sum, &bias)| *sum += bias),
            // Not `max`, which would hide what is not a number.
            Then::Rectified => row.iter_mut().zip(bias).for_each(|(sum, &bias)| {
                let x = *sum + bias;
                *sum = if x < 0.0 { 0.0 } else { x };
            }),
        }
    }
}

/// The sums of a few outputs, each a dot product.
#[inline(always)]
fn dots(x: &[f32], turned: &[f32], out: &mut [f32], [inputs, outputs]: [usize; 2]) {
    for (x, out) in x.chunks_exact(inputs).zip(out.chunks_exact_mut(outputs)) {
        for (out, weights) in out.iter_mut().zip(turned.chunks_exact(inputs)) {
            // Sixteen sums side by side, in a fixed order.
            let mut lanes = [0.0f32; 16];
            let (x, weights) = (x.chunks_exact(16), weights.chunks_exact(16));
            let rest: f32 = x.remainder().iter().zip(weights.remainder()).map(|(x, w)| x * w).sum();
            for (x, weights) in x.zip(weights) {
                for ((sum, &x), &w) in lanes.iter_mut().zip(x).zip(weights) {
                    *sum += x * w;
                }
            }
            *out = lanes.iter().sum::<f32>() + rest;
        }
    }
}

/// Adds to the turned gradient of the weights of a few outputs what each row says, and writes the gradient of the row.
#[inline(always)]
fn back_narrow(
    x: &[f32],
    turned: &[f32],
    given: &[f32],
    sums: &mut [f32],
    mut of_x: Option<&mut [f32]>,
    [inputs, outputs]: [usize; 2],
) {
    for (i, (x, given)) in x.chunks_exact(inputs).zip(given.chunks_exact(outputs)).enumerate() {
        for (sums, &given) in sums.chunks_exact_mut(inputs).zip(given) {
            sums.iter_mut().zip(x).for_each(|(sum, &x)| *sum += given * x);
        }
        if let Some(of_x) = of_x.as_deref_mut() {
            let of_row = &mut of_x[i * inputs..][..inputs];
            for (weights, &given) in turned.chunks_exact(inputs).zip(given) {
                of_row.iter_mut().zip(weights).for_each(|(to, &w)| *to += given * w);
            }
        }
    }
}

/// The gradient of sums, from that of what came out. A sum of exactly 0 gives nothing back, as in PyTorch.
#[inline(always)]
fn pass_back(out: &[f32], gradient: &[f32], given: &mut [f32]) {
    for ((given, &out), &gradient) in given.iter_mut().zip(out).zip(gradient) {
        *given = if out > 0.0 { gradient } else { 0.0 };
    }
}

/// Adds the sums of the columns of some rows: first those of the rows, then to what was there.
#[inline(always)]
fn add_rows(given: &[f32], sums: &mut [f32]) {
    let outputs = sums.len();
    let mut own = [0.0f32; 64];
    for (first, sums) in sums.chunks_mut(64).enumerate() {
        let own = &mut own[..sums.len()];
        own.fill(0.0);
        for row in given.chunks_exact(outputs) {
            own.iter_mut().zip(&row[first * 64..]).for_each(|(sum, &x)| *sum += x);
        }
        sums.iter_mut().zip(own).for_each(|(sum, own)| *sum += *own);
    }
}
