//! Questions of one moment go to the server together, and so do their answers come back.
//!
//! What the kernel takes to write, to read and to wake is several times what a question takes beside it, and the same for
//! one question as for many. So who asks first sends nothing yet: everybody who is ready to run does so before, and what
//! they ask goes along. Where nobody is, that is at once.
//!
//! How many can go together has no bound here: whoever asks bounds how many wait for their answers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Pipeline, Value};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::link::NoAnswer;

/// A connection to one server, and what is about to be asked by it.
pub(crate) struct Bundles {
    connection: MultiplexedConnection,
    /// The longest that an answer may take.
    within: Duration,
    /// Whoever puts the first question in sees to it that all are sent.
    asked: Mutex<Vec<Asked>>,
}

struct Asked {
    question: Cmd,
    tell: oneshot::Sender<Result<Value, NoAnswer>>,
}

impl Bundles {
    pub(crate) fn new(connection: MultiplexedConnection, within: Duration) -> Arc<Self> {
        Arc::new(Self { connection, within, asked: Mutex::default() })
    }

    /// Asks one thing once.
    pub(crate) async fn ask(self: &Arc<Self>, question: &Cmd) -> Result<Value, NoAnswer> {
        let (tell, told) = oneshot::channel();
        let is_first = {
            let mut asked = self.asked();
            asked.push(Asked { question: question.clone(), tell });
            asked.len() == 1
        };
        if is_first {
            tokio::spawn(Arc::clone(self).send());
        }
        // Nobody tells where the runtime ends.
        told.await.unwrap_or(Err(NoAnswer::TooLong))
    }

    async fn send(self: Arc<Self>) {
        tokio::task::yield_now().await;
        let asked = std::mem::take(&mut *self.asked());
        let mut pipeline = Pipeline::with_capacity(asked.len());
        let mut waiting = Vec::with_capacity(asked.len());
        // Who left meanwhile asks nothing.
        for Asked { question, tell } in asked.into_iter().filter(|asked| !asked.tell.is_closed()) {
            pipeline.add_command(question);
            waiting.push(tell);
        }
        if waiting.is_empty() {
            return;
        }
        let mut connection = self.connection.clone();
        let answers = connection.send_packed_commands(&pipeline, 0, waiting.len());
        match timeout(self.within, answers).await {
            Ok(Ok(answers)) => {
                debug_assert_eq!(answers.len(), waiting.len(), "each question has its answer");
                for (tell, answer) in waiting.into_iter().zip(answers) {
                    let _left = tell.send(answer.extract_error().map_err(NoAnswer::from));
                }
            }
            Ok(Err(error)) => tell_all(waiting, &NoAnswer::from(error)),
            Err(_) => tell_all(waiting, &NoAnswer::TooLong),
        }
    }

    fn asked(&self) -> MutexGuard<'_, Vec<Asked>> {
        // Nothing panics while it is held.
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_all(waiting: Vec<oneshot::Sender<Result<Value, NoAnswer>>>, why: &NoAnswer) {
    for tell in waiting {
        let _left = tell.send(Err(why.clone()));
    }
}
