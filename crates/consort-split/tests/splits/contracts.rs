//! The common suite over every splitter.

use consort_core::{
    Splitter,
    check::{Promises, splitter},
};
use consort_split::{
    Bootstrap, By, CombinatorialPurged, ExpandingWindow, GroupKFold, KFold, LeaveOneGroupOut, LeaveOneOut,
    LeavePGroupsOut, Predefined, PurgedKFold, Repeated, ShuffleSplit, SlidingWindow, StratifiedGroupKFold,
    StratifiedKFold, TrainValidTest, WithValid,
};

fn keeps(subject: impl Splitter, promises: Promises) {
    splitter(&subject, promises).unwrap();
}

const NONE: Promises = Promises {
    covers: false,
    shuffles: false,
    by_id: false,
    whole_groups: false,
    in_time: false,
    replaces: false,
    refuses_one_row: true,
};
const DRAWS: Promises = Promises { shuffles: true, by_id: true, ..NONE };
const IN_TIME: Promises = Promises { by_id: true, in_time: true, ..NONE };

#[test]
fn folds_keep_the_contracts() {
    let shuffled = Promises::shuffled_folds();
    let plain = Promises { covers: true, ..NONE };
    let groups = Promises { whole_groups: true, ..shuffled };
    let groups_in_order = Promises { shuffles: false, ..groups };
    keeps(KFold::default(), shuffled);
    keeps(KFold::new(2).shuffle(false), plain);
    keeps(StratifiedKFold::new(3), shuffled);
    keeps(StratifiedKFold::new(3).shuffle(false), plain);
    keeps(GroupKFold::new(3), groups);
    keeps(GroupKFold::new(3).shuffle(false), groups_in_order);
    keeps(StratifiedGroupKFold::new(3), groups);
    keeps(StratifiedGroupKFold::new(3).shuffle(false), groups_in_order);
    keeps(LeaveOneOut::new(), plain);
    keeps(LeaveOneGroupOut::new(), groups_in_order);
    keeps(LeavePGroupsOut::new(2), Promises { covers: false, ..groups_in_order });
    keeps(Repeated::new(KFold::new(4), 3), shuffled);
    keeps(Repeated::new(StratifiedKFold::new(2), 2), shuffled);
    keeps(Repeated::new(ShuffleSplit::new(2, 0.5), 2), DRAWS);
    keeps(WithValid::new(KFold::new(4), 0.2), shuffled);
    keeps(WithValid::new(GroupKFold::new(3), 1).by(By::Groups), groups);
    keeps(WithValid::new(StratifiedKFold::new(3), 0.3).by(By::Classes), shuffled);
    let labels = (0..240).map(|row| ["z", "a", "-1", "m"][row % 4]);
    keeps(Predefined::from_labels(labels).unwrap(), NONE);
}

#[test]
fn draws_keep_the_contracts() {
    let groups = Promises { whole_groups: true, ..DRAWS };
    let replaces = Promises { replaces: true, ..DRAWS };
    keeps(TrainValidTest::default(), DRAWS);
    keeps(TrainValidTest::new(0.3).valid(0.2), DRAWS);
    keeps(TrainValidTest::new(0.3).valid(2).by(By::Classes), DRAWS);
    keeps(TrainValidTest::new(0.3).valid(0.2).by(By::Groups), groups);
    keeps(TrainValidTest::new(0.3).valid(0.2).by(By::Time), IN_TIME);
    keeps(ShuffleSplit::default(), DRAWS);
    keeps(ShuffleSplit::new(3, 0.2).train(0.5), DRAWS);
    keeps(ShuffleSplit::new(3, 0.2).by(By::Classes), DRAWS);
    keeps(ShuffleSplit::new(3, 0.2).train(0.4).by(By::Groups), groups);
    keeps(Bootstrap::default(), replaces);
    keeps(Bootstrap::new(5).fraction(0.5), replaces);
    keeps(Bootstrap::new(5).by(By::Classes), replaces);
    keeps(Bootstrap::new(5).by(By::Groups), Promises { whole_groups: true, ..replaces });
    keeps(WithValid::new(Bootstrap::new(5), 0.2), replaces);
}

#[test]
fn splits_of_time_keep_the_contracts() {
    keeps(ExpandingWindow::default(), IN_TIME);
    keeps(ExpandingWindow::new(3).test_size(2).gap(3).max_train_size(4), IN_TIME);
    keeps(SlidingWindow::new(5, 2).gap(1), IN_TIME);
    keeps(SlidingWindow::new(5, 2).stride(7), IN_TIME);
    keeps(WithValid::new(ExpandingWindow::new(3), 0.2).by(By::Time), IN_TIME);
    let purged = Promises { covers: true, by_id: true, ..NONE };
    keeps(PurgedKFold::default(), purged);
    keeps(PurgedKFold::new(3).horizon(1.5).embargo(0.5), purged);
    keeps(CombinatorialPurged::default(), Promises { covers: false, ..purged });
    keeps(CombinatorialPurged::new(6, 3).horizon(0.5).embargo(1.0), Promises { covers: false, ..purged });
}
