//! What the command prints. Results go to standard output, everything else to standard error.

use std::io::Write;
use watchwall_model::Problem;

/// One line of result. A closed pipe is the reader's choice and no failure.
pub fn line(text: impl std::fmt::Display) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

pub fn note(text: impl std::fmt::Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// A failure, with the catalogue's sentence and next step when it is one of its problems.
pub fn failure(error: &anyhow::Error) {
    match error.downcast_ref::<Problem>() {
        Some(problem) => {
            let (sentence, next) = watchwall_server::sentence_of(problem);
            note(format_args!("error: {sentence} [{}]", problem.code));
            if let Some(step) = problem.step {
                note(format_args!("  while: {step}"));
            }
            if let Some(detail) = &problem.detail {
                note(format_args!("  detail: {detail}"));
            }
            if let Some(next) = next {
                note(format_args!("  next: {next}"));
            }
        }
        None => note(format_args!("error: {error:#}")),
    }
}
