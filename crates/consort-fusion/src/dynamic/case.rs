use consort_neighbours::Neighbour;

use super::Known;

/// A row whose members are to be judged.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    pub(super) known: &'a Known,
    pub(super) region: &'a [Neighbour],
    pub(super) alike: &'a [Neighbour],
    pub(super) chosen: &'a [u32],
    pub(super) confidences: &'a [f32],
    pub(super) present: &'a [bool],
}

impl<'a> Case<'a> {
    /// What is known.
    pub fn known(&self) -> &'a Known {
        self.known
    }

    /// The known rows near this one, the nearest first: rows of [`Case::known`].
    pub fn region(&self) -> &'a [Neighbour] {
        self.region
    }

    /// The known rows whose outputs are most like this one's; as many as the judge asked for.
    pub fn alike(&self) -> &'a [Neighbour] {
        self.alike
    }

    /// The class that a member chooses; 0 where values are predicted.
    pub fn choice(&self, member: usize) -> u32 {
        self.chosen[member]
    }

    /// Whether a member has an answer; what it chooses means nothing else.
    pub fn is_present(&self, member: usize) -> bool {
        self.present[member]
    }

    /// What a member gives to the class that it chooses.
    pub fn confidence(&self, member: usize) -> f64 {
        f64::from(self.confidences[member])
    }

    /// The weight of the neighbours that a member got right.
    pub(super) fn right(&self, rows: &[Neighbour], member: usize) -> f64 {
        rows.iter().filter(|n| self.known.is_right(n.row, member)).map(|n| n.weight).sum()
    }
}

/// The weight of some neighbours.
pub(super) fn weight_of(rows: &[Neighbour]) -> f64 {
    rows.iter().map(|n| n.weight).sum()
}
