//! `HAProxy`.

use super::{Balancer, a_balancer};
use crate::error::Result;

/// `HAProxy` as a load balancer.
#[derive(Debug)]
pub struct HaProxy(Balancer);

impl HaProxy {
    /// One before the nodes at these ports of `127.0.0.1`, whether they run yet or not. It looks four times a second
    /// whether each answers `GET` of the path `health` (such as `/healthz`) with success, or without a path whether it
    /// can be connected to, and passes those by that do not.
    ///
    /// # Errors
    ///
    /// Names what is missing on this machine, or what the balancer said when it did not come up.
    pub fn in_front_of(nodes: &[u16], health: Option<&str>) -> Result<Self> {
        Balancer::start("haproxy", &["-db", "-f", "haproxy.cfg"], "haproxy.cfg", |port| {
            configuration(port, nodes, health)
        })
        .map(Self)
    }
}

a_balancer!(HaProxy);

fn configuration(port: u16, nodes: &[u16], health: Option<&str>) -> String {
    let health = health.map(|path| format!("    option httpchk GET {path}\n")).unwrap_or_default();
    let server = |(number, node)| format!("server node{number} 127.0.0.1:{node}");
    let servers = nodes.iter().enumerate().map(server).collect::<Vec<_>>().join("\n    ");
    format!(
        "global
    maxconn 2000
    log stderr format raw local0 notice

defaults
    mode http
    log global
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    timeout check 1s

frontend all
    bind 127.0.0.1:{port}
    option forwardfor
    http-request set-header X-Forwarded-Proto http
    default_backend nodes

backend nodes
    balance roundrobin
    retries 3
    option redispatch 1
    retry-on conn-failure empty-response
    acl is_idempotent method GET HEAD OPTIONS TRACE PUT DELETE
    http-request disable-l7-retry unless is_idempotent
{health}    default-server check inter 250 fall 1 rise 1
    {servers}
"
    )
}
