//! `docs/conformance.md`: the modules of the OpenID Foundation's conformance suite, and our test for each.
//!
//! Rests on `tests/conformance/modules.csv`, which names plans and modules and says where we differ, and on the tests
//! themselves: a module has a test where there is one of its name in snake case. Whether it passes is what
//! `cargo xtask test` is for.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use anyhow::{Context, Result, ensure};

use crate::shell::root;

const MODULES: &str = "tests/conformance/modules.csv";
const TESTS: &str = "crates/server/tests/it/conformance";

/// One line of the table.
struct Module<'a> {
    plan: &'a str,
    name: &'a str,
    remark: &'a str,
}

/// The page.
pub(crate) fn page() -> Result<String> {
    let listed = fs::read_to_string(root().join(MODULES)).context(MODULES)?;
    let modules = listed.lines().skip(1).map(module).collect::<Result<Vec<_>>>()?;
    let tests = tests()?;
    let has_test = |module: &Module<'_>| tests.contains(&snake_case(module.name));
    let (there, all) = (modules.iter().filter(|module| has_test(module)).count(), modules.len());
    let mut page = format!(
        "# Conformance\n\n\
         The OpenID Foundation's conformance suite looks at a server from outside, module by module. It was not run here: for\n\
         its modules there are tests of ours by the same names, which do over HTTP what a module's summary says, and which\n\
         `cargo xtask test` runs ([{TESTS}](../{TESTS})). {there} of {all} modules have one. The page is made from\n\
         `{MODULES}` and from the names of the tests.\n",
    );
    let mut plan = "";
    for module in &modules {
        if module.plan != plan {
            plan = module.plan;
            write!(
                page,
                "\n## `{plan}`\n\n| module | test | where we differ |\n| --- | --- | --- |\n"
            )?;
        }
        let test = if has_test(module) {
            format!("`{}`", snake_case(module.name))
        } else {
            "not yet".to_owned()
        };
        writeln!(page, "| {} | {test} | {} |", module.name, module.remark)?;
    }
    Ok(page)
}

fn module(line: &str) -> Result<Module<'_>> {
    let mut cells = line.splitn(3, ',');
    let mut next = || cells.next().with_context(|| format!("{MODULES}: {line}"));
    let (plan, name, remark) = (next()?, next()?, next()?);
    ensure!(!plan.is_empty() && !name.is_empty(), "{MODULES}: {line}");
    Ok(Module { plan, name, remark: remark.trim_matches('"') })
}

/// A module's name as a function's.
fn snake_case(module: &str) -> String {
    module.replace('-', "_").to_ascii_lowercase()
}

/// The names of all functions among the tests.
fn tests() -> Result<BTreeSet<String>> {
    let mut names = BTreeSet::new();
    let mut folders = vec![root().join(TESTS)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).context(TESTS)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(path)?;
            let functions = text.lines().filter_map(|line| line.strip_prefix("async fn "));
            names.extend(functions.filter_map(|rest| rest.split('(').next()).map(str::to_owned));
        }
    }
    Ok(names)
}
