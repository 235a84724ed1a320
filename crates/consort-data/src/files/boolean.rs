//! True and false as texts: `true`, `True` and `TRUE` are one class, since each program writes its own.

use std::collections::BTreeSet;

use consort_core::Classes;

/// What a text says, if it is `true` or `false` in any case of letters.
pub(crate) fn parse(text: &str) -> Option<bool> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("true") { Some(true) } else { text.eq_ignore_ascii_case("false").then_some(false) }
}

/// The names of classes with one spelling for true and one for false. They stay as they are written, unless one of the two is
/// written in several ways: then they are `true` and `false`.
pub(crate) fn one_spelling<'a>(names: BTreeSet<&'a str>) -> BTreeSet<&'a str> {
    let several = [true, false].iter().any(|&value| names.iter().filter(|name| parse(name) == Some(value)).count() > 1);
    if !several {
        return names;
    }
    let spelled = |name: &'a str| match parse(name) {
        Some(true) => "true",
        Some(false) => "false",
        None => name,
    };
    names.into_iter().map(spelled).collect()
}

/// Finds classes by their names: the one spelled so, else the only one that says the same of true and false.
pub(super) struct Spelled<'a> {
    classes: &'a Classes,
    /// The classes for false and for true.
    values: [Option<usize>; 2],
}

impl<'a> Spelled<'a> {
    pub(super) fn new(classes: &'a Classes) -> Self {
        let only = |value: bool| {
            let mut found = (0..classes.len()).filter(|&k| parse(&classes.names()[k]) == Some(value));
            found.next().filter(|_| found.next().is_none())
        };
        Self { classes, values: [only(false), only(true)] }
    }

    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.classes.index(name.trim()).or_else(|| self.values[usize::from(parse(name)?)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_spellings_become_one_and_a_single_one_stays() {
        let spelled =
            |names: &[&'static str]| one_spelling(names.iter().copied().collect()).into_iter().collect::<Vec<_>>();
        assert_eq!(spelled(&["False", "True"]), ["False", "True"]);
        assert_eq!(spelled(&["FALSE", "True", "other", "true"]), ["false", "other", "true"]);
        let classes = Classes::new(["False", "True", "x"]).unwrap();
        let found = Spelled::new(&classes);
        assert_eq!([found.find("true"), found.find("FALSE"), found.find("x")], [Some(1), Some(0), Some(2)]);
        assert_eq!((found.find("1"), found.find("X")), (None, None));
        // Declared apart, they are found by their letters only.
        let apart = Classes::new(["True", "true"]).unwrap();
        assert_eq!((Spelled::new(&apart).find("true"), Spelled::new(&apart).find("TRUE")), (Some(1), None));
    }
}
