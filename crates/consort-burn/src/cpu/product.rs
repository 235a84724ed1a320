use gemm::Parallelism;

/// A matrix within a slice: `rows × columns`, its rows `stride` numbers apart; turned, its columns are.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    values: &'a [f32],
    stride: usize,
    is_turned: bool,
}

impl<'a> View<'a> {
    /// Row after row.
    pub(crate) fn rows(values: &'a [f32], stride: usize) -> Self {
        Self { values, stride, is_turned: false }
    }

    /// The transpose of what is kept row after row.
    pub(crate) fn turned(values: &'a [f32], stride: usize) -> Self {
        Self { values, stride, is_turned: true }
    }

    /// Whether a matrix of this size lies within, and the steps from column to column and from row to row.
    fn steps(&self, rows: usize, columns: usize) -> (bool, isize, isize) {
        let (outer, inner) = if self.is_turned { (columns, rows) } else { (rows, columns) };
        let fits = outer == 0 || inner == 0 || (outer - 1) * self.stride + inner <= self.values.len();
        let stride = self.stride as isize;
        if self.is_turned { (fits, stride, 1) } else { (fits, 1, stride) }
    }
}

/// `out = a · b`, or `out += a · b`, for `a` of `m × k` and `b` of `k × n`; rows of `out` are `stride` numbers apart.
#[allow(unsafe_code)]
pub(crate) fn product(out: &mut [f32], stride: usize, [m, n, k]: [usize; 3], a: View<'_>, b: View<'_>, adds: bool) {
    let ((a_fits, a_column, a_row), (b_fits, b_column, b_row)) = (a.steps(m, k), b.steps(k, n));
    let out_fits = m == 0 || n == 0 || ((m - 1) * stride + n <= out.len() && (m == 1 || n <= stride));
    assert!(a_fits && b_fits && out_fits, "a product of {m} × {k} × {n} numbers does not fit");
    // SAFETY: each pointer is to a slice, and the assertion above says that the last number of each matrix lies within
    // its slice. `out` is borrowed alone, so it overlaps neither of the others.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_ptr(),
            1,
            stride as isize,
            adds,
            a.values.as_ptr(),
            a_column,
            a_row,
            b.values.as_ptr(),
            b_column,
            b_row,
            1.0,
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn products_are_those_by_hand() {
        // [1 2 3; 4 5 6] · [1 0; 2 1; 0 3]
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0, 1.0, 0.0, 3.0]);
        let mut out = [0.0; 4];
        product(&mut out, 2, [2, 2, 3], View::rows(&a, 3), View::rows(&b, 2), false);
        assert_eq!(out, [5.0, 11.0, 14.0, 23.0]);
        // The same from the transposes, added.
        let (at, bt) = ([1.0, 4.0, 2.0, 5.0, 3.0, 6.0], [1.0, 2.0, 0.0, 0.0, 1.0, 3.0]);
        product(&mut out, 2, [2, 2, 3], View::turned(&at, 2), View::turned(&bt, 3), true);
        assert_eq!(out, [10.0, 22.0, 28.0, 46.0]);
    }

    #[test]
    #[should_panic(expected = "does not fit")]
    fn a_matrix_out_of_its_slice_is_refused() {
        product(&mut [0.0; 4], 2, [2, 2, 3], View::rows(&[0.0; 5], 3), View::rows(&[0.0; 6], 2), false);
    }
}
