//! A Redis Cluster: three primaries that share the keys among them.

use super::{PACKAGE_OF_CLIENT, Redis, Settings};
use crate::error::Result;
use crate::patience::eventually;
use crate::port::Port;
use crate::process::run;
use crate::program;

/// The fewest that can outvote one that is gone.
const NODES: usize = 3;

/// How long a node may be silent before the others call it gone, in milliseconds.
const NODE_TIMEOUT: &str = "1000";

/// Three nodes, each with a third of the slots; nobody takes over for one that is killed.
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<Redis>,
    // Nodes speak to each other at ports of their own.
    _between: Vec<Port>,
}

impl RedisCluster {
    /// Starts the nodes and returns when every one says that the cluster is whole.
    ///
    /// # Errors
    ///
    /// Names what is missing on this machine, or what a program said that failed.
    pub fn start() -> Result<Self> {
        let (mut nodes, mut ports_between) = (Vec::new(), Vec::new());
        for _ in 0..NODES {
            let between = Port::free()?;
            let more = vec![
                ("cluster-enabled", "yes".to_owned()),
                ("cluster-config-file", "nodes.conf".to_owned()),
                ("cluster-node-timeout", NODE_TIMEOUT.to_owned()),
                ("cluster-port", between.number().to_string()),
            ];
            nodes.push(Redis::start_with(Settings { more, ..Settings::default() })?);
            ports_between.push(between);
        }
        let client = program::need(&["redis-cli", "valkey-cli"], PACKAGE_OF_CLIENT)?;
        let mut create = program::run(&client);
        create.args(["--cluster", "create"]);
        create.args(nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())));
        create.arg("--cluster-yes");
        run(create)?;
        let cluster = Self { nodes, _between: ports_between };
        cluster.await_whole()?;
        Ok(cluster)
    }

    /// The nodes, in the order in which they got their slots. Each can be killed and started again.
    #[must_use]
    pub fn nodes(&self) -> &[Redis] {
        &self.nodes
    }

    /// A URL for each node; from any of them a client finds the others.
    #[must_use]
    pub fn urls(&self) -> Vec<String> {
        self.nodes.iter().map(Redis::url).collect()
    }

    /// Returns when every node says that all slots are served, as after a start of one that was killed.
    pub fn await_whole(&self) -> Result<()> {
        let known = format!("cluster_known_nodes:{NODES}");
        eventually("a whole Redis Cluster", || {
            let is_whole = self.nodes.iter().all(|node| {
                let state = node.command(&["CLUSTER", "INFO"]).unwrap_or_default();
                state.contains("cluster_state:ok") && state.contains(&known)
            });
            Ok(is_whole.then_some(()))
        })
    }
}
