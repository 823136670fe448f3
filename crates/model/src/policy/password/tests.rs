use proptest::prelude::*;

use super::*;

#[test]
fn fifteen_characters_are_enough_and_fourteen_are_not() {
    let rules = Rules::default();
    assert_eq!(check(&rules, "vier Eulen unke"), Ok(()));
    assert_eq!(check(&rules, "vier Eulen unk"), Err(Refusal::TooShort { minimum: 15 }));
}

#[test]
fn a_character_is_a_code_point_of_form_c() {
    let rules = Rules::default();
    assert_eq!(check(&rules, "vier Eülen ünkë"), Ok(()));
    assert_eq!(
        check(&rules, "vier Eu\u{308}len u\u{308}nk"),
        Err(Refusal::TooShort { minimum: 15 }),
        "a combining mark is not a character of its own"
    );
}

#[test]
fn the_minimum_goes_down_to_eight_and_no_further() {
    let eight = Rules { minimum: MinimumLength::new(8).unwrap(), ..Rules::default() };
    assert_eq!(check(&eight, "kW 7+mzq"), Ok(()));
    assert_eq!(check(&eight, "kW 7+mz"), Err(Refusal::TooShort { minimum: 8 }));
    for out_of_range in [0, 7, 65, 255] {
        assert_eq!(MinimumLength::new(out_of_range), Err(NotAMinimumLength));
    }
}

#[test]
fn no_kind_of_character_is_asked_for() {
    for fine in [
        "zdrjqwmvpxkhtnb",
        "837465019283796",
        "?;{}~|<>=+-_§°^",
        "               x  q",
        "愛は海のように深く静かである夜に",
    ] {
        assert_eq!(check(&Rules::default(), fine), Ok(()), "{fine}");
    }
}

#[test]
fn what_everybody_tries_is_refused_for_its_reason() {
    let service = ServiceWords::new("login.acme-industries.example", ["Acme Industries"]);
    let rules = Rules { minimum: MinimumLength::FLOOR, service };
    for (password, refusal) in [
        ("iloveyou", Refusal::Common),
        ("ILoveYou", Refusal::Common),
        ("manchesterunited", Refusal::Common),
        ("password1234567", Refusal::Common),
        ("Monkey!!!!!!!!!", Refusal::Common),
        ("1234567dragon", Refusal::Common),
        ("correct horse battery staple", Refusal::Common),
        ("CorrectHorseBatteryStaple123", Refusal::Common),
        ("acme-industries", Refusal::Context),
        ("ACME INDUSTRIES", Refusal::Context),
        ("login.acme-industries.example", Refusal::Context),
        ("Cloakroom", Refusal::Context),
        ("cloakroom123456", Refusal::Context),
        ("ada.lovelace", Refusal::Context),
        ("Ada.Lovelace@example.org", Refusal::Context),
        ("enchantress", Refusal::Context),
        ("enchantress2222", Refusal::Context),
        ("passwordPassword", Refusal::Repeated),
        ("abc!abc!abc!abc", Refusal::Repeated),
        ("enchantressEnchantress", Refusal::Repeated),
        ("mnbvcxzlkjhgfds", Refusal::Pattern),
        ("7890uiopjkl;m,./", Refusal::Pattern),
    ] {
        assert_eq!(check(&rules, password), Err(refusal), "{password}");
    }
}

#[test]
fn a_passphrase_may_contain_any_word() {
    let service = ServiceWords::new("acme.example", []);
    let rules = Rules { service, ..Rules::default() };
    for fine in [
        "seven coats and an umbrella",
        "password for my bank",
        "acme pays my rent",
        "monkey dragon letmein",
        "ada.lovelace writes code",
        "qwerty is a keyboard",
    ] {
        assert_eq!(check(&rules, fine), Ok(()), "{fine}");
    }
}

#[test]
fn spellings_of_one_password_meet_the_same_fate() {
    let rules = Rules { minimum: MinimumLength::FLOOR, ..Rules::default() };
    let about = About { email: Some("stra\u{df}enb\u{e4}cker@example.org"), username: None };
    for spelling in
        ["stra\u{df}enb\u{e4}cker", "STRASSENBA\u{308}CKER", "Stra\u{17f}\u{17f}enb\u{c4}cker"]
    {
        assert_eq!(rules.check(&password(spelling), &about), Err(Refusal::Context), "{spelling}");
    }
}

#[test]
fn a_user_without_names_or_with_empty_ones_blocks_nothing() {
    let rules = Rules { service: ServiceWords::new("", [""]), ..Rules::default() };
    let empty = About { email: Some("@"), username: Some("") };
    assert_eq!(rules.check(&password("xxxxxxxxxxxxxxx"), &empty), Err(Refusal::Pattern));
    assert_eq!(rules.check(&password("quietly odd tea"), &empty), Ok(()));
}

#[test]
fn every_refusal_has_its_own_code_and_says_what_to_do() {
    let all = [
        Refusal::TooShort { minimum: 15 },
        Refusal::Common,
        Refusal::Context,
        Refusal::Repeated,
        Refusal::Pattern,
    ];
    let codes: std::collections::BTreeSet<_> = all.iter().map(|refusal| refusal.code()).collect();
    assert_eq!(codes.len(), all.len());
    for refusal in all {
        assert!(refusal.to_string().ends_with('.'));
    }
}

proptest! {
    #[test]
    fn what_is_refused_stays_refused_in_any_case(typed in "[a-zA-Z0-9]{8,24}") {
        let rules = Rules { minimum: MinimumLength::FLOOR, ..Rules::default() };
        let verdict = check(&rules, &typed);
        prop_assert_eq!(check(&rules, &typed.to_uppercase()), verdict);
        prop_assert_eq!(check(&rules, &typed.to_lowercase()), verdict);
    }

    #[test]
    fn any_text_gets_an_answer(typed in any::<String>()) {
        if let Ok(password) = Password::new(typed) {
            let _ = Rules::default().check(&password, &About::default());
        }
    }

    #[test]
    fn a_common_password_is_refused_however_often_it_is_repeated(times in 2_usize..6) {
        prop_assert_eq!(check(&Rules::default(), &"trustno1".repeat(times)), Err(Refusal::Repeated));
    }
}

fn check(rules: &Rules, typed: &str) -> Result<(), Refusal> {
    let about = About { email: Some("ada.lovelace@example.org"), username: Some("Enchantress") };
    rules.check(&password(typed), &about)
}

fn password(typed: &str) -> Password {
    Password::new(typed.to_owned()).unwrap()
}
