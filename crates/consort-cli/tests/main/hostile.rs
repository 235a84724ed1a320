//! Tables and options that no one should give: each gets a clear error or a sound result, and none a panic.

use std::{fs, path::Path, process::Command};

use crate::program::{folder, text_of};

/// What is to come of an input.
#[derive(Debug, Clone, Copy)]
enum Expect {
    /// An error with these words.
    Refused(&'static [&'static str]),
    /// A fit, and predictions of the same table that are finite.
    Sound,
}
use Expect::{Refused, Sound};

struct Case {
    name: &'static str,
    /// The name of the file: its ending says the format.
    file: &'static str,
    bytes: Vec<u8>,
    args: &'static [&'static str],
    expect: Expect,
}

fn case(name: &'static str, text: impl Into<Vec<u8>>, expect: Expect) -> Case {
    Case { name, file: "t.csv", bytes: text.into(), args: &[], expect }
}

impl Case {
    fn args(self, args: &'static [&'static str]) -> Self {
        Self { args, ..self }
    }

    fn file(self, file: &'static str) -> Self {
        Self { file, ..self }
    }
}

/// A header and rows, numbered from 0.
fn rows(header: &str, count: usize, row: impl Fn(usize) -> String) -> String {
    (0..count).fold(format!("{header}\n"), |text, i| text + &row(i) + "\n")
}

/// Thirty rows of a number, a text and a class, with some cells replaced.
fn plain(header: &str, row: impl Fn(usize) -> String) -> String {
    rows(header, 30, row)
}

fn x(i: usize) -> f64 {
    (i * 37 % 30) as f64 / 4.0
}

fn class(i: usize) -> &'static str {
    if i * 37 % 30 < 15 { "no" } else { "yes" }
}

fn good() -> String {
    plain("x,z,y", |i| format!("{},{},{}", x(i), i % 4, class(i)))
}

fn tables() -> Vec<Case> {
    let with =
        |cell: &str| plain("x,y", |i| format!("{},{}", if i == 7 { cell.into() } else { x(i).to_string() }, class(i)));
    let target = |value: &dyn Fn(usize) -> String| plain("x,y", |i| format!("{},{}", x(i), value(i)));
    let named = |name: &str| plain(&format!("{name},y"), |i| format!("{},{}", x(i), class(i)));
    vec![
        case("empty", "", Refused(&["t.csv", "empty"])),
        case("a newline", "\n", Refused(&["t.csv"])),
        case("blanks", "   \n  \n", Refused(&["t.csv"])),
        case("a mark of bytes alone", "\u{feff}", Refused(&["t.csv"])),
        case("a header alone", "x,y\n", Refused(&["t.csv", "row"])),
        case("a header without its end", "x,y", Refused(&["t.csv", "row"])),
        case("one row", "x,y\n1,a\n", Refused(&["`a` in every row"])),
        case("two rows", "x,y\n1,a\n2,b\n", Refused(&[])),
        case("three rows of numbers", "x,y\n1,1.5\n2,2.5\n3,4.5\n", Sound),
        case("one class", target(&|_| "a".into()), Refused(&["`a` in every row"])),
        case("one number", target(&|_| "2.5".into()), Refused(&["y"])),
        case("one row of a class", target(&|i| if i == 3 { "rare".into() } else { class(i).into() }), Sound),
        case("a class a row", target(&|i| format!("c{i}")), Refused(&["y"])),
        case("fifteen classes", target(&|i| format!("c{}", i % 15)), Refused(&["folds", "at most 2"])),
        case("classes -1 and 1", target(&|i| if i % 2 == 0 { "-1".into() } else { "1".into() }), Sound),
        case("classes 1, 01 and 1.0", target(&|i| ["1", "01", "1.0"][i % 3].into()), Sound),
        case("classes with commas and quotes", target(&|i| ["\"a,b\"", "\"say \"\"no\"\"\""][i % 2].into()), Sound),
        case("classes with lines in them", target(&|i| ["\"a\nb\"", "c"][i % 2].into()), Sound),
        case("classes with slashes", target(&|i| ["../a", "b/c"][i % 2].into()), Sound),
        case("classes NA and None", target(&|i| ["NA", "None"][i % 2].into()), Refused(&["`y`", "missing"])),
        case("classes of emoji", target(&|i| ["🦀", "🐍"][i % 2].into()), Sound),
        case("true and false", target(&|i| ["true", "FALSE"][i % 2].into()), Sound),
        case("numbers as target", target(&|i| x(i).to_string()), Sound),
        case("huge targets", target(&|i| format!("{}e300", x(i) + 1.0)), Refused(&["y"])),
        case(
            "an infinite target",
            target(&|i| if i == 3 { "inf".into() } else { x(i).to_string() }),
            Refused(&["y", "inf"]),
        ),
        case(
            "a missing target",
            target(&|i| if i == 3 { String::new() } else { class(i).into() }),
            Refused(&["y", "missing"]),
        ),
        case("no target at all", target(&|_| String::new()), Refused(&["y"])),
        case(
            "a missing target to be left out",
            target(&|i| if i == 3 { String::new() } else { class(i).into() }),
            Sound,
        )
        .args(&["--drop-missing-target"]),
        case("all targets to be left out", target(&|_| String::new()), Refused(&["y"]))
            .args(&["--drop-missing-target"]),
        case("the target is not there", "x,z\n1,2\n3,4\n", Refused(&["y", "x"])),
        case("the target in other letters", good().replacen("y", "Y", 1), Refused(&["`y`", "`Y`"])),
        case(
            "the target twice",
            plain("x,y,y", |i| format!("{},{},{}", x(i), class(i), class(i))),
            Refused(&["duplicate", "`y`"]),
        ),
        case(
            "a feature twice",
            plain("x,x,y", |i| format!("{0},{0},{1}", x(i), class(i))),
            Refused(&["duplicate", "`x`"]),
        ),
        case("the target alone", plain("y", |i| class(i).into()), Refused(&["feature"])),
        case("a column without a name", named(""), Sound),
        case(
            "two columns without a name",
            plain(",,y", |i| format!("{},{},{}", x(i), i % 3, class(i))),
            Refused(&["duplicate"]),
        ),
        case("a name of emoji", named("🦀"), Sound),
        case("a name with a line in it", named("\"a\nb\""), Sound),
        case("a name of a megabyte", named(&"n".repeat(1 << 20)), Sound),
        case("a column p_no", named("p_no"), Sound),
        case("a column fold", named("fold"), Sound),
        case("a column label", named("label"), Sound),
        case("a column that is missing", plain("x,m,y", |i| format!("{},,{}", x(i), class(i))), Sound),
        case("all columns are missing", plain("x,m,y", |i| format!(",,{}", class(i))), Refused(&["feature"])),
        case("a constant column", plain("x,c,y", |i| format!("{},7,{}", x(i), class(i))), Sound),
        case("constant columns alone", plain("c,d,y", |i| format!("7,a,{}", class(i))), Refused(&["feature"])),
        case("ids alone", plain("key,y", |i| format!("k{i},{}", class(i))), Refused(&["feature"])),
        case("a column that is the target", plain("x,y", |i| format!("{0},{0}", class(i))), Sound),
        case("many levels", plain("x,t,y", |i| format!("{},t{},{}", x(i), i % 13, class(i))), Sound),
        case(
            "a text of a megabyte",
            plain("x,t,y", |i| format!("{},{},{}", x(i), ["a".repeat(1 << 15), "b".into()][i % 2], class(i))),
            Sound,
        ),
        case(
            "half of it missing",
            plain("x,z,y", |i| {
                if i % 2 == 0 { format!("{},,{}", x(i), class(i)) } else { format!(",{},{}", x(i), class(i)) }
            }),
            Sound,
        ),
        case("a number that is infinite", with("inf"), Refused(&["x", "inf"])),
        case("a number below all", with("-Infinity"), Refused(&["x"])),
        case("a number beyond 64 bits", with("1e400"), Refused(&["x"])),
        case("a number beyond 32 bits", with("1e39"), Refused(&["x"])),
        case("a number near nothing", with("1e-300"), Sound),
        case("a number of 400 digits", with(&"9".repeat(400)), Refused(&["x"])),
        case("minus nothing", with("-0.0"), Sound),
        case("a missing number", with("NaN"), Sound),
        case("a hexadecimal number", with("0x1F"), Refused(&["`x`", "mend it"])),
        case("a word among numbers", with("twelve"), Refused(&["`x`", "mend it"])),
        case("a decimal comma", with("\"3,5\""), Refused(&["x", "comma"])),
        case("a percentage", with("12%"), Refused(&["`x`", "mend it"])),
        case("a formula", with("=1+2"), Refused(&["`x`", "mend it"])),
        case("a NUL", with("\0"), Refused(&["line 9", "NUL"])),
        case("dates", plain("d,y", |i| format!("2024-02-{:02},{}", 1 + i * 37 % 28, class(i))), Sound),
        case(
            "a date that is none",
            plain("d,y", |i| format!("2024-02-{:02},{}", 1 + i, class(i))),
            Refused(&["feature", "`d`"]),
        ),
        case("the end of time", plain("d,y", |i| format!("{}-01-01,{}", 9000 + i * 37 % 999, class(i))), Sound),
        case("too few fields", good() + "1,2\n", Refused(&["t.csv", "line 32", "2 fields"])),
        case("too many fields", good() + "1,2,no,4\n", Refused(&["t.csv", "line 32", "4 fields"])),
        case("an empty line within", good().replacen('\n', "\n\n", 3), Sound),
        case("a quote that is never closed", good() + "\"1,2,no\n", Refused(&["t.csv", "quote"])),
        case("a quote within", good() + "1\"2,2,no\n", Sound),
        case("lines that end in CRLF", good().replace('\n', "\r\n"), Sound),
        case("lines that end in CR", good().replace('\n', "\r"), Sound),
        case("semicolons", good().replace(',', ";"), Refused(&["y", "comma"])),
        case("tabs", good().replace(',', "\t"), Refused(&["y", "comma"])),
        case(
            "a cell that is not UTF-8",
            [good().as_bytes(), b"\xff,2,no\n"].concat(),
            Refused(&["t.csv", "line 32", "UTF-8"]),
        ),
        case(
            "a name that is not UTF-8",
            [b"\xff,y\n".to_vec(), b"1,a\n2,b\n".to_vec()].concat(),
            Refused(&["t.csv", "UTF-8"]),
        ),
        case("UTF-16", good().encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>(), Refused(&["t.csv"])),
        case("bytes of nothing", vec![0u8; 5000], Refused(&["t.csv"])),
        case("a picture", [b"\x89PNG\r\n\x1a\n".to_vec(), (0..=255).collect()].concat(), Refused(&["t.csv"])),
        case("gzip that is none", good(), Refused(&["t.csv.gz"])).file("t.csv.gz"),
        case("Parquet that is none", good(), Refused(&["t.parquet"])).file("t.parquet"),
        case(
            "Parquet that claims much",
            [&b"PAR1"[..], &[0x29, 0xfc, 0x80, 0x80, 0x80, 0x80, 4, 0, 8, 0, 0, 0], b"PAR1"].concat(),
            Refused(&["t.parquet"]),
        )
        .file("t.parquet"),
        case("an array", good(), Refused(&["t.npy"])).file("t.npy"),
        case("a format that is not known", good(), Refused(&["t.xlsx", ".csv"])).file("t.xlsx"),
        case(
            "ten thousand columns",
            {
                let names: Vec<String> = (0..10_000).map(|k| format!("x{k}")).collect();
                rows(&(names.join(",") + ",y"), 12, |i| {
                    (0..10_000).map(|k| format!("{},", (i * 7 + k) % 11)).collect::<String>() + class(i * 3)
                })
            },
            Sound,
        ),
        case("more columns than may be", "a,".repeat(140_000) + "y\n", Refused(&["t.csv"])),
    ]
}

fn options() -> Vec<Case> {
    let role = |name: &str, cell: &dyn Fn(usize) -> String| {
        plain(&format!("x,{name},y"), |i| format!("{},{},{}", x(i), cell(i), class(i)))
    };
    let weight = |cell: &'static str| role("w", &move |i| if i == 7 { cell.into() } else { "1".into() });
    vec![
        case("a weight below 0", weight("-1"), Refused(&["w", "-1"])).args(&["--weight", "w"]),
        case("a weight that is missing", weight(""), Refused(&["w"])).args(&["--weight", "w"]),
        case("a weight that is infinite", weight("inf"), Refused(&["w"])).args(&["--weight", "w"]),
        case("a weight that is a word", weight("much"), Refused(&["w", "much"])).args(&["--weight", "w"]),
        case("a weight of 0", weight("0"), Sound).args(&["--weight", "w"]),
        case("weights of 0 alone", role("w", &|_| "0".into()), Refused(&["every weight", "`w`"]))
            .args(&["--weight", "w"]),
        case("a weight of 1e300", weight("1e300"), Refused(&["`w`", "1e30"])).args(&["--weight", "w"]),
        case("one group", role("g", &|_| "a".into()), Refused(&["group"])).args(&["--group", "g"]),
        case("a group a row", role("g", &|i| i.to_string()), Sound).args(&["--group", "g"]),
        case(
            "a group that is missing",
            role("g", &|i| if i == 7 { String::new() } else { (i % 6).to_string() }),
            Refused(&["g"]),
        )
        .args(&["--group", "g"]),
        case(
            "a time that is missing",
            role("t", &|i| if i == 7 { String::new() } else { i.to_string() }),
            Refused(&["t"]),
        )
        .args(&["--time", "t"]),
        case("a time that is a word", role("t", &|i| format!("day {i}")), Refused(&["t"])).args(&["--time", "t"]),
        case("one time", role("t", &|_| "5".into()), Refused(&[])).args(&["--time", "t"]),
        case("one fold", role("f", &|_| "a".into()), Refused(&["fold"])).args(&["--fold", "f"]),
        case("a fold that is missing", role("f", &|i| if i == 7 { String::new() } else { (i % 3).to_string() }), Sound)
            .args(&["--fold", "f"]),
        case("a fold a row", role("f", &|i| format!("f{i}")), Sound).args(&["--fold", "f", "--members", "gnb"]),
        case("an id twice", role("k", &|i| (i / 2).to_string()), Refused(&["k"])).args(&["--id", "k"]),
        case(
            "an id that is missing",
            role("k", &|i| if i == 7 { String::new() } else { i.to_string() }),
            Refused(&["k"]),
        )
        .args(&["--id", "k"]),
        case("an id that is not there", good(), Refused(&["k"])).args(&["--id", "k"]),
        case("all columns ignored", good(), Refused(&["feature"])).args(&["--ignore", "x,z"]),
        case("the target ignored", good(), Refused(&["y"])).args(&["--ignore", "y"]),
        case("a column ignored that is not there", good(), Refused(&["nobody"])).args(&["--ignore", "nobody"]),
        case("more folds than rows", good(), Refused(&["fold"])).args(&["--folds", "31"]),
        case("folds of no rows", good(), Refused(&["--folds"])).args(&["--folds", "0"]),
        case("too many folds to count", good(), Refused(&[])).args(&["--folds", "4294967295"]),
        case("no repeat", good(), Refused(&["repeats"])).args(&["--repeats", "0"]),
        case("no layer", good(), Refused(&["layers"])).args(&["--layers", "0"]),
        case("a positive class that is none", good(), Refused(&["maybe"])).args(&["--positive", "maybe"]),
        case("numbers of texts", good(), Refused(&["y"])).args(&["--task", "regression"]),
        case(
            "two classes of four",
            plain("x,y", |i| format!("{},{}", x(i), i % 4)),
            Refused(&["4 classes", "not two"]),
        )
        .args(&["--task", "binary"]),
        case("a metric of numbers", good(), Refused(&["rmse"])).args(&["--metric", "rmse"]),
        case("a metric that is none", good(), Refused(&["magic"])).args(&["--metric", "magic"]),
        case("a member twice", good(), Refused(&["duplicate", "gnb"])).args(&["--members", "gnb,gnb"]),
        case("a member without a name", good(), Refused(&["member"])).args(&["--members", ""]),
        case("no time", good(), Refused(&["--time-limit"])).args(&["--time-limit", "0"]),
        case("two ways of folds", good(), Refused(&["--time"])).args(&["--group", "z", "--time", "x"]),
        case("a seed below 0", good(), Refused(&["--seed"])).args(&["--seed=-1"]),
        case("no thread", good(), Refused(&["--threads"])).args(&["--threads", "0"]),
        case("a million threads", good(), Refused(&["--threads", "1000000"])).args(&["--threads", "1000000"]),
    ]
}

/// Runs the program; a panic is a failure whatever is expected.
fn consort(name: &str, args: &[&str]) -> (bool, String) {
    let output = Command::new(assert_cmd::cargo::cargo_bin("consort")).args(args).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let code = output.status.code();
    assert!(matches!(code, Some(0..=2)) && !said.contains("panicked"), "{name}: {code:?}: {said}");
    (code == Some(0), said)
}

/// What came of a case, if it is not what was expected.
fn tried(case: &Case) -> Option<String> {
    let place = folder();
    let (data, run, out) =
        (place.path().join(case.file), text_of(&place.path().join("run")), text_of(&place.path().join("out.csv")));
    fs::write(&data, &case.bytes).unwrap();
    let data = text_of(&data);
    let usual: &[&str] = if case.args.contains(&"--members") { &[] } else { &["--members", "tree,gnb"] };
    let own = |option: &str| case.args.iter().any(|arg| arg.starts_with(option));
    let mut args = vec!["fit", &data, "--target", "y", "-o", &run];
    args.extend(usual);
    if !own("--threads") {
        args.extend(["--threads", "1"]);
    }
    if !own("--folds") && !own("--fold") {
        args.extend(["--folds", "3"]);
    }
    args.extend(case.args);
    let (ok, said) = consort(case.name, &args);
    match case.expect {
        Refused(_) if ok => Some(format!("{}: it was fitted", case.name)),
        Refused(words) => {
            let lacks: Vec<&&str> = words.iter().filter(|word| !said.contains(**word)).collect();
            let is_error = said.starts_with("error: ");
            (!lacks.is_empty() || !is_error).then(|| format!("{}: lacks {lacks:?}: {said}", case.name))
        }
        Sound if !ok => Some(format!("{}: {said}", case.name)),
        Sound => {
            let (ok, said) = consort(case.name, &["predict", &run, &data, "-o", &out]);
            if !ok {
                return Some(format!("{}: to predict: {said}", case.name));
            }
            let mut reader = csv::Reader::from_path(Path::new(&out)).unwrap();
            let is_number: Vec<bool> =
                reader.headers().unwrap().iter().map(|name| name.starts_with("p_") || name == "pred").collect();
            let mut bad = None;
            for record in reader.records() {
                for (cell, _) in record.unwrap().iter().zip(&is_number).filter(|(_, is)| **is) {
                    if !cell.parse::<f64>().is_ok_and(f64::is_finite) {
                        bad = Some(format!("{}: it predicts {cell:?}", case.name));
                    }
                }
            }
            bad
        }
    }
}

#[track_caller]
fn all(cases: &[Case]) {
    let half = cases.len() / 2;
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let first = scope.spawn(|| cases[..half].iter().filter_map(tried).collect::<Vec<_>>());
        let mut wrong: Vec<String> = cases[half..].iter().filter_map(tried).collect();
        wrong.extend(first.join().unwrap());
        wrong
    });
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn tables_of_all_kinds_are_fitted_or_refused() {
    all(&tables());
}

#[test]
fn options_of_all_kinds_are_heeded_or_refused() {
    all(&options());
}

/// A name, a table of new rows, and the words of the error if they are to be refused.
type NewRows = (&'static str, Vec<u8>, Option<&'static [&'static str]>);

#[test]
fn new_rows_of_all_kinds_are_predicted_or_refused() {
    let place = folder();
    let file = |name: &str, bytes: &[u8]| {
        let path = place.path().join(name);
        fs::write(&path, bytes).unwrap();
        text_of(&path)
    };
    let table =
        plain("id,x,t,d,y", |i| format!("r{i},{},{},2024-01-{:02},{}", x(i), ["a", "b"][i % 2], 1 + i % 28, class(i)));
    let (data, run) = (file("t.csv", table.as_bytes()), text_of(&place.path().join("run")));
    assert!(
        consort(
            "the fit",
            &["fit", &data, "--target", "y", "-o", &run, "--members", "tree,gnb,linear", "--folds", "3"]
        )
        .0
    );
    let big = "x".repeat(1 << 20);
    let cases: Vec<NewRows> = vec![
        ("empty", vec![], Some(&["new.csv"])),
        ("a header alone", b"id,x,t,d\n".to_vec(), Some(&["new.csv", "row"])),
        ("one row", b"id,x,t,d\nr,1,a,2024-01-01\n".to_vec(), None),
        ("a column less", b"id,t,d\nr,a,2024-01-01\n".to_vec(), Some(&["`x`"])),
        ("a column more", b"id,x,t,d,new\nr,1,a,2024-01-01,7\n".to_vec(), None),
        ("another order", b"d,t,x,id\n2024-01-01,a,1,r\n".to_vec(), None),
        ("a level that is new", b"id,x,t,d\nr,1,zebra,2024-01-01\n".to_vec(), None),
        ("a text of a megabyte", format!("id,x,t,d\nr,1,{big},2024-01-01\n").into_bytes(), None),
        ("all is missing", b"id,x,t,d\nr,,,\ns,,,\n".to_vec(), None),
        ("a word for a number", b"id,x,t,d\nr,one,a,2024-01-01\n".to_vec(), Some(&["`x`", "one"])),
        ("a number for a word", b"id,x,t,d\nr,1,5,2024-01-01\n".to_vec(), None),
        ("a word for a date", b"id,x,t,d\nr,1,a,soon\n".to_vec(), Some(&["`d`", "soon"])),
        ("an infinite number", b"id,x,t,d\nr,inf,a,2024-01-01\n".to_vec(), Some(&["`x`"])),
        ("a number beyond all", b"id,x,t,d\nr,1e999,a,2024-01-01\n".to_vec(), Some(&["`x`"])),
        ("an id twice", b"id,x,t,d\nr,1,a,2024-01-01\nr,2,a,2024-01-01\n".to_vec(), Some(&["`r`"])),
        ("an id that is missing", b"id,x,t,d\n,1,a,2024-01-01\n".to_vec(), Some(&["id"])),
        ("no id", b"x,t,d\n1,a,2024-01-01\n".to_vec(), None),
        ("too few fields", b"id,x,t,d\nr,1\n".to_vec(), Some(&["line 2"])),
        ("not UTF-8", b"id,x,t,d\nr,1,\xff,2024-01-01\n".to_vec(), Some(&["UTF-8"])),
        ("a column twice", b"id,x,x,t,d\nr,1,1,a,2024-01-01\n".to_vec(), Some(&["duplicate"])),
    ];
    let out = text_of(&place.path().join("out.csv"));
    for (name, bytes, refused) in cases {
        let new = file("new.csv", &bytes);
        let (ok, said) = consort(name, &["predict", &run, &new, "-o", &out]);
        match refused {
            Some(words) => assert!(!ok && words.iter().all(|word| said.contains(word)), "{name}: {said}"),
            None => assert!(ok, "{name}: {said}"),
        }
    }
}
