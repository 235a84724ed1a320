//! What the library says of its own parameters, in the options of the command that was given.

use clap::{ArgMatches, Command};

/// Words of the library, the option that does what they ask for, and what is said in their place: where the command has
/// the option, and where it has not.
struct Words {
    library: &'static str,
    option: &'static str,
    with: &'static str,
    without: &'static str,
}

const fn words(library: &'static str, option: &'static str, with: &'static str, without: &'static str) -> Words {
    Words { library, option, with, without }
}

#[rustfmt::skip]
const WORDS: &[Words] = &[
    words(", or join with `inner`", "join", ", or say --join inner", ""),
    words(", or choose a policy for missing predictions", "missing", ", or say --missing available", ""),
    words("declare it or mend the label", "classes", "name it with --classes, or mend the label", "mend the label"),
    words(", or declare logits, scores or labels", "inputs", ", or say --inputs logits, scores or labels", ""),
    words("or declare logits or scores", "inputs", "or say --inputs logits or scores", "or give probabilities"),
    words("declare probabilities, logits, scores or labels", "inputs", "say --inputs probabilities, logits, scores or labels", "leave them out"),
    words("declare labels, or give", "inputs", "say --inputs labels, or give", "give"),
    words("or declare what the numbers are", "inputs", "or say what the numbers are with --inputs", "or leave out labels"),
    words("declare what the inputs are: logits or scores, or a regression", "inputs", "say --inputs logits or scores, or --task regression", "give probabilities or labels"),
    words("or declare classification", "task", "or say --task classification", "or leave it out"),
    words("declare a regression", "task", "say --task regression", "name them `pred`"),
    words("declare both classes, or another task", "classes", "name both with --classes, or say another --task", "mend the labels"),
    words("declare the class too", "classes", "name the class in --classes too", "rename the column"),
    words("say that the task is a regression", "task", "say --task regression", "mend the column"),
    words("say that the task is multiclass", "task", "say --task multiclass", "leave rows of other labels out"),
    words("or say that infinite numbers are missing", "infinite", "or say --infinite missing", "or fit with --infinite missing"),
    words("or say that rows without target are to be left out", "drop-missing-target", "or say --drop-missing-target", "or fit with --drop-missing-target"),
];

/// Parameters of the library that are options: how they begin an error, the option, and how it begins then.
const PARAMETERS: &[Words] = &[
    words("parameter `folds` is", "folds", "--folds is", ""),
    words("parameter `splits` is", "folds", "--folds is", ""),
    words("parameter `repeats` is", "repeats", "--repeats is", ""),
    words("parameter `rounds` is", "rounds", "--rounds is", ""),
    words("parameter `test_size` is", "test-size", "--test-size is", ""),
    words("parameter `max_train_size` is", "max-train-size", "--max-train-size is", ""),
];

/// The options of the command that was given.
pub(crate) struct Flags(Vec<String>);

impl Flags {
    /// Of the innermost command that was named.
    pub(crate) fn of(command: &Command, matches: &ArgMatches) -> Self {
        match matches.subcommand().and_then(|(name, inner)| Some((command.find_subcommand(name)?, inner))) {
            Some((command, matches)) => Self::of(command, matches),
            None => Self(command.get_arguments().filter_map(|option| option.get_long()).map(String::from).collect()),
        }
    }

    fn has(&self, option: &str) -> bool {
        self.0.iter().any(|known| known == option)
    }

    /// A message of the library, in the words of the command line.
    pub(crate) fn say(&self, message: &str) -> String {
        let mut message = message.to_owned();
        for Words { library, option, with, without } in WORDS {
            if message.contains(library) {
                message = message.replace(library, if self.has(option) { with } else { without });
            }
        }
        // Elsewhere than at the beginning it is a parameter of a member.
        let parameter = PARAMETERS.iter().find(|words| message.starts_with(words.library) && self.has(words.option));
        match parameter {
            Some(words) => message.replacen(words.library, words.with, 1),
            None => message,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use consort::core::Error;

    use super::*;
    use crate::args::Cli;

    fn flags(line: &str) -> Flags {
        let matches = Cli::command().get_matches_from(line.split(' '));
        Flags::of(&Cli::command(), &matches)
    }

    #[test]
    fn hints_name_options_of_the_command_and_none_that_it_lacks() {
        let missing =
            Error::MissingId { place: "a".into(), id: "7".into(), reference: "b".into(), count: 1 }.to_string();
        assert!(flags("consort fuse a b").say(&missing).ends_with("add the row, or say --join inner"));
        assert!(flags("consort members run add a=a.csv").say(&missing).ends_with("add the row"));
        let folds = Error::parameter("folds", 9, "at most 3").to_string();
        assert_eq!(flags("consort split t.csv").say(&folds), "--folds is 9, but must be at most 3");
        assert_eq!(flags("consort watch run").say(&folds), folds);
        let member = format!("r.toml, line 3: {folds}");
        assert_eq!(flags("consort fit t.csv -o run").say(&member), member);
    }

    #[test]
    fn every_option_that_is_named_is_one_of_some_command() {
        let known: Vec<Flags> = Cli::command()
            .get_subcommands()
            .map(|command| Flags(command.get_arguments().filter_map(|o| o.get_long()).map(String::from).collect()))
            .collect();
        for words in WORDS.iter().chain(PARAMETERS) {
            assert!(known.iter().any(|flags| flags.has(words.option)), "--{}", words.option);
        }
    }
}
