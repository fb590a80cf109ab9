//! One file per rule of ARCHITECTURE.md and STYLE.md. A rule returns its complaints, each naming the
//! file and what to do; an empty list is a pass.

mod crates;
mod heads;
mod licences;
mod names;
mod paths;
mod signatures;
pub mod sizes;
mod stale;
mod texts;

use crate::repository::Repository;
use anyhow::Result;

pub type Rule = fn(&Repository) -> Result<Vec<String>>;

pub const ALL: &[(&str, Rule)] = &[
    ("crates know only those below them", crates::directions),
    ("heavy crates have one home", crates::homes),
    ("native interface has one importer", crates::native_importers),
    ("no forbidden type in a public signature", signatures::check),
    ("licences are on the list", licences::crates),
    ("npm licences are on the list", licences::npm),
    ("files are short", sizes::check),
    ("crates and folders say what lives there", heads::check),
    ("names say what a file holds", names::check),
    ("no path of one machine", paths::check),
    ("generated files are fresh", stale::check),
    ("both languages say the same", texts::languages),
    ("every error has a sentence and a next step", texts::errors),
    ("every reason of a refusal is spoken", texts::reasons),
    ("migrations only grow", crate::migrations::check),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn holds(rule: Rule) {
        let complaints = rule(&Repository::here()).expect("the rule can be checked");
        assert!(complaints.is_empty(), "\n  {}\n", complaints.join("\n  "));
    }

    macro_rules! rules_hold {
        ($($name:ident: $rule:expr;)*) => {
            $(#[test] fn $name() { holds($rule); })*

            #[test]
            fn every_rule_is_tested() {
                assert_eq!([$(stringify!($name)),*].len(), ALL.len());
            }
        };
    }

    rules_hold! {
        crates_know_only_those_below_them: crates::directions;
        heavy_crates_have_one_home: crates::homes;
        native_interface_has_one_importer: crates::native_importers;
        no_forbidden_type_in_a_public_signature: signatures::check;
        licences_are_on_the_list: licences::crates;
        npm_licences_are_on_the_list: licences::npm;
        files_are_short: sizes::check;
        crates_and_folders_say_what_lives_there: heads::check;
        names_say_what_a_file_holds: names::check;
        no_path_of_one_machine: paths::check;
        generated_files_are_fresh: stale::check;
        both_languages_say_the_same: texts::languages;
        every_error_has_a_sentence_and_a_next_step: texts::errors;
        every_reason_of_a_refusal_is_spoken: texts::reasons;
        migrations_only_grow: crate::migrations::check;
    }
}
