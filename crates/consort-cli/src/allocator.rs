//! How the C library's allocator is to treat large blocks.

/// From which size on a block is given back to the system as soon as it is let go.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const LARGE: i32 = 1 << 20;

/// Lets the system have large blocks back at once.
///
/// The allocator of glibc raises this size with each large block that is let go, up to 32 MB, and keeps what is smaller: of
/// files of a million rows it kept 35 MB that nobody used, 17 % of the cube. Commands that read files of predictions make few
/// large blocks, so that asking the system for each costs them next to nothing. To be called before there is a second
/// thread. Nothing is done where the C library is another one.
#[allow(unsafe_code)]
pub(crate) fn give_back_large_blocks() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: no pointer goes in or out; both are documented parameters of the allocator, and an error means that it stays as
    // it was. It must not run beside another thread's call of it, and there is no other thread yet.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, LARGE);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 4 * LARGE);
    }
}
