//! ONNX models, against what numpy said with their weights (`tests/data/make_onnx.py`).

use std::path::PathBuf;

use consort_burn::{
    Scale,
    onnx::{Onnx, Says},
};
use consort_core::{Classes, Column, Dataset, Features, FitContext, Learner, Model, Samples, Seed, Target};
use serde_json::Value;

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(name)
}

fn answers(name: &str) -> Vec<f32> {
    let answers: Value = serde_json::from_str(&std::fs::read_to_string(file("onnx.json")).unwrap()).unwrap();
    answers[name].as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

fn two_classes(rows: usize) -> Target {
    Target::Classes { codes: (0..rows as u32).map(|i| i % 2).collect(), classes: Classes::new(["no", "yes"]).unwrap() }
}

fn table() -> Dataset {
    let rows = answers("rows");
    let column = |k: usize| Column::Numeric {
        name: ["b", "a", "c"][k].into(),
        values: rows.iter().skip(k).step_by(3).copied().collect(),
    };
    let columns = (0..3).map(column).collect();
    Dataset::new(Features::Columns(columns)).unwrap().with_target(two_classes(5)).unwrap()
}

fn images() -> Dataset {
    let block = Features::Dense { values: answers("images"), shape: vec![1, 6, 6] };
    Dataset::new(block).unwrap().with_target(two_classes(3)).unwrap()
}

fn context() -> FitContext<'static> {
    FitContext::new(Seed::new(1))
}

#[test]
fn a_model_of_a_table_says_what_numpy_says_and_is_saved_whole() {
    let data = table();
    let all = Samples::all(&data);
    let model = Onnx::new(file("onnx_mlp.onnx")).fit(&all, &context()).unwrap();
    let expected = answers("probabilities");
    let near = |got: &[f32], expected: &[f32]| got.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5);
    assert!(near(model.predict(&all).unwrap().values(), &expected));
    // Rows one by one, and a saved model whose file is gone.
    let text = serde_json::to_string(&*model).unwrap().replace("onnx_mlp.onnx", "gone.onnx");
    let again: Box<dyn Model> = serde_json::from_str(&text).unwrap();
    for i in 0..5u32 {
        let rows = [i];
        let one = again.predict(&Samples::rows(&data, &rows).unwrap()).unwrap();
        assert!(near(one.values(), &expected[2 * i as usize..]));
    }
    // Columns in another order are found by name.
    let columns = ["b", "a", "c"].map(String::from).to_vec();
    let Features::Columns(given) = data.features() else { unreachable!() };
    let turned = given.iter().rev().cloned().collect();
    let turned = Dataset::new(Features::Columns(turned)).unwrap().with_target(two_classes(5)).unwrap();
    let named = Onnx { columns, ..Onnx::new(file("onnx_mlp.onnx")) };
    let model = named.fit(&Samples::all(&turned), &context()).unwrap();
    assert!(near(model.predict(&Samples::all(&turned)).unwrap().values(), &expected));
}

#[test]
fn one_logit_of_an_image_is_that_of_the_second_class() {
    let data = images();
    let all = Samples::all(&data);
    let member = Onnx { says: Says::Logits, ..Onnx::new(file("onnx_images.onnx")) };
    let predicted = member.fit(&all, &context()).unwrap().predict(&all).unwrap();
    for (i, logit) in answers("logits").into_iter().enumerate() {
        let expected = 1.0 / (1.0 + (-logit).exp());
        assert!((predicted.at(i, 1) - expected).abs() < 1e-5);
        assert!((predicted.at(i, 0) + predicted.at(i, 1) - 1.0).abs() < 1e-6);
    }
}

#[test]
fn what_does_not_suit_is_said() {
    let (table, images) = (table(), images());
    let error = |member: &Onnx, data: &Dataset| {
        let all = Samples::all(data);
        match member.fit(&all, &context()) {
            Err(error) => error.to_string(),
            Ok(model) => model.predict(&all).unwrap_err().to_string(),
        }
    };
    let mlp = Onnx::new(file("onnx_mlp.onnx"));
    let picture = Onnx::new(file("onnx_images.onnx"));
    assert!(error(&Onnx::new(file("none.onnx")), &table).contains("none.onnx"));
    assert!(error(&Onnx::new(file("make_onnx.py")), &table).contains("make_onnx.py"));
    assert!(error(&mlp, &images).contains("onnx_mlp.onnx"));
    assert!(error(&picture, &images).contains("logits"), "a logit is no probability");
    let two = Onnx { columns: vec!["a".into(), "b".into()], ..mlp.clone() };
    assert!(error(&two, &table).contains("onnx_mlp.onnx"));
    let scaled = |count: usize| Scale::Given { means: vec![0.5; count], deviations: vec![2.0; count] };
    let of_two = Onnx { scale: scaled(2), ..mlp.clone() };
    assert!(error(&of_two, &table).contains("2 means") && error(&of_two, &table).contains("columns"));
    let of_four = Onnx { scale: scaled(4), says: Says::Logits, ..picture.clone() };
    assert!(error(&of_four, &images).contains("4 means") && error(&of_four, &images).contains("channels"));
    assert!(Onnx { scale: scaled(1), ..mlp.clone() }.fit(&Samples::all(&table), &context()).is_ok());
    let unknown = Onnx { columns: ["a", "b", "z"].map(String::from).to_vec(), ..mlp };
    assert!(error(&unknown, &table).contains("`z`"));
}
