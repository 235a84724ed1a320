use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// The fits that wait, and which comes next.
///
/// The first fold of every member comes first, so that the time of each is known; then those that take longest, so
/// that no core is left alone with a long one at the end. Which fit runs when changes no bit of any.
pub(super) struct Queue {
    state: Mutex<State>,
    by_member: bool,
}

struct State {
    waiting: Vec<Waiting>,
    /// How long one fit of each member took, its predictions included: neighbours have all their work there.
    took: Vec<Option<Duration>>,
}

#[derive(Clone, Copy)]
pub(super) struct Waiting {
    pub(super) member: usize,
    pub(super) fold: usize,
}

impl Queue {
    /// All fits of some members and folds. With `by_member`, each member is done before the next is begun: what a
    /// limit of time asks for.
    pub(super) fn new(members: usize, folds: usize, by_member: bool) -> Self {
        let waiting = (0..members).flat_map(|member| (0..folds).map(move |fold| Waiting { member, fold })).collect();
        Self { state: Mutex::new(State { waiting, took: vec![None; members] }), by_member }
    }

    /// The next fit, or `None` when all are begun.
    pub(super) fn next(&self) -> Option<Waiting> {
        let mut state = self.lock();
        let rank = |waiting: &Waiting| {
            let took = state.took[waiting.member];
            match (self.by_member, took) {
                (true, _) => (0, Duration::ZERO, waiting.member, waiting.fold),
                (false, _) if waiting.fold == 0 => (0, Duration::ZERO, waiting.member, 0),
                (false, None) => (1, Duration::ZERO, waiting.member, waiting.fold),
                (false, Some(took)) => (1, Duration::MAX.saturating_sub(took), waiting.member, waiting.fold),
            }
        };
        let first = (0..state.waiting.len()).min_by_key(|&i| rank(&state.waiting[i]))?;
        Some(state.waiting.remove(first))
    }

    /// A fit of this member and its predictions took so long.
    pub(super) fn took(&self, member: usize, time: Duration) {
        self.lock().took[member] = Some(time);
    }

    /// Nothing more of this member.
    pub(super) fn drop_member(&self, member: usize) {
        self.lock().waiting.retain(|waiting| waiting.member != member);
    }

    /// Nothing more at all.
    pub(super) fn clear(&self) {
        self.lock().waiting.clear();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // What is within is whole at every moment, whoever panicked.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(queue: &Queue) -> Vec<(usize, usize)> {
        std::iter::from_fn(|| queue.next()).map(|w| (w.member, w.fold)).collect()
    }

    #[test]
    fn first_folds_come_first_and_then_what_takes_longest() {
        let queue = Queue::new(2, 2, false);
        let first: Vec<_> = (0..2).map(|_| queue.next().unwrap()).map(|w| (w.member, w.fold)).collect();
        assert_eq!(first, [(0, 0), (1, 0)]);
        queue.took(0, Duration::from_millis(1));
        queue.took(1, Duration::from_millis(9));
        assert_eq!(order(&queue), [(1, 1), (0, 1)]);
        let queue = Queue::new(2, 2, true);
        queue.took(1, Duration::from_millis(9));
        assert_eq!(order(&queue), [(0, 0), (0, 1), (1, 0), (1, 1)]);
        let queue = Queue::new(2, 2, false);
        queue.drop_member(0);
        assert_eq!(order(&queue), [(1, 0), (1, 1)]);
    }
}
