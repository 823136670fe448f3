use std::collections::BTreeSet;

use super::all;

#[test]
fn both_dialects_take_the_same_parameters() {
    for (name, sql) in all() {
        assert_eq!(parameters(sql.sqlite()), parameters(sql.postgres()), "{name}");
    }
}

#[test]
fn a_name_says_whether_rows_are_locked() {
    for (name, sql) in all() {
        let strength = [
            ("_AS_PARENT", " SHARE"),
            ("_TO_CHANGE", "UPDATE"),
            ("_TO_END", "UPDATE"),
            ("TO_LOOK_AT", "UPDATE SKIP LOCKED"),
        ]
        .into_iter()
        .find(|(ending, _)| name.ends_with(ending))
        .map(|(_, strength)| strength);
        let lock = sql.postgres().strip_prefix("SELECT").and_then(|text| text.rsplit_once("FOR "));
        match (strength, lock) {
            (Some(strength), Some((_, lock))) => {
                let lock = format!(" {}", lock.split(" OF ").next().unwrap_or(lock));
                assert!(lock.ends_with(strength), "{name} locks for{lock}");
            }
            (None, None) => {}
            (Some(_), None) => panic!("{name} locks nothing"),
            (None, Some((_, lock))) => panic!("{name} does not say that it locks for {lock}"),
        }
        assert!(!sql.sqlite().contains("FOR "), "{name}: SQLite has no locks of rows");
    }
}

fn parameters(text: &str) -> BTreeSet<&str> {
    let named = text.split('$').skip(1);
    named.map(|rest| rest.split(|next: char| !next.is_ascii_digit()).next().unwrap_or("")).collect()
}
