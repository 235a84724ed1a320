use consort_core::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    cursor::{Cursor, damaged, push_count},
    tree,
};
use crate::tree::Tree;

/// Starts with a byte that no text has and ends with a line end, so that a transfer as text is noticed.
const MAGIC: &[u8; 8] = b"\x89CTREES\n";
const VERSION: u16 = 1;
const CHECKSUM: usize = 32;

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    Trees = 0,
    Boosted = 1,
    Forest = 2,
    Decision = 3,
}

impl Kind {
    fn of(byte: u8) -> Result<Self> {
        let kinds = [Kind::Trees, Kind::Boosted, Kind::Forest, Kind::Decision];
        let kind = kinds.into_iter().find(|&kind| kind as u8 == byte);
        kind.ok_or_else(|| damaged(format!("it is of the unknown kind {byte}")))
    }

    fn name(self) -> &'static str {
        match self {
            Kind::Trees => "an ensemble of trees",
            Kind::Boosted => "boosted trees",
            Kind::Forest => "a forest",
            Kind::Decision => "a decision tree",
        }
    }
}

/// A file of a head and trees.
pub(super) fn write(kind: Kind, head: &impl Serialize, trees: &[Tree]) -> Result<Vec<u8>> {
    let head = serde_json::to_vec(head).map_err(|error| damaged(format!("its head is no JSON: {error}")))?;
    let mut out = Vec::with_capacity(64 + head.len() + trees.iter().map(|tree| 24 * tree.nodes().len()).sum::<usize>());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.push(kind as u8);
    push_count(&mut out, head.len(), "bytes of its head")?;
    out.extend_from_slice(&head);
    push_count(&mut out, trees.len(), "trees")?;
    for tree in trees {
        tree::write(tree, &mut out)?;
    }
    out.extend_from_slice(blake3::hash(&out).as_bytes());
    Ok(out)
}

/// The kind of a file, if it is one of this version and whole.
pub(super) fn open(bytes: &[u8]) -> Result<(Kind, Cursor<'_>)> {
    let mut all = Cursor::new(bytes);
    if all.take(MAGIC.len()).ok() != Some(MAGIC) {
        return Err(damaged("it is none: it does not start as one".into()));
    }
    let version = all.u16()?;
    if version != VERSION {
        return Err(Error::Unsupported {
            by: "reading a binary model".into(),
            what: format!("version {version} of the format, which is newer than {VERSION}"),
            hint: "read it with the version of consort that wrote it, or a newer one".into(),
        });
    }
    let (content, checksum) = bytes
        .split_at_checked(bytes.len().saturating_sub(CHECKSUM))
        .filter(|(content, _)| content.len() > MAGIC.len() + 2)
        .ok_or_else(|| damaged("it ends before its checksum".into()))?;
    if blake3::hash(content).as_bytes() != checksum {
        return Err(damaged("its checksum is another: it was cut short or changed".into()));
    }
    let mut content = Cursor::new(&content[MAGIC.len() + 2..]);
    Ok((Kind::of(content.u8()?)?, content))
}

/// The head and the trees of a file of this kind.
pub(super) fn read<Head: DeserializeOwned>(kind: Kind, bytes: &[u8]) -> Result<(Head, Vec<Tree>)> {
    let (found, mut content) = open(bytes)?;
    if found != kind {
        return Err(damaged(format!("it holds {}, not {}", found.name(), kind.name())));
    }
    let length = content.count()?;
    let head = content.take(length)?;
    let head = serde_json::from_slice(head).map_err(|error| damaged(format!("its head: {error}")))?;
    // Each tree has sixteen bytes at least, so a false number ends soon.
    let trees = (0..content.count()?).map(|_| tree::read(&mut content)).collect::<Result<Vec<_>>>()?;
    if !content.is_empty() {
        return Err(damaged("it goes on after its last tree".into()));
    }
    Ok((head, trees))
}
