use consort::core::{Classes, Gives, Ids, Outputs, Predictions, Result, Seed, Target};
use rayon::prelude::*;

/// How many rows are drawn from one stream of random numbers.
const PART: usize = 4096;

/// Classifiers of different skill whose errors are partly shared, and the truth.
///
/// Probabilities are squares of sums of two uniform numbers, one shared by the members, scaled to a sum of 1: cheap
/// to make, never 0, and all different.
///
/// # Errors
/// None for sizes above 0.
pub fn classes(members: usize, rows: usize, classes: usize) -> Result<(Predictions, Target)> {
    let seed = Seed::new(7);
    let mut truth = seed.child("truth").stream();
    let codes: Vec<u32> = (0..rows).map(|_| truth.below(classes as u64) as u32).collect();
    let mut shared = vec![0.0; rows * classes];
    uniform(&seed.child("shared"), classes, &mut shared);
    let names = Classes::new((0..classes).map(|k| k.to_string()))?;
    let mut builder = Predictions::builder(Outputs::Classes(names.clone()), Ids::positions(rows)).reserve(members);
    for m in 0..members {
        // From members that know little to members that know more.
        let skill = 0.2 + 0.6 * ((m * 7) % members) as f32 / members as f32;
        builder.add(format!("m{m}"), Gives::Probabilities, |slot| {
            uniform(&seed.nth("member", m as u64), classes, slot);
            slot.par_chunks_mut(classes).zip(shared.par_chunks(classes)).zip(&codes).for_each(
                |((row, shared), &code)| {
                    for (x, common) in row.iter_mut().zip(shared) {
                        let draw = 0.05 + *x + *common;
                        *x = draw * draw;
                    }
                    row[code as usize] += skill * row.len() as f32;
                    let sum: f32 = row.iter().sum();
                    row.iter_mut().for_each(|x| *x /= sum);
                },
            );
            Ok(())
        })?;
    }
    Ok((builder.build()?, Target::Classes { codes, classes: names }))
}

/// One regression member, and the truth.
///
/// # Errors
/// None for sizes above 0.
pub fn regression(rows: usize) -> Result<(Predictions, Target)> {
    let mut stream = Seed::new(7).child("regression").stream();
    let truth: Vec<f64> = (0..rows).map(|_| stream.normal()).collect();
    let values: Vec<f32> = truth.iter().map(|y| (y + 0.3 * stream.normal()) as f32).collect();
    let predictions = Predictions::builder(Outputs::target("y"), Ids::positions(rows))
        .member("m0", Gives::Values, &values)?
        .build()?;
    Ok((predictions, Target::from_values(truth, "y")?))
}

/// Uniform numbers in [0, 1), the same whatever the number of threads.
fn uniform(seed: &Seed, columns: usize, out: &mut [f32]) {
    out.par_chunks_mut(PART * columns).enumerate().for_each(|(part, out)| {
        let mut stream = seed.nth("rows", part as u64).stream();
        for pair in out.chunks_mut(2) {
            let bits = stream.next_u64();
            for (x, bits) in pair.iter_mut().zip([bits as u32, (bits >> 32) as u32]) {
                *x = (bits >> 8) as f32 / 16_777_216.0;
            }
        }
    });
}
