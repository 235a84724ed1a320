//! Each variant of each kernel once, on small cubes: for `benches/ptx`, which looks at the code that is compiled.
//!
//! The bench itself compiles what it measures, `f32` in rows of 10 columns. Here are halves, rows that are too long for registers, more
//! members than are sorted in runs, and rows that members lack.

use std::error::Error;

use consort_kernels::{
    Bootstrap, Borda, Cube, Device, DeviceRule, GreedySelection, Holes, LogPool, Loss, OrderStatistic, PowerMean,
    RankAverage, Storage, Truth, Uncertainty, Vote, WeightSearch, WeightedMean, binned_auc,
};

type Failure = Box<dyn Error>;

const ROWS: usize = 600;

/// Compiles all of them.
pub fn launch(device: &Device) -> Result<(), Failure> {
    // A device that runs nothing leaves results as they were; zeros are a pick of some member.
    let device = &device.clone().poisoned(0);
    let holes = [Holes::None, Holes::LeaveOut, Holes::Spread];
    let singles = [10, 33].into_iter().flat_map(|columns| holes.map(|holes| (Storage::F32, 8, columns, holes)));
    let others = [
        (Storage::F32, 513, 10, Holes::None),
        (Storage::F32, 20, 33, Holes::None),
        (Storage::F16, 8, 10, Holes::None),
        (Storage::F16, 8, 33, Holes::None),
        (Storage::BF16, 8, 10, Holes::None),
        (Storage::BF16, 8, 33, Holes::None),
    ];
    for (storage, members, columns, holes) in singles.chain(others) {
        eprintln!("for variant {storage:?}, {members} members, {columns} columns, {holes:?}");
        let bytes = members * ROWS * columns * storage.bytes();
        let cube = match Cube::of_handle(device, device.client().empty(bytes), storage, [members, ROWS, columns]) {
            // A device need not have halves.
            Err(consort_kernels::Error::Unsupported { .. }) => continue,
            cube => cube?,
        };
        rules(&cube.clone().with_holes(holes))?;
        if holes == Holes::None {
            searches(&cube)?;
        }
    }
    eprintln!("for variant of no cube");
    let values = vec![0.5; ROWS];
    for series in [vec![&values[..]], vec![&values[..]; 2]] {
        Bootstrap { resamples: 2, seed: 1 }.on(device, &series)?;
    }
    let _ = binned_auc(device, &values, &[true; ROWS], 64);
    Ok(())
}

/// What makes a result of a cube. Order statistics refuse to leave a member out of a row.
fn rules(cube: &Cube) -> Result<(), Failure> {
    let vote = Vote::default;
    let mut rules: Vec<Box<dyn DeviceRule>> = vec![
        Box::new(WeightedMean::default()),
        Box::new(WeightedMean::default().numbers_only()),
        Box::new(WeightedMean::of_logits()),
        Box::new(LogPool::geometric()),
        Box::new(LogPool::product()),
        Box::new(PowerMean::new(0.5)),
        Box::new(PowerMean::new(-0.5)),
        Box::new(PowerMean::new(-1.0)),
        Box::new(PowerMean::new(2.0)),
        Box::new(PowerMean::new(0.5).raw().numbers_only()),
        Box::new(vote()),
        Box::new(Vote { share: true, ..vote() }),
        Box::new(Vote { majority: true, ..vote() }),
        Box::new(Vote { by_mean: true, ..vote() }),
        Box::new(Borda::default()),
        Box::new(OrderStatistic::minimum()),
        Box::new(OrderStatistic::maximum()),
    ];
    if cube.holes() != Holes::LeaveOut {
        rules.push(Box::new(OrderStatistic::median()));
        rules.push(Box::new(OrderStatistic::trimmed(1)));
        rules.push(Box::new(OrderStatistic::winsorised(1)));
    }
    for rule in rules {
        rule.fuse(cube)?;
    }
    Uncertainty::of(cube)?;
    Ok(())
}

/// What looks for something in a cube, ranks or counts. Counts that do not add up are refused, which is as it should be.
fn searches(cube: &Cube) -> Result<(), Failure> {
    let (codes, values) = (vec![1; cube.rows()], vec![0.5; cube.rows() * cube.columns()]);
    let classes = Truth::Classes(&codes);
    for loss in [Loss::log(), Loss::Brier, Loss::ZeroOne] {
        GreedySelection::new(1, loss).select(cube, classes)?;
    }
    GreedySelection::new(1, Loss::Squared).select(cube, Truth::Values(&values))?;
    let weights = vec![1.0 / cube.members() as f64; cube.members()];
    for search in [
        WeightSearch::log_loss(cube, &codes, 1e-15)?,
        WeightSearch::of_class(cube, &codes, 1, 1e-15)?,
        WeightSearch::squared(cube, classes)?,
    ] {
        search.losses(&[&weights])?;
        search.losses(&[&weights[..]; 8])?;
    }
    RankAverage::default().fuse(cube)?;
    let _ = cube.first_not_finite();
    let fused = WeightedMean::default().fuse(cube)?;
    let _ = fused.confusion(&codes);
    let _ = fused.calibration(&codes, 15);
    Ok(())
}
