//! What the documents claim is there: the tests that they name, the crates, and the files that they lead to.
//!
//! Whether a claim is true is for the tests themselves to show; here is only seen that nobody quotes one that was
//! renamed or never written.

use std::collections::BTreeSet;
use std::path::Path;

use crate::tree::{File, files, folder, nothing_in, packages, read, root, sources, text};

const ASVS: &str = "docs/security/asvs.md";
const ATTACKS: &str = "docs/security/attacks.md";

/// Documents that quote tests by their names.
const QUOTING: &[&str] = &[ASVS, ATTACKS, "ARCHITECTURE.md"];

/// How many requirements each section of the chapters about sessions and tokens has in ASVS 5.0.
const SECTIONS: &[(&str, u8)] = &[
    ("V7.1", 3),
    ("V7.2", 4),
    ("V7.3", 2),
    ("V7.4", 5),
    ("V7.5", 3),
    ("V7.6", 2),
    ("V9.1", 3),
    ("V9.2", 4),
    ("V10.3", 5),
    ("V10.4", 16),
    ("V10.6", 2),
    ("V10.7", 3),
];

#[test]
fn every_test_that_a_document_names_exists() {
    let tests = names_of_tests();
    let mut complaints = Vec::new();
    for path in QUOTING {
        let document = read(path);
        let quoted: BTreeSet<&str> = quoted(&document).filter(|word| is_claim(word)).collect();
        assert!(quoted.len() > 10, "{path} quotes only {} tests", quoted.len());
        let missing = quoted.into_iter().filter(|name| !tests.contains(*name));
        complaints.extend(missing.map(|name| format!("{path}: {name}")));
    }
    nothing_in(&complaints, "no such test:");
}

#[test]
fn every_requirement_on_sessions_and_tokens_has_a_row() {
    let page = read(ASVS);
    let rows: Vec<Vec<&str>> = page.lines().filter_map(row).collect();
    let mut complaints = Vec::new();
    for (section, requirements) in SECTIONS {
        for number in 1..=*requirements {
            let id = format!("{section}.{number}");
            if rows.iter().filter(|cells| cells[0] == id).count() != 1 {
                complaints.push(format!("{id} does not have one row"));
            }
        }
    }
    for cells in rows {
        let (id, how, shown) = (cells[0], cells[1], cells[2]);
        if shown.is_empty() && !how.contains("not yet") && !how.contains("](") {
            complaints.push(format!("{id} is neither shown, written down elsewhere nor admitted"));
        }
    }
    nothing_in(&complaints, "the page about ASVS has gaps:");
}

#[test]
fn every_attack_that_is_listed_is_made_by_a_test() {
    let page = read(ATTACKS);
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter_map(|line| Some(line.strip_prefix("| ")?.split('|').map(str::trim).collect()))
        .filter(|cells: &Vec<&str>| !matches!(cells[0], "attack" | "---"))
        .collect();
    assert!(rows.len() > 20, "{ATTACKS} has only {} rows", rows.len());
    let unshown = rows.iter().filter(|cells| cells.len() < 3 || !quoted(cells[2]).any(is_claim));
    let complaints: Vec<String> = unshown.map(|cells| cells[0].to_owned()).collect();
    nothing_in(&complaints, "nothing shows the defence against:");
}

#[test]
fn every_crate_is_on_the_map_for_readers() {
    let map = read("ARCHITECTURE.md");
    let mut complaints = Vec::new();
    for package in packages() {
        let folder = folder(&package);
        if !map.contains(&format!("[{folder}](")) {
            complaints.push(format!("{} in {folder}", text(&package["name"])));
        }
    }
    nothing_in(&complaints, "ARCHITECTURE.md does not name the folder of:");
}

#[test]
fn every_link_between_documents_leads_somewhere() {
    let is_document =
        |file: &File| Path::new(&file.path).extension().is_some_and(|extension| extension == "md");
    let mut complaints = Vec::new();
    for file in files().into_iter().filter(is_document) {
        let beside = root().join(&file.path).parent().unwrap().to_owned();
        for link in links(&file.text) {
            let (path, heading) = link.split_once('#').unwrap_or((link, ""));
            let to = if path.is_empty() { root().join(&file.path) } else { beside.join(path) };
            if !to.exists() {
                complaints.push(format!("{}: {link}", file.path));
            } else if !heading.is_empty() && !headings(&to).contains(heading) {
                complaints.push(format!("{}: {link} (no such heading)", file.path));
            }
        }
    }
    nothing_in(&complaints, "a link leads nowhere:");
}

/// What readers copy is what the tests run.
#[test]
fn the_readme_holds_the_script_of_the_first_minute() {
    let script = read("docs/first-minute.sh");
    assert!(read("README.md").contains(script.trim_end()), "README.md holds another script");
}

/// What operators copy is what the tests run: a page holds the very text, or leads to the file.
#[test]
fn the_operating_pages_hold_or_lead_to_every_file_to_deploy() {
    let files = files();
    let within = |folder: &str| -> Vec<&File> {
        files.iter().filter(|file| file.path.starts_with(folder)).collect()
    };
    let (pages, to_deploy) = (within("docs/operating/"), within("deploy/"));
    assert!(to_deploy.len() > 3, "only {} files in deploy/", to_deploy.len());
    let shown = |file: &File| {
        pages.iter().any(|page| page.text.contains(file.text.trim_end()) || leads(page, file))
    };
    let missing = to_deploy.iter().filter(|file| !shown(file));
    let complaints: Vec<String> = missing.map(|file| file.path.clone()).collect();
    nothing_in(&complaints, "docs/operating/ neither holds nor leads to:");
}

#[test]
fn names_of_tests_are_told_from_settings_and_fields() {
    let text = "`a_second_use_ends_the_grant`, `refresh_replay_window`, `acr`, `cloakroom key`";
    let claims: Vec<&str> = quoted(text).filter(|word| is_claim(word)).collect();
    assert_eq!(claims, ["a_second_use_ends_the_grant"]);
    let links: Vec<&str> = links("[a](b.md#c) [d](https://example.com) ![e](f.png)").collect();
    assert_eq!(links, ["b.md#c", "f.png"]);
}

/// Functions that carry the attribute of a test, and promises and races, which macros make tests of.
fn names_of_tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in sources() {
        let of_macros = ["/src/contract/", "/promises/", "/races/"];
        let made_by_macro = of_macros.iter().any(|folder| file.path.contains(folder));
        let mut attribute_at = None;
        for (number, line) in file.lines() {
            let line = line.trim();
            if line.starts_with("#[test]") || line.starts_with("#[tokio::test") {
                attribute_at = Some(number);
            }
            let Some(name) = function(line) else { continue };
            let marked = attribute_at.is_some_and(|at| number - at <= 3);
            if marked || made_by_macro {
                names.insert(name.to_owned());
            }
            attribute_at = None;
        }
    }
    names
}

/// The name of the function that a line begins.
fn function(line: &str) -> Option<&str> {
    let before = line.find("fn ").filter(|at| {
        let mut words = line[..*at].split_whitespace();
        words.all(|word| matches!(word, "pub" | "pub(crate)" | "pub(super)" | "async"))
    })?;
    let name = &line[before + 3..];
    let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
    Some(&name[..end])
}

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.lines().flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// A test's name is a sentence: settings, fields and functions have fewer words.
fn is_claim(word: &str) -> bool {
    let plain = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    plain && word.matches('_').count() >= 3
}

/// The cells of a row about a requirement.
fn row(line: &str) -> Option<Vec<&str>> {
    let cells: Vec<&str> = line.trim().strip_prefix('|')?.split('|').map(str::trim).collect();
    (cells.first()?.starts_with('V') && cells.len() >= 3).then_some(cells)
}

/// Where Markdown leads within the repository.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.match_indices("](").filter_map(|(at, _)| {
        let target = &text[at + 2..];
        target.find([')', '\n']).map(|end| &target[..end])
    });
    targets.filter(|target| !target.contains("://") && !target.starts_with("mailto:"))
}

/// Whether a page of the folder two below the root links a file, or a folder that it lies in.
fn leads(page: &File, file: &File) -> bool {
    links(&page.text).filter_map(|link| link.strip_prefix("../../")).any(|link| {
        let beside = file.path.strip_prefix(link);
        beside.is_some_and(|rest| rest.is_empty() || link.ends_with('/') || rest == IGNORING)
    })
}

/// What a container file is accompanied by.
const IGNORING: &str = ".dockerignore";

/// The anchors of a document's headings, as code hosts make them.
fn headings(path: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let titles = text.lines().filter_map(|line| line.strip_prefix('#'));
    titles
        .map(|title| {
            let title = title.trim_start_matches('#').trim().to_lowercase();
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}
