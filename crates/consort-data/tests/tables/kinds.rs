//! What the columns of a training table become.

use consort_data::table::{Plan, Roles, Schema, SchemaOptions, Why};

use crate::{csv, infer, levels, numbers, says};

/// A column of 60 rows beside a feature `x` and a target `y`.
fn with_column(name: &str, cell: impl Fn(usize) -> String) -> String {
    let mut text = format!("x,{name},y\n");
    for i in 0..60 {
        text += &format!("{},{},{}\n", (i * i) % 17, cell(i), ["no", "yes"][(i / 2 + i / 7) % 2]);
    }
    text
}

fn plan(cell: impl Fn(usize) -> String) -> Result<Plan, Why> {
    let text = with_column("c", cell);
    let schema = infer(&text, "y").unwrap();
    match schema.columns().iter().find(|planned| planned.column == "c") {
        Some(planned) => Ok(planned.plan.clone()),
        None => Err(schema.set_aside().iter().find(|aside| aside.column == "c").unwrap().why.clone()),
    }
}

#[test]
fn numbers_stay_numbers_even_if_whole_and_few() {
    assert_eq!(plan(|i| (i % 3).to_string()), Ok(Plan::Number));
    assert_eq!(plan(|i| format!("{}e-3", i % 7)), Ok(Plan::Number));
    assert_eq!(plan(|i| if i % 5 == 0 { "NA".into() } else { i.to_string() }), Ok(Plan::Number));
}

#[test]
fn true_and_false_are_one_and_nought() {
    let text = with_column("c", |i| ["True", "FALSE", "?"][i % 3].into());
    let schema = infer(&text, "y").unwrap();
    let dataset = schema.dataset(&csv(&text), true).unwrap();
    assert_eq!(numbers(&dataset, "c")[..3], [Some(1.0), Some(0.0), None]);
}

#[test]
fn texts_of_few_levels_are_categories_in_byte_order_and_na_is_one_of_them() {
    let text = with_column("c", |i| ["SE", "NA", "", "Åland"][i % 4].into());
    let schema = infer(&text, "y").unwrap();
    let Plan::Category { levels: known } = &schema.columns()[1].plan else { panic!() };
    assert_eq!(known, &["NA", "SE", "Åland"]);
    let dataset = schema.dataset(&csv(&text), true).unwrap();
    assert_eq!(levels(&dataset, "c")[..4], [Some("SE"), Some("NA"), None, Some("Åland")]);
}

#[test]
fn what_tells_nothing_is_set_aside_with_its_reason() {
    assert_eq!(plan(|i| format!("t{i}")), Err(Why::Distinct { rows: 60 }));
    assert_eq!(plan(|i| (i + 5).to_string()), Err(Why::RunningNumber { from: 5.0, to: 64.0 }));
    assert_eq!(plan(|i| ((i * 7) % 60).to_string()), Err(Why::RunningNumber { from: 0.0, to: 59.0 }));
    assert_eq!(plan(|_| "7".into()), Err(Why::Constant { value: "7".into() }));
    assert_eq!(plan(|_| "seven".into()), Err(Why::Constant { value: "seven".into() }));
    assert_eq!(plan(|_| "true".into()), Err(Why::Constant { value: "true".into() }));
    assert_eq!(plan(|_| "2024-02-29".into()), Err(Why::Constant { value: "2024-02-29".into() }));
    assert_eq!(plan(|i| ["", "NA", "null"][i % 3].into()), Err(Why::Missing));
    assert_eq!(
        plan(|i| format!("t{}", i % 40)),
        Err(Why::ManyTexts { levels: Some(40), rows: 60, stray: None, stray_rows: 0 })
    );
    // One value beside nothing says something still.
    assert_eq!(plan(|i| if i % 2 == 0 { "7".into() } else { String::new() }), Ok(Plan::Number));
}

#[test]
fn an_id_is_known_by_its_name_if_its_numbers_have_gaps() {
    let sparse = |name: &str| {
        let schema = infer(&with_column(name, |i| (i * i + 3).to_string()), "y").unwrap();
        schema.columns().len()
    };
    assert_eq!((sparse("customer_id"), sparse("size")), (1, 2));
    // One number twice makes it no feature; customers who come often are one.
    let one_twice = with_column("id", |i| (if i == 40 { 3 } else { i } * 2).to_string());
    let schema = infer(&one_twice, "y").unwrap();
    assert_eq!(schema.columns().len(), 1);
    assert!(schema.set_aside()[0].to_string().contains("59 different numbers in 60 rows"), "{:?}", schema.set_aside());
    let often = infer(&with_column("customer_id", |i| (1000 + i % 20).to_string()), "y").unwrap();
    assert_eq!(often.columns().len(), 2);
}

#[test]
fn dates_become_the_parts_that_vary() {
    let text =
        with_column("c", |i| if i == 3 { "NA".into() } else { format!("2024-{:02}-{:02}", 1 + i % 12, 1 + i % 28) });
    let schema = infer(&text, "y").unwrap();
    assert_eq!(schema.features()[1..], ["c.month", "c.day", "c.weekday", "c.day_of_year", "c.days"]);
    let dataset = schema.dataset(&csv(&text), true).unwrap();
    assert_eq!(numbers(&dataset, "c.month")[..5], [Some(1.0), Some(2.0), Some(3.0), None, Some(5.0)]);
    assert_eq!(numbers(&dataset, "c.days")[..2], [Some(0.0), Some(32.0)]);

    let hours = with_column("c", |i| format!("2024-01-01T{:02}:30:00Z", i % 24));
    assert_eq!(infer(&hours, "y").unwrap().features()[1..], ["c.hour", "c.days"]);
}

#[test]
fn a_decimal_comma_is_an_error_that_says_so() {
    let text = with_column("c", |i| format!("\"{},5\"", i));
    let error = infer(&text, "y").unwrap_err().to_string();
    assert!(error.contains("row 1, column `c`: `0,5` is not a number: it has a decimal comma"), "{error}");
    // Names with commas are texts.
    assert_eq!(plan(|i| format!("\"Smith, {}\"", i % 3)).map(drop), Ok(()));
}

#[test]
fn a_stray_text_among_numbers_is_named() {
    let text = with_column("c", |i| if i == 40 { "unknown".into() } else { (i % 19).to_string() });
    let schema = infer(&text, "y").unwrap();
    assert!(says(schema.warnings(), &["column `c` is a category of 20 levels", "`unknown` in row 41"]));
    let many = with_column("c", |i| if i == 40 { "unknown".into() } else { format!("{}", i * i) });
    let schema = infer(&many, "y").unwrap();
    assert!(
        says(schema.warnings(), &["`c` is set aside", "`unknown` in row 41 (1 in all): mend it", "--missing-values"]),
        "{:?}",
        schema.warnings()
    );
}

#[test]
fn a_column_that_determines_the_target_is_kept_and_warned_about() {
    let text = with_column("c", |i| ["low", "high"][(i / 2 + i / 7) % 2].into());
    let schema = infer(&text, "y").unwrap();
    assert!(says(schema.warnings(), &["column `c` may leak the target", "2 different values", "one class"]));
    assert_eq!(schema.columns().len(), 2);
    let mut regression = String::from("copy,cents,x,y\n");
    for i in 0..60 {
        let y = (i * 37 % 101) as f64 / 4.0;
        regression += &format!("{y},{},{},{y}\n", 100.0 * y + 3.0, i % 7);
    }
    let schema = infer(&regression, "y").unwrap();
    assert!(says(schema.warnings(), &["`cents` may leak", "scale and shift"]), "{:?}", schema.warnings());
    assert!(says(schema.warnings(), &["`copy` may leak"]));
    assert!(!says(schema.warnings(), &["`x` may leak"]));
}

#[test]
fn chance_is_no_leak() {
    // 12 rows, two values, each with one class: too few to tell.
    let text = "x,c,y\n1,a,p\n2,b,q\n3,a,p\n5,b,q\n4,a,p\n6,b,q\n8,a,p\n7,b,q\n";
    assert!(infer(text, "y").unwrap().warnings().is_empty());
}

#[test]
fn the_order_of_rows_changes_nothing_but_the_rows() {
    let text = with_column("c", |i| ["b", "a", "", "d"][(i * i) % 4].into());
    let mut lines: Vec<&str> = text.lines().collect();
    lines[1..].reverse();
    let reversed = lines.join("\n");
    assert_eq!(infer(&text, "y").unwrap(), infer(&reversed, "y").unwrap());
}

#[test]
fn a_schema_goes_through_serde_and_reads_the_same() {
    let text = with_column("c", |i| format!("2024-01-{:02}T0{}:00:00", 1 + i % 28, i % 10));
    let schema = infer(&text, "y").unwrap();
    let saved = serde_json::to_string(&schema).unwrap();
    let loaded: Schema = serde_json::from_str(&saved).unwrap();
    assert_eq!(loaded, schema);
    let (a, b) = (schema.dataset(&csv(&text), true).unwrap(), loaded.dataset(&csv(&text), true).unwrap());
    assert_eq!(a.features(), b.features());
    assert!(serde_json::from_str::<Schema>(&saved.replace("\"roles\"", "\"rolls\"")).is_err());
}

#[test]
fn roles_are_no_features() {
    let text = with_column("c", |i| format!("g{}", i % 4));
    let roles = Roles { group: Some("c".into()), ..Roles::target("y") };
    let schema = Schema::infer(&csv(&text), &roles, SchemaOptions::default()).unwrap();
    assert_eq!(schema.features(), ["x"]);
    assert_eq!(schema.dataset(&csv(&text), true).unwrap().groups().unwrap()[..5], [0, 1, 2, 3, 0]);
    let roles = Roles { ignore: vec!["c".into()], ..Roles::target("y") };
    assert_eq!(Schema::infer(&csv(&text), &roles, SchemaOptions::default()).unwrap().features(), ["x"]);
    let roles = Roles { weight: Some("w".into()), ..Roles::target("y") };
    let error = Schema::infer(&csv(&text), &roles, SchemaOptions::default()).unwrap_err().to_string();
    assert!(error.contains("no weight column `w`; its columns are `x`, `c`, `y`"), "{error}");
}

#[test]
fn ids_that_are_floats_by_their_type_are_refused() {
    use consort_data::{files::Source, table::read_source};
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let frame = polars::prelude::df!("id" => [1.0, 2.0, 3.0], "x" => [1, 5, 2], "y" => ["a", "b", "a"]).unwrap();
    consort_data::files::write_frame(&path, frame).unwrap();
    let table = read_source(&Source::stem(&path)).unwrap();
    let roles = Roles { id: Some("id".into()), ..Roles::target("y") };
    let error = Schema::infer(&table, &roles, SchemaOptions::default()).unwrap_err().to_string();
    assert!(error.contains("`id` holds floats") && error.contains("lose digits"), "{error}");
    // Where nobody asked for them, they are set aside.
    let schema = Schema::infer(&table, &Roles::target("y"), SchemaOptions::default()).unwrap();
    assert_eq!((schema.features(), &schema.set_aside()[0].why), (vec!["x".to_string()], &Why::FloatIds));
    assert!(says(schema.warnings(), &["`id` is set aside", "floats"]));
}

#[test]
fn a_part_of_a_date_with_the_name_of_a_column_is_told_with_the_file() {
    let error =
        infer("when,when.year,y\n2023-01-01,1,a\n2024-02-01,2,b\n2024-03-01,3,a\n", "y").unwrap_err().to_string();
    assert!(error.contains("t.csv") && error.contains("`when.year`") && error.contains("--ignore"), "{error}");
}

#[test]
fn blanks_around_a_text_are_no_part_of_a_level() {
    let text = with_column("c", |i| ["red", "red ", " ", "blue "][i % 4].into());
    let schema = infer(&text, "y").unwrap();
    assert_eq!(schema.columns()[1].plan, Plan::Category { levels: vec!["blue".into(), "red".into()] });
    assert!(says(schema.warnings(), &["column `c`", "blanks", "`red`"]), "{:?}", schema.warnings());
    let dataset = schema.dataset(&csv(&text), true).unwrap();
    assert_eq!(levels(&dataset, "c")[..4], [Some("red"), Some("red"), None, Some("blue")]);
    // So it is where the texts are read again.
    let schema = infer(&with_column("c", |i| ["1", "red"][i % 2].into()), "y").unwrap();
    assert_eq!(levels(&schema.dataset(&csv("x,c\n1, 1\n2,1 \n"), false).unwrap(), "c"), [Some("1"), Some("1")]);
}

#[test]
fn the_usual_words_for_nothing_are_missing_numbers() {
    for token in ["NULL", "#N/A", "<NA>", "NaT", "na", "none", "n/a", "\\N"] {
        assert_eq!(plan(|i| if i % 3 == 0 { token.into() } else { (i % 7).to_string() }), Ok(Plan::Number), "{token}");
    }
}

#[test]
fn one_or_two_texts_among_numbers_are_named_however_often_they_occur() {
    let text = with_column("c", |i| ["-", ".", "1.5", "2.5", "3.5"][i % 5].into());
    let schema = infer(&text, "y").unwrap();
    let words = ["column `c` is a category of 5 levels", "`-` in row 1 and 11 more and `.` in row 2 and 11 more"];
    assert!(says(schema.warnings(), &words), "{:?}", schema.warnings());
    assert!(says(schema.warnings(), &["--missing-values"]));
    let many = infer(&with_column("c", |i| if i % 2 == 0 { "-".into() } else { (i * i).to_string() }), "y").unwrap();
    assert!(says(many.warnings(), &["`c` is set aside", "`-` in row 1 (30 in all)"]), "{:?}", many.warnings());
    // A code of letters and figures is a category, and no surprise.
    assert!(infer(&with_column("c", |i| ["A", "1", "B"][i % 3].into()), "y").unwrap().warnings().is_empty());
}

#[test]
fn what_is_said_to_be_missing_is_so_in_every_column_and_at_predict_time() {
    use consort_data::table::{MissingValues, Roles, Schema, SchemaOptions};
    let read = |text: &str, missing: &MissingValues| {
        let source = consort_data::files::Source::bytes("t.csv", consort_data::files::Format::Csv, text.as_bytes());
        consort_data::table::read_with(&source, missing).unwrap()
    };
    let missing = MissingValues::new(["-", "-9", "unknown"]);
    let text =
        with_column("c,d", |i| format!("{},{}", ["-", "-9.0", "1.5", "2.5"][i % 4], ["red", "unknown", "blue"][i % 3]));
    let schema = Schema::infer(&read(&text, &missing), &Roles::target("y"), SchemaOptions::default()).unwrap();
    let saved: Schema = serde_json::from_str(&serde_json::to_string(&schema).unwrap()).unwrap();
    assert_eq!(saved, schema);
    let dataset = saved.dataset(&read("x,c,d\n1,-,unknown\n-9,1.5,red\n", saved.missing_values()), false).unwrap();
    assert_eq!(numbers(&dataset, "c"), [None, Some(1.5)]);
    assert_eq!(numbers(&dataset, "x"), [Some(1.0), None]);
    assert_eq!(levels(&dataset, "d"), [None, Some("red")]);
}

#[test]
fn figures_that_begin_with_a_zero_are_a_category_and_it_is_said() {
    let text = with_column("zip", |i| ["01234", "90210", "NA"][i % 3].into());
    let schema = infer(&text, "y").unwrap();
    assert_eq!(schema.columns()[1].plan, Plan::Category { levels: vec!["01234".into(), "90210".into()] });
    assert!(says(schema.warnings(), &["column `zip` is read as texts", "`01234` in row 1", "--numeric zip"]));
    let dataset = schema.dataset(&csv(&text), true).unwrap();
    assert_eq!(levels(&dataset, "zip")[..3], [Some("01234"), Some("90210"), None]);
    let new = schema.apply(&csv("x,zip\n1,90210\n2,NA\n"), false).unwrap();
    assert_eq!((levels(&new.dataset, "zip"), new.warnings.len()), (vec![Some("90210"), None], 0));
    let words = consort_data::table::in_words(&consort_data::table::summary(&schema, &csv(&text)), 60);
    assert!(words.contains("1 of numbers, 1 of texts"), "{words}");
    assert_eq!(plan(|i| ["0", "0.5", "10"][i % 3].into()), Ok(Plan::Number));
}

#[test]
fn a_person_says_what_a_column_is() {
    let said = |text: &str, categorical: &[&str], numeric: &[&str]| {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect();
        let options =
            SchemaOptions { categorical: names(categorical), numeric: names(numeric), ..SchemaOptions::default() };
        Schema::infer(&csv(text), &Roles::target("y"), options)
    };
    let of = |cell: &dyn Fn(usize) -> String, categorical: &[&str], numeric: &[&str]| {
        said(&with_column("c", cell), categorical, numeric).unwrap().columns()[1].plan.clone()
    };
    let codes = |i: usize| format!("0{}", i % 3);
    assert_eq!(of(&codes, &[], &["c"]), Plan::Number);
    let levels = |levels: &[&str]| Plan::Category { levels: levels.iter().map(|level| (*level).into()).collect() };
    assert_eq!(of(&|i| (i % 3).to_string(), &["c"], &[]), levels(&["0", "1", "2"]));
    assert_eq!(of(&|i| ["true", "false"][i % 2].into(), &["c"], &[]), levels(&["false", "true"]));
    // Neither what looks like an id, nor very many levels, is set aside then.
    assert_eq!(of(&|i| i.to_string(), &[], &["c"]), Plan::Number);
    assert!(matches!(of(&|i| format!("t{i}"), &["c"], &[]), Plan::Category { levels } if levels.len() == 60));
    let text = with_column("c", |i| if i == 7 { "high".into() } else { i.to_string() });
    let error = |categorical: &[&str], numeric: &[&str]| said(&text, categorical, numeric).unwrap_err().to_string();
    assert!(error(&[], &["c"]).contains("row 8, column `c`: `high` is not a number"), "{}", error(&[], &["c"]));
    assert!(error(&[], &["z"]).contains("no numeric column `z`"), "{}", error(&[], &["z"]));
    assert!(error(&["c"], &["c"]).contains("both categorical and numeric"));
    assert!(error(&["y"], &[]).contains("is no feature"));
    // A column `id` that is said to be a feature is one.
    let schema = said(&with_column("id", |i| (i * i).to_string()), &[], &["id"]).unwrap();
    assert_eq!((schema.features(), &schema.roles().id), (vec!["x".to_string(), "id".into()], &None));
}

#[test]
fn an_id_that_repeats_is_a_feature_and_it_is_said() {
    let schema = infer(&with_column("id", |i| (100 + i % 20).to_string()), "y").unwrap();
    assert_eq!(schema.features(), ["x", "id"]);
    assert!(says(schema.warnings(), &["`id` is used as a feature", "repeat", "--group id", "--ignore id"]));
    let roles = Roles { group: Some("id".into()), ..Roles::target("y") };
    let table = csv(&with_column("id", |i| (100 + i % 20).to_string()));
    assert!(Schema::infer(&table, &roles, SchemaOptions::default()).unwrap().warnings().is_empty());
}

#[test]
fn dates_that_are_not_iso_are_read_where_one_format_fits_all_of_them() {
    let dates = |cell: &dyn Fn(u32, u32) -> String| {
        with_column("c", |i| if i == 3 { "NA".into() } else { cell(1 + i as u32 % 12, 1 + i as u32 * 7 % 28) })
    };
    for (text, format) in [
        (dates(&|month, day| format!("{day}.{month}.2024")), "31.12.2024"),
        (dates(&|month, day| format!("2024/{month:02}/{day:02}")), "2024/12/31"),
        (dates(&|month, day| format!("{month}/{day}/2024")), "12/31/2024"),
        (dates(&|month, day| format!("{day:02}/{month:02}/2024 06:00")), "31/12/2024"),
    ] {
        let schema = infer(&text, "y").unwrap();
        assert!(schema.features().contains(&"c.month".to_string()), "{:?}", schema.features());
        assert!(schema.judged().iter().any(|said| said.contains(format)), "{:?}", schema.judged());
        let schema: Schema = serde_json::from_str(&serde_json::to_string(&schema).unwrap()).unwrap();
        let dataset = schema.dataset(&csv(&text), true).unwrap();
        assert_eq!(numbers(&dataset, "c.month")[..5], [Some(1.0), Some(2.0), Some(3.0), None, Some(5.0)]);
        // A date that may be of two months is read as the others were, and so is one in ISO 8601.
        let line = text.lines().nth(1).unwrap().split(',').nth(1).unwrap();
        let new = schema.dataset(&csv(&format!("x,c\n1,{line}\n")), false).unwrap();
        assert_eq!(numbers(&new, "c.month"), [Some(1.0)]);
        let new = schema.dataset(&csv("x,c\n1,2024-07-01\n"), false).unwrap();
        assert_eq!(numbers(&new, "c.month"), [Some(7.0)]);
        let error = schema.dataset(&csv("x,c\n1,tomorrow\n"), false).unwrap_err().to_string();
        assert!(error.contains("row 1, column `c`: `tomorrow` is not a date") && error.contains(format), "{error}");
    }
}

#[test]
fn what_looks_like_dates_and_is_not_clear_is_said() {
    let warned = |cell: &dyn Fn(usize) -> String, words: &[&str]| {
        let schema = infer(&with_column("c", cell), "y").unwrap();
        assert!(says(schema.warnings(), words), "{:?}", schema.warnings());
    };
    warned(
        &|i| format!("{}/{}/2024", 1 + i % 12, 1 + i % 11),
        &["`c` looks like dates", "day from the month", "`1/1/2024`"],
    );
    let no_day = |i| if i == 3 { "2024-02-30".into() } else { format!("2024-02-{:02}", 1 + i % 28) };
    warned(&no_day, &["`c` looks like dates", "`2024-02-30` in row 4 is none"]);
    let one_wrong = |i| if i == 40 { "soon".into() } else { format!("{}.12.2024", 1 + i % 28) };
    warned(&one_wrong, &["`c` looks like dates", "`soon` in row 41", "31.12.2024", "2024-12-31"]);
}

#[test]
fn large_numbers_that_32_bits_would_merge_are_used_less_the_least() {
    let text = with_column("c", |i| if i == 5 { String::new() } else { (1_700_000_000 + i * i % 50).to_string() });
    let schema = infer(&text, "y").unwrap();
    assert_eq!(schema.columns()[1].plan, Plan::Offset { origin: 1.7e9 });
    assert!(says(schema.warnings(), &["32 bits tell only 1 of", "`c`", "less 1700000000"]), "{:?}", schema.warnings());
    let schema: Schema = serde_json::from_str(&serde_json::to_string(&schema).unwrap()).unwrap();
    let dataset = schema.dataset(&csv("x,c\n1,1700000007\n2,\n3,1699999999\n"), false).unwrap();
    assert_eq!(numbers(&dataset, "c"), [Some(7.0), None, Some(-1.0)]);
}

#[test]
fn percent_signs_and_currencies_are_named() {
    for sign in ["%", "$"] {
        let text = with_column("c", |i| if sign == "%" { format!("{i}.5%") } else { format!("${}", i % 4) });
        let schema = infer(&text, "y").unwrap();
        assert!(says(schema.warnings(), &["column `c` is read as texts", sign, "row 1", "leave such signs out"]));
    }
    assert!(infer(&with_column("c", |i| ["5%", "all"][i % 2].into()), "y").unwrap().warnings().is_empty());
}

#[test]
fn commas_between_thousands_are_no_decimal_commas() {
    let error = infer(&with_column("c", |i| format!("\"2,{}42.83\"", i % 10)), "y").unwrap_err().to_string();
    assert!(error.contains("`2,042.83` is not a number: it has commas between thousands"), "{error}");
}
