//! The schema's steps, while several nodes start and others are at work; and what is not to be touched.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cloakroom_model::event::{Actor, Event, Kind};
use cloakroom_model::time::Timestamp;
use cloakroom_store::{Act, Users as _};
use cloakroom_store_postgres::{OpenError, Options, Postgres, Url};
use cloakroom_testservers::Postgres as Server;
use tokio::time::sleep;

use crate::scene::{SERVER, database, open};

/// The version of the schema that these tests are written beside.
const CURRENT: usize = 6;

/// Many times: what goes wrong between two questions of one node goes wrong in one start of many.
#[tokio::test(flavor = "multi_thread")]
async fn many_nodes_that_start_at_once_make_one_schema() {
    for round in 0..20 {
        let url = database(&SERVER);
        let start = |node: u64| {
            let url = url.clone();
            tokio::spawn(async move {
                sleep(Duration::from_millis(node)).await;
                Postgres::open(&url, Options::default()).await.map(drop)
            })
        };
        for (node, started) in [0, 1, 2, 3, 4].map(|node| (node, start(node))) {
            started.await.unwrap().unwrap_or_else(|error| panic!("{round}, {node}: {error}"));
        }
        assert_eq!(steps(&url), "1,2,3,4,5,6");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_earlier_schema_is_brought_to_the_present_one() {
    let fresh = database(&SERVER);
    drop(open(&fresh).await);
    let present = described(&fresh);
    for version in 1..CURRENT {
        let url = database(&SERVER);
        at_version(&url, version);
        // Somebody's rows, which a step could lose.
        let user = "INSERT INTO cloakroom.users VALUES ('\\\\x00', 'a', 'a', NULL, NULL, '[]', 0, NULL, 0, NULL, 0)";
        sql(&url, user);

        drop(open(&url).await);

        assert_eq!(described(&url), present, "from version {version}");
        assert_eq!(sql(&url, "SELECT count(*) FROM cloakroom.users"), "1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_is_the_one_that_is_written_down() {
    let url = database(&SERVER);
    drop(open(&url).await);
    written(&format!("schemas/{CURRENT:04}.txt"), &described(&url));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_list_holds_what_the_program_runs() {
    let mut list = String::new();
    for (name, sql) in cloakroom_store_sql::sql::all() {
        let text = sql.postgres().split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(list, "{name}\t{text}").unwrap();
    }
    written(&format!("statements/{CURRENT:04}.txt"), &list);
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_of_earlier_versions_work_on_this_schema() {
    let url = database(&SERVER);
    drop(open(&url).await);
    let place = format!("{}?options=-csearch_path%3Dcloakroom", SERVER.url(url.name()));
    let (client, connection) =
        tokio_postgres::connect(&place, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let mut lists: Vec<_> =
        fs::read_dir(kept("statements")).unwrap().map(|entry| entry.unwrap().path()).collect();
    lists.sort();
    assert!(!lists.is_empty());
    for list in lists {
        for line in fs::read_to_string(&list).unwrap().lines() {
            let (name, text) = line.split_once('\t').unwrap();
            if let Err(error) = client.prepare(text).await {
                panic!("{} {name}: {error:?}", list.display());
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_schema_is_taken_where_it_says_that_it_can_be() {
    let url = database(&SERVER);
    drop(open(&url).await);
    let newer = |compatible_from: usize| {
        let step = CURRENT + 1;
        format!(
            "DELETE FROM cloakroom.cloakroom_steps WHERE version = {step};
             INSERT INTO cloakroom.cloakroom_steps (version, compatible_from, home)
             SELECT {step}, {compatible_from}, home FROM cloakroom.cloakroom_steps WHERE version = 1"
        )
    };
    sql(&url, &newer(CURRENT));
    drop(open(&url).await);
    drop(Postgres::attach(&url, Options::default()).await.unwrap());

    sql(&url, &newer(CURRENT + 1));
    let before = described(&url);
    for refused in [
        Postgres::open(&url, Options::default()).await,
        Postgres::attach(&url, Options::default()).await,
    ] {
        assert!(matches!(refused, Err(OpenError::Newer { found: 7, expected: 6 })));
    }
    assert_eq!(described(&url), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_neither_makes_nor_changes_a_schema() {
    let url = database(&SERVER);
    assert!(matches!(Postgres::attach(&url, Options::default()).await, Err(OpenError::Missing)));
    at_version(&url, CURRENT - 1);
    let older = Postgres::attach(&url, Options::default()).await;
    assert!(matches!(older, Err(OpenError::Older { found: 5, expected: 6 })));
    assert_eq!(steps(&url), "1,2,3,4,5");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_of_another_program_are_left_alone() {
    let url = database(&SERVER);
    sql(
        &url,
        "CREATE SCHEMA cloakroom AUTHORIZATION cloakroom; CREATE TABLE cloakroom.notes (text TEXT)",
    );
    let refused = Postgres::open(&url, Options::default()).await;
    assert!(matches!(refused, Err(OpenError::NotOurs { .. })));
    // Beside it there is room for ours.
    let beside: Url = format!("{}?schema=ours", SERVER.url(url.name())).parse().unwrap();
    assert!(!open(&beside).await.has_admin().await.unwrap());
    assert_eq!(
        sql(
            &url,
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'cloakroom'"
        ),
        "1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_waits_for_nobody_for_long_and_is_tried_again() {
    let url = database(&SERVER);
    at_version(&url, 1);
    let place = SERVER.url(url.name());
    let (client, connection) =
        tokio_postgres::connect(&place, tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    // Somebody reads for long what the second step changes.
    client.batch_execute("BEGIN; SELECT count(*) FROM cloakroom.grants").await.unwrap();
    let opening = {
        let url = url.clone();
        tokio::spawn(async move { Postgres::open(&url, Options::default()).await.map(drop) })
    };
    // A step that cannot have its lock makes nobody else wait: others read the same table meanwhile.
    for _ in 0..10 {
        let read = "SET statement_timeout = '3s'; SELECT count(*) FROM cloakroom.grants";
        assert!(sql(&url, read).ends_with('0'));
    }
    assert_eq!(steps(&url), "1");
    client.batch_execute("COMMIT").await.unwrap();
    opening.await.unwrap().unwrap();
    assert_eq!(steps(&url), "1,2,3,4,5,6");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_was_put_back_opens_once_what_ended_since_has_ended_again() {
    let url = database(&SERVER);
    drop(open(&url).await);
    // As `pg_restore` does it: the same rows in tables that are made anew.
    sql(
        &url,
        "ALTER TABLE cloakroom.cloakroom_steps RENAME TO before;
         CREATE TABLE cloakroom.cloakroom_steps (LIKE cloakroom.before INCLUDING ALL);
         INSERT INTO cloakroom.cloakroom_steps SELECT * FROM cloakroom.before;
         DROP TABLE cloakroom.before; ALTER TABLE cloakroom.cloakroom_steps OWNER TO cloakroom",
    );
    for refused in [
        Postgres::open(&url, Options::default()).await,
        Postgres::attach(&url, Options::default()).await,
    ] {
        assert!(matches!(refused, Err(OpenError::Restored)));
    }
    let at = Timestamp(4_102_444_800_000);
    let act = Act { at, nonce: 9, event: Event::new(at, Kind::Restored, Actor::Operator) };
    assert_eq!(Postgres::renew(&url, Options::default(), &act, false).await.unwrap(), 0);
    drop(open(&url).await);
}

/// A schema as the program of an earlier version left it.
fn at_version(url: &Url, version: usize) {
    let mut text = "CREATE SCHEMA cloakroom AUTHORIZATION cloakroom; SET ROLE cloakroom; SET search_path = cloakroom;
         CREATE TABLE cloakroom_steps (version BIGINT NOT NULL PRIMARY KEY, compatible_from BIGINT NOT NULL,
            home BIGINT NOT NULL DEFAULT 0,
            taken_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT clock_timestamp());\n"
        .to_owned();
    let mut steps: Vec<_> = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    steps.sort();
    assert_eq!(steps.len(), CURRENT, "one step for each version");
    for (step, number) in steps.iter().zip(1..=version) {
        text.push_str(&fs::read_to_string(step).unwrap());
        let taken = "INSERT INTO cloakroom_steps (version, compatible_from) VALUES";
        writeln!(text, "\n{taken} ({number}, 1);").unwrap();
    }
    text.push_str("UPDATE cloakroom_steps SET home = tableoid::bigint;");
    sql(url, &text);
}

fn steps(url: &Url) -> String {
    sql(
        url,
        "SELECT string_agg(version::text, ',' ORDER BY version) FROM cloakroom.cloakroom_steps",
    )
}

/// Columns, constraints, indices and settings of every table, a line each.
fn described(url: &Url) -> String {
    let text = sql(url, DESCRIBE);
    format!("{}\n", text.trim_end())
}

const DESCRIBE: &str = "
    SELECT line FROM (
        SELECT c.relname || ' ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
            || CASE WHEN a.attcollation <> 0 THEN ' collate ' || l.collname ELSE '' END
            || CASE WHEN a.attnotnull THEN ' not null' ELSE '' END
            || COALESCE(' default ' || pg_get_expr(d.adbin, d.adrelid), '')
            || CASE WHEN a.attidentity <> '' THEN ' identity' ELSE '' END AS line
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_collation l ON l.oid = a.attcollation
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'cloakroom'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
            AND NOT a.attisdropped
        UNION ALL
        SELECT c.relname || ' constraint ' || pg_get_constraintdef(k.oid) FROM pg_constraint k
        JOIN pg_class c ON c.oid = k.conrelid WHERE c.relnamespace = 'cloakroom'::regnamespace
            -- Since PostgreSQL 18 NOT NULL is one too; the column says it in every version.
            AND k.contype <> 'n'
        UNION ALL
        SELECT t.relname || ' index ' || pg_get_indexdef(i.indexrelid) FROM pg_index i
        JOIN pg_class t ON t.oid = i.indrelid WHERE t.relnamespace = 'cloakroom'::regnamespace
        UNION ALL
        SELECT c.relname || ' with ' || array_to_string(c.reloptions, ', ') FROM pg_class c
        WHERE c.relnamespace = 'cloakroom'::regnamespace AND c.reloptions IS NOT NULL
    ) lines ORDER BY line COLLATE \"C\"";

fn sql(url: &Url, text: &str) -> String {
    tokio::task::block_in_place(|| Server::sql(&SERVER, url.name(), text).unwrap())
}

/// Holds a text against the file that is committed, or writes it where somebody asks for that.
fn written(name: &str, text: &str) {
    let path = kept(name);
    if std::env::var_os("CLOAKROOM_WRITE_STATEMENTS").is_some() {
        fs::write(&path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == text,
        "{} is not what the program has; write it with CLOAKROOM_WRITE_STATEMENTS=1",
        path.display()
    );
}

fn kept(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}
