//! Classical models as learners of consort, on linfa where it serves.
