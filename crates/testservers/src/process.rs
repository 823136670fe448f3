//! A server's process: started, stopped in every way that a fault would, and started again.
//!
//! It dies with this process, however this one ends: the kernel signals it when the thread that started it is gone. So
//! all are started by one thread that stays, because the thread of a test ends before the server that it was the first
//! to ask for.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::error::{Attempt as _, Error, Result};
use crate::patience::{Moment, eventually};
use crate::user::User;

/// How long one may take to end as it was told to.
const TO_STOP: Duration = Duration::from_secs(10);

/// The signal that ends a server and leaves nothing of it behind.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum End {
    Kill,
    Quit,
}

impl End {
    fn signal(self) -> Signal {
        match self {
            Self::Kill => Signal::KILL,
            Self::Quit => Signal::QUIT,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Kill => "KILL",
            Self::Quit => "QUIT",
        }
    }
}

/// How a server is run, each time that it is started.
#[derive(Debug)]
pub(crate) struct Recipe {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<OsString>,
    pub(crate) environment: Vec<(&'static str, OsString)>,
    /// Where it works. What is to be found and ended with this process must work inside its own folder.
    pub(crate) folder: PathBuf,
    pub(crate) user: User,
    /// Sent when it is dropped, and by the kernel when we are gone.
    pub(crate) end: End,
    /// Where it writes what it has to say.
    pub(crate) log: PathBuf,
}

#[derive(Debug)]
pub(crate) struct Process {
    recipe: Recipe,
    running: Mutex<Option<Child>>,
}

impl Process {
    pub(crate) fn new(recipe: Recipe) -> Self {
        Self { recipe, running: Mutex::new(None) }
    }

    /// Starts it, with more arguments than usual, and returns when the process of this number is ready. One that runs is
    /// left as it is.
    ///
    /// # Errors
    ///
    /// When it ends or is not ready in time, with what it said.
    pub(crate) fn start(
        &self,
        more: &[&str],
        mut is_ready: impl FnMut(u32) -> Result<bool>,
    ) -> Result<()> {
        let mut running = self.lock();
        let runs = running.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)));
        if !runs {
            *running = Some(self.spawn(more)?);
        }
        let ready = eventually(&self.name(), || {
            let Some(child) = running.as_mut() else { return Ok(None) };
            if is_ready(child.id())? {
                return Ok(Some(()));
            }
            match child.try_wait().attempting(|| self.name())? {
                None => Ok(None),
                Some(status) => Err(self.ended(status)),
            }
        });
        match ready {
            Err(Error::Late { what, seconds, .. }) => {
                Err(Error::Late { what, seconds, log: self.last_words() })
            }
            other => {
                if matches!(other, Err(Error::Ended { .. })) {
                    *running = None;
                }
                other
            }
        }
    }

    /// `SIGKILL` for it and for its children: nothing of it runs when this returns. One that does not run is left so.
    pub(crate) fn kill(&self) -> Result<()> {
        let mut running = self.lock();
        let Some(mut child) = running.take() else { return Ok(()) };
        let pid = pid(&child);
        // Stopped, it starts no more children while we look for them.
        send(pid, Signal::STOP)?;
        let children = descendants(pid);
        for child in &children {
            send(*child, Signal::KILL)?;
        }
        send(pid, Signal::KILL)?;
        child.wait().attempting(|| self.name())?;
        eventually(&format!("the end of the children of {}", self.name()), || {
            Ok(children.iter().all(|child| !runs(*child)).then_some(()))
        })
    }

    /// Ends it as an administrator would, and waits for the end.
    pub(crate) fn stop(&self, signal: Signal) -> Result<()> {
        let mut running = self.lock();
        let Some(mut child) = running.take() else { return Ok(()) };
        send(pid(&child), signal)?;
        let since = Moment::now();
        while child.try_wait().attempting(|| self.name())?.is_none() {
            if since.elapsed() > TO_STOP {
                *running = Some(child);
                let (what, log) = (format!("the end of {}", self.name()), self.last_words());
                return Err(Error::Late { what, seconds: TO_STOP.as_secs(), log });
            }
            thread::sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// `SIGSTOP` for it and its children: connections stay, and nothing answers on them.
    pub(crate) fn pause(&self) -> Result<()> {
        self.signal_all(Signal::STOP)
    }

    pub(crate) fn go_on(&self) -> Result<()> {
        self.signal_all(Signal::CONT)
    }

    pub(crate) fn signal(&self, signal: Signal) -> Result<()> {
        self.lock().as_ref().map_or(Ok(()), |child| send(pid(child), signal))
    }

    /// What it said since it was first started.
    pub(crate) fn log(&self) -> String {
        let bytes = fs::read(&self.recipe.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn signal_all(&self, signal: Signal) -> Result<()> {
        let running = self.lock();
        let Some(child) = running.as_ref() else { return Ok(()) };
        send(pid(child), signal)?;
        descendants(pid(child)).into_iter().try_for_each(|child| send(child, signal))
    }

    fn spawn(&self, more: &[&str]) -> Result<Child> {
        let Recipe { program, arguments, environment, folder, user, end, log } = &self.recipe;
        let out = File::options().create(true).append(true).open(log).at(log)?;
        let mut command = user.command(program, &["--pdeathsig", end.name()]);
        command.args(arguments).args(more).current_dir(folder);
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdout(out.try_clone().at(log)?).stderr(out);
        spawn(command).attempting(|| self.name())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Child>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn name(&self) -> String {
        self.recipe.program.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn ended(&self, status: ExitStatus) -> Error {
        Error::Ended { program: self.name(), status: status.to_string(), log: self.last_words() }
    }

    fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that is paused does not hear that it should stop.
        let ended = self.go_on().and_then(|()| self.stop(self.recipe.end.signal()));
        if ended.is_err() {
            let _ = self.kill();
        }
    }
}

/// Runs a program to its end as this user.
///
/// # Errors
///
/// [`Error::Ended`] with what it said, when it does not succeed.
pub(crate) fn run(mut command: Command) -> Result<String> {
    let name = || command_name(&command);
    let named = name();
    let output = command.output().attempting(|| named.clone())?;
    let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    if output.status.success() {
        return Ok(said(&output.stdout));
    }
    let log = format!("{}\n{}", said(&output.stdout), said(&output.stderr));
    Err(Error::Ended { program: named, status: output.status.to_string(), log })
}

fn command_name(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

struct Order {
    command: Command,
    answer: Sender<io::Result<Child>>,
}

fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: LazyLock<Sender<Order>> = LazyLock::new(|| {
        let (orders, received) = channel::<Order>();
        thread::spawn(move || {
            for Order { mut command, answer } in received {
                // Whoever asked may be gone.
                let _ = answer.send(command.spawn());
            }
        });
        orders
    });
    let (answer, answered) = channel();
    let gone = || io::Error::other("the thread that starts servers is gone");
    SPAWNER.send(Order { command, answer }).map_err(|_| gone())?;
    answered.recv().map_err(|_| gone())?
}

fn pid(child: &Child) -> Pid {
    Pid::from_child(child)
}

/// Whoever is gone already needs no signal.
fn send(pid: Pid, signal: Signal) -> Result<()> {
    match kill_process(pid, signal) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(error) => Err(error).attempting(|| format!("a signal to process {pid}")),
    }
}

/// Children and theirs.
fn descendants(of: Pid) -> Vec<Pid> {
    let all: Vec<(Pid, i32)> = processes();
    let mut found = vec![of];
    let mut next = 0;
    while let Some(parent) = found.get(next).copied() {
        let children = all.iter().filter(|(_, of)| *of == parent.as_raw_nonzero().get());
        found.extend(children.map(|(child, _)| *child));
        next += 1;
    }
    found.remove(0);
    found
}

/// Every process with its parent.
fn processes() -> Vec<(Pid, i32)> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(Pid::from_raw).filter_map(|pid| Some((pid, stat(pid)?.1))).collect()
}

/// Whether it is more than an entry that its parent has not read yet.
fn runs(pid: Pid) -> bool {
    stat(pid).is_some_and(|(state, _)| state != 'Z' && state != 'X')
}

/// State and parent of a process.
fn stat(pid: Pid) -> Option<(char, i32)> {
    let path = Path::new("/proc").join(pid.to_string()).join("stat");
    parse_stat(&fs::read_to_string(path).ok()?)
}

/// From `pid (name) state parent …`; a name may hold anything.
fn parse_stat(stat: &str) -> Option<(char, i32)> {
    let (_, after) = stat.rsplit_once(") ")?;
    let mut words = after.split(' ');
    Some((words.next()?.chars().next()?, words.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_hides_neither_state_nor_parent() {
        assert_eq!(parse_stat("12 (a) b) (c) S 7 12 12"), Some(('S', 7)));
    }
}
