/// How a convolution walks over an image: along its height, and along its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Steps {
    pub(crate) stride: [usize; 2],
    pub(crate) padding: [usize; 2],
}

/// The sizes of a convolution of images, `[images][channels][height][width]`, with weights
/// `[outputs][channels][kernel][kernel]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) images: usize,
    pub(super) channels: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) outputs: usize,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: [usize; 2],
}

impl Geometry {
    /// Of the shapes of images and weights.
    pub(super) fn new(images: [usize; 4], weights: [usize; 4], steps: Steps) -> Self {
        let Steps { stride, padding } = steps;
        let [count, channels, height, width] = images;
        let [outputs, _, down, across] = weights;
        Self { images: count, channels, height, width, outputs, kernel: [down, across], stride, padding }
    }

    /// Whether the kernel fits into the padded image.
    pub(super) fn is_sound(&self) -> bool {
        self.height + 2 * self.padding[0] >= self.kernel[0]
            && self.width + 2 * self.padding[1] >= self.kernel[1]
            && self.stride.iter().chain(&self.kernel).all(|&size| size > 0)
    }

    /// Rows and columns of what comes out.
    pub(super) fn out(&self) -> [usize; 2] {
        let side = |size: usize, k: usize| (size + 2 * self.padding[k] - self.kernel[k]) / self.stride[k] + 1;
        [side(self.height, 0), side(self.width, 1)]
    }

    /// The places of what comes out: its rows times its columns.
    pub(super) fn places(&self) -> usize {
        let [rows, columns] = self.out();
        rows * columns
    }

    /// How many numbers an output looks at.
    pub(super) fn depth(&self) -> usize {
        self.channels * self.kernel[0] * self.kernel[1]
    }

    /// The numbers of an image that comes in.
    pub(super) fn pixels(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// Whether the columns of an image are the image itself.
    pub(super) fn is_plain(&self) -> bool {
        self.kernel == [1, 1] && self.stride == [1, 1] && self.padding == [0, 0]
    }
}
