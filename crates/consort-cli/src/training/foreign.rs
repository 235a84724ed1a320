use consort::{
    core::{Ids, Matrix},
    data::files,
    ensemble::run::Bundle,
};

use crate::{
    failure::{Failure, Result},
    inputs,
    session::Session,
};

/// The predictions of new rows by the foreign members of an ensemble, of files given as `NAME=FILE`.
pub(crate) fn foreign_predictions(
    session: &mut Session,
    bundle: &Bundle,
    given: &[String],
    ids: &Ids,
    table: &str,
    id: &str,
) -> Result<Vec<(String, Matrix)>> {
    let foreign: Vec<&str> = bundle.model.foreign().collect();
    let mut read = Vec::with_capacity(given.len());
    for text in given {
        let source = inputs::source(text);
        if !foreign.contains(&source.name.as_str()) {
            if bundle.model.members().iter().any(|member| member.name == source.name) {
                session
                    .note(format!("--member {text}: the ensemble does not read `{}`, so it is left out", source.name));
                continue;
            }
            let known = match foreign.as_slice() {
                [] => "the ensemble reads no foreign member".to_owned(),
                names => format!("the foreign members that the ensemble reads are {}", names.join(", ")),
            };
            return Err(Failure::usage(format!("--member {text}: there is no such member: {known}")));
        }
        let member = files::read_member_of(&source, ids, table, &bundle.outputs, id)?;
        if member.left_over > 0 {
            session.note(format!("{}: {} of its rows are not in {table}", source.file(), member.left_over));
        }
        read.push((source.name, member.values));
    }
    Ok(read)
}
