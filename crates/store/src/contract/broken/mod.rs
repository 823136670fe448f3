//! Each promise fails against a backend that is broken on purpose: a promise that no fault can break would
//! promise nothing.

mod faults;

use std::collections::BTreeSet;
use std::sync::Arc;

use cloakroom_model::time::Timestamp;

use self::faults::faults;
use crate::Store;
use crate::memory::Memory;
use crate::memory::broken::{Broken, Fault};

macro_rules! broken_test {
    (() $($module:ident { $($promise:ident,)* })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $promise() {
                let name = concat!(stringify!($module), "::", stringify!($promise));
                for fault in super::faults_of(name) {
                    let store = super::broken_by(*fault);
                    let promise = crate::contract::$module::$promise(store);
                    let kept = tokio::spawn(promise).await;
                    let panicked = kept.is_err_and(|error| error.is_panic());
                    assert!(panicked, "{name} is kept even by {fault:?}");
                }
            }
            )*
        })*

        const PROMISES: &[&str] =
            &[$($(concat!(stringify!($module), "::", stringify!($promise)),)*)*];

        const SOURCES: &[(&str, &str)] =
            &[$((stringify!($module), include_str!(concat!("../", stringify!($module), ".rs"))),)*];
    };
}

crate::for_each_promise! { [broken_test] () }

#[test]
fn every_promise_is_on_the_list_and_on_it_once() {
    let mut written = BTreeSet::new();
    for (module, source) in SOURCES {
        for line in source.lines() {
            if let Some((name, _)) =
                line.strip_prefix("pub async fn ").and_then(|line| line.split_once('('))
            {
                written.insert(format!("{module}::{name}"));
            }
        }
    }
    let listed: BTreeSet<String> = PROMISES.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(written, listed);
    assert_eq!(listed.len(), PROMISES.len(), "a promise is listed twice");
}

#[test]
fn every_fault_is_of_a_promise() {
    for (name, faults) in faults() {
        assert!(PROMISES.contains(name), "{name} is no promise");
        assert!(!faults.is_empty(), "{name} has no fault");
    }
    assert_eq!(faults().count(), PROMISES.len());
}

fn faults_of(promise: &str) -> &'static [Fault] {
    let row = faults().find(|(name, _)| *name == promise);
    row.unwrap_or_else(|| panic!("no fault breaks {promise}")).1
}

fn broken_by(fault: Fault) -> Arc<dyn Store> {
    let memory = Memory::new(Arc::new(|| Timestamp(1_800_000_000_000)));
    Arc::new(Broken::new(memory, fault))
}
