use proptest::prelude::*;

use super::*;

const BEGAN: Timestamp = Timestamp(1_000_000);
const NOW: Timestamp = Timestamp(1_060_000);
const BEFORE: Timestamp = Timestamp(900_000);

fn user(number: u8) -> UserId {
    UserId::new(Timestamp(1), [number; 10])
}

fn asked(prompts: &[Prompt]) -> Asked {
    Asked { began_at: BEGAN, prompts: prompts.to_vec(), ..Asked::default() }
}

fn person(at: Timestamp) -> Person {
    let authentication = Authentication { at, acr: Acr::Aal1, amr: vec!["pwd".into()] };
    Person { user: user(1), authentication, reach: Acr::Aal2, chosen: false }
}

#[test]
fn each_prompt_is_asked_once_and_not_again() {
    use Consented::{NeedNot, NotToAll, ToAll};
    let all = ToAll(BEFORE);
    for (prompts, at, consented, expected) in [
        (&[][..], BEFORE, all, Decision::Issue),
        (&[], BEFORE, NeedNot, Decision::Issue),
        (&[], BEFORE, NotToAll, Decision::Consent),
        (&[Prompt::Login], BEFORE, all, Decision::Reauthenticate(Acr::Aal1)),
        (&[Prompt::Login], BEGAN, all, Decision::Issue),
        (&[Prompt::Consent], BEFORE, all, Decision::Consent),
        (&[Prompt::Consent], BEFORE, NeedNot, Decision::Consent),
        (&[Prompt::Consent], BEFORE, ToAll(BEGAN), Decision::Issue),
        (&[Prompt::SelectAccount], BEFORE, all, Decision::SelectAccount),
        (&[Prompt::SelectAccount], BEGAN, all, Decision::Issue),
        (&[Prompt::Create], BEFORE, all, Decision::CreateAccount),
        (&[Prompt::Create], BEGAN, all, Decision::Issue),
        (&[Prompt::Login, Prompt::Consent], BEFORE, all, Decision::Reauthenticate(Acr::Aal1)),
        (&[Prompt::Login, Prompt::Consent], BEGAN, all, Decision::Consent),
        (&[Prompt::Login, Prompt::SelectAccount], BEFORE, all, Decision::SelectAccount),
    ] {
        let decision = asked(prompts).decide(Some(&person(at)), consented, NOW);
        assert_eq!(decision, expected, "{prompts:?} {at:?} {consented:?}");
    }
    let chosen = Person { chosen: true, ..person(BEFORE) };
    let decision = asked(&[Prompt::SelectAccount]).decide(Some(&chosen), all, NOW);
    assert_eq!(decision, Decision::Issue);
}

#[test]
fn without_anybody_there_somebody_signs_in_or_up() {
    let nobody = |prompts| asked(prompts).decide(None, Consented::NotToAll, NOW);
    assert_eq!(nobody(&[]), Decision::SignIn);
    assert_eq!(nobody(&[Prompt::SelectAccount]), Decision::SignIn);
    assert_eq!(nobody(&[Prompt::Create]), Decision::CreateAccount);
    assert_eq!(nobody(&[Prompt::None]), Decision::Refuse(Why::LoginRequired));
}

#[test]
fn an_old_proof_is_given_again() {
    let old = |seconds, at| {
        let asked = Asked { max_age: Some(Duration::from_secs(seconds)), ..asked(&[]) };
        asked.decide(Some(&person(at)), Consented::NeedNot, NOW)
    };
    // `BEFORE` is 160 seconds ago.
    assert_eq!(old(160, BEFORE), Decision::Issue);
    assert_eq!(old(159, BEFORE), Decision::Reauthenticate(Acr::Aal1));
    assert_eq!(old(0, BEFORE), Decision::Reauthenticate(Acr::Aal1));
    // One given for this request is never too old, or a slow person would prove who they are for ever.
    assert_eq!(old(0, BEGAN), Decision::Issue);
    assert_eq!(old(1, BEGAN), Decision::Issue);
}

#[test]
fn a_surer_proof_is_asked_for_only_where_it_can_be_given() {
    let surely = |assurance| {
        let asked = Asked { assurance, ..asked(&[]) };
        asked.decide(Some(&person(BEGAN)), Consented::NeedNot, NOW)
    };
    assert_eq!(surely(Assurance::Any), Decision::Issue);
    assert_eq!(surely(Assurance::AtLeast(Acr::Aal1)), Decision::Issue);
    assert_eq!(surely(Assurance::AtLeast(Acr::Aal2)), Decision::Reauthenticate(Acr::Aal2));
    let unmet = Decision::Refuse(Why::UnmetAuthenticationRequirements);
    assert_eq!(surely(Assurance::AtLeast(Acr::Aal3)), unmet);
    assert_eq!(surely(Assurance::Unheard), unmet);
}

#[test]
fn whom_the_client_names_must_be_who_is_there() {
    let named = |number, at| {
        let asked = Asked { user: Some(user(number)), ..asked(&[]) };
        asked.decide(Some(&person(at)), Consented::NeedNot, NOW)
    };
    assert_eq!(named(1, BEFORE), Decision::Issue);
    assert_eq!(named(2, BEFORE), Decision::SignIn);
    assert_eq!(named(2, BEGAN), Decision::Refuse(Why::LoginRequired));
}

#[test]
fn in_silence_each_question_is_an_error_of_its_own() {
    let silent = |more: &[Prompt], at, consented| {
        let prompts = [&[Prompt::None], more].concat();
        asked(&prompts).decide(Some(&person(at)), consented, NOW)
    };
    let all = Consented::ToAll(BEFORE);
    assert_eq!(silent(&[], BEFORE, all), Decision::Issue);
    for (more, consented, why) in [
        (&[][..], Consented::NotToAll, Why::ConsentRequired),
        (&[Prompt::Login], all, Why::LoginRequired),
        (&[Prompt::SelectAccount], all, Why::AccountSelectionRequired),
        (&[Prompt::Create], all, Why::InteractionRequired),
    ] {
        assert_eq!(silent(more, BEFORE, consented), Decision::Refuse(why), "{more:?}");
    }
}

fn acrs() -> impl Strategy<Value = Acr> {
    prop_oneof![Just(Acr::Aal1), Just(Acr::Aal2), Just(Acr::Aal3)]
}

prop_compose! {
    fn requests()(
        prompts in proptest::sample::subsequence(Prompt::ALL.to_vec(), 0..=5),
        max_age in proptest::option::of(0_u64..200),
        assurance in prop_oneof![
            Just(Assurance::Any), Just(Assurance::Unheard), acrs().prop_map(Assurance::AtLeast)
        ],
        named in proptest::option::of(1_u8..3),
    ) -> Asked {
        let max_age = max_age.map(Duration::from_secs);
        Asked { began_at: BEGAN, prompts, max_age, assurance, user: named.map(user) }
    }
}

prop_compose! {
    fn people()(at in 800_000_i64..1_060_000, acr in acrs(), reach in acrs(), chosen: bool) -> Person {
        let authentication = Authentication { at: Timestamp(at), acr, amr: vec![] };
        Person { user: user(1), authentication, reach: reach.max(acr), chosen }
    }
}

fn consents() -> impl Strategy<Value = Consented> {
    prop_oneof![
        Just(Consented::NeedNot),
        Just(Consented::NotToAll),
        (900_000_i64..1_060_000).prop_map(|at| Consented::ToAll(Timestamp(at))),
    ]
}

proptest! {
    #[test]
    fn in_silence_nobody_is_asked_anything(
        mut asked in requests(), person in proptest::option::of(people()), consented in consents()
    ) {
        asked.prompts.push(Prompt::None);
        let decision = asked.decide(person.as_ref(), consented, NOW);
        prop_assert!(matches!(decision, Decision::Issue | Decision::Refuse(_)), "{decision:?}");
    }

    #[test]
    fn a_code_is_only_given_for_who_is_there_as_surely_as_was_asked(
        asked in requests(), person in proptest::option::of(people()), consented in consents()
    ) {
        if asked.decide(person.as_ref(), consented, NOW) == Decision::Issue {
            let person = person.unwrap();
            let fresh = person.authentication.at >= BEGAN;
            prop_assert!(asked.user.is_none_or(|user| user == person.user));
            prop_assert!(consented != Consented::NotToAll);
            prop_assert!(fresh || !asked.prompts.contains(&Prompt::Login));
            prop_assert!(fresh || asked.max_age.is_none_or(|most| NOW.since(person.authentication.at) <= most));
            match asked.assurance {
                Assurance::Any => {}
                Assurance::AtLeast(acr) => prop_assert!(person.authentication.acr >= acr),
                Assurance::Unheard => prop_assert!(false, "nobody can have met it"),
            }
        }
    }

    #[test]
    fn who_does_what_is_asked_comes_to_an_end(asked in requests(), person in proptest::option::of(people())) {
        let (mut person, mut consented) = (person, Consented::NotToAll);
        for _ in 0..4 {
            match asked.decide(person.as_ref(), consented, NOW) {
                Decision::Issue | Decision::Refuse(_) => return Ok(()),
                Decision::Consent => consented = Consented::ToAll(NOW),
                Decision::SelectAccount => person.as_mut().unwrap().chosen = true,
                Decision::SignIn | Decision::CreateAccount => {
                    let authentication = Authentication { at: NOW, acr: Acr::Aal1, amr: vec![] };
                    let user = asked.user.unwrap_or(user(1));
                    person = Some(Person { user, authentication, reach: Acr::Aal2, chosen: false });
                }
                Decision::Reauthenticate(acr) => {
                    let authentication = Authentication { at: NOW, acr, amr: vec![] };
                    person.as_mut().unwrap().authentication = authentication;
                }
            }
        }
        prop_assert!(false, "asked without end");
    }
}
