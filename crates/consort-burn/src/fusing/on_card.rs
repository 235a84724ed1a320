use burn::{
    backend::tensor::FloatTensor,
    tensor::{DType, Shape, Tensor},
};
use burn_cubecl::{kernel::into_contiguous, tensor::CubeTensor};
use consort_core::{Error, Fusion, Outputs, Result};
use consort_fusion::device::{failure, rule_of};
use consort_kernels::{Cube, Device, Storage, device_rule};

/// By a kernel, in the queue of the tensor.
pub(super) fn fuse(
    cube: FloatTensor<burn::backend::Cube>,
    [members, rows, columns]: [usize; 3],
    rule: &dyn Fusion,
    outputs: &Outputs,
) -> Result<Tensor<2>> {
    let kernel = rule_of(rule).and_then(|(name, weights)| device_rule(&name, weights, outputs, members));
    let unsupported =
        |what: String, hint: &str| Error::Unsupported { by: "fusing on a card".into(), what, hint: hint.into() };
    let Some(kernel) = kernel else {
        return Err(unsupported(format!("rule `{}`", rule.name()), "fuse on the CPU: `to_device` of the cube"));
    };
    let cube = lowered(cube);
    let storage = match cube.dtype {
        DType::F32 => Storage::F32,
        DType::F16 => Storage::F16,
        DType::BF16 => Storage::BF16,
        other => return Err(unsupported(format!("a tensor of {}", other.name()), "cast it to f32")),
    };
    // Stacked tensors are contiguous already; a permuted one is put in order.
    let cube = into_contiguous(cube);
    let device = Device::of_client(cube.client.clone(), format!("{:?}", cube.device));
    // A tensor that was cut out of another one shares its memory, to the end of it.
    let spare = cube.handle.size_in_used().saturating_sub((members * rows * columns * storage.bytes()) as u64);
    let numbers = cube.handle.clone().offset_end(spare);
    let there = Cube::of_handle(&device, numbers, storage, [members, rows, columns]).map_err(failure)?;
    let fused = kernel.fuse(&there).map_err(failure)?;
    // A net that diverged is refused as it is on the CPU; the fusion is on its way meanwhile.
    if let Some(found) = there.first_not_finite().map_err(failure)? {
        return Err(Error::NotFinite {
            place: format!("member `{}`", super::name_of(found.member)),
            row: found.row + 1,
            id: String::new(),
            what: format!("`{}`", outputs.name(found.column)),
            value: f64::from(found.value),
        });
    }
    let shape = Shape::from(vec![rows, columns]);
    let fused = CubeTensor::new_contiguous(cube.client, cube.device, shape, fused.handle().clone(), DType::F32);
    Ok(Tensor::from_primitive::<burn::backend::Cube>(lifted(fused)))
}

/// The numbers of a tensor on the device.
#[cfg(not(feature = "fusion"))]
fn lowered(cube: CubeTensor) -> CubeTensor {
    cube
}

/// As a tensor of burn's.
#[cfg(not(feature = "fusion"))]
fn lifted(fused: CubeTensor) -> CubeTensor {
    fused
}

/// The numbers of a tensor on the device, after all that burn has put off.
#[cfg(feature = "fusion")]
fn lowered(cube: FloatTensor<burn::backend::Cube>) -> CubeTensor {
    cube.client.clone().resolve_tensor_float::<burn_cubecl::CubeBackend>(cube)
}

/// As a tensor that burn may put off work on.
#[cfg(feature = "fusion")]
fn lifted(fused: CubeTensor) -> FloatTensor<burn::backend::Cube> {
    use burn::backend::{
        TensorMetadata,
        fusion::{
            NoOp,
            custom::{OperationIr, OperationOutput, StreamId},
            get_client,
        },
        ir::{BackendIr, InitOperationIr},
    };
    use burn_cubecl::CubeBackend;

    let client = get_client::<CubeBackend>(&fused.device);
    let (shape, dtype) = (fused.shape(), fused.dtype);
    let handle = CubeBackend::float_tensor_handle(fused);
    let given = InitOperationIr::create(shape, dtype, || client.register_tensor_handle(handle));
    client.register(StreamId::current(), OperationIr::Init(given), NoOp::<CubeBackend>::new()).output()
}
