//! What the repository says stands for itself: no word of where, when or by which order it was written, and no
//! address that only one network can reach.

use std::path::Path;

use crate::tree::{File, files, nothing_in, root};

/// Texts that only somebody who was there would understand.
fn private_words() -> Vec<String> {
    // Put together here, so that this file does not hold what it forbids.
    let slash = "/";
    vec![
        format!("{slash}work{slash}"),
        format!("{slash}tmp{slash}wt"),
        format!("DESIGN{}", ".md"),
        format!("STYLE{}", ".md"),
        format!("DEPENDENCIES{}", ".md"),
        format!("shared{slash}sketch"),
    ]
}

/// Registries that everybody can reach; a lock file may name no other.
const REGISTRIES: &[&str] =
    &["https://github.com/rust-lang/crates.io-index", "https://registry.npmjs.org/"];

#[test]
fn no_file_speaks_of_where_it_was_written() {
    let words = private_words();
    let mut complaints = Vec::new();
    for file in files() {
        for (number, line) in file.lines() {
            if words.iter().any(|word| line.contains(word)) || names_a_ticket(line) {
                complaints.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    nothing_in(&complaints, "a reader of the repository alone cannot follow:");
}

#[test]
fn lock_files_name_public_registries_only() {
    let mut complaints = Vec::new();
    let locks = files().into_iter().filter(is_lock);
    for file in locks {
        for (number, line) in file.lines() {
            let fetched = ["\"resolved\": \"", "source = \"registry+", "source = \"git+"]
                .iter()
                .find_map(|marker| line.split_once(marker).map(|(_, address)| address));
            if let Some(address) = fetched
                && !REGISTRIES.iter().any(|registry| address.starts_with(registry))
                && !is_beside(&file, address)
            {
                complaints.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    nothing_in(&complaints, "fetched from where not everybody can fetch:");
}

/// Whether what a lock file names is a folder of ours: npm lists the packages of a workspace with the others, and those
/// that it copies by `file:`.
fn is_beside(lock: &File, address: &str) -> bool {
    let folder = Path::new(&lock.path).parent().unwrap();
    let (name, _) = address.split_once('"').unwrap_or((address, ""));
    let name = name.strip_prefix("file:").unwrap_or(name);
    root().join(folder).join(name).join("package.json").is_file()
}

fn is_lock(file: &File) -> bool {
    file.path.ends_with("Cargo.lock") || file.path.ends_with("package-lock.json")
}

/// The word "issue" and a number: trackers move, so the reason itself must stand in the text.
fn names_a_ticket(line: &str) -> bool {
    let line = line.to_lowercase();
    line.match_indices("issue ").any(|(at, word)| {
        let rest = line[at + word.len()..].trim_start_matches('#');
        rest.starts_with(|first: char| first.is_ascii_digit())
    })
}

#[test]
fn a_ticket_is_recognised_by_its_number() {
    let word = "Issue";
    assert!(names_a_ticket(&format!("see {word} 12")));
    assert!(names_a_ticket(&format!("fixes {word} #7.")));
    assert!(!names_a_ticket(&format!("the {word} with 3 tabs")));
    assert!(!names_a_ticket("tokens we issue for one audience"));
}
