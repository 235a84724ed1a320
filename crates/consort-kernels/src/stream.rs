use std::sync::{LazyLock, Mutex, PoisonError};

use consort_core::{Matrix, Predictions};
use cubecl_environment::stream::StreamId;

use crate::{Borda, Cube, Device, Error, Fused, LogPool, OrderStatistic, PowerMean, Result, Vote, WeightedMean};

/// A rule that fuses each row by itself, on a device.
pub trait DeviceRule: std::fmt::Debug + Send + Sync {
    /// Fuses a cube.
    ///
    /// # Errors
    /// For parameters and shapes that the rule does not take; what the device says of the work comes with the first
    /// number that is asked for.
    fn fuse(&self, cube: &Cube) -> Result<Fused>;

    /// Whether logits stay logits rather than being made into probabilities before the rule sees them: for rules to which
    /// only the order of a row's numbers counts, since different logits may be equal probabilities. Usually not.
    fn keeps_logits(&self) -> bool {
        false
    }
}

macro_rules! device_rules {
    ($($rule:ty $(, keeps_logits: $keeps:expr)?;)*) => {
        $(impl DeviceRule for $rule {
            fn fuse(&self, cube: &Cube) -> Result<Fused> {
                <$rule>::fuse(self, cube)
            }

            $(fn keeps_logits(&self) -> bool {
                let keeps: fn(&$rule) -> bool = $keeps;
                keeps(self)
            })?
        })*
    };
}

device_rules! {
    Borda, keeps_logits: |_| true;
    LogPool;
    OrderStatistic;
    PowerMean;
    // The mean that decides among even columns is one of probabilities.
    Vote, keeps_logits: |vote| !vote.by_mean;
    WeightedMean;
}

/// How many bytes of a cube are sent at a time. So few that the host's allocator keeps the memory for the next part: new
/// pages cost more than the copy.
const BYTES: usize = 1 << 24;
/// How many parts are on their way at the same time. Each has a queue of the device to itself, so that the one is copied
/// while the other is fused, and the next one gathered.
const QUEUES: usize = 3;

/// The queues of all streams of this process: a queue keeps memory on the device.
static QUEUE_IDS: LazyLock<[StreamId; QUEUES]> = LazyLock::new(|| std::array::from_fn(|_| StreamId::allocate()));

/// Fuses predictions of the host on a device, some rows at a time, so that neither the cube nor its device must be large.
///
/// A few parts are on their way at the same time: while the device fuses one the next is copied to it and the one after
/// that is gathered. Where a part does not fit the memory of the device, smaller ones are tried.
///
/// # Errors
/// What the rule or the device refuses; [`Error::OutOfMemory`] if not even a single row fits.
pub fn stream(device: &Device, predictions: &Predictions, rule: &dyn DeviceRule) -> Result<Matrix> {
    let row = predictions.members().len() * predictions.columns() * size_of::<f32>();
    let mut step = (BYTES / row.max(1)).max(1);
    loop {
        match stream_in(device, predictions, rule, step, QUEUES) {
            Err(Error::OutOfMemory { .. }) if step > 1 => step = step.min(predictions.rows()).div_ceil(2),
            done => return done,
        }
    }
}

/// The same with so many rows at a time, and so many parts on their way, at most three.
///
/// # Errors
/// As [`stream`]; [`Error::Parameter`] for no rows or no parts.
pub fn stream_in(
    device: &Device,
    predictions: &Predictions,
    rule: &dyn DeviceRule,
    step: usize,
    queues: usize,
) -> Result<Matrix> {
    if step == 0 {
        return Err(Error::parameter("the number of rows at a time", 0, "at least 1"));
    }
    if !(1..=QUEUES).contains(&queues) {
        return Err(Error::parameter("the number of parts on their way", queues, "1 to 3"));
    }
    let (rows, columns) = (predictions.rows(), predictions.columns());
    let mut fused = vec![0.0f32; rows * columns];
    let part = |from: usize, out: &mut [f32]| -> Result<()> {
        let cube = Cube::gathered(device, predictions, from..(from + step).min(rows), rule.keeps_logits())?;
        device.get_to(&rule.fuse(&cube)?.values, out)
    };
    let parts = rows.div_ceil(step);
    let waiting = Mutex::new((0..rows).step_by(step).zip(fused.chunks_mut(step * columns)));
    let take_turns = || -> Result<()> {
        loop {
            // Nothing that is done while it is locked can panic.
            let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
            let Some((from, out)) = next else { return Ok(()) };
            if let Err(error) = part(from, out) {
                // What the others would still do is of no use.
                waiting.lock().unwrap_or_else(PoisonError::into_inner).by_ref().for_each(drop);
                return Err(error);
            }
        }
    };
    if parts == 1 {
        take_turns()?;
    } else {
        std::thread::scope(|scope| {
            let queues: Vec<_> = QUEUE_IDS
                .iter()
                .take(parts.min(queues))
                .map(|queue| scope.spawn(|| queue.executes(take_turns)))
                .collect();
            queues
                .into_iter()
                .try_for_each(|queue| queue.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
        })?;
    }
    Ok(Matrix::new(rows, columns, fused)?)
}

#[cfg(all(test, any(feature = "wgpu", feature = "cuda")))]
#[allow(clippy::unwrap_used, clippy::expect_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use consort_core::{Gives, Ids, Outputs};

    use super::*;

    /// A mean on a device that has no room for more than so many rows; it notes how many each part had.
    #[derive(Debug)]
    struct Narrow {
        rows: usize,
        asked: Mutex<Vec<usize>>,
    }

    impl Narrow {
        fn new(rows: usize) -> Self {
            Self { rows, asked: Mutex::new(Vec::new()) }
        }
    }

    impl DeviceRule for Narrow {
        fn fuse(&self, cube: &Cube) -> Result<Fused> {
            self.asked.lock().unwrap().push(cube.rows());
            if cube.rows() > self.rows {
                return Err(Error::OutOfMemory { device: "narrow".into(), bytes: cube.bytes() as u64 });
            }
            WeightedMean::default().numbers_only().fuse(cube)
        }
    }

    fn device() -> Device {
        let device = match std::env::var("CONSORT_DEVICE") {
            Ok(name) => Device::open(&name),
            Err(_) => Device::open("cuda").or_else(|_| Device::open("wgpu")),
        };
        device.expect("a device: install mesa-vulkan-drivers and libvulkan1")
    }

    fn predictions(rows: usize) -> Predictions {
        let values = |by: f32| -> Vec<f32> { (0..rows).map(|i| i as f32 * by).collect() };
        Predictions::builder(Outputs::target("y"), Ids::positions(rows))
            .member("a", Gives::Values, &values(1.0))
            .unwrap()
            .member("b", Gives::Values, &values(3.0))
            .unwrap()
            .build()
            .unwrap()
    }

    #[test]
    fn parts_that_do_not_fit_are_halved_until_they_do() {
        let (rows, rule) = (1001, Narrow::new(130));
        let fused = stream(&device(), &predictions(rows), &rule).unwrap();
        assert!(fused.values().iter().enumerate().all(|(i, &x)| x == 2.0 * i as f32));
        let asked = rule.asked.into_inner().unwrap();
        assert_eq!(asked[0], 1001);
        // Of each size that does not fit at most the parts that were under way were tried.
        for size in [501, 251] {
            let tried = asked.iter().filter(|&&n| n == size).count();
            assert!((1..=QUEUES).contains(&tried), "{size}: {asked:?}");
        }
        assert_eq!(asked.iter().filter(|&&n| n == 126).count(), 7, "{asked:?}");
    }

    #[test]
    fn a_failure_leaves_the_rest_undone() {
        let rule = Narrow::new(0);
        let error = stream_in(&device(), &predictions(3000), &rule, 1, QUEUES).unwrap_err();
        assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
        assert!(rule.asked.into_inner().unwrap().len() <= QUEUES);
        let error = stream(&device(), &predictions(20), &Narrow::new(0)).unwrap_err();
        assert!(matches!(error, Error::OutOfMemory { .. }), "{error}");
    }
}
