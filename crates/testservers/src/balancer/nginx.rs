//! nginx.

use super::{Balancer, a_balancer};
use crate::error::Result;

/// nginx as a load balancer.
#[derive(Debug)]
pub struct Nginx(Balancer);

/// What Debian's own `nginx.conf` is to a file in `conf.d`: one process, and no path outside the folder that `-p` names,
/// where the file is called `site.conf`.
pub const AROUND: &str = "\
daemon off;
master_process off;
pid nginx.pid;
events {
    worker_connections 4096;
}
http {
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    scgi_temp_path scgi;
    uwsgi_temp_path uwsgi;
    include site.conf;
}
";

impl Nginx {
    /// One before the nodes at these ports of `127.0.0.1`, whether they run yet or not.
    ///
    /// # Errors
    ///
    /// Names what is missing on this machine, or what nginx said when it did not come up.
    pub fn in_front_of(nodes: &[u16]) -> Result<Self> {
        let arguments = ["-p", ".", "-c", "nginx.conf", "-e", "stderr"];
        Balancer::start("nginx", &arguments, "nginx.conf", |port| {
            AROUND.replace("include site.conf;", &site(port, nodes))
        })
        .map(Self)
    }
}

a_balancer!(Nginx);

/// By default `proxy_next_upstream` sends a request on after an error or a timeout, unless it was sent and its method is
/// not idempotent.
fn site(port: u16, nodes: &[u16]) -> String {
    let server = |node| format!("server 127.0.0.1:{node} max_fails=1 fail_timeout=1s;");
    let servers = nodes.iter().map(server).collect::<Vec<_>>().join("\n        ");
    format!(
        "upstream nodes {{
        {servers}
        keepalive 64;
    }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 0;
        location / {{
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_connect_timeout 1s;
            proxy_next_upstream error timeout;
            proxy_buffering off;
            proxy_set_header Connection \"\";
            proxy_set_header Host $http_host;
            proxy_set_header X-Forwarded-For $remote_addr;
            proxy_set_header X-Forwarded-Proto $scheme;
        }}
    }}"
    )
}
