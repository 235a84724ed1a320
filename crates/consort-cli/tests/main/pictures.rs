//! Pictures as rows, and nets as members: `cargo test -p consort-cli --features nets --test main pictures`.

use std::path::Path;

use crate::program::*;

/// Stripes across or down, 12 × 12 pixels, in PNG files (`tests/data/pictures`).
fn stripes() -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/pictures").display().to_string()
}

/// The like as IDX files: 60 images to learn from and 30 others.
fn idx_files() -> tempfile::TempDir {
    let folder = folder();
    let mut state = 7u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24)
    };
    for (part, count) in [("train", 60u32), ("t10k", 30)] {
        let mut images = vec![0, 0, 8, 3];
        [count, 12, 12].iter().for_each(|size| images.extend(size.to_be_bytes()));
        let mut labels = vec![0, 0, 8, 1];
        labels.extend(count.to_be_bytes());
        for i in 0..count {
            let (label, phase) = ((i % 2) as u8, 6.0 * next());
            labels.push(label);
            for place in 0..144 {
                let along = if label == 0 { place / 12 } else { place % 12 };
                let value = 128.0 + 90.0 * (1.3 * f64::from(along) + phase).sin() + 40.0 * (next() - 0.5);
                images.push(value.clamp(0.0, 255.0) as u8);
            }
        }
        std::fs::write(folder.path().join(format!("{part}-images-idx3-ubyte")), images).unwrap();
        std::fs::write(folder.path().join(format!("{part}-labels-idx1-ubyte")), labels).unwrap();
    }
    folder
}

fn fit(data: &str, run: &str, more: &[&str]) -> Ran {
    let mut args = vec!["fit", data, "-o", run, "--folds", "3", "--threads", "2", "--json"];
    args.extend(more);
    consort(&args)
}

#[test]
fn nets_learn_from_idx_files_by_every_method_and_judge_new_images() {
    let mnist = idx_files();
    let data = mnist.path().display().to_string();
    let methods = ["snapshot", "vote", "joint", "fge", "swa", "soup", "ncl", "boost-nets", "soft-boost", "adversarial"];
    for method in methods {
        let runs = folder();
        let run = path(&runs, "run");
        let said = fit(&data, &run, &["--members", "lenet", "--method", method, "--epochs", "6"]).json();
        let judged = said["judged"].to_string();
        assert!(judged.contains("60 pictures of 12 × 12 pixels in grey and 2 classes"), "{judged}");
        assert!(judged.contains("train-images-idx3-ubyte"), "{judged}");
        let members = said["members"].as_array().unwrap().len();
        assert_eq!(members, if method == "vote" { 5 } else { 1 }, "{method}");
        let evaluated = consort(&["evaluate", &run, &data, "--json"]).json();
        let accuracy = evaluated["predictions"][0]["scores"]["accuracy"].as_f64();
        assert!(accuracy.is_some_and(|accuracy| accuracy > 0.8), "{method}: {evaluated}");
    }
}

#[test]
fn a_bag_of_nets_has_one_net_a_draw_and_says_how_they_were_trained() {
    let (mnist, runs) = (idx_files(), folder());
    let (data, run) = (mnist.path().display().to_string(), path(&runs, "run"));
    let bag = ["--members", "lenet", "--method", "bag", "--repeats", "4", "--epochs", "6", "--device", "cpu"];
    let said = consort(&[&["fit", &data, "-o", &run, "--threads", "2", "--json"], &bag[..]].concat()).json();
    assert!(said["judged"].to_string().contains("how `lenet` was trained: on cpu"), "{}", said["judged"]);
    let recipe = std::fs::read_to_string(Path::new(&run).join("recipe.toml")).unwrap();
    assert!(recipe.contains("device = \"cpu\""), "{recipe}");
    // Four nets of 60 pictures: five times as many would be five times as large.
    let size = |run: &str| {
        let files = std::fs::read_dir(Path::new(run).join("models/lenet")).unwrap().map(|file| file.unwrap());
        let fits = files.filter(|file| file.path().extension().is_some_and(|end| end == "fit"));
        fits.map(|fit| fit.metadata().unwrap().len()).collect::<Vec<u64>>()
    };
    let alone = path(&runs, "alone");
    fit(&data, &alone, &["--members", "lenet", "--method", "swa", "--epochs", "2"]).json();
    let (bag, one) = (size(&run), size(&alone));
    assert_eq!(bag.len(), 4);
    assert!(bag.iter().all(|size| *size < one[0] * 3 / 2), "{bag:?} and {one:?}");
    let evaluated = consort(&["evaluate", &run, &data, "--json"]).json();
    let accuracy = evaluated["predictions"][0]["scores"]["accuracy"].as_f64();
    assert!(accuracy.is_some_and(|accuracy| accuracy > 0.8), "{evaluated}");
}

#[test]
fn a_run_of_pictures_predicts_reports_and_is_bundled() {
    let runs = folder();
    let [run, bundle, predicted] = ["run", "all.consort", "predicted.csv"].map(|name| path(&runs, name));
    let said = fit(&stripes(), &run, &["--members", "lenet", "--method", "snapshot", "--epochs", "4"]).json();
    assert!(said["judged"].to_string().contains("become 12 × 12 pixels"), "{}", said["judged"]);
    assert!(Path::new(&run).join("report.html").is_file());
    let charts = path(&runs, "charts");
    assert!(
        consort(&["report", &run, "-o", &path(&runs, "again.html"), "--charts", &charts, "--chart-format", "json"]).ok
    );
    // How the net of the first fold learnt, with the epochs at which its five members were taken.
    let curves = std::fs::read_to_string(Path::new(&charts).join("training-curves.json")).unwrap();
    let curves: serde_json::Value = serde_json::from_str(&curves).unwrap();
    assert_eq!((curves["loss"].as_str(), curves["unit"].as_str()), (Some("cross-entropy"), Some("epoch")));
    let learnt = &curves["runs"][0];
    let losses: Vec<f64> = learnt["train"].as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect();
    assert!(losses.len() > 1 && losses[losses.len() - 1] < losses[0], "{curves}");
    assert_eq!(learnt["snapshots"].as_array().unwrap().last().unwrap().as_u64(), Some(losses.len() as u64));
    assert!(consort(&["bundle", &run, "-o", &bundle]).ok);
    let ran = consort(&["predict", &bundle, &stripes(), "-o", &predicted]);
    assert!(ran.ok, "{}", ran.stderr);
    let columns = columns(predicted);
    assert_eq!((columns["id"].len(), columns["id"][0].as_str()), (24, "across/00.png"));
    for (across, down) in numbers(&columns["p_across"]).into_iter().zip(numbers(&columns["p_down"])) {
        assert!((across + down - 1.0).abs() < 1e-5);
    }
    // The recipe that the run keeps does the same again.
    let recipe = Path::new(&run).join("recipe.toml").display().to_string();
    let again = path(&runs, "again");
    let said_again = consort(&["fit", "--recipe", &recipe, "-o", &again, "--threads", "1", "--json"]).json();
    assert_eq!(said_again["ensemble"], said["ensemble"]);
    // A run that lost a fit goes on.
    let fits = Path::new(&run).join("models/lenet");
    std::fs::remove_file(fits.join("l0-r0-f1.fit")).unwrap();
    let resumed = consort(&["fit", "--resume", &run, "--json"]).json();
    assert_eq!(resumed["ensemble"], said["ensemble"]);
}

#[test]
fn what_is_wrong_with_pictures_is_said() {
    let runs = folder();
    let run = path(&runs, "run");
    let refused = |data: &str, more: &[&str], words: &[&str]| {
        let ran = fit(data, &run, more);
        assert!(words.iter().all(|word| ran.error().contains(word)), "{}", ran.stderr);
        assert!(!Path::new(&run).exists());
    };
    let mnist = idx_files();
    let data = mnist.path().display().to_string();
    refused(&data, &["--target", "class"], &["--target"]);
    refused(&data, &["--members", "lenet", "--size", "20"], &["--size"]);
    refused(&data, &["--method", "snapshot"], &["lenet"]);
    refused(&data, &["--members", "boost", "--method", "snapshot"], &["`boost`", "lenet"]);
    refused(&data, &["--members", "lenet", "--epochs", "0"], &["--epochs"]);
    refused(&data, &["--members", "forest", "--epochs", "3"], &["--epochs is for nets"]);
    refused(&data, &["--members", "lenet", "--method", "mc-dropout"], &["no unit is dropped"]);
    refused(&data, &["--members", "lenet", "--method", "batch-ensemble"], &["`lenet`", "take mlp"]);
    refused(&data, &["--members", "lenet", "--device", "abacus"], &["abacus"]);
    refused(&data, &["--members", "forest", "--device", "cpu"], &["--device is for nets"]);
    refused(&stripes(), &["--members", "lenet", "--size", "huge"], &["--size", "huge"]);
    let images = mnist.path().join("train-images-idx3-ubyte");
    let whole = std::fs::read(&images).unwrap();
    std::fs::write(&images, &whole[..whole.len() - 5]).unwrap();
    refused(&data, &["--members", "lenet"], &["train-images-idx3-ubyte", "cut off"]);
    let broken = folder();
    for class in ["a", "b"] {
        std::fs::create_dir(broken.path().join(class)).unwrap();
        std::fs::copy(Path::new(&stripes()).join("across/00.png"), broken.path().join(class).join("0.png")).unwrap();
    }
    std::fs::write(broken.path().join("b/bad.jpg"), [0xff, 0xd8, 0xff, 0xe0, 0, 1]).unwrap();
    refused(&broken.path().display().to_string(), &["--members", "lenet"], &["bad.jpg"]);
}

#[test]
fn mlps_are_members_on_a_table() {
    let runs = folder();
    let run = path(&runs, "run");
    let table = shipped("tables/credit_train.csv");
    let args = ["fit", &table, "--target", "Status", "-o", &run, "--folds", "3", "--epochs", "6", "--json"];
    let said = consort(&[&args[..], &["--members", "mlp,linear", "--seed", "1"]].concat()).json();
    let members = said["members"].as_array().unwrap();
    let names: Vec<&str> = members.iter().map(|member| member["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"mlp") && names.contains(&"linear"), "{names:?}");
    let predicted = path(&runs, "predicted.csv");
    assert!(consort(&["predict", &run, &table, "-o", &predicted]).ok);
    let shared = path(&runs, "shared");
    let args = ["fit", &table, "--target", "Status", "-o", &shared, "--folds", "3", "--epochs", "6", "--json"];
    let said = consort(&[&args[..], &["--members", "mlp", "--method", "batch-ensemble"]].concat()).json();
    let loss = said["members"][0]["scores"]["log_loss"].as_f64();
    assert!(loss.is_some_and(|loss| loss < 0.6), "{said}");
}
