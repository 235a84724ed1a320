use std::{
    io::Cursor,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use consort_core::{Classes, Dataset, Error, Ids, Result, StoredRows, Target};
use image::{DynamicImage, ImageFormat, imageops::FilterType};
use serde::{Deserialize, Serialize};

/// How many channels an image gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Colour {
    /// One: brightness.
    Grey,
    /// Three: red, green, blue.
    #[default]
    Rgb,
}

/// Pictures (PNG or JPEG) as rows: resized, and with numbers from 0 to 1. The id of a row is the picture's path.
///
/// | of | by | classes |
/// |---|---|---|
/// | a folder with a folder for each class | [`open`](Self::open) | the names of the folders |
/// | a CSV with the columns `path` and `label` | [`open_list`](Self::open_list) | the labels |
/// | a folder of pictures, or of such folders | [`open_unlabelled`](Self::open_unlabelled) | none |
///
/// Pictures are decoded when they are asked for, on all threads: a net needs memory for a batch.
/// [`Dataset::features`] holds them all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageFolder {
    /// The height of all images.
    pub height: u32,
    /// The width of all images.
    pub width: u32,
    /// The channels.
    pub colour: Colour,
    /// How pictures of another shape come to that size.
    pub fit: Fit,
}

/// How a picture comes to the size that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fit {
    /// Its sides are stretched, each by itself: all of it is seen.
    #[default]
    Stretch,
    /// Both sides are resized alike, until the picture is `margin` times as large as it must be, and the middle is taken: as
    /// torchvision's weights expect it, with 256 / 224.
    Crop {
        /// At least 1: the whole of the side that is short.
        margin: f64,
    },
}

impl Fit {
    fn check(&self) -> Result<()> {
        match *self {
            Fit::Crop { margin } if !(1.0..=100.0).contains(&margin) => {
                Err(Error::parameter("margin", margin, "in 1 to 100"))
            }
            _ => Ok(()),
        }
    }

    fn apply(&self, picture: DynamicImage, width: u32, height: u32) -> DynamicImage {
        if (picture.width(), picture.height()) == (width, height)
            && !matches!(self, Fit::Crop { margin } if *margin > 1.0)
        {
            return picture;
        }
        match *self {
            Fit::Stretch => picture.resize_exact(width, height, FilterType::Triangle),
            Fit::Crop { margin } => {
                let [own_width, own_height] = [picture.width().max(1), picture.height().max(1)].map(f64::from);
                let factor = margin * (f64::from(width) / own_width).max(f64::from(height) / own_height);
                let side = |own: f64, least: u32| ((own * factor).round() as u32).max(least);
                let (wide, high) = (side(own_width, width), side(own_height, height));
                let sized = picture.resize_exact(wide, high, FilterType::Triangle);
                sized.crop_imm((wide - width) / 2, (high - height) / 2, width, height)
            }
        }
    }
}

impl Default for ImageFolder {
    fn default() -> Self {
        Self { height: 224, width: 224, colour: Colour::Rgb, fit: Fit::Stretch }
    }
}

/// Files of pictures, and what makes rows of them.
#[derive(Debug)]
struct PictureFiles {
    files: Vec<PathBuf>,
    how: ImageFolder,
    shape: Vec<usize>,
    mark: OnceLock<String>,
}

impl StoredRows for PictureFiles {
    fn count(&self) -> usize {
        self.files.len()
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn read(&self, row: usize, into: &mut [f32]) -> Result<()> {
        self.how.decode(&self.files[row], into)
    }

    fn mark(&self) -> String {
        let sum = || {
            let mut sum = blake3::Hasher::new();
            sum.update(format!("{:?}", self.how).as_bytes());
            for file in &self.files {
                let bytes = std::fs::read(file).unwrap_or_default();
                sum.update(&(bytes.len() as u64).to_le_bytes()).update(&bytes);
            }
            sum.finalize().to_hex().to_string()
        };
        self.mark.get_or_init(sum).clone()
    }
}

impl ImageFolder {
    /// The size and channels of the first picture of a folder, its sides at most 224.
    ///
    /// # Errors
    /// [`Error::Damaged`] naming a picture or folder that cannot be read, [`Error::Empty`] without a picture.
    pub fn like_the_first(folder: &Path) -> Result<Self> {
        let mut files = Vec::new();
        pictures_below(folder, String::new(), &mut files)?;
        let Some((_, first)) = files.first() else { return Err(no_picture(folder)) };
        let picture = open_picture(first)?;
        let colour = if picture.color().has_color() { Colour::Rgb } else { Colour::Grey };
        let (height, width) = (picture.height().clamp(1, 224), picture.width().clamp(1, 224));
        Ok(Self { height, width, colour, ..Self::default() })
    }

    /// The pictures below a folder, class by class and within it by name. `classes` fixes the classes; without it they are
    /// the names of the folders.
    ///
    /// # Errors
    /// [`Error::Damaged`] naming a picture or folder that cannot be read, [`Error::Empty`] without a picture,
    /// [`Error::UnknownClass`] for a folder that is no class, [`Error::Parameter`] for a size of 0.
    pub fn open(&self, folder: &Path, classes: Option<&Classes>) -> Result<Dataset> {
        let (mut files, mut labels) = (Vec::new(), Vec::new());
        for class in entries(folder)?.into_iter().filter(|entry| entry.is_dir()) {
            let name = name_of(&class);
            for file in entries(&class)?.into_iter().filter(|file| is_picture(file)) {
                labels.push(name.clone());
                files.push((format!("{name}/{}", name_of(&file)), file));
            }
        }
        if files.is_empty() {
            return Err(no_picture(folder));
        }
        self.stored(files)?.with_target(target(&labels, classes, folder)?)
    }

    /// The pictures that a CSV lists: a header, the column `path` (relative paths are relative to the file) and the column
    /// `label`.
    ///
    /// # Errors
    /// As [`open`](Self::open); [`Error::Damaged`] naming the list if it is no such CSV.
    pub fn open_list(&self, list: &Path, classes: Option<&Classes>) -> Result<Dataset> {
        let damaged = |problem: String| Error::Damaged { place: list.display().to_string(), problem };
        let mut reader = csv::Reader::from_path(list).map_err(|error| damaged(error.to_string()))?;
        let header = reader.headers().map_err(|error| damaged(error.to_string()))?.clone();
        let place = |name: &str| {
            let found = header.iter().position(|column| column.trim() == name);
            found.ok_or_else(|| damaged(format!("it has no column `{name}`: it needs `path` and `label`")))
        };
        let (path, label) = (place("path")?, place("label")?);
        let (mut files, mut labels) = (Vec::new(), Vec::new());
        let beside = list.parent().unwrap_or(Path::new(""));
        for record in reader.records() {
            let record = record.map_err(|error| damaged(error.to_string()))?;
            let cell = |k: usize| record.get(k).unwrap_or_default().trim().to_owned();
            labels.push(cell(label));
            files.push((cell(path), beside.join(cell(path))));
        }
        if files.is_empty() {
            return Err(no_picture(list));
        }
        self.stored(files)?.with_target(target(&labels, classes, list)?)
    }

    /// The pictures in a folder and in the folders within, without a target.
    ///
    /// # Errors
    /// [`Error::Damaged`] naming a picture or folder that cannot be read, [`Error::Empty`] without a picture.
    pub fn open_unlabelled(&self, folder: &Path) -> Result<Dataset> {
        let mut files = Vec::new();
        pictures_below(folder, String::new(), &mut files)?;
        if files.is_empty() {
            return Err(no_picture(folder));
        }
        self.stored(files)
    }

    fn stored(&self, files: Vec<(String, PathBuf)>) -> Result<Dataset> {
        if self.height == 0 || self.width == 0 {
            return Err(Error::parameter("size", format!("{} × {}", self.height, self.width), "at least 1 × 1"));
        }
        self.fit.check()?;
        let (ids, files): (Vec<String>, Vec<PathBuf>) = files.into_iter().unzip();
        let channels = if self.colour == Colour::Grey { 1 } else { 3 };
        let shape = vec![channels, self.height as usize, self.width as usize];
        let rows = PictureFiles { files, how: self.clone(), shape, mark: OnceLock::new() };
        Dataset::from_stored(Arc::new(rows))?.with_ids(Ids::from_texts(ids.iter()))
    }

    /// One picture, channel after channel.
    fn decode(&self, file: &Path, into: &mut [f32]) -> Result<()> {
        let picture = open_picture(file)?;
        let sized = self.fit.apply(picture, self.width, self.height);
        let scale = |x: &u8| f32::from(*x) / 255.0;
        match self.colour {
            Colour::Grey => {
                into.iter_mut().zip(sized.into_luma8().as_raw()).for_each(|(to, x)| *to = scale(x));
            }
            Colour::Rgb => {
                let pixels = sized.into_rgb8();
                let plane = into.len() / 3;
                for (channel, into) in into.chunks_exact_mut(plane.max(1)).enumerate() {
                    let own = pixels.as_raw().iter().skip(channel).step_by(3);
                    into.iter_mut().zip(own).for_each(|(to, x)| *to = scale(x));
                }
            }
        }
        Ok(())
    }
}

fn open_picture(file: &Path) -> Result<DynamicImage> {
    let damaged = |problem: String| Error::Damaged { place: file.display().to_string(), problem };
    let bytes = std::fs::read(file).map_err(|error| damaged(format!("it cannot be read: {error}")))?;
    let reader = image::ImageReader::new(Cursor::new(&bytes));
    let reader = reader.with_guessed_format().map_err(|error| damaged(error.to_string()))?;
    // The decoder fills the rest of such a picture with grey.
    if reader.format() == Some(ImageFormat::Jpeg) && is_cut_off(&bytes) {
        return Err(damaged("it cannot be decoded: its end is missing".into()));
    }
    reader.decode().map_err(|error| damaged(format!("it cannot be decoded: {error}")))
}

/// Whether a JPEG has no end after its last scan began: in the numbers of a scan no such marker can occur.
fn is_cut_off(jpeg: &[u8]) -> bool {
    let last = |marker: [u8; 2]| jpeg.windows(2).rposition(|pair| pair == marker);
    let (scan, end) = (last([0xff, 0xda]), last([0xff, 0xd9]));
    scan >= end
}

fn no_picture(place: &Path) -> Error {
    Error::Empty {
        what: format!("`{}`", place.display()),
        hint: "give a folder with a folder for each class, and PNG or JPEG files in it".into(),
    }
}

fn target(labels: &[String], classes: Option<&Classes>, place: &Path) -> Result<Target> {
    let classes = match classes {
        Some(classes) => classes.clone(),
        None => Classes::from_labels(labels.iter().cloned())?,
    };
    Target::from_labels(labels, &classes, &place.display().to_string())
}

/// The pictures in a folder and one floor down, with their paths within it.
fn pictures_below(folder: &Path, name: String, files: &mut Vec<(String, PathBuf)>) -> Result<()> {
    for entry in entries(folder)? {
        let own = format!("{name}{}", name_of(&entry));
        if entry.is_dir() && name.is_empty() {
            pictures_below(&entry, own + "/", files)?;
        } else if is_picture(&entry) {
            files.push((own, entry));
        }
    }
    Ok(())
}

/// What a folder holds, by name; hidden files are passed over.
fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let damaged = |error: std::io::Error| Error::Damaged {
        place: folder.display().to_string(),
        problem: format!("the folder cannot be read: {error}"),
    };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(damaged)? {
        let path = entry.map_err(damaged)?.path();
        if !name_of(&path).starts_with('.') {
            all.push(path);
        }
    }
    all.sort_unstable();
    Ok(all)
}

fn name_of(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn is_picture(file: &Path) -> bool {
    let end = file.extension().map(|end| end.to_string_lossy().to_lowercase());
    matches!(end.as_deref(), Some("png" | "jpg" | "jpeg"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use consort_core::Features;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (class, colour) in [("red", [255, 0, 0]), ("blue", [0, 0, 255])] {
            std::fs::create_dir(folder.path().join(class)).unwrap();
            for i in 0..2u32 {
                let picture = image::RgbImage::from_pixel(4 + i, 6, image::Rgb(colour));
                picture.save(folder.path().join(class).join(format!("{i}.png"))).unwrap();
            }
        }
        folder
    }

    #[test]
    fn a_folder_a_class_becomes_a_data_set() {
        let folder = folder();
        let data = ImageFolder { height: 3, width: 2, ..ImageFolder::default() }.open(folder.path(), None).unwrap();
        let Features::Dense { values, shape } = data.features() else { panic!() };
        assert_eq!((data.rows(), shape.as_slice()), (4, &[3, 3, 2][..]));
        // Blue comes first: two pictures without red, then two without blue.
        assert_eq!(values[..6], [0.0; 6]);
        assert_eq!(values[12..18], [1.0; 6]);
        assert_eq!(values[36..42], [1.0; 6]);
        assert_eq!(data.ids().text(3), "red/1.png");
        let Some(Target::Classes { classes, .. }) = data.target() else { panic!() };
        assert_eq!(classes.names(), ["blue", "red"]);
    }

    #[test]
    fn a_list_and_a_folder_without_classes_are_read_too() {
        let folder = folder();
        let small = ImageFolder { height: 3, width: 2, colour: Colour::Grey, ..ImageFolder::default() };
        let list = folder.path().join("list.csv");
        std::fs::write(&list, "label,path\nwarm,red/0.png\ncold,blue/1.png\nwarm,red/1.png\n").unwrap();
        let listed = small.open_list(&list, None).unwrap();
        let Some(Target::Classes { codes, classes }) = listed.target() else { panic!() };
        assert_eq!((classes.names(), codes.as_slice()), (&["cold", "warm"].map(String::from)[..], &[1, 0, 1][..]));
        assert_eq!(listed.ids().text(1), "blue/1.png");
        std::fs::write(&list, "file,label\nred/0.png,warm\n").unwrap();
        assert!(small.open_list(&list, None).unwrap_err().to_string().contains("no column `path`"));
        std::fs::write(&list, "path,label\nred/9.png,warm\n").unwrap();
        assert!(small.open_list(&list, None).unwrap_err().to_string().contains("9.png"));
        let all = small.open_unlabelled(folder.path()).unwrap();
        assert_eq!((all.rows(), all.target().is_none(), all.ids().text(0).as_ref()), (4, true, "blue/0.png"));
        let first = ImageFolder::like_the_first(folder.path()).unwrap();
        assert_eq!(first, ImageFolder { height: 6, width: 4, ..ImageFolder::default() });
    }

    #[test]
    fn a_picture_is_stretched_or_its_middle_is_taken() {
        // Three stripes of two columns: red, green, blue.
        let stripes = image::RgbImage::from_fn(6, 2, |x, _| {
            let mut colour = [0, 0, 0];
            colour[x as usize / 2] = 255;
            image::Rgb(colour)
        });
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("stripes.png");
        stripes.save(&file).unwrap();
        let of = |fit, [height, width]: [u32; 2]| {
            let mut pixels = vec![0.0; 3 * (height * width) as usize];
            ImageFolder { height, width, fit, ..ImageFolder::default() }.decode(&file, &mut pixels).unwrap();
            pixels
        };
        let stretched = of(Fit::Stretch, [2, 2]);
        assert!(stretched[0] > 0.5 && stretched[9] > 0.5, "red on the left and blue on the right: {stretched:?}");
        assert_eq!(of(Fit::Crop { margin: 1.0 }, [2, 2]), [[0.0; 4], [1.0; 4], [0.0; 4]].concat());
        // Twice as large as it must be: the green stripe alone fills 4 × 4 of 12 × 4.
        let close = of(Fit::Crop { margin: 2.0 }, [2, 2]);
        assert!(close[4..8].iter().all(|&x| x == 1.0), "{close:?}");
        let wrong = ImageFolder { fit: Fit::Crop { margin: 0.5 }, ..ImageFolder::default() };
        assert!(wrong.open_unlabelled(folder.path()).unwrap_err().to_string().contains("margin"));
    }

    #[test]
    fn a_jpeg_without_its_end_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("one.jpg");
        let noise =
            image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([(x * y) as u8, (x * 31) as u8, (y * 17) as u8]));
        noise.save(&file).unwrap();
        assert!(open_picture(&file).is_ok());
        let whole = std::fs::read(&file).unwrap();
        for part in [whole.len() / 2, whole.len() - 2] {
            std::fs::write(&file, &whole[..part]).unwrap();
            let error = open_picture(&file).unwrap_err().to_string();
            assert!(error.contains("one.jpg") && error.contains("end is missing"), "{error}");
        }
        // What follows the end is nobody's business.
        std::fs::write(&file, [&whole[..], b"a note"].concat()).unwrap();
        assert!(open_picture(&file).is_ok());
    }

    #[test]
    fn a_corrupt_picture_is_named() {
        let folder = folder();
        let whole = std::fs::read(folder.path().join("red/0.png")).unwrap();
        std::fs::write(folder.path().join("red/broken.png"), &whole[..whole.len() / 2]).unwrap();
        std::fs::write(folder.path().join("red/notes.txt"), "no picture").unwrap();
        let error = ImageFolder::default().open(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains("broken.png"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(ImageFolder::default().open(empty.path(), None), Err(Error::Empty { .. })));
    }
}
