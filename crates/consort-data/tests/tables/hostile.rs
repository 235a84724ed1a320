//! Hostile tables: each is refused with words that say why, or read soundly; nothing panics.

use std::sync::Arc;

use consort_data::{
    files::{Cells, Format, Source, write_table},
    table::{Roles, Schema, SchemaOptions, read_source},
};

/// Reads, infers and makes a data set; the error, or the number of rows.
fn outcome(format: Format, bytes: impl Into<Arc<[u8]>>) -> Result<usize, String> {
    let table = read_source(&Source::bytes("t", format, bytes)).map_err(|error| error.to_string())?;
    let schema = Schema::infer(&table, &Roles::target("y"), SchemaOptions::default()).map_err(|e| e.to_string())?;
    let rows = schema.dataset(&table, true).map_err(|error| error.to_string())?.rows();
    assert_eq!(rows, schema.dataset(&table, false).map_err(|error| error.to_string())?.rows());
    Ok(rows)
}

fn csv(text: impl AsRef<[u8]>) -> Result<usize, String> {
    outcome(Format::Csv, text.as_ref())
}

#[test]
fn hostile_texts_are_refused_with_reason() {
    let cases: &[(&str, &[u8], &str)] = &[
        ("empty", b"", "the file is empty"),
        ("a line end alone", b"\n", "the file is empty"),
        ("a byte-order mark alone", b"\xef\xbb\xbf", "the file is empty"),
        ("header only", b"x,y\n", "no row below the header"),
        ("header without line end", b"x,y", "no row below the header"),
        ("one row", b"x,y\n1,a\n", "`a` in every row"),
        ("one class", b"x,y\n1,a\n2,a\n", "`a` in every row"),
        ("constant number", b"x,y\n1,0.5\n2,0.5\n", "`0.5` in every row"),
        ("no target", b"x,z\n1,2\n2,3\n", "no target column `y`; its columns are `x`, `z`"),
        ("target in capitals", b"x,Y\n1,2\n2,3\n", "no target column `y`"),
        ("semicolons", b"x;y\n1;2\n", "fields must be separated by commas"),
        ("tabs", b"x\ty\n1\t2\n", "fields must be separated by commas"),
        ("target alone", b"y\na\nb\n", "no column is left for a feature"),
        ("all features constant", b"x,y\n1,a\n1,b\n", "`x` is set aside: it is `1` in every row"),
        ("all features missing", b"x,y\n,a\nNA,b\n", "`x` is set aside: all of it is missing"),
        ("target missing", b"x,y\n1,\n2,\n", "missing in every row"),
        ("one target missing", b"x,y\n1,a\n2,\n3,b\n", "row 2, column `y`: the target is missing"),
        ("short line", b"x,y\n1,a\n2\n", "line 3 has 1 fields, but the header has 2"),
        ("long line", b"x,y\n1,a,7\n2,b\n", "line 2 has 3 fields, but the header has 2"),
        ("not UTF-8", b"x,y\n1,a\n2,\xff\xfe\n", "line 3, byte 1 of the field is not UTF-8"),
        ("latin-1 header", b"gr\xf6\xdfe,y\n1,a\n", "line 1, byte 3 of the field is not UTF-8"),
        ("UTF-16 with mark", b"\xff\xfex\0,\0y\0\n\0", "holds a NUL byte"),
        ("UTF-16", b"x\0,\0y\0\n\0", "line 1 holds a NUL byte"),
        ("NUL", b"x,y\n1,a\n\0,b\n", "line 3 holds a NUL byte"),
        ("doubled name", b"x,y,x\n1,a,2\n", "duplicate column `x` (columns 1 and 3"),
        ("doubled target", b"y,y\n1,a\n", "duplicate column `y`"),
        ("two columns without name", b",,y\n1,2,a\n", "duplicate column ``"),
        ("open quote at the end", b"x,y\n1,a\n2,\"b\n3,a\n", "line 3 opens a quote that is never closed"),
        ("open quote in the middle", b"x,y\n\"1,a\n2,b\n3,a\n", "line 2 opens a quote that is never closed"),
        (
            "open quote before another",
            b"x,y\n1,\"a\n2,b\n3,\"a\"\n",
            "line 2 opens a quote that is closed in line 4 only",
        ),
        ("infinite", b"x,y\n1,a\ninf,b\n", "row 2, column `x`: inf is not a finite number"),
        ("huge", b"x,y\n1,a\n-1e39,b\n", "row 2, column `x`"),
        ("beyond 64-bit floats", b"x,y\n1,a\n1e999,b\n", "row 2, column `x`: inf"),
        ("infinite target", b"x,y\n1,0.5\n2,inf\n3,7.25\n", "row 2, column `y`: inf is not a target"),
        ("decimal commas", b"x,y\n\"0,5\",a\n\"1,5\",b\n", "it has a decimal comma"),
        ("zip bytes", b"PK\x03\x04\x14\0\0\0", "NUL"),
        ("dates as target", b"x,y\n1,2024-01-01\n2,2024-01-02\n", "holds dates, which cannot be a target"),
    ];
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|(name, bytes, words)| match csv(bytes) {
            Err(error) if error.contains(words) => None,
            other => Some(format!("{name}: {other:?}")),
        })
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn odd_texts_are_read_soundly() {
    let cases: &[(&str, &[u8], usize)] = &[
        ("CR alone", b"x,y\r1,a\r2,b\r", 2),
        ("CRLF", b"x,y\r\n1,a\r\n2,b\r\n", 2),
        ("mixed line ends", b"x,y\r\n1,a\n2,b\r3,a", 3),
        ("blank lines", b"x,y\n\n1,a\n\n2,b\n\n", 2),
        ("quoted line end", b"x,y\n\"1\n\",a\n2,b\n", 2),
        ("quoted line end at the end", b"x,y\n1,\"a\nb\"\n2,\"c\nd\"\n", 2),
        ("doubled quotes", b"x,y\n\"a\"\"b\",a\n2,b\n", 2),
        ("a column without name", b",x,y\n1,5,a\n2,6,b\n", 2),
        ("blanks around names", b" x , y \n1,a\n2,b\n", 2),
        ("blanks around numbers", b"x,y\n 1 ,a\n2 ,b\n", 2),
        ("2^63 and beyond", b"x,y\n9223372036854775808,a\n99999999999999999999999999,b\n", 2),
        ("denormal", b"x,y\n1e-320,a\n2,b\n", 2),
        ("minus nought", b"x,y\n-0,a\n0,b\n1,a\n", 3),
        ("two rows of two classes", b"x,y\n1,a\n2,b\n", 2),
        ("question marks", b"x,y\n?,a\n2,b\n3,a\n", 3),
        ("right-to-left and emoji", "x,y\n1,\u{05d0}\n2,\u{1f600}\n".as_bytes(), 2),
        ("a class `NA`", b"x,y\n1,NA\n2,b\n", 2),
        (
            "a very long text",
            b"x,y\n1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n2,b\n",
            2,
        ),
    ];
    for (name, bytes, rows) in cases {
        assert_eq!(csv(bytes), Ok(*rows), "{name}");
    }
    // A constant beside it is set aside, and the rest is used.
    assert_eq!(csv("x,z,y\n1,7,a\n2,7,b\n"), Ok(2));
}

#[test]
fn ten_thousand_columns_are_read() {
    let header: Vec<String> = (0..10_000).map(|i| format!("c{i}")).collect();
    let mut text = header.join(",") + ",y\n";
    for row in 0..20 {
        let cells: Vec<String> = (0..10_000).map(|i| ((i * 7 + row * row) % 13).to_string()).collect();
        text += &format!("{},{}\n", cells.join(","), ["a", "b"][row / 3 % 2]);
    }
    assert_eq!(csv(text), Ok(20));
}

#[test]
fn cut_off_and_mutated_files_come_back() {
    use std::io::Write;
    let good = b"id,x,c,b,d,y\nr0,1,u,true,2024-01-01,no\nr1,2.5,v,false,2024-02-03,yes\nr2,,u,,2024-03-09,no\n";
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(good).unwrap();
    let packed = packer.finish().unwrap();
    let error = outcome(Format::CsvGz, &packed[..packed.len() / 2]).unwrap_err();
    assert!(error.contains("damaged or not gzip"), "{error}");

    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let text = |cells: [&str; 3]| Cells::Text(cells.iter().map(|cell| Some((*cell).to_string())).collect());
    let columns =
        [("x", Cells::Double(vec![1.0, f64::NAN, 3.0])), ("c", text(["u", "v", "u"])), ("y", text(["a", "b", "a"]))];
    write_table(&path, &columns).unwrap();
    let parquet = std::fs::read(&path).unwrap();
    assert_eq!(outcome(Format::Parquet, &parquet[..]), Ok(3));
    let error = outcome(Format::Parquet, &parquet[..parquet.len() - 9]).unwrap_err();
    assert!(error.contains("damaged or not Parquet"), "{error}");

    for (format, good) in [(Format::Csv, &good[..]), (Format::CsvGz, &packed[..]), (Format::Parquet, &parquet[..])] {
        // Whether each is read or refused is not asked; that it comes back is.
        for at in 0..good.len() {
            let mut bytes = good.to_vec();
            bytes[at] ^= 1 << (at % 8);
            let _ = outcome(format, bytes);
            let _ = outcome(format, &good[..at]);
        }
    }
}
