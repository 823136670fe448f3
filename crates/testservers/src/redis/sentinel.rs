//! A primary and a replica, watched by three sentinels that replace a primary which is gone.

use std::fs;

use super::{Redis, Settings};
use crate::error::{Attempt as _, Error, Result};
use crate::patience::eventually;

/// What the sentinels call the primary.
pub const NAME: &str = "cloakroom";

const SENTINELS: usize = 3;

/// How long a server may be silent before a sentinel takes it for gone, and how long a failover may take before another
/// is tried, in milliseconds.
const DOWN_AFTER: u32 = 2_000;
const FAILOVER_TIMEOUT: u32 = 3_000;

/// What is fixed for production, in milliseconds: there they ask their servers every ten seconds and each other every
/// two, and distrust themselves for half a minute when they were not let run for two seconds.
const HASTE: &[&str] = &[
    "INFO-PERIOD",
    "200",
    "PUBLISH-PERIOD",
    "200",
    "PING-PERIOD",
    "100",
    "ASK-PERIOD",
    "200",
    "ELECTION-TIMEOUT",
    "1000",
    "TILT-TRIGGER",
    "20000",
    "TILT-PERIOD",
    "1000",
];

/// Two servers and three sentinels, two of which must agree.
#[derive(Debug)]
pub struct Sentinel {
    servers: [Redis; 2],
    sentinels: Vec<Redis>,
}

impl Sentinel {
    /// Starts all of them and returns when the sentinels know each other and the replica.
    ///
    /// # Errors
    ///
    /// Names what is missing on this machine, or what a program said that failed.
    pub fn start() -> Result<Self> {
        let primary = Redis::start()?;
        let more = vec![("replicaof", format!("127.0.0.1 {}", primary.port()))];
        let replica = Redis::start_with(Settings { more, ..Settings::default() })?;
        eventually("a replica that follows", || {
            let about = replica.command(&["INFO", "replication"])?;
            Ok(about.contains("master_link_status:up").then_some(()))
        })?;
        let watch = |_| start_sentinel(primary.port());
        let sentinels = (0..SENTINELS).map(watch).collect::<Result<_>>()?;
        let all = Self { servers: [primary, replica], sentinels };
        all.await_ready()?;
        Ok(all)
    }

    /// The sentinels, where a client asks for the primary of the name [`NAME`].
    #[must_use]
    pub fn sentinels(&self) -> &[Redis] {
        &self.sentinels
    }

    /// A URL for each sentinel.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.sentinels.iter().map(Redis::url).collect()
    }

    /// Both servers, the one that began as primary first.
    #[must_use]
    pub fn servers(&self) -> &[Redis; 2] {
        &self.servers
    }

    /// Whom the sentinels call the primary now.
    pub fn primary(&self) -> Result<&Redis> {
        let port = port_of_primary(&self.sentinels[0])?;
        let named = self.servers.iter().find(|server| server.port() == port);
        named.ok_or_else(|| Error::Impossible(format!("the sentinels name a server at {port}")))
    }

    /// Kills whoever is primary and returns when every sentinel names the other one, and that takes writes. What the
    /// replica had not heard yet is lost.
    pub fn kill_primary(&self) -> Result<()> {
        let old = self.primary()?;
        old.kill()?;
        eventually("another primary", || {
            for sentinel in &self.sentinels {
                if port_of_primary(sentinel)? == old.port() {
                    return Ok(None);
                }
            }
            let role = self.primary()?.command(&["ROLE"])?;
            Ok(role.starts_with("master").then_some(()))
        })
    }

    /// Returns when the sentinels could replace the primary, as after a start of one that was killed.
    pub fn await_ready(&self) -> Result<()> {
        eventually("sentinels that know each other", || {
            for sentinel in &self.sentinels {
                let primary = sentinel.command(&["SENTINEL", "MASTER", NAME])?;
                let replicas = sentinel.command(&["SENTINEL", "REPLICAS", NAME])?;
                let is_ready = field(&primary, "num-other-sentinels") == "2"
                    && field(&primary, "num-slaves") == "1"
                    && field(&primary, "flags") == "master"
                    && field(&replicas, "flags") == "slave"
                    && field(&replicas, "master-link-status") == "ok";
                if !is_ready {
                    return Ok(None);
                }
            }
            Ok(Some(()))
        })
    }
}

fn start_sentinel(primary: u16) -> Result<Redis> {
    // Its configuration is a file that it writes to, and stands before all other words.
    let file = "sentinel.conf";
    let sentinel = Redis::prepare(Settings::default(), &[file, "--sentinel"])?;
    let configuration = format!(
        "sentinel monitor {NAME} 127.0.0.1 {primary} 2
sentinel down-after-milliseconds {NAME} {DOWN_AFTER}
sentinel failover-timeout {NAME} {FAILOVER_TIMEOUT}
"
    );
    let path = sentinel.folder.join(file);
    fs::write(&path, configuration).at(&path)?;
    sentinel.start_again()?;
    sentinel.command(&[&["SENTINEL", "DEBUG"], HASTE].concat())?;
    Ok(sentinel)
}

fn port_of_primary(sentinel: &Redis) -> Result<u16> {
    let address = sentinel.command(&["SENTINEL", "GET-MASTER-ADDR-BY-NAME", NAME])?;
    let port = address.lines().nth(1).and_then(|port| port.parse().ok());
    port.ok_or_else(|| Error::Impossible(format!("a sentinel names no primary: {address}")))
}

/// From lines that are names and values in turn.
fn field<'a>(lines: &'a str, name: &str) -> &'a str {
    lines.lines().skip_while(|line| *line != name).nth(1).unwrap_or_default()
}
