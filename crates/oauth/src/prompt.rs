//! OpenID Connect Core 1.0 §3.1.2.1, Initiating User Registration via OpenID Connect 1.0 §4: what a client wants a person
//! to be asked.
//!
//! What follows from it is decided in `model::policy::authorization`.

use cloakroom_model::policy::authorization::Prompt;

/// Reads `prompt`: words with one space between them, sorted and without repetition. One that is not known is refused,
/// because a client that asks for a question and does not get it would not know.
pub fn parse(text: &str) -> Result<Vec<Prompt>, NotAPrompt> {
    let word = |word| {
        Prompt::ALL.into_iter().find(|known| known.as_str() == word).ok_or(NotAPrompt::Unknown)
    };
    let mut prompts = text.split(' ').map(word).collect::<Result<Vec<_>, _>>()?;
    prompts.sort_unstable();
    prompts.dedup();
    if prompts.contains(&Prompt::None) && prompts.len() > 1 {
        return Err(NotAPrompt::NoneAndMore);
    }
    Ok(prompts)
}

/// Why a text is not a prompt.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotAPrompt {
    /// A word that this server does not know.
    #[error("prompt may say none, login, consent, select_account or create")]
    Unknown,
    /// To ask nothing and to ask something.
    #[error("prompt says none and something else")]
    NoneAndMore,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_prompt_is_a_set_of_words() {
        assert_eq!(parse("none"), Ok(vec![Prompt::None]));
        let all = vec![Prompt::Login, Prompt::Consent, Prompt::SelectAccount, Prompt::Create];
        assert_eq!(parse("create select_account consent login login"), Ok(all));
    }

    #[test]
    fn nothing_and_something_cannot_both_be_asked() {
        assert!(parse("login consent").is_ok());
        assert_eq!(parse("none login"), Err(NotAPrompt::NoneAndMore));
        for bad in ["", "Login", "login  consent", "login,consent", "login ", "mfa"] {
            assert_eq!(parse(bad), Err(NotAPrompt::Unknown), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn order_and_repetition_mean_nothing(
            words in proptest::collection::vec(proptest::sample::select(&["login", "consent", "create"][..]), 1..6)
        ) {
            let mut sorted = words.clone();
            sorted.sort_unstable();
            prop_assert_eq!(parse(&words.join(" ")), parse(&sorted.join(" ")));
        }
    }
}
