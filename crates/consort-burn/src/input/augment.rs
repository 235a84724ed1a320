use consort_core::{Error, Result, Stream};
use serde::{Deserialize, Serialize};

use crate::network::InputShape;

/// Random changes to images while a net learns, anew each time an image is looked at: what leaves its meaning as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augment {
    /// Whether half of them are mirrored, left to right.
    pub flip: bool,
    /// By how many pixels at most they are moved along each axis; what comes in is 0 of the scaled numbers (a
    /// crop of the padded image): the mean, where images are scaled to one.
    pub shift: usize,
}

impl Augment {
    /// Refuses what are no images, and shifts out of them.
    pub(crate) fn check(&self, shape: &InputShape) -> Result<()> {
        let [_, height, width] = shape.row;
        if height < 2 || width < 2 {
            return Err(Error::Unsupported {
                by: "augmenting".into(),
                what: format!("rows of shape {:?}", shape.row),
                hint: "it is for images: set `augment` to none".into(),
            });
        }
        if self.shift >= height.min(width) {
            return Err(Error::parameter("shift", self.shift, format!("less than {}", height.min(width))));
        }
        Ok(())
    }

    /// Changes one image, channel after channel, in place.
    pub(crate) fn change(&self, image: &mut [f32], [_, height, width]: [usize; 3], stream: &mut Stream) {
        if self.flip && stream.below(2) == 1 {
            image.chunks_exact_mut(width).for_each(<[f32]>::reverse);
        }
        if self.shift == 0 {
            return;
        }
        let mut draw = || stream.below(2 * self.shift as u64 + 1) as isize - self.shift as isize;
        let (down, right) = (draw(), draw());
        for channel in image.chunks_exact_mut(height * width) {
            let old = channel.to_vec();
            for (y, row) in channel.chunks_exact_mut(width).enumerate() {
                let from = y as isize - down;
                for (x, pixel) in row.iter_mut().enumerate() {
                    let column = x as isize - right;
                    let is_inside = (0..height as isize).contains(&from) && (0..width as isize).contains(&column);
                    *pixel = if is_inside { old[from as usize * width + column as usize] } else { 0.0 };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use consort_core::Seed;

    #[test]
    fn images_are_mirrored_and_moved_whole() {
        let image: Vec<f32> = (1..=12).map(|i| i as f32).collect();
        let mut stream = Seed::new(1).stream();
        let (mut mirrored, mut moved) = (0, std::collections::HashSet::new());
        for _ in 0..400 {
            let mut changed = image.clone();
            Augment { flip: true, shift: 0 }.change(&mut changed, [1, 3, 4], &mut stream);
            let is_mirrored = changed[..4] == [4.0, 3.0, 2.0, 1.0] && changed[8..] == [12.0, 11.0, 10.0, 9.0];
            assert!(is_mirrored || changed == image);
            mirrored += usize::from(is_mirrored);
            let mut changed = image.clone();
            Augment { flip: false, shift: 1 }.change(&mut changed, [1, 3, 4], &mut stream);
            // The middle of the image is always there, at one of nine places.
            let place = changed.iter().position(|&x| x == 6.0).unwrap();
            assert_eq!(changed[place + 1], 7.0);
            moved.insert(place);
        }
        assert!((150..250).contains(&mirrored) && moved.len() == 9, "{mirrored} {moved:?}");
    }
}
