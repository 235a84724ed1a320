use std::path::{Path, PathBuf};

use consort::{
    burn::images::{Colour, ImageFolder, idx_stored},
    core::{Classes, Dataset, Target},
};

use super::pictures::{Kind, Pictures, is_idx};
use crate::{
    failure::{Failure, Result},
    session::Session,
};

impl Pictures {
    /// Judges pictures to learn from: where they are, of what size, of which classes.
    pub(crate) fn learn(session: &mut Session, path: &Path, size: Option<&str>) -> Result<(Self, Dataset)> {
        let kind = if path.is_dir() && has_folders(path) { Kind::Folder } else { Kind::Idx };
        let data = match kind {
            Kind::Idx => {
                if size.is_some() {
                    return Err(Failure::usage("--size is for files of pictures: those of an IDX file have one"));
                }
                idx(session, path, &["train"], None, true)?
            }
            Kind::Folder => {
                let mut how = ImageFolder::like_the_first(path)?;
                match size {
                    Some(size) => (how.height, how.width) = sides(size)?,
                    None => session.judge([format!(
                        "pictures become {} × {} pixels, as the first one: say otherwise by `--size`",
                        how.height, how.width
                    )]),
                }
                how.open(path, None)?
            }
        };
        let Some(Target::Classes { classes, .. }) = data.target() else {
            return Err(Failure::usage("pictures have classes"));
        };
        let shape = shape_of(&data);
        session.judge([format!(
            "{} pictures of {} × {} pixels in {} and {} classes",
            data.rows(),
            shape[1],
            shape[2],
            if shape[0] == 1 { "grey" } else { "colour" },
            classes.len()
        )]);
        Ok((Self { pictures: kind, shape, classes: classes.clone() }, data))
    }

    /// Pictures like those that were learnt from.
    pub(crate) fn read(&self, session: &mut Session, path: &Path, with_target: bool) -> Result<Dataset> {
        let classes = Some(&self.classes);
        let data = match self.pictures {
            Kind::Idx => idx(session, path, &["t10k", "test"], classes, with_target)?,
            Kind::Folder => {
                let [channels, height, width] = self.shape;
                let colour = if channels == 1 { Colour::Grey } else { Colour::Rgb };
                let how = ImageFolder { height: height as u32, width: width as u32, colour, ..ImageFolder::default() };
                if with_target { how.open(path, classes)? } else { how.open_unlabelled(path)? }
            }
        };
        let found = shape_of(&data);
        if found == self.shape {
            return Ok(data);
        }
        Err(Failure::usage(format!(
            "{}: its images have the shape {found:?}, and the run learnt from {:?}",
            path.display(),
            self.shape
        )))
    }

    /// The same pictures as when the run was begun.
    pub(crate) fn again(&self, session: &mut Session, path: &Path) -> Result<Dataset> {
        match self.pictures {
            Kind::Idx => idx(session, path, &["train"], Some(&self.classes), true),
            Kind::Folder => self.read(session, path, true),
        }
    }
}

fn idx(
    session: &mut Session,
    path: &Path,
    part: &[&str],
    classes: Option<&Classes>,
    with_target: bool,
) -> Result<Dataset> {
    let (images, labels) = idx_files(path, part)?;
    if path.is_dir() {
        session.judge([format!("images are read from {}", images.display())]);
    }
    Ok(idx_stored(&images, with_target.then_some(labels.as_path()), classes)?)
}

fn shape_of(data: &Dataset) -> [usize; 3] {
    data.row_shape().and_then(|shape| shape.try_into().ok()).unwrap_or_default()
}

/// Height and width of `28` or `28x32`.
fn sides(size: &str) -> Result<(u32, u32)> {
    let wrong = || Failure::usage(format!("--size is `{size}`, but must be pixels such as 64 or 48x64"));
    let (height, width) = size.split_once(['x', '×']).unwrap_or((size, size));
    let side = |text: &str| text.trim().parse().ok().filter(|&side: &u32| (1..=4096).contains(&side)).ok_or_else(wrong);
    Ok((side(height)?, side(width)?))
}

/// The file of images of a folder, and that of their labels: the only one, or the one of this part.
fn idx_files(path: &Path, part: &[&str]) -> Result<(PathBuf, PathBuf)> {
    let labels = |images: &Path| {
        let name = images.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let labels = name.replace("images", "labels").replace("idx3", "idx1").replace("idx4", "idx1");
        images.with_file_name(labels)
    };
    if !path.is_dir() {
        return Ok((path.to_owned(), labels(path)));
    }
    let read = std::fs::read_dir(path).map_err(|error| Failure::file(path, "it cannot be read", error))?;
    let mut all: Vec<PathBuf> = read.filter_map(|entry| Some(entry.ok()?.path())).filter(|file| is_idx(file)).collect();
    all.retain(|file| file.file_name().is_some_and(|name| name.to_string_lossy().contains("images")));
    all.sort();
    let name = |file: &PathBuf| file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let of_part = all.iter().find(|file| part.iter().any(|start| name(file).starts_with(start)));
    match (all.as_slice(), of_part) {
        ([one], _) | (_, Some(one)) => Ok((one.clone(), labels(one))),
        ([], _) => Err(Failure::usage(format!(
            "{}: it holds neither a folder of pictures for each class nor an IDX file of images",
            path.display()
        ))),
        (several, None) => {
            let names: Vec<String> = several.iter().map(name).collect();
            Err(Failure::usage(format!(
                "{}: it holds several files of images: name one of {}",
                path.display(),
                names.join(", ")
            )))
        }
    }
}

/// Whether a folder holds folders.
fn has_folders(path: &Path) -> bool {
    let is_folder =
        |entry: std::fs::DirEntry| entry.path().is_dir() && !entry.file_name().to_string_lossy().starts_with('.');
    std::fs::read_dir(path).is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(is_folder)))
}

#[cfg(test)]
mod tests {
    use super::{super::are_pictures, *};

    #[test]
    fn the_files_of_a_part_are_found_or_asked_for() {
        let folder = tempfile::tempdir().unwrap();
        let make = |name: &str| std::fs::write(folder.path().join(name), "").unwrap();
        assert!(idx_files(folder.path(), &["train"]).unwrap_err().to_string().contains("neither"));
        make("train-images-idx3-ubyte.gz");
        make("train-labels-idx1-ubyte.gz");
        let name = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        let (images, labels) = idx_files(folder.path(), &["t10k"]).unwrap();
        assert_eq!(
            (name(&images), name(&labels)),
            ("train-images-idx3-ubyte.gz".into(), "train-labels-idx1-ubyte.gz".into())
        );
        make("t10k-images-idx3-ubyte");
        assert_eq!(name(&idx_files(folder.path(), &["t10k"]).unwrap().1), "t10k-labels-idx1-ubyte");
        assert!(
            idx_files(folder.path(), &["valid"]).unwrap_err().to_string().contains("t10k-images-idx3-ubyte, train")
        );
        assert!(are_pictures(folder.path()) && are_pictures(&images) && !are_pictures("table.csv".as_ref()));
    }
}
