//! Promise 7, from outside: a server under load is killed with `SIGKILL`, started again on the same data, and asked
//! for everything that it had acknowledged.
//!
//! Several clients act at once and each keeps a ledger of what was acknowledged to it. What was under way when the
//! server died may have happened or not, but nothing in between. This alone would pass on a machine that keeps its
//! file cache, so the step `sync` watches the system calls.

mod check;
mod client;
mod ledger;

use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};

use self::client::Client;
use crate::random::Random;
use crate::server::{self, Folder, Server};

const CLIENTS: u64 = 4;

/// How long the clients act before the blow, in milliseconds: from the first moments to past several batches.
const SHORTEST: u64 = 100;
const LONGEST: u64 = 1_500;

/// Kills the server this many times and checks the ledgers after each.
///
/// # Errors
///
/// Names the first act that was acknowledged and is not there, or was undone and is; or says that nothing is noticed
/// of a server that forgets everything, and then the rest would prove nothing.
pub(crate) fn run(kills: u64, seed: u64) -> Result<()> {
    server::build()?;
    println!("{kills} kills, seed {seed}");
    match kill(1, seed, &["--database=memory:"]) {
        Ok(()) => bail!("a server that forgets everything passes for one that does not"),
        Err(error) => println!("a server that forgets is caught: {error:#}"),
    }
    kill(kills, seed, &[])
}

fn kill(kills: u64, seed: u64, arguments: &[&str]) -> Result<()> {
    let folder = Folder::create("crash")?;
    // However long it all takes, a session may end another one without a password.
    let arguments = &[arguments, &["--answer-delay=50ms", "--fresh-sign-in=24h"]].concat();
    let mut random = Random::from_seed(seed);
    let mut clients: Vec<Client> =
        (0..CLIENTS).map(|number| Client::new(number, random.next())).collect();
    let mut server = Server::start(folder.path(), arguments)?;
    for kill in 1..=kills {
        let pause = Duration::from_millis(SHORTEST + random.below(LONGEST - SHORTEST));
        strike(server, &mut clients, pause)?;
        server = Server::start(folder.path(), arguments)
            .with_context(|| format!("after kill {kill} the server does not come up"))?;
        let checked = check(&server, &mut clients).with_context(|| format!("after kill {kill}"))?;
        println!("kill {kill} after {} ms: {checked} acts are as acknowledged", pause.as_millis());
    }
    drop(server);
    folder.remove()
}

/// Lets all clients act until the server is killed under them.
fn strike(server: Server, clients: &mut [Client], pause: Duration) -> Result<()> {
    let port = server.port();
    thread::scope(|scope| {
        let acting: Vec<_> = clients
            .iter_mut()
            .map(|client| scope.spawn(move || client.act_until_cut_off(port)))
            .collect();
        thread::sleep(pause);
        server.kill()?;
        for client in acting {
            client.join().map_err(|_| anyhow!("a client panicked"))??;
        }
        Ok(())
    })
}

fn check(server: &Server, clients: &mut [Client]) -> Result<usize> {
    let mut checked = 0;
    for client in clients {
        checked += check::check(&mut client.ledger, server.port())?;
    }
    Ok(checked)
}
