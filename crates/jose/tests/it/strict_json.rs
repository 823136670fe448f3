//! The scanner agrees with `serde_json` on what JSON is, and knows more about depth and names.

use cloakroom_jose::strict_json::{DEEPEST, Defect, check};
use proptest::prelude::*;
use serde_json::Value;

fn scan(text: &str) -> Result<(), Defect> {
    check(text.as_bytes(), DEEPEST)
}

#[test]
fn json_is_accepted() {
    for text in [
        "0",
        "-0",
        "1.5e-3",
        "1E+2",
        "true",
        "false",
        "null",
        r#""""#,
        "[]",
        "{}",
        " [ ] ",
        "\t{\r\n}\n",
        r#"{"a":[1,{"b":null},"c"],"d":{}}"#,
        r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00""#,
        "\"\u{7f}\u{2028}é😀\"",
        r#"{"":1}"#,
        "0e99999",
        "1e-99999",
        "123456789012345678901234567890",
    ] {
        assert_eq!(scan(text), Ok(()), "{text}");
        serde_json::from_str::<Value>(text).unwrap();
    }
}

#[test]
fn what_is_nearly_json_is_refused() {
    for text in [
        "",
        " ",
        "nul",
        "truee",
        "True",
        "NaN",
        "Infinity",
        "-",
        "+1",
        "01",
        "-01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x1",
        "'a'",
        "\"",
        "\"\\\"",
        r#""\x""#,
        r#""\u12""#,
        r#""\u12G4""#,
        "\"\n\"",
        "\"\u{0}\"",
        "\"\t\"",
        r#""\uD800""#,
        r#""\uDC00""#,
        r#""\uD800\u0041""#,
        r#""\uD800x""#,
        r#""\uD83D\uD83D""#,
        "[",
        "]",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        "{",
        "}",
        "{]",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a":1 "b":2}"#,
        "{a:1}",
        r#"{"a"::1}"#,
        "{1:1}",
        "{null:1}",
        "{\"a\":1}}",
        "[]]",
        "1 2",
        "[] []",
        "1e999",
        "-1e999",
        "\u{a0}1",
        "\u{feff}1",
        "/**/1",
        "[1]//",
    ] {
        assert_eq!(scan(text), Err(Defect::Syntax), "{text}");
        serde_json::from_str::<Value>(text).unwrap_err();
    }
    let long = "9".repeat(400);
    assert_eq!(scan(&long), Err(Defect::Syntax));
    serde_json::from_str::<Value>(&long).unwrap_err();
    assert_eq!(check(b"\"\xFF\"", 1), Err(Defect::Syntax));
    assert_eq!(check(b"\"\xED\xA0\x80\"", 1), Err(Defect::Syntax));
}

#[test]
fn a_bare_control_character_is_refused_wherever_it_stands() {
    for control in 0..0x20_u8 {
        for before in 0..20 {
            for after in 0..20 {
                let text = format!(
                    "\"{}{}{}\"",
                    "a".repeat(before),
                    char::from(control),
                    "a".repeat(after)
                );
                assert_eq!(scan(&text), Err(Defect::Syntax), "{control} at {before}");
            }
        }
    }
    // What stands next to them in the table is text, wherever it stands.
    for plain in [' ', '!', '#', '[', ']', '\u{7f}', '\u{80}', '\u{ff}'] {
        for before in 0..20 {
            let text = format!("\"{}{plain}{}\"", "a".repeat(before), "b".repeat(20 - before));
            assert_eq!(scan(&text), Ok(()), "{plain:?} at {before}");
        }
    }
}

#[test]
fn a_name_used_twice_is_refused_however_it_is_written() {
    for text in [
        r#"{"a":1,"a":1}"#,
        r#"{"a":1,"b":2,"a":3}"#,
        r#"{"a":1,"\u0061":1}"#,
        r#"{"\n":1,"\u000a":1}"#,
        r#"{"😀":1,"\ud83d\uDE00":1}"#,
        r#"{"/":1,"\/":1}"#,
        r#"{"":1,"":2}"#,
        r#"[{"x":{"a":1,"a":2}}]"#,
        r#"{"x":{"a":1},"y":[{"a":1,"b":{"a":1},"a":2}]}"#,
    ] {
        assert_eq!(scan(text), Err(Defect::DuplicateMember), "{text}");
    }
    for text in [
        r#"{"a":{"a":{"a":1}}}"#,
        r#"[{"a":1},{"a":1}]"#,
        r#"{"a":"a","b":"a"}"#,
        r#"{"a":1,"A":1}"#,
        r#"{"a":1,"a ":1}"#,
        r#"{"é":1,"e\u0301":1}"#,
        r#"{"\\u0061":1,"a":1}"#,
    ] {
        assert_eq!(scan(text), Ok(()), "{text}");
    }
}

#[test]
fn a_name_used_twice_is_found_among_many() {
    for count in [1, 2, 15, 16, 17, 18, 100] {
        let names: Vec<String> = (0..count).map(|n| format!(r#""n{n}":{n}"#)).collect();
        let unique = format!("{{{}}}", names.join(","));
        assert_eq!(scan(&unique), Ok(()));
        for place in [0, count / 2, count - 1] {
            let twice = format!(r#"{{{},"n{place}":0}}"#, names.join(","));
            assert_eq!(scan(&twice), Err(Defect::DuplicateMember), "{count}, {place}");
        }
    }
}

#[test]
fn depth_is_counted_and_limited() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!(check(nested(3).as_bytes(), 3), Ok(()));
    assert_eq!(check(nested(4).as_bytes(), 3), Err(Defect::TooDeep));
    assert_eq!(check(b"7", 0), Ok(()));
    assert_eq!(check(b"[]", 0), Err(Defect::TooDeep));
    assert_eq!(check(br#"{"a":{"b":[1]}}"#, 3), Ok(()));
    assert_eq!(check(br#"{"a":{"b":[1]}}"#, 2), Err(Defect::TooDeep));
    // Beside each other is not inside each other.
    assert_eq!(check(b"[[],[],[[]],{}]", 3), Ok(()));
    assert_eq!(check(nested(DEEPEST).as_bytes(), usize::MAX), Ok(()));
    assert_eq!(check(nested(DEEPEST + 1).as_bytes(), usize::MAX), Err(Defect::TooDeep));
    // A text that only opens costs no more than the limit.
    assert_eq!(check("[".repeat(1_000_000).as_bytes(), 16), Err(Defect::TooDeep));
}

/// Whether any object of the text has a name twice, as found by a parser that keeps all of them.
fn any_name_twice(text: &str) -> bool {
    #[derive(Default)]
    struct Twice(bool);

    impl<'de> serde::Deserialize<'de> for Twice {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_any(Visitor)
        }
    }

    struct Visitor;

    impl<'de> serde::de::Visitor<'de> for Visitor {
        type Value = Twice;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("anything")
        }

        fn visit_bool<E>(self, _: bool) -> Result<Twice, E> {
            Ok(Twice(false))
        }

        fn visit_i64<E>(self, _: i64) -> Result<Twice, E> {
            Ok(Twice(false))
        }

        fn visit_u64<E>(self, _: u64) -> Result<Twice, E> {
            Ok(Twice(false))
        }

        fn visit_f64<E>(self, _: f64) -> Result<Twice, E> {
            Ok(Twice(false))
        }

        fn visit_str<E>(self, _: &str) -> Result<Twice, E> {
            Ok(Twice(false))
        }

        fn visit_unit<E>(self) -> Result<Twice, E> {
            Ok(Twice(false))
        }

        fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Twice, A::Error> {
            let mut twice = false;
            while let Some(Twice(item)) = items.next_element()? {
                twice |= item;
            }
            Ok(Twice(twice))
        }

        fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Twice, A::Error> {
            let mut names = std::collections::HashSet::new();
            let mut twice = false;
            while let Some((name, Twice(value))) = map.next_entry::<String, Twice>()? {
                twice |= value | !names.insert(name);
            }
            Ok(Twice(twice))
        }
    }

    serde_json::from_str::<Twice>(text).unwrap().0
}

/// The deepest nesting, as found by a parser.
fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(members) => 1 + members.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

/// The scanner's verdict on any text is the one that follows from `serde_json`'s.
fn agree(text: &str) {
    match (scan(text), serde_json::from_str::<Value>(text)) {
        (Ok(()), Ok(value)) => {
            assert!(!any_name_twice(text), "{text}");
            let depth = depth(&value);
            assert_eq!(check(text.as_bytes(), depth), Ok(()), "{text}");
            if depth > 0 {
                assert_eq!(check(text.as_bytes(), depth - 1), Err(Defect::TooDeep), "{text}");
            }
        }
        (Err(Defect::DuplicateMember), Ok(_)) => assert!(any_name_twice(text), "{text}"),
        (Err(Defect::TooDeep), Ok(value)) => assert!(depth(&value) > DEEPEST, "{text}"),
        (Err(defect), Ok(_)) => panic!("{defect}, though serde_json accepts {text}"),
        (Ok(()), Err(error)) => panic!("accepted, though serde_json says {error} of {text}"),
        // The scanner may meet another defect first.
        (Err(_), Err(_)) => {}
    }
}

/// JSON as text, with white space, escapes and names that come back.
fn json() -> impl Strategy<Value = String> {
    let text = prop_oneof![
        proptest::sample::select(vec![
            r#""a""#,
            r#""b""#,
            r#""\u0061""#,
            r#""""#,
            r#""\ud83d\ude00""#,
            r#""\n\\\"""#,
            "\"é\"",
        ])
        .prop_map(str::to_owned),
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|value| value.to_string()),
        any::<i64>().prop_map(|value| value.to_string()),
        any::<f64>()
            .prop_filter("JSON has no NaN", |value| value.is_finite())
            .prop_map(|v| format!("{v:e}")),
        text.clone(),
    ];
    leaf.prop_recursive(6, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6)
                .prop_map(|items| format!("[ {} ]", items.join(" ,\t"))),
            proptest::collection::vec((text.clone(), inner), 0..6).prop_map(|members| {
                let members: Vec<String> =
                    members.into_iter().map(|(name, value)| format!("{name} :\n{value}")).collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_scanner_agrees_on_json(text in json()) {
        agree(&text);
    }

    #[test]
    fn the_scanner_agrees_on_json_with_a_place_damaged(
        text in json(), at in any::<prop::sample::Index>(), by in "[\\[\\]{}:,\"\\\\ue0-9.+\\- a\u{0}]{0,2}",
        length in 0_usize..3,
    ) {
        let mut damaged: Vec<char> = text.chars().collect();
        let at = at.index(damaged.len());
        let end = (at + length).min(damaged.len());
        damaged.splice(at..end, by.chars());
        agree(&damaged.into_iter().collect::<String>());
    }

    #[test]
    fn the_scanner_agrees_on_noise(text in "[\\[\\]{}:,\"\\\\u0-9eE.+\\- truefalsn\n]{0,24}") {
        agree(&text);
    }

    #[test]
    fn no_bytes_upset_the_scanner(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let text = std::str::from_utf8(&bytes);
        if check(&bytes, DEEPEST).is_ok() {
            agree(text.unwrap());
        }
    }
}
