//! Large pages for large tables.

/// From which size on a table gets them: two of the largest pages of most processors.
const FROM: usize = 4 << 20;

/// Asks the system to back a large table by large pages, where it does so only when asked.
///
/// A table of 40 MB that nobody has touched yet costs 10,000 page faults with pages of 4 KiB, which takes longer than to
/// sum 400 MB into it; with pages of 2 MiB it costs 20. Nothing but speed depends on it: it changes no contents, and a
/// system that cannot do it is left as it is.
#[allow(unused_variables, unsafe_code)]
pub(crate) fn prefer<T>(table: &mut [T]) {
    #[cfg(all(target_os = "linux", target_pointer_width = "64"))]
    if size_of_val(table) >= FROM {
        const PAGE: usize = 4096;
        let start = table.as_mut_ptr().cast::<u8>();
        let skipped = start.align_offset(PAGE);
        let len = (size_of_val(table) - skipped) / PAGE * PAGE;
        // SAFETY: the range lies within memory that is borrowed for writing, and this advice leaves its contents alone.
        // An error (pages of another size, no such kernel option) means that nothing was done.
        unsafe { libc::madvise(start.add(skipped).cast(), len, libc::MADV_HUGEPAGE) };
    }
}

/// Zeros in large pages; the memory is touched only when it is written.
pub(crate) fn zeros(len: usize) -> Vec<f32> {
    let mut values = vec![0.0; len];
    prefer(&mut values);
    values
}

#[cfg(test)]
mod tests {
    #[test]
    fn advice_changes_no_contents() {
        let mut values: Vec<u32> = (0..3_000_000).collect();
        super::prefer(&mut values[1..]);
        super::prefer::<u32>(&mut []);
        assert!(values.iter().enumerate().all(|(i, &x)| i == x as usize));
        assert!(super::zeros(2_000_000).iter().all(|&x| x == 0.0));
    }
}
