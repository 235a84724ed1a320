use consort_kernels::{
    Cube, Device, Error, GreedySelection, LogPool, Loss, OrderStatistic, Place, Truth, WeightSearch, WeightedMean,
};

use crate::cases::{cube, device};

#[test]
fn a_device_that_is_not_there_is_an_error_that_says_so() {
    for name in ["abacus", "cuda:999", "cuda:x"] {
        let error = Device::open(name).unwrap_err();
        assert!(matches!(error, Error::NoDevice { .. }), "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
    assert!(matches!(Place::named("cpu").unwrap(), Place::Cpu { why: None }));
    assert!(Place::named("auto").is_ok());
    assert!(Place::named("abacus").is_err());
}

#[test]
fn wrong_shapes_and_parameters_are_refused() {
    let device = device();
    let wrong = Cube::of(&device, &[0.0; 5], 1, 2, 3).unwrap_err();
    assert_eq!(wrong.to_string(), "the cube has 5 numbers, but 6 numbers are needed");
    assert!(Cube::of(&device, &[], 0, 2, 3).is_err());
    let cube = cube([2, 2, 2], &[0.5; 8]);
    assert!(WeightedMean::default().with_weights(vec![1.0]).fuse(&cube).is_err());
    assert!(WeightedMean::default().with_weights(vec![0.0, 0.0]).fuse(&cube).is_err());
    assert!(WeightedMean::default().with_weights(vec![1.0, f64::NAN]).fuse(&cube).is_err());
    assert!(LogPool::geometric().with_floor(-1.0).fuse(&cube).is_err());
    assert!(OrderStatistic::trimmed(1).fuse(&cube).is_err());
    assert!(GreedySelection::new(0, Loss::log()).select(&cube, Truth::Classes(&[0, 1])).is_err());
    assert!(GreedySelection::new(1, Loss::log()).select(&cube, Truth::Classes(&[0, 2])).is_err());
    assert!(GreedySelection::new(1, Loss::Squared).select(&cube, Truth::Classes(&[0, 1])).is_err());
    let of_class = |codes: &[u32], class, eps| WeightSearch::of_class(&cube, codes, class, eps).map(drop);
    assert!(of_class(&[0, 1], 1, 1e-15).is_ok());
    assert!(of_class(&[0], 1, 1e-15).is_err());
    assert!(of_class(&[0, 2], 1, 1e-15).is_err());
    assert!(of_class(&[0, 1], 1, 0.0).is_err());
    assert_eq!(of_class(&[0, 1], 2, 0.1).unwrap_err().to_string(), "the class is 2, but must be a column of the cube");
}

#[test]
fn rows_that_are_too_long_are_refused() {
    let cube = cube([1, 1, 5000], &[0.0; 5000]);
    let error = WeightedMean::default().fuse(&cube).unwrap_err();
    assert_eq!(error.to_string(), "rows of 5000 columns: a kernel takes rows of 4,096 columns at most: use the CPU");
}

#[test]
fn a_buffer_beyond_the_memory_is_an_error_and_the_device_goes_on() {
    let device = device();
    // Sixteen terabytes.
    let handle = device.client().empty(1 << 44);
    let read = device.client().read_one(handle);
    assert!(read.is_err());
    let cube = cube([1, 1, 2], &[0.25, 0.75]);
    assert_eq!(WeightedMean::default().fuse(&cube).unwrap().matrix().unwrap().values(), [0.25, 0.75]);
}
