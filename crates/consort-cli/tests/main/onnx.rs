//! Models in ONNX files as members: `cargo test -p consort-cli --features onnx --test main onnx`.

use std::path::Path;

use crate::program::*;

#[test]
fn an_onnx_file_is_a_member_of_a_recipe_and_of_the_bundle() {
    let folder = folder();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../consort-burn/tests/data/onnx_mlp.onnx");
    let model = std::fs::canonicalize(model).unwrap();
    let kept = path(&folder, "theirs.onnx");
    std::fs::copy(model, &kept).unwrap();
    let row = |i: usize| format!("{},{},{},{}", (i * 7 % 11) as f32 / 4.0 - 1.0, (i % 5) as f32, i % 3, i % 2);
    let rows: Vec<String> = (0..60).map(row).collect();
    let table = write(&folder, "table.csv", &format!("a,b,c,y\n{}\n", rows.join("\n")));
    let members = format!(
        "[[members]]\nname = \"theirs\"\nlearner = \"onnx\"\nfile = \"{kept}\"\n\n[[members]]\nname = \"tree\"\n"
    );
    let recipe = write(&folder, "recipe.toml", &format!("data = \"{table}\"\ntarget = \"y\"\nfolds = 3\n\n{members}"));
    let [run, bundle, predicted] = ["run", "all.consort", "predicted.csv"].map(|name| path(&folder, name));
    let said = consort(&["fit", "--recipe", &recipe, "-o", &run, "--json"]).json();
    assert_eq!(said["members"].as_array().unwrap().len(), 2, "{said}");
    assert!(consort(&["bundle", &run, "-o", &bundle]).ok);
    // The bundle needs no file but itself.
    std::fs::remove_file(&kept).unwrap();
    let ran = consort(&["predict", &bundle, &table, "-o", &predicted]);
    assert!(ran.ok, "{}", ran.stderr);
    assert_eq!(columns(predicted)["p_1"].len(), 60);
    // A file that is gone is said by its name before anything is fitted.
    let again = consort(&["fit", "--recipe", &recipe, "-o", &path(&folder, "again"), "--json"]);
    assert!(again.stderr.contains("theirs.onnx") || again.stdout.contains("theirs.onnx"), "{}", again.stderr);
}
