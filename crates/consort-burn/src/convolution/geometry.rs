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

/// Up to so many numbers of columns are made at once, so that they stay in the cache of a core.
const COLUMNS_AT_ONCE: usize = 32_768;
/// Images with fewer places than this are multiplied several at once.
const PLACES_AT_ONCE: usize = 256;

impl Geometry {
    /// Of the shapes of images and weights.
    pub(super) fn new(images: [usize; 4], weights: [usize; 4], stride: [usize; 2], padding: [usize; 2]) -> Self {
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

    /// How many images are multiplied at once: by their size alone.
    pub(super) fn images_at_once(&self) -> usize {
        PLACES_AT_ONCE.div_ceil(self.places().max(1)).clamp(1, self.images.max(1))
    }

    /// How many rows of an output are multiplied at once, where images are multiplied one by one.
    pub(super) fn rows_at_once(&self) -> usize {
        let [rows, columns] = self.out();
        if self.is_plain() { rows } else { (COLUMNS_AT_ONCE / (self.depth() * columns).max(1)).clamp(1, rows.max(1)) }
    }
}
