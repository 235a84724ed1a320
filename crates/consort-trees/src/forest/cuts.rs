use serde::{Deserialize, Serialize};

/// Where the features drawn for a split are cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cuts {
    /// Each where it is best (Breiman 2001).
    #[default]
    Best,
    /// Each at one random place: a number evenly between the least and the greatest of the node, a category by a
    /// random part of the levels (Geurts, Ernst and Wehenkel 2006). The best of these cuts is the split.
    Random,
}
