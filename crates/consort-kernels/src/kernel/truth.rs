//! The true classes beside the numbers of a cube.

// Launching without bounds checks is unsafe; each kernel guards its own places.
#![allow(unsafe_code)]

use cubecl::prelude::*;

use crate::{
    Cube, Device, Result, Storage,
    buffer::Buffer,
    cube::by_storage,
    tile::{count, units},
};

/// The number of each row's true class alone, `[member][row][1]`, on the device.
pub(crate) fn own_numbers(cube: &Cube, codes: &Buffer<u32>) -> Result<Cube> {
    let device = cube.device();
    let (members, rows, units) = (cube.members(), cube.rows(), units(device));
    let own = device.room::<f32>(members * rows);
    by_storage!(cube.storage(), F => {
        // SAFETY: each unit below the rows writes its own place of each member; codes are below the columns, as the host
        // checked.
        unsafe {
            gather_kernel::launch_unchecked::<F>(
                device.client(),
                count(rows.div_ceil(units)),
                CubeDim::new_1d(units as u32),
                cube.arg(1),
                codes.arg(),
                own.arg(),
                members as u32,
                cube.columns() as u32,
            );
        }
    });
    let own = Cube::of_handle(device, own.handle().clone(), Storage::F32, [members, rows, 1])?;
    Ok(own.with_holes(cube.holes()))
}

#[cube(launch_unchecked)]
fn gather_kernel<F: Float>(cube: &[F], codes: &[u32], out: &mut [f32], members: u32, columns: u32) {
    let row = ABSOLUTE_POS;
    let rows = codes.len();
    if row < rows {
        let own = row * columns as usize + codes[row] as usize;
        for m in 0..members as usize {
            out[m * rows + row] = f32::cast_from(cube[m * rows * columns as usize + own]);
        }
    }
}

/// 1 for the true class of each row and 0 for the others, `[row][column]`, on the device.
pub(crate) fn one_hot(device: &Device, codes: &Buffer<u32>, columns: usize) -> Buffer<f32> {
    let units = units(device);
    let ones = device.room(codes.len() * columns);
    // SAFETY: each unit below the numbers, rows × columns of them, writes its own.
    unsafe {
        one_hot_kernel::launch_unchecked(
            device.client(),
            count(ones.len().div_ceil(units)),
            CubeDim::new_1d(units as u32),
            codes.arg(),
            ones.arg(),
            columns as u32,
        );
    }
    ones
}

#[cube(launch_unchecked)]
fn one_hot_kernel(codes: &[u32], out: &mut [f32], columns: u32) {
    let at = ABSOLUTE_POS;
    if at < out.len() {
        let columns = columns as usize;
        let own = codes[at / columns] as usize == at % columns;
        out[at] = select(own, 1.0f32, 0.0f32);
    }
}
