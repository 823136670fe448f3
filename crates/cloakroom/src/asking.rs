//! What only a person or a pipe may say: passwords, secrets, and whether they are sure.
//!
//! A password or secret is asked for without echo on a terminal, and is one line of standard input otherwise.

use std::io::{self, BufRead, IsTerminal};

use dialoguer::{Confirm, Password};
use zeroize::Zeroizing;

use crate::exit::Failure;

/// No password or token is longer; what goes on for longer is not one.
const LONGEST: u64 = 64 << 10;

/// A new password: typed twice on a terminal.
pub(crate) fn new_password() -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        return line("the password");
    }
    Password::new()
        .with_prompt("New password")
        .with_confirmation("Once more", "The two are not the same.")
        .interact()
        .map(Zeroizing::new)
        .map_err(|error| unreadable("the password", &error))
}

/// A secret of this name, which nobody should read over the shoulder.
pub(crate) fn secret(name: &'static str) -> Result<Zeroizing<String>, Failure> {
    if !io::stdin().is_terminal() {
        return line(name);
    }
    Password::new()
        .with_prompt(name)
        .interact()
        .map(Zeroizing::new)
        .map_err(|error| unreadable(name, &error))
}

/// Lets somebody think again before something that cannot be undone. Where nobody can be asked, `--yes` is needed.
pub(crate) fn sure(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(format!("{question} Nobody can be asked here: say --yes")));
    }
    match Confirm::new().with_prompt(question).default(false).interact() {
        Ok(true) => Ok(()),
        Ok(false) => Err(Failure::Refused("nothing was done".to_owned())),
        Err(error) => Err(unreadable("the answer", &error)),
    }
}

fn line(name: &'static str) -> Result<Zeroizing<String>, Failure> {
    first_line(io::stdin().lock(), name)
}

/// The first line without its end; a line that is empty or has no end in sight is refused.
fn first_line(input: impl BufRead, name: &'static str) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    input
        .take(LONGEST)
        .read_line(&mut text)
        .map_err(|error| Failure::Usage(format!("cannot read {name}: {error}")))?;
    let end = text.trim_end_matches('\n').trim_end_matches('\r').len();
    text.truncate(end);
    if text.is_empty() {
        return Err(Failure::Usage(format!(
            "{name} is expected as one line on standard input, and there is none"
        )));
    }
    if text.len() as u64 >= LONGEST {
        return Err(Failure::Usage(format!("{name} is longer than {LONGEST} bytes")));
    }
    Ok(text)
}

fn unreadable(name: &str, error: &dialoguer::Error) -> Failure {
    Failure::Usage(format!("cannot read {name}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_read_and_its_end_is_not_part_of_it() {
        for text in ["correct horse", "correct horse\n", "correct horse\r\nsecond line\n"] {
            assert_eq!(*first_line(text.as_bytes(), "it").unwrap(), "correct horse");
        }
    }

    #[test]
    fn spaces_belong_to_a_password() {
        assert_eq!(*first_line(&b" a b \n"[..], "it").unwrap(), " a b ");
    }

    #[test]
    fn nothing_or_too_much_is_refused() {
        for text in [String::new(), "\n".to_owned(), "x".repeat(1 << 20)] {
            assert!(matches!(first_line(text.as_bytes(), "it"), Err(Failure::Usage(_))));
        }
    }

    #[test]
    fn what_cannot_be_undone_wants_a_yes() {
        assert!(sure("Sure?", true).is_ok());
    }
}
