use cloakroom_model::password::Password;

use super::super::{Cost, Memory, PasswordHash, Unusable, Verdict};

/// Password, hash, and where the pair comes from.
const VECTORS: [(&str, &str, &str); 31] = [
    ("", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", "crypt_blowfish"),
    ("U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "crypt_blowfish"),
    ("U*U*", "$2b$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "crypt_blowfish"),
    ("U*U*", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "crypt_blowfish"),
    (
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored",
        "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        "crypt_blowfish",
    ),
    (
        "password",
        "$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "passlib's documentation",
    ),
    (
        "pleaseletmein",
        "$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofLVQylVYT8Pz2LUlwUkKpr55h6F3A1lHkDfzwF7RVdYhw",
        "RFC 7914 §12",
    ),
    (
        "correct horse",
        "$scrypt$ln=4,r=8,p=1$MDEyMzQ1Njc4OWFiY2RlZg$OAkZqUBelG6VIYdTJfYSENL5OmZRxMa3GwXn5oFliTg",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "scrypt$16$seasalt$8$1$Qxil8nWcIy12YNMYpeV1hXKvwFi5h+x4wHI8WQTJ3/j1NecrriM2mkKB8IaqWjz6RUXfHzR5O5kG1jYWwbPuBA==",
        "Python's hashlib",
    ),
    ("password", "$pbkdf2$4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE", "RFC 6070"),
    ("password", "$pbkdf2-sha1$i=4096$c2FsdA$SwB5AbdlSJq+rUnZJvch0GWkKcE", "RFC 6070"),
    ("password", "{PBKDF2}4096$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE", "RFC 6070"),
    (
        "password",
        "$pbkdf2-sha256$6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "passlib's documentation",
    ),
    (
        "password",
        "{PBKDF2-SHA256}6400$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "passlib's documentation",
    ),
    (
        "password",
        "$pbkdf2-sha256$8000$XAuBMIYQQogxRg$tRRlz8hYn63B9LYiCd6PRo6FMiunY9ozmMMI3srxeRE",
        "passlib's documentation",
    ),
    (
        "correct horse",
        "$pbkdf2-sha256$i=1000,l=32$MDEyMzQ1Njc4OWFiY2RlZg$cBg8D2DungRB9k76szThf5ehfyBz991ay6PT8Srwk4M",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "$pbkdf2-sha384$1000$MDEyMzQ1Njc4OWFiY2RlZg$IGo9W0iVgNNJmI5zWHRpSv7A9PNtRVqHJpRu+0VJbWi44jzGgj/365D/SIWG1L40",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "$pbkdf2-sha512$1000$MDEyMzQ1Njc4OWFiY2RlZg$OM0FAoIqCVK1sWtxDiffVlBejtLa+ks4TP71JiecwuSZCG8iLbnlIEPOMoVX+i2B2wkSxjQ8CRGR9OkNGuIPMQ",
        "Python's hashlib",
    ),
    (
        "lètmein",
        "pbkdf2_sha256$2000$seasalt$arBP+F7LSv46AxSyRYAi2XaEwAoObQyVT7IH1mqGQsk=",
        "Python's hashlib",
    ),
    ("password", "pbkdf2_sha1$4096$salt$SwB5AbdlSJq+rUnZJvch0GWkKcE=", "RFC 6070"),
    ("password", "{SSHA}pKqkNr1tq3wtQqk+UcPyA3HnA2NsU5NJ", "passlib's documentation"),
    ("secret", "{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3", "OpenLDAP's documentation"),
    (
        "correct horse",
        "{SSHA256}YflVcOMs6k7tbGkQbQNVn6/ehAnUAVltiLPKHBWGi2tzYWx0c2FsdA==",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "{SSHA384}rPNf5wu9raqOYyrDpEXtTWzU9J8yYxdna88Zv3VPM7t8wAY2Wum1UGOWoZRj523lc2FsdHNhbHQ=",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "{SSHA512}50rsRNBf8j3I5xE+QwaHdFyMhOzITssZ8BB3UxwQ+SI1JKygYm6ZeRYTDuUyFZIIqDonoTuXwB0Z/MAPhgQCFHNhbHRzYWx0",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "$salted-sha1$o=ps$c2FsdHNhbHQ$awc/Cj0kafyFd5d8fGn07xoHBJI",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "$salted-sha1$o=sp$c2FsdHNhbHQ$WZyKzT9iOSDJ8wyQNTXoZCdaLjU",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "$salted-sha256$o=ps$c2FsdHNhbHQ$YflVcOMs6k7tbGkQbQNVn6/ehAnUAVltiLPKHBWGi2s",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "$salted-sha256$o=sp$c2FsdHNhbHQ$/uIisGydvbkE3vKtQghLq8rHiBYFsgQ2q5K/locP2EQ",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "$salted-sha384$o=sp$c2FsdHNhbHQ$gLdm6iiiXMNo8EHEryNtSeG21arOJaVz0p4//AepDBN+aXH9U4Jg738P+vlj/aLn",
        "Python's hashlib",
    ),
    (
        "correct horse",
        "$salted-sha512$o=sp$c2FsdHNhbHQ$L6FExXUQV5O2cON+hQDWrWTRmCNPEeyoyrJCDTDGv8Lx4Aau6b0ICswse8R6K9iL/fj+VG9Xt6usA33SKhgFog",
        "Python's hashlib",
    ),
];

#[test]
fn what_other_systems_hashed_matches_and_asks_for_an_upgrade() {
    for (password, hash, source) in VECTORS {
        assert_eq!(verify(hash, password), Verdict::MatchUpgrade, "{hash} ({source})");
    }
}

#[test]
fn another_password_does_not_match_what_other_systems_hashed() {
    for (password, hash, _) in VECTORS {
        for other in [format!("x{password}"), password.to_uppercase() + "!", "\u{0}".to_owned()] {
            assert_eq!(verify(hash, &other), Verdict::Mismatch, "{hash} {other:?}");
        }
    }
}

#[test]
fn a_changed_salt_or_hash_does_not_match_any_more() {
    for (password, hash, _) in VECTORS {
        // The third character from the end is part of the hash everywhere, except where the salt comes last.
        let at = hash.trim_end_matches('=').len() - 3;
        let swapped = if &hash[at..=at] == "A" { "B" } else { "A" };
        let changed = format!("{}{swapped}{}", &hash[..at], &hash[at + 1..]);
        assert_eq!(verify(&changed, password), Verdict::Mismatch, "{changed}");
    }
}

#[test]
fn bcrypt_knows_seventy_two_bytes_and_nothing_after_a_nul() {
    let (_, long, _) = VECTORS[4];
    let seventy_two = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    assert_eq!(seventy_two.len(), 72);
    assert_eq!(verify(long, seventy_two), Verdict::MatchUpgrade);
    assert_eq!(verify(long, &seventy_two[..71]), Verdict::Mismatch);
    let (empty, hash, _) = VECTORS[0];
    assert_eq!(verify(hash, empty), Verdict::MatchUpgrade);
    assert_eq!(verify(hash, "\u{0}anything"), Verdict::Mismatch);
}

#[test]
fn a_hash_from_elsewhere_is_checked_against_what_was_received() {
    let (composed, hash, _) = VECTORS[18];
    assert_eq!(verify(hash, composed), Verdict::MatchUpgrade);
    assert_eq!(verify(hash, "le\u{300}tmein"), Verdict::Mismatch);
}

#[test]
fn no_imported_hash_costs_more_than_the_ceiling() {
    for costly in [
        "$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$scrypt$ln=18,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=64,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=255,r=1,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=14,r=4294967295,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=17,r=8,p=5$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=1,r=1,p=4294967295$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "scrypt$1073741824$seasalt$8$1$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$pbkdf2-sha256$3000001$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "$pbkdf2-sha1$1500001$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "$pbkdf2-sha512$1200001$MDEyMzQ1Njc4OWFiY2RlZg$OM0FAoIqCVK1sWtxDiffVlBejtLa+ks4TP71JiecwuSZCG8iLbnlIEPOMoVX+i2B2wkSxjQ8CRGR9OkNGuIPMQ",
        "pbkdf2_sha256$99999999999$seasalt$arBP+F7LSv46AxSyRYAi2XaEwAoObQyVT7IH1mqGQsk=",
    ] {
        assert_eq!(refused(costly), Unusable::TooCostly, "{costly}");
    }
}

#[test]
fn what_is_damaged_is_refused_and_never_panics() {
    for damaged in [
        "$2b$",
        "$2b$05",
        "$2b$05$",
        "$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$+5$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe",
        "$2b$05$ééééééééééééééééééééé.E5YPO9kmyuRGyh0XouQYb4",
        "$scrypt$",
        "$scrypt$ln=16,r=8$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=0,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=4,r=0,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$scrypt$ln=4,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$",
        "scrypt$15$seasalt$8$1$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "scrypt$16$seasalt$8$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E",
        "$pbkdf2-sha256$0$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "$pbkdf2-sha256$-1$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "$pbkdf2-sha256$i=1,l=31$0ZrzXitFSGltTQnBWOsdAw$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "$pbkdf2-sha256$1$$Y11AchqV4b0sUisdZd0Xr97KWoymNE0LNNrnEgY4H9M",
        "pbkdf2_sha256$1$seasalt",
        "{PBKDF2-SHA256",
        "{SSHA}",
        "{SSHA}pKqk",
        "{SSHA256}pKqkNr1tq3wtQqk+UcPyA3HnA2NsU5NJ",
        "{SSHA",
        "$salted-sha256$o=xx$c2FsdHNhbHQ$YflVcOMs6k7tbGkQbQNVn6/ehAnUAVltiLPKHBWGi2s",
        "$salted-sha256$o=ps$c2FsdHNhbHQ$YflVcOMs6k7tbGkQbQNVn6",
    ] {
        assert_eq!(refused(damaged), Unusable::Malformed, "{damaged}");
    }
}

#[test]
fn what_protects_nothing_and_what_is_not_known_is_refused_by_name() {
    for worthless in [
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8",
        "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/",
        "{MD5}X03MO1qnZdYdgyfeuILPmQ==",
        "{SMD5}4QWGWZpj9GCmfuqEvm8HtZhZS6E=",
        "{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
        "md5$salt$9f9d51bc70ef21ca5c14f307980a29d8",
        "{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=",
    ] {
        assert_eq!(refused(worthless), Unusable::Worthless, "{worthless}");
    }
    for unknown in [
        "$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        "$pbkdf2-md5$1000$c2FsdA$SwB5AbdlSJq.rUnZJvch0GWkKcE",
        "{SSHA1}pKqkNr1tq3wtQqk+UcPyA3HnA2NsU5NJ",
        "{CRYPT}whatever",
    ] {
        assert_eq!(refused(unknown), Unusable::Unknown, "{unknown}");
    }
}

fn verify(hash: &str, typed: &str) -> Verdict {
    let password = Password::new(typed.to_owned()).unwrap();
    let hash = PasswordHash::parse(hash).unwrap_or_else(|why| panic!("{hash}: {why}"));
    hash.verify(&password, Cost::danger_next_to_nothing(), &mut Memory::none()).unwrap()
}

fn refused(hash: &str) -> Unusable {
    PasswordHash::parse(hash).expect_err(hash)
}
