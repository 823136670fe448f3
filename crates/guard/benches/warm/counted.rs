//! Instructions and allocations, which are the same on a busy machine and on a quiet one.
//!
//! Each kind of check is done many times by a process of its own under valgrind: once under callgrind, which counts
//! instructions, and once under DHAT, which counts allocations. One that does none of them is taken off.
//!
//! valgrind runs a processor of its own making, which is older than most: without SHA extensions, AVX-512 and ADX. The
//! cryptographic library sees that and takes other ways than it takes natively, with more instructions. What is the
//! library's alone is therefore counted beside the guard: the digest that a token or cookie is recalled by, and the
//! raw signature.

use std::cell::Cell;
use std::env;
use std::hint::black_box;
use std::pin::pin;
use std::process::{Command, Output};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::ParsedPublicKey;
use axum_core::extract::FromRequestParts as _;
use cloakroom_guard::{Clock, Identity};
use http::Request;
use http::request::Parts;
use tower::{Layer as _, Service as _, service_fn};

use crate::issuer::NOW;
use crate::stage::{Cold, Other, Stage, known};

/// Clocks that stand at the time of the tokens. Natively they are read without a system call, from a page of the kernel's
/// that is not there under valgrind; so reading them is not counted.
pub(crate) struct Stopped;

impl Clock for Stopped {
    fn wall(&self) -> u64 {
        NOW
    }

    fn steady(&self) -> Duration {
        Duration::from_secs(1)
    }
}

/// The argument with which this program does one kind of check for a counter around it.
pub(crate) const ONE: &str = "counted-check";

/// The kind of check that does nothing.
const NOTHING: &str = "nothing";

/// So many, that what else a process does is lost in rounding: more of what is less.
const MANY: u64 = 10_000;
const SOME: u64 = 4_000;
const FEW: u64 = 250;

/// What is counted.
struct Check {
    name: &'static str,
    says: &'static str,
    times: u64,
    /// Does it once; the number is how often it was done.
    once: fn(&Ready, u64),
}

const CHECKS: [Check; 8] = [
    Check {
        name: "token",
        says: "warm token",
        times: MANY,
        once: |ready, _| known(&ready.stage.guard, &ready.stage.token),
    },
    Check {
        name: "token-digest",
        says: "  of these, its SHA-256",
        times: MANY,
        once: |ready, _| digest_of(&ready.stage.token, "authorization", "Bearer "),
    },
    Check {
        name: "cookie",
        says: "warm cookie",
        times: MANY,
        once: |ready, _| known(&ready.stage.guard, &ready.stage.cookie),
    },
    Check {
        name: "cookie-digest",
        says: "  of these, its SHA-256",
        times: MANY,
        once: |ready, _| digest_of(&ready.stage.cookie, "cookie", "cloakroom="),
    },
    Check {
        name: "layer",
        says: "warm token, through layer and extractor",
        times: SOME,
        once: Ready::through_the_layer,
    },
    Check {
        name: "cold",
        says: "cold token (Ed25519)",
        times: FEW,
        once: |ready, number| known(&ready.stage.guard, &ready.cold(number).request),
    },
    Check {
        name: "raw",
        says: "  of these, the raw signature",
        times: FEW,
        once: Ready::raw_signature,
    },
    Check {
        name: "jsonwebtoken",
        says: "jsonwebtoken, per request",
        times: FEW,
        once: |ready, _| ready.other.verify(),
    },
];

/// Everything that any of the checks needs, made ready before each of them: so what one process does beyond another is
/// its checks.
struct Ready {
    stage: Stage,
    cold: Vec<Cold>,
    layered: Vec<Cell<Option<Request<()>>>>,
    key: ParsedPublicKey,
    other: Other,
}

impl Ready {
    fn new(stage: Stage) -> Self {
        let request = || Request::from_parts(stage.token.clone(), ());
        Self {
            cold: stage.cold("cold", FEW),
            layered: (0..SOME).map(|_| Cell::new(Some(request()))).collect(),
            key: stage.key(),
            other: Other::new(&stage.issuer),
            stage,
        }
    }

    fn cold(&self, number: u64) -> &Cold {
        &self.cold[usize::try_from(number).unwrap_or(0)]
    }

    fn raw_signature(&self, number: u64) {
        let Cold { message, signature, .. } = self.cold(number);
        assert!(self.key.verify_sig(black_box(message.as_bytes()), signature).is_ok());
    }

    /// A handler that asks who is there. The request itself is not dropped: it is not the guard's.
    fn through_the_layer(&self, number: u64) {
        let request = self.layered[usize::try_from(number).unwrap_or(0)].take();
        let handler = service_fn(async |request: Request<()>| {
            let (mut parts, ()) = request.into_parts();
            let identity = Identity::from_request_parts(&mut parts, &()).await;
            let is_somebody = black_box(identity).is_ok();
            std::mem::forget(parts);
            if is_somebody { Ok(()) } else { Err(()) }
        });
        let mut service = self.stage.guard.layer().layer(handler);
        let answered = pin!(service.call(request.expect("one for each time")));
        let answered = answered.poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(answered, Poll::Ready(Ok(())), "not from memory");
    }
}

/// The digest by which the guard knows a value.
fn digest_of(parts: &Parts, header: &str, prefix: &str) {
    let value = parts.headers[header].as_bytes().strip_prefix(prefix.as_bytes());
    black_box(digest(&SHA256, black_box(value.expect("the value"))));
}

/// Does one kind of check, and ends at once: nothing is dropped, which would be counted too.
pub(crate) fn one(stage: Stage, name: &str) {
    let ready = Ready::new(stage);
    let check = CHECKS.iter().find(|check| check.name == name);
    assert!(check.is_some() || name == NOTHING, "there is no check {name}");
    if let Some(Check { times, once, .. }) = check {
        (0..*times).for_each(|number| once(&ready, number));
    }
    std::process::exit(0)
}

/// Counts all of them.
pub(crate) fn print() {
    let nothing = Count::of(NOTHING);
    println!("instructions and allocations of each, counted by valgrind (without SHA extensions)");
    for Check { name, says, times, .. } in CHECKS {
        let Count { instructions, allocations } = Count::of(name);
        let instructions = instructions.saturating_sub(nothing.instructions);
        let allocations = allocations.saturating_sub(nothing.allocations);
        let instructions = (instructions + times / 2) / times;
        let tenths = (allocations * 10 + times / 2) / times;
        println!("{says:40}{instructions:>9} {:>5}.{}", tenths / 10, tenths % 10);
    }
}

/// What a process did.
struct Count {
    instructions: u64,
    allocations: u64,
}

impl Count {
    fn of(check: &str) -> Self {
        let callgrind = ["--tool=callgrind", "--callgrind-out-file=/dev/null"];
        let dhat = ["--tool=dhat", "--dhat-out-file=/dev/null"];
        Self {
            instructions: number(&valgrind(callgrind, check), "Collected :", ""),
            allocations: number(&valgrind(dhat, check), "Total:", "bytes in"),
        }
    }
}

/// What valgrind says of this program doing one kind of check.
fn valgrind(tool: [&str; 2], check: &str) -> String {
    let this = env::current_exe().expect("this program has a path");
    let mut valgrind = Command::new("valgrind");
    let run = valgrind.args(tool).arg(this).args(["--bench", ONE, check]).output();
    let Output { status, stderr, .. } = run.expect("valgrind is installed");
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert!(status.success(), "{check} ended with {status}: {said}");
    said
}

/// The number behind a label, or behind what follows it in that line.
fn number(said: &str, label: &str, then: &str) -> u64 {
    let line = said.lines().find_map(|line| line.split_once(label));
    let rest = line.and_then(|(_, rest)| rest.split_once(then)).map(|(_, rest)| rest.trim());
    let digits = rest.and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
    let number = digits.replace(',', "").parse();
    number.unwrap_or_else(|_| panic!("no number behind {label}: {said}"))
}
