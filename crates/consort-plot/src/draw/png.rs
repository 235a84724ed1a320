use std::sync::{Arc, OnceLock};

use consort_core::{Error, Result};
use resvg::{
    tiny_skia::{Pixmap, Transform},
    usvg::{Options, Tree, fontdb::Database},
};

use super::{
    Svg, Theme,
    svg::{FONTS, escape},
};

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/ConsortSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../assets/fonts/ConsortSans-Bold.ttf");
const FAMILY: &str = "Consort Sans";

/// The most pixels that a side may have.
const MOST: f64 = 20_000.0;

impl Svg {
    /// The drawing as a PNG of `scale` pixels a unit: the same pixels on every machine (feature `png`).
    ///
    /// [`Theme::Auto`] is drawn light, for a picture cannot follow its reader. Letters beyond Latin, Greek and Cyrillic
    /// are those of the machine's own fonts. An SVG stays sharp at any size and its text stays text: use a PNG only where
    /// an SVG cannot go.
    ///
    /// ```
    /// use consort_plot::{Figure, Theme, chart::Weights};
    /// let png = Weights::new(["forest", "boost"], &[0.3, 0.7]).draw().to_png(Theme::Light, 2.0)?;
    /// assert!(png.starts_with(b"\x89PNG"));
    /// # Ok::<(), consort_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Parameter`] unless the scale gives a picture of 1 to 20,000 pixels a side.
    pub fn to_png(&self, theme: Theme, scale: f64) -> Result<Vec<u8>> {
        self.to_picture(theme, scale)?.0.encode_png().map_err(Error::custom)
    }

    /// The drawing as pixels; see [`to_png`](Self::to_png).
    ///
    /// # Errors
    /// As there.
    pub fn to_picture(&self, theme: Theme, scale: f64) -> Result<Picture> {
        let (width, height) = (self.width() * scale, self.height() * scale);
        let too_large = || Error::parameter("scale", scale, "such that the picture has 1 to 20,000 pixels a side");
        if ![width, height].iter().all(|side| (1.0..=MOST).contains(side)) {
            return Err(too_large());
        }
        let theme = if theme == Theme::Auto { Theme::Light } else { theme };
        let text = self.to_file(theme).replace(&escape(FONTS), FAMILY);
        let fonts = if text.chars().all(is_ours) { ours() } else { with_those_of_the_machine() };
        let options = Options { fontdb: fonts, font_family: FAMILY.into(), ..Options::default() };
        let tree = Tree::from_str(&text, &options).map_err(Error::custom)?;
        let mut picture = Pixmap::new(width.ceil() as u32, height.ceil() as u32).ok_or_else(too_large)?;
        resvg::render(&tree, Transform::from_scale(scale as f32, scale as f32), &mut picture.as_mut());
        Ok(Picture(picture))
    }
}

/// Pixels, to be looked at by a program (feature `png`).
#[derive(Debug, Clone, PartialEq)]
pub struct Picture(Pixmap);

impl Picture {
    /// The pixels of a PNG.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_png(bytes: &[u8]) -> Result<Self> {
        Pixmap::decode_png(bytes).map(Self).map_err(Error::custom)
    }

    /// Pixels across.
    pub fn width(&self) -> u32 {
        self.0.width()
    }

    /// Pixels down.
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// Red, green, blue and opacity of each pixel, line after line from the top.
    pub fn rgba(&self) -> impl Iterator<Item = [u8; 4]> {
        self.0.pixels().iter().map(|pixel| [pixel.red(), pixel.green(), pixel.blue(), pixel.alpha()])
    }
}

/// Whether our fonts have the letter.
fn is_ours(letter: char) -> bool {
    matches!(
        letter as u32,
        0..=0x17f
            | 0x391..=0x3c9
            | 0x400..=0x45f
            | 0x2010..=0x2027
            | 0x2030
            | 0x2039..=0x203a
            | 0x20ac
            | 0x2122
            | 0x2190..=0x2193
            | 0x2212
            | 0x221e
            | 0x2248
            | 0x2260
            | 0x2264..=0x2265
            | 0x25b2
            | 0x25bc
            | 0x25c6
            | 0x25cf
    )
}

fn read_ours() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(BOLD.to_vec());
    fonts.set_sans_serif_family(FAMILY);
    fonts
}

fn ours() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    Arc::clone(FONTS.get_or_init(|| Arc::new(read_ours())))
}

/// Ours first, and whatever the machine has for the letters that ours lack.
fn with_those_of_the_machine() -> Arc<Database> {
    static FONTS: OnceLock<Arc<Database>> = OnceLock::new();
    let read = || {
        let mut fonts = read_ours();
        fonts.load_system_fonts();
        fonts.set_sans_serif_family(FAMILY);
        Arc::new(fonts)
    };
    Arc::clone(FONTS.get_or_init(read))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Figure, chart::Weights};

    #[test]
    fn a_picture_has_the_size_and_the_paper_of_its_theme_and_letters() {
        let drawing = Weights::new(["forest", "boost"], &[0.3, 0.7]).draw();
        assert!(drawing.to_png(Theme::Light, 0.0).is_err() && drawing.to_png(Theme::Light, f64::NAN).is_err());
        assert!(drawing.to_png(Theme::Light, 1e6).is_err());
        for (theme, paper) in [(Theme::Light, [255, 255, 255]), (Theme::Dark, [0x14, 0x17, 0x1c])] {
            let picture = drawing.to_picture(theme, 2.0).unwrap();
            assert_eq!(picture, Picture::from_png(&drawing.to_png(theme, 2.0).unwrap()).unwrap());
            assert_eq!(f64::from(picture.width()), (drawing.width() * 2.0).ceil());
            assert_eq!(picture.rgba().next().unwrap()[..3], paper);
            // The names of the members are left of the bars: some pixels there are not paper.
            let line = picture.width() as usize;
            let left = picture.rgba().enumerate().filter(|(i, _)| i % line < 100).map(|(_, pixel)| pixel);
            let inked = left.filter(|pixel| pixel[0].abs_diff(paper[0]) > 60).count();
            assert!(inked > 100, "{inked}");
        }
    }

    #[test]
    fn names_in_any_script_and_bold_ones_are_drawn() {
        let inked = |name: &str| {
            let picture = Weights::new([name], &[1.0]).draw().to_picture(Theme::Light, 1.0).unwrap();
            picture.rgba().filter(|pixel| pixel[0] < 128).count()
        };
        let blank = inked(" ");
        for name in ["forêt", "λάμδα", "лес", "→ ≤ 1"] {
            assert!(inked(name) > blank + 20, "{name}: {} and {blank}", inked(name));
        }
        // Of letters that no font here may have it is asked only that they do no harm.
        assert!(inked("模型") >= blank / 2);
    }
}
