use std::marker::PhantomData;

use cubecl::{prelude::BufferArg, server::Handle};

/// Numbers in the memory of a device, and how many there are.
#[derive(Debug, Clone)]
pub(crate) struct Buffer<T> {
    handle: Handle,
    len: usize,
    of: PhantomData<T>,
}

impl<T> Buffer<T> {
    /// The handle must hold so many numbers.
    pub(crate) fn new(handle: Handle, len: usize) -> Self {
        Self { handle, len, of: PhantomData }
    }

    pub(crate) fn handle(&self) -> &Handle {
        &self.handle
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// As an argument of a kernel that reads numbers one by one.
    pub(crate) fn arg(&self) -> BufferArg {
        self.wide(1)
    }

    /// As an argument of a kernel that reads so many numbers at a time.
    pub(crate) fn wide(&self, width: usize) -> BufferArg {
        // SAFETY: the buffer was made with `len` numbers, and a part of a vector at its end is not counted.
        #[allow(unsafe_code)]
        unsafe {
            BufferArg::from_raw_parts(self.handle.clone(), self.len / width)
        }
    }
}
