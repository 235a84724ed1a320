use consort_core::{Ids, Matrix, Outputs};

use crate::{Error, Result};

use super::{ReadOptions, Source, read_members};

/// What a file says of given rows.
#[derive(Debug, Clone, PartialEq)]
pub struct MemberOf {
    /// The predictions, `[rows][outputs]`, in the order of the rows that were asked for.
    pub values: Matrix,
    /// How many rows of the file were not asked for.
    pub left_over: usize,
    /// What was judged from the columns, one sentence each, to be said aloud.
    pub judged: Vec<String>,
}

/// Reads one member's predictions of rows that are known already, joined by id: those of an ensemble that it is to join.
/// `place` is what errors call those rows, and `id` the name of the id column. Rows beyond those asked for are passed
/// over.
///
/// ```
/// use consort_core::{Classes, Ids, Outputs};
/// use consort_data::files::{Format, Source, read_member_of};
/// let source = Source::bytes("net", Format::Csv, &b"id,p_no,p_yes\nb,0.25,0.75\na,0.5,0.5\n"[..]);
/// let outputs = Outputs::Classes(Classes::new(["no", "yes"])?);
/// let read = read_member_of(&source, &Ids::from_texts(["a", "b"]), "the run", &outputs, "id")?;
/// assert_eq!(read.values.values(), [0.5, 0.5, 0.25, 0.75]);
/// # Ok::<(), consort_data::Error>(())
/// ```
///
/// # Errors
/// Those of [`read_members`]; `MissingId` of `consort-core` if a row is not in the file; [`Error::Unclear`] if the file
/// has no ids and the rows have, or holds labels, scores or logits where probabilities are needed; if it knows a class that the outputs
/// lack.
pub fn read_member_of(source: &Source, ids: &Ids, place: &str, outputs: &Outputs, id: &str) -> Result<MemberOf> {
    let mut options = ReadOptions { id: id.into(), task: Some(outputs.task()), ..ReadOptions::default() };
    if let Outputs::Classes(classes) = outputs {
        options.positive = Some(classes.names()[classes.positive()].clone());
        options.classes = Some(classes.names().to_vec());
    }
    let loaded = read_members(std::slice::from_ref(source), None, &options)?;
    let predictions = &loaded.predictions;
    let gives = predictions.members()[0].gives;
    if gives != outputs.gives() {
        return Err(Error::Unclear {
            file: source.file(),
            problem: format!("it gives {gives}, and {place} needs {}", outputs.gives()),
            hint: "write a column `p_CLASS` a class, or `pred` for numbers".into(),
        });
    }
    let theirs = predictions.ids();
    let rows: Vec<u32> = match (theirs.are_positions(), ids.are_positions()) {
        (true, true) if theirs.len() == ids.len() => (0..ids.len() as u32).collect(),
        (true, true) => {
            return Err(consort_core::Error::Length {
                what: source.file(),
                got: theirs.len(),
                expected: ids.len(),
                unit: "rows",
                hint: format!("without ids, they must be those of {place}"),
            }
            .into());
        }
        (true, false) => {
            return Err(Error::Unclear {
                file: source.file(),
                problem: format!("it has no column `{id}`, and {place} has ids"),
                hint: "add the ids, so that rows can be joined by them".into(),
            });
        }
        (false, _) => {
            let index = theirs.index(&source.file())?;
            let found: Vec<Option<usize>> = (0..ids.len()).map(|i| index.row(&ids.text(i))).collect();
            if let Some(first) = found.iter().position(Option::is_none) {
                return Err(consort_core::Error::MissingId {
                    place: source.file(),
                    id: ids.text(first).into_owned(),
                    reference: place.into(),
                    count: found.iter().filter(|row| row.is_none()).count(),
                }
                .into());
            }
            found.into_iter().flatten().map(|row| row as u32).collect()
        }
    };
    let values = predictions.take(&rows).to_matrix(0);
    if values.columns() != outputs.len() {
        return Err(Error::Unclear {
            file: source.file(),
            problem: format!("it has {} outputs, and {place} has {}", values.columns(), outputs.len()),
            hint: "write one column an output".into(),
        });
    }
    Ok(MemberOf { values, left_over: theirs.len() - rows.len(), judged: loaded.judged })
}

#[cfg(test)]
mod tests {
    use consort_core::Classes;

    use super::*;
    use crate::files::Format;

    fn read(text: &str, ids: &Ids, outputs: &Outputs) -> Result<MemberOf> {
        let source = Source::bytes("net.csv", Format::Csv, text.as_bytes());
        read_member_of(&source, ids, "the run", outputs, "id")
    }

    #[test]
    fn rows_are_joined_by_id_and_others_are_passed_over() {
        let outputs = Outputs::target("y");
        let wanted = Ids::from_texts(["b", "a"]);
        let got = read("id,pred\na,1\nc,3\nb,2\n", &wanted, &outputs).unwrap();
        assert_eq!((got.values.values(), got.left_over), (&[2.0, 1.0][..], 1));
        // Rows that were numbered for want of ids are known by their numbers.
        assert_eq!(read("id,pred\n1,5\n0,4\n", &Ids::positions(2), &outputs).unwrap().values.values(), [4.0, 5.0]);
        assert_eq!(read("pred\n5\n4\n", &Ids::positions(2), &outputs).unwrap().values.values(), [5.0, 4.0]);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let outputs = Outputs::Classes(Classes::new(["x", "y"]).unwrap());
        let wanted = Ids::from_texts(["a", "b"]);
        let refused = |text: &str, ids: &Ids, words: &[&str]| {
            let error = read(text, ids, &outputs).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{error}");
        };
        refused("id,p_x,p_y\na,0.5,0.5\n", &wanted, &["net.csv", "`b`", "the run"]);
        refused("p_x,p_y\n0.5,0.5\n0.5,0.5\n", &wanted, &["no column `id`"]);
        refused("p_x,p_y\n0.5,0.5\n", &Ids::positions(2), &["1 rows", "2"]);
        refused("id,label\na,x\nb,y\n", &wanted, &["labels", "probabilities"]);
        refused("id,p_x,p_z\na,0.5,0.5\nb,0.5,0.5\n", &wanted, &["z"]);
        refused("id,p_x,p_y\na,0.5,0.5\na,0.5,0.5\n", &wanted, &["duplicate"]);
    }
}
