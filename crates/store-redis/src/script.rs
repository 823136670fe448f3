//! Scripts: what must be done as a whole on the server.

use redis::{Cmd, ToRedisArgs};

/// A script, and the name that the server knows it by once it has seen it.
#[derive(Debug)]
pub struct Script {
    text: &'static str,
    name: String,
}

impl Script {
    /// A script. All keys that it touches are its `KEYS`, and lie in one slot of a cluster.
    #[must_use]
    pub fn new(text: &'static str) -> Self {
        let name = redis::Script::new(text).get_hash().to_owned();
        Self { text, name }
    }

    /// The call by name, which a server that was restarted does not know.
    pub(crate) fn by_name(&self, keys: &[impl ToRedisArgs], args: impl ToRedisArgs) -> Cmd {
        call("EVALSHA", &self.name, keys, args)
    }

    /// The call by the text itself, which the server then knows by name.
    pub(crate) fn by_text(&self, keys: &[impl ToRedisArgs], args: impl ToRedisArgs) -> Cmd {
        call("EVAL", self.text, keys, args)
    }
}

fn call(verb: &str, what: &str, keys: &[impl ToRedisArgs], args: impl ToRedisArgs) -> Cmd {
    let mut cmd = redis::cmd(verb);
    cmd.arg(what).arg(keys.len()).arg(keys).arg(args);
    cmd
}
