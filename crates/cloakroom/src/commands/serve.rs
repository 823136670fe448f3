//! `cloakroom serve`: the parts put together, until somebody says stop.
//!
//! The order is one in which nothing has to be taken back: the addresses first, because they are what fails most
//! often; then the folder's lock, the database and its keys; then the engine. Nobody is answered before all of it is
//! there, and what is acknowledged is on the disk when the process ends.

mod greeting;
mod kept;
mod secured;
mod sockets;

use std::{io, sync::Arc};

use cloakroom_engine::{
    Engine, clock::SystemClock, fetch::Fetch, password::Pool, random::SystemRandomness,
    start::Wiring,
};
use cloakroom_server::{
    app::App,
    edge::Edge,
    listener::{Limits, Sockets, asked_to_stop},
    operators::Operators,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::{runtime, sync::watch, task::JoinHandle};
use url::Url;

pub(super) use self::kept::alone;
use self::{
    greeting::{Greeting, Places},
    kept::Kept,
    secured::Secured,
};
use crate::{
    exit::{Failure, whole},
    logging,
    output::Output,
    probe,
    settings::{self, Given, Settings},
    wiring,
};

/// Files that are not connections: the database's, the log, what libraries open.
const OTHER_FILES: usize = 128;

/// Serves until SIGTERM or Ctrl-C.
pub(super) fn run(given: &Given, output: &Output) -> Result<(), Failure> {
    let settings = settings::load(given)?.settings;
    logging::start(&settings);
    let runtime = runtime::Builder::new_multi_thread().enable_all().build();
    runtime
        .map_err(|error| Failure::Unavailable(format!("the system gives no threads: {error}")))?
        .block_on(serve(&settings, output))
}

async fn serve(settings: &Settings, output: &Output) -> Result<(), Failure> {
    // From here on nobody who says stop is missed.
    let stop = stop_when_asked().await;
    let sockets = sockets::open(&settings.listen, "listen")?;
    let secured = Secured::prepare(settings)?;
    let outbound: Arc<dyn Fetch> = Arc::new(wiring::outbound(settings)?);
    let operators = match &settings.admin_listen {
        Some(listen) => Some(sockets::open(listen, "admin_listen")?),
        None => None,
    };
    let public_url = at_its_port(&settings.public_url, &sockets);
    let mtls_url = secured.public_url(&public_url);
    let kept = Kept::open(settings).await?;
    let engine = start(settings, &kept, &public_url).await?;
    let beside = [
        follow(&engine),
        keep_house(&engine),
        keep_telling(&engine, &outbound),
        keep_delivering(&engine, &outbound),
    ]
    .into_iter()
    .chain(secured.watch())
    .collect::<Vec<_>>();

    let places = Places { public: &sockets, mtls: secured.asking(), operators: operators.as_ref() };
    let greeting = Greeting::prepare(settings, &public_url, places, &engine).await?;
    if let Err(failure) = greeting.say(output) {
        // Whoever started it may have gone away; the server is none the worse.
        tracing::warn!(%failure, "the greeting was not printed");
    }
    let client_certificates = secured.client_certificates(settings);
    let app_settings = wiring::app_settings(settings, public_url, mtls_url, client_certificates);
    let app = App::new(engine.clone(), outbound, app_settings);
    answer(settings, &engine, app, secured.put_over(sockets), operators, stop).await;

    for task in beside {
        task.abort();
    }
    if let Err(error) = engine.flush_last_seen().await {
        tracing::warn!(error = whole(&error), "the latest last-seen times were not written");
    }
    kept.close().await;
    tracing::info!("stopped");
    Ok(())
}

async fn start(settings: &Settings, kept: &Kept, public_url: &Url) -> Result<Engine, Failure> {
    let random = Arc::new(SystemRandomness::default());
    let masters = kept.master_keys(settings, &*random).await?;
    let passwords = Pool::start(wiring::password_pool(settings)).map_err(|error| {
        Failure::Unavailable(format!("the system gives no threads for passwords: {error}"))
    })?;
    let engine = Engine::start(Wiring {
        store: kept.store(),
        clock: Arc::new(SystemClock::new()),
        random,
        masters,
        passwords,
        limits: wiring::limits(settings),
        in_common: kept.in_common(),
        settings: wiring::engine_settings(settings, public_url),
    });
    Ok(engine.await?)
}

async fn answer(
    settings: &Settings,
    engine: &Engine,
    app: App,
    sockets: Sockets,
    operators: Option<Sockets>,
    stop: watch::Receiver<bool>,
) {
    let limits = Limits { connections: connections(), drain: settings.drain, ..Limits::default() };
    let operators = operators.map(|sockets| {
        let answer = Arc::new(Operators::new(app.clone()));
        tokio::spawn(sockets.serve(answer, limits, told(stop.clone())))
    });
    let stop = async {
        told(stop).await;
        // They would follow for ever.
        engine.end_following();
    };
    let finished = sockets.serve(Arc::new(Edge::new(app)), limits, stop).await;
    if !finished {
        tracing::warn!(drain = ?settings.drain, "some requests did not finish in time");
    }
    if let Some(operators) = operators {
        // What operators ask may be cut short.
        operators.abort();
    }
}

/// Listens for the word to stop, from now on.
async fn stop_when_asked() -> watch::Receiver<bool> {
    let (stop, stopped) = watch::channel(false);
    let mut asked = Box::pin(asked_to_stop());
    // Polled once, so that the signals are caught before anything else happens.
    tokio::select! {
        biased;
        () = &mut asked => {}
        () = std::future::ready(()) => {}
    }
    tokio::spawn(async move {
        asked.await;
        tracing::info!("stopping: requests in flight may finish");
        stop.send_replace(true);
    });
    stopped
}

async fn told(mut stop: watch::Receiver<bool>) {
    // An error means that nobody is left who could say it.
    let _ = stop.wait_for(|stop| *stop).await;
}

fn follow(engine: &Engine) -> JoinHandle<()> {
    let engine = engine.clone();
    tokio::spawn(async move { engine.follow().await })
}

fn keep_house(engine: &Engine) -> JoinHandle<()> {
    let engine = engine.clone();
    tokio::spawn(async move { engine.keep_house().await })
}

fn keep_telling(engine: &Engine, outbound: &Arc<dyn Fetch>) -> JoinHandle<()> {
    let (engine, outbound) = (engine.clone(), Arc::clone(outbound));
    tokio::spawn(async move { engine.keep_telling(outbound).await })
}

fn keep_delivering(engine: &Engine, outbound: &Arc<dyn Fetch>) -> JoinHandle<()> {
    let (engine, outbound) = (engine.clone(), Arc::clone(outbound));
    tokio::spawn(async move { engine.keep_delivering(outbound).await })
}

/// The public URL, with the port that the system chose where nobody else did.
fn at_its_port(public_url: &Url, sockets: &Sockets) -> Url {
    let mut url = public_url.clone();
    if url.port() == Some(0)
        && let Some(address) = sockets.addresses().first()
        // An http URL has a port to set.
        && url.set_port(Some(address.port())).is_err()
    {
        tracing::warn!(%url, "the public URL has no port");
    }
    url
}

/// As many as there may be files, and no more than we would know what to do with.
fn connections() -> usize {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    let files = match setrlimit(Resource::Nofile, raised) {
        Ok(()) => limit.maximum,
        Err(_) => limit.current,
    };
    let files = files.and_then(|files| usize::try_from(files).ok()).unwrap_or(usize::MAX);
    files.saturating_sub(OTHER_FILES).clamp(1, Limits::default().connections)
}

/// What an address says when it cannot be opened.
fn cannot_open(address: std::net::SocketAddr, setting: &str, error: &io::Error) -> Failure {
    let what_to_do = match error.kind() {
        io::ErrorKind::AddrInUse => {
            let who =
                if probe::is_ours(address) { "a Cloakroom server" } else { "another program" };
            format!("{who} has it: stop that one, or set {setting} to another port")
        }
        io::ErrorKind::PermissionDenied => {
            format!(
                "this user may not: set {setting} to a port from 1024 up, with a proxy in front"
            )
        }
        _ => format!("{error}: set {setting} to an address of this machine"),
    };
    Failure::Unavailable(format!("cannot listen at {address}: {what_to_do}"))
}
