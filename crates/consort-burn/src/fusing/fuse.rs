use burn::tensor::{Tensor, TensorData};
use consort_core::{Error, Fusion, Ids, Outputs, Predictions, Result};

/// Fuses the predictions of many nets by a rule of `consort-fusion`, on the device where they are.
///
/// The cube is `[member][row][column]`: `Tensor::stack` of what each net gives. On a card the rule runs as a kernel of
/// `consort-kernels` in the same queue as the nets, and the fused tensor stays there: nothing goes over the host but whether
/// all numbers are finite, for which the cube is read once more. On the CPU the rule itself runs. A tensor that keeps
/// gradients is fused without them.
///
/// Shapes: `[members, rows, columns]` to `[rows, columns]`, columns as many as the outputs; `f32`, and on a card `f16` and
/// `bf16` too. The result is `f32`.
///
/// # Errors
/// [`Error::Length`] if the columns are not those of the outputs; [`Error::NotFinite`] naming net and row of a number that is
/// not finite; [`Error::Unsupported`] for a rule that has no kernel, on a card; what the rule refuses, and what the device
/// says of its failure.
///
/// ```
/// use burn::tensor::Tensor;
/// use consort_core::{Classes, Outputs};
/// use consort_fusion::rule::Geometric;
/// let device = consort_burn::device::choose("cpu")?.device;
/// let outputs = Outputs::Classes(Classes::new(["cat", "dog"])?);
/// let a = Tensor::<2>::from_floats([[0.9, 0.1]], &device);
/// let b = Tensor::<2>::from_floats([[0.5, 0.5]], &device);
/// let fused = consort_burn::fusing::fuse(Tensor::stack(vec![a, b], 0), &Geometric::new(), &outputs)?;
/// assert_eq!(fused.dims(), [1, 2]);
/// let p: Vec<f32> = fused.into_data().try_into_vec_as().unwrap();
/// assert!((p[0] - 0.75).abs() < 1e-6);
/// # Ok::<(), consort_core::Error>(())
/// ```
pub fn fuse(cube: Tensor<3>, rule: &dyn Fusion, outputs: &Outputs) -> Result<Tensor<2>> {
    let [members, rows, columns] = cube.dims();
    if columns != outputs.len() {
        return Err(Error::Length {
            what: "a row of the cube".into(),
            got: columns,
            expected: outputs.len(),
            unit: "columns",
            hint: "the last direction of the tensor must be the classes or targets".into(),
        });
    }
    if members == 0 || rows == 0 {
        return Err(Error::Empty {
            what: format!("the cube of {members} × {rows} × {columns}"),
            hint: "stack the predictions of at least one net".into(),
        });
    }
    let cube = cube.inner();
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    if let Ok(there) = cube.clone().try_into_primitive::<burn::backend::Cube>() {
        return super::on_card::fuse(there, [members, rows, columns], rule, outputs);
    }
    on_host(cube, [members, rows, columns], rule, outputs)
}

/// By the rule, on the numbers of the CPU's tensor.
fn on_host(
    cube: Tensor<3>,
    [members, rows, columns]: [usize; 3],
    rule: &dyn Fusion,
    outputs: &Outputs,
) -> Result<Tensor<2>> {
    let device = cube.device();
    let numbers: Vec<f32> =
        cube.into_data().try_into_vec_as().map_err(|error| Error::custom(format!("the tensor: {error:?}")))?;
    let mut builder = Predictions::builder(outputs.clone(), Ids::positions(rows)).reserve(members);
    for (m, part) in numbers.chunks_exact(rows * columns).enumerate() {
        builder = builder.member(super::name_of(m), outputs.gives(), part)?;
    }
    let fused = rule.fuse(&builder.build()?)?;
    Ok(Tensor::from_data(TensorData::new(fused.into_values(), [rows, columns]), &device))
}

#[cfg(test)]
mod tests {
    use consort_core::Classes;
    use consort_fusion::rule::{DempsterShafer, Geometric, Mean, Median};

    use super::*;
    use crate::device::all_there;

    fn outputs() -> Outputs {
        Outputs::Classes(Classes::new(["a", "b", "c"]).unwrap())
    }

    #[test]
    fn a_stack_of_tensors_is_fused_where_it_is() {
        let rows = [
            [[0.5f32, 0.25, 0.25], [0.0, 1.0, 0.0]],
            [[0.25, 0.5, 0.25], [0.5, 0.5, 0.0]],
            [[0.0, 0.25, 0.75], [1.0, 0.0, 0.0]],
        ];
        for device in all_there() {
            let members: Vec<Tensor<2>> = rows.iter().map(|member| Tensor::from_floats(*member, &device)).collect();
            let cube = Tensor::stack(members, 0);
            let mean = fuse(cube.clone(), &Mean::new(), &outputs()).unwrap();
            assert_eq!(mean.device(), device);
            let numbers: Vec<f32> = mean.into_data().try_into_vec_as().unwrap();
            let expected = [0.25, 1.0 / 3.0, 5.0 / 12.0, 0.5, 0.5, 0.0];
            assert!(numbers.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-6), "{device:?}: {numbers:?}");
            // A tensor that lies otherwise in memory.
            let turned = cube.permute([1, 0, 2]).permute([1, 0, 2]);
            let weighted = Mean::new().with_weights(vec![1.0, 0.0, 1.0]);
            let numbers: Vec<f32> = fuse(turned, &weighted, &outputs()).unwrap().into_data().try_into_vec_as().unwrap();
            assert!((numbers[3] - 0.5).abs() < 1e-6, "{device:?}: {numbers:?}");
        }
    }

    #[test]
    fn numbers_of_a_net_that_diverged_are_refused_with_net_and_row() {
        for device in all_there() {
            let rules: [&dyn Fusion; 3] = [&Mean::new(), &Geometric::new(), &Median::new()];
            for (bad, word) in [(f32::NAN, "NaN"), (f32::NEG_INFINITY, "-inf")] {
                let members = [0.5, bad]
                    .map(|x| Tensor::<2>::from_floats([[0.25, 0.25, 0.5], [0.25, x, 0.25], [1.0, 0.0, 0.0]], &device));
                let cube = Tensor::stack(members.to_vec(), 0);
                for rule in rules {
                    let error = fuse(cube.clone(), rule, &outputs()).unwrap_err().to_string();
                    let said = format!("member `net 00001`: row 2: `b` is {word}");
                    assert!(error.contains(&said), "{device:?}: {error}");
                }
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for device in all_there() {
            let cube = Tensor::<3>::from_floats([[[0.5, 0.5]]], &device);
            let error = fuse(cube, &Median::new(), &outputs()).unwrap_err().to_string();
            assert!(error.contains("2 columns") && error.contains('3'), "{error}");
            let cube = Tensor::<3>::from_floats([[[0.5, 0.25, 0.25]]], &device);
            // The CPU has this rule, a card has no kernel of it.
            if let Err(error) = fuse(cube, &DempsterShafer::default(), &outputs()) {
                assert!(error.to_string().contains("dempster-shafer"), "{error}");
            }
        }
    }
}
