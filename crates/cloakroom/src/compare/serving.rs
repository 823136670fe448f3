//! What a service of the comparison does: it answers who sends the request, in one of the arrangements.
//!
//! It is written as a service of somebody else's would be, on axum and with a pooled client, in one thread. `/` checks
//! the request, `/open` does not: the difference is what a check costs. `/hears` says whether a guard hears the server at the
//! moment.

use std::{
    io::{self, BufRead as _, Write as _},
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    thread,
};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
    routing::get,
    serve::ListenerExt as _,
};
use cloakroom_guard::{Guard, Identity};
use http::StatusCode;
use tokio::{
    net::TcpListener,
    sync::mpsc::{UnboundedSender, unbounded_channel},
};

use super::{
    arrangement::Arrangement,
    checking::{Checked, Checker},
    guarding,
    service::Task,
};
use crate::{exit::Failure, offline};

/// Serves until standard input ends, which it does at the latest with the process that started this one.
pub(crate) fn run() -> Result<(), Failure> {
    let mut line = String::new();
    io::stdin().read_line(&mut line).map_err(|error| unreadable(&error))?;
    let task: Task = serde_json::from_str(&line).map_err(|_| {
        Failure::Usage(
            "this command is for `cloakroom compare`, which tells it what to do".to_owned(),
        )
    })?;
    offline::block_on(serve(task))
}

async fn serve(task: Task) -> Result<(), Failure> {
    let ahead = Arc::<AtomicU64>::default();
    let checked = checked(task, Arc::clone(&ahead)).await?;
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(|error| no_listener(&error))?;
    say(&listener.local_addr().map_err(|error| no_listener(&error))?.to_string())?;
    let (over, mut is_over) = unbounded_channel();
    thread::Builder::new()
        .name("commands".to_owned())
        .spawn(move || obey(&ahead, &over))
        .map_err(|error| no_listener(&error))?;
    let app = checked.route("/open", get(async || hello("anybody")));
    let listener = listener.tap_io(|stream| {
        // Without it an answer may wait; there is no harm in that but to the figures.
        let _ = stream.set_nodelay(true);
    });
    tokio::select! {
        served = async { axum::serve(listener, app).await } => served.map_err(|error| no_listener(&error)),
        _ = is_over.recv() => Ok(()),
    }
}

/// `/`, where each request is checked.
async fn checked(task: Task, ahead: Arc<AtomicU64>) -> Result<Router, Failure> {
    let checker = match task.arrangement {
        Arrangement::Cookie => Checker::of_cookies(&task)?,
        Arrangement::Introspection => Checker::of_tokens(&task)?,
        Arrangement::Jwt => Checker::alone(task, ahead).await?,
        Arrangement::GuardedCookie | Arrangement::GuardedJwt => {
            let guard = guarding::start(task, ahead).await?;
            let greet = get(async |me: Identity| hello(me.user().unwrap_or("guest")));
            let greeting = Router::new().route("/", greet).route_layer(guard.layer());
            return Ok(greeting.route("/hears", get(async move || hears(&guard))));
        }
    };
    let checking = Router::new().route("/", get(check)).with_state(Arc::new(checker));
    Ok(checking.route("/hears", get(async || hello("anybody"))))
}

async fn check(State(checker): State<Arc<Checker>>, request: Request) -> Response {
    match checker.check(request.headers()).await {
        Checked::Known(user) => hello(&user),
        Checked::Unknown => StatusCode::UNAUTHORIZED.into_response(),
        Checked::NobodyToAsk => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn hears(guard: &Guard) -> Response {
    if guarding::hears(guard) {
        hello("anybody")
    } else {
        StatusCode::SERVICE_UNAVAILABLE.into_response()
    }
}

fn hello(whom: &str) -> Response {
    format!("hello, {whom}\n").into_response()
}

/// Each line is a number of seconds by which the clock is set ahead.
fn obey(ahead: &AtomicU64, over: &UnboundedSender<()>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        if let Ok(seconds) = line.parse() {
            ahead.store(seconds, Relaxed);
        }
        if say(&line).is_err() {
            break;
        }
    }
    // If nobody listens, it is over anyway.
    let _ = over.send(());
}

fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::Usage(format!("cannot read the task: {error}"))
}

fn no_listener(error: &io::Error) -> Failure {
    Failure::Unavailable(format!("cannot serve: {error}"))
}
