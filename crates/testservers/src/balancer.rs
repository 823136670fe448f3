//! Load balancers: HTTP round robin without stickiness, so that each request may come to another node than the last.
//!
//! Both keep to the same rules. Connecting to a node takes a second at most. A request goes to the next node when it was
//! never sent to the first, or when it may be sent twice because its method is idempotent (RFC 9110 §9.2.2); one that is
//! not is answered with 502 when its node dies under it. A node that failed is asked again within a second.

mod haproxy;
mod nginx;

use std::fs;

pub use self::haproxy::HaProxy;
pub use self::nginx::{AROUND, Nginx};
use crate::error::{Attempt as _, Result};
use crate::folder::Folder;
use crate::port::{self, Port};
use crate::process::{End, Process, Recipe};
use crate::program;
use crate::user::User;

/// What both are: a program with a configuration in a folder, at a port.
#[derive(Debug)]
struct Balancer {
    process: Process,
    port: Port,
    // Last, so that the balancer is gone before its files.
    _folder: Folder,
}

impl Balancer {
    /// Starts the program `name` with `arguments` in a folder with this file, whose text depends on the port.
    fn start(
        name: &'static str,
        arguments: &[&str],
        file: &str,
        configuration: impl FnOnce(u16) -> String,
    ) -> Result<Self> {
        let program = program::need(&[name], name)?;
        let folder = Folder::create(name, User::Ourselves)?;
        let port = Port::free()?;
        let path = folder.join(file);
        fs::write(&path, configuration(port.number())).at(&path)?;
        let process = Process::new(Recipe {
            program,
            arguments: arguments.iter().map(Into::into).collect(),
            environment: Vec::new(),
            folder: folder.path().to_owned(),
            user: User::Ourselves,
            end: End::Kill,
            log: folder.join("log"),
        });
        let balancer = Self { process, port, _folder: folder };
        balancer.start_again()?;
        Ok(balancer)
    }

    fn start_again(&self) -> Result<()> {
        self.process.start(&[], |_| Ok(port::answers(self.port.number())))
    }
}

/// The face that both show.
macro_rules! a_balancer {
    ($Name:ident) => {
        impl $Name {
            /// `http://localhost:…`.
            #[must_use]
            pub fn url(&self) -> String {
                format!("http://localhost:{}", self.port())
            }

            /// Its port on `127.0.0.1`, the same after every start.
            #[must_use]
            pub fn port(&self) -> u16 {
                self.0.port.number()
            }

            /// `SIGKILL`.
            pub fn kill(&self) -> crate::Result<()> {
                self.0.process.kill()
            }

            /// Starts it after [`kill`](Self::kill).
            pub fn start_again(&self) -> crate::Result<()> {
                self.0.start_again()
            }

            /// What it logged: failures of nodes among it.
            #[must_use]
            pub fn log(&self) -> String {
                self.0.process.log()
            }
        }
    };
}
use a_balancer;
