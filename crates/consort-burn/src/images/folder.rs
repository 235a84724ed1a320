use std::path::{Path, PathBuf};

use consort_core::{Classes, Dataset, Error, Features, Ids, Result, Target};
use image::imageops::FilterType;
use rayon::prelude::*;
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

/// A folder with a folder for each class, and in it pictures (PNG or JPEG): resized, and with numbers from 0 to 1. The id of
/// a row is the picture's path within the folder.
///
/// All pictures are in memory, decoded and resized on all threads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ImageFolder {
    /// The height of all images.
    pub height: u32,
    /// The width of all images.
    pub width: u32,
    /// The channels.
    pub colour: Colour,
}

impl Default for ImageFolder {
    fn default() -> Self {
        Self { height: 224, width: 224, colour: Colour::Rgb }
    }
}

impl ImageFolder {
    /// The pictures below a folder, class by class and within it by name. `classes` fixes the classes; without it they are
    /// the names of the folders.
    ///
    /// # Errors
    /// [`Error::Damaged`] naming a picture or folder that cannot be read, [`Error::Empty`] without a picture,
    /// [`Error::UnknownClass`] for a folder that is no class, [`Error::Parameter`] for a size of 0.
    pub fn read(&self, folder: &Path, classes: Option<&Classes>) -> Result<Dataset> {
        if self.height == 0 || self.width == 0 {
            return Err(Error::parameter("size", format!("{} × {}", self.height, self.width), "at least 1 × 1"));
        }
        let (mut files, mut labels) = (Vec::new(), Vec::new());
        for class in entries(folder)?.into_iter().filter(|entry| entry.is_dir()) {
            let name = name_of(&class);
            for file in entries(&class)?.into_iter().filter(|file| is_picture(file)) {
                labels.push(name.clone());
                files.push((format!("{name}/{}", name_of(&file)), file));
            }
        }
        if files.is_empty() {
            return Err(Error::Empty {
                what: format!("`{}`", folder.display()),
                hint: "give a folder with a folder for each class, and PNG or JPEG files in it".into(),
            });
        }
        let parts: Vec<Result<Vec<f32>>> = files.par_iter().map(|(_, file)| self.decode(file)).collect();
        let channels = if self.colour == Colour::Grey { 1 } else { 3 };
        let mut values = Vec::with_capacity(files.len() * channels * (self.height * self.width) as usize);
        for part in parts {
            values.extend(part?);
        }
        let classes = match classes {
            Some(classes) => classes.clone(),
            None => Classes::from_labels(labels.iter().cloned())?,
        };
        let target = Target::from_labels(&labels, &classes, &folder.display().to_string())?;
        let shape = vec![channels, self.height as usize, self.width as usize];
        Dataset::new(Features::Dense { values, shape })?
            .with_target(target)?
            .with_ids(Ids::from_texts(files.iter().map(|(id, _)| id)))
    }

    /// One picture, channel after channel.
    fn decode(&self, file: &Path) -> Result<Vec<f32>> {
        let damaged = |problem: String| Error::Damaged { place: file.display().to_string(), problem };
        let reader = image::ImageReader::open(file).map_err(|error| damaged(error.to_string()))?;
        let reader = reader.with_guessed_format().map_err(|error| damaged(error.to_string()))?;
        let picture = reader.decode().map_err(|error| damaged(format!("it cannot be decoded: {error}")))?;
        let sized = if (picture.width(), picture.height()) == (self.width, self.height) {
            picture
        } else {
            picture.resize_exact(self.width, self.height, FilterType::Triangle)
        };
        let scale = |x: &u8| f32::from(*x) / 255.0;
        Ok(match self.colour {
            Colour::Grey => sized.into_luma8().as_raw().iter().map(scale).collect(),
            Colour::Rgb => {
                let pixels = sized.into_rgb8();
                let raw = pixels.as_raw();
                (0..3).flat_map(|channel| raw.iter().skip(channel).step_by(3).map(scale)).collect()
            }
        })
    }
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
        let data = ImageFolder { height: 3, width: 2, colour: Colour::Rgb }.read(folder.path(), None).unwrap();
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
    fn a_corrupt_picture_is_named() {
        let folder = folder();
        let whole = std::fs::read(folder.path().join("red/0.png")).unwrap();
        std::fs::write(folder.path().join("red/broken.png"), &whole[..whole.len() / 2]).unwrap();
        std::fs::write(folder.path().join("red/notes.txt"), "no picture").unwrap();
        let error = ImageFolder::default().read(folder.path(), None).unwrap_err().to_string();
        assert!(error.contains("broken.png"), "{error}");
        let empty = tempfile::tempdir().unwrap();
        assert!(matches!(ImageFolder::default().read(empty.path(), None), Err(Error::Empty { .. })));
    }
}
