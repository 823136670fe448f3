//! A full disk, and PostgreSQL on it.

use cloakroom_testservers::postgres::Settings;
use cloakroom_testservers::{Disk, Error, Postgres, eventually};

use crate::psql::{complaint, psql, said};

/// Room for a cluster's beginnings and little more.
const SIZE: u64 = 160 << 20;

#[test]
fn postgres_on_a_full_disk_refuses_and_recovers_when_there_is_room() {
    let disk = match Disk::of_size(SIZE) {
        Ok(disk) => disk,
        // Where nobody may mount, the error says so, and that is all that can be seen there.
        Err(Error::Impossible(why)) => {
            assert!(why.contains("mount"), "{why}");
            assert!(!is_root_with_all_rights(), "{why}");
            return;
        }
        Err(other) => panic!("{other}"),
    };
    let data = Some(disk.path().to_owned());
    let postgres = Postgres::start_with(Settings { data, ..Settings::default() }).unwrap();
    let url = postgres.url(&postgres.create_database().unwrap());
    said(&psql(&url, "CREATE TABLE coats (id int, what text)"));
    said(&psql(&url, "INSERT INTO coats VALUES (1, 'acknowledged')"));
    disk.fill().unwrap();
    let much =
        "INSERT INTO coats SELECT id, repeat('x', 1000) FROM generate_series(2, 50000) AS id";
    let refused = complaint(&psql(&url, much));
    assert!(refused.contains("No space left") || refused.contains("connection"), "{refused}");
    disk.free().unwrap();
    postgres.start_again().unwrap();
    eventually("PostgreSQL after a full disk", || {
        Ok(psql(&url, "SELECT 1").status.success().then_some(()))
    })
    .unwrap();
    assert_eq!(said(&psql(&url, "SELECT count(*) FROM coats")), "1");
    said(&psql(&url, "INSERT INTO coats VALUES (2, 'acknowledged')"));
}

/// From the bits of `CAP_SYS_ADMIN` and root's number.
fn is_root_with_all_rights() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    let rights = u64::from_str_radix(&field("CapEff:"), 16).unwrap();
    field("Uid:") == "0" && rights & (1 << 21) != 0
}
