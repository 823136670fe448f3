//! A handler that panics answers 500, and the connection and everybody else go on.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::Poll;

use axum::response::{IntoResponse as _, Response};

use crate::problem::{Kind, Problem};

/// Awaits the answer of a handler that may panic.
pub async fn catch(handler: impl Future<Output = Response>) -> Response {
    let mut handler = pin!(handler);
    std::future::poll_fn(move |context| {
        // After a panic the future is not polled again, so nobody sees what it left half done.
        match catch_unwind(AssertUnwindSafe(|| handler.as_mut().poll(context))) {
            Ok(poll) => poll,
            Err(panic) => {
                tracing::error!(message = words(&*panic), "a handler panicked");
                Poll::Ready(Problem::new(Kind::Internal).into_response())
            }
        }
    })
    .await
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no words")
}

#[cfg(test)]
mod tests {
    use http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_problem_and_not_the_end() {
        let fine = catch(async { StatusCode::NO_CONTENT.into_response() }).await;
        assert_eq!(fine.status(), StatusCode::NO_CONTENT);
        let broken = catch(async {
            tokio::task::yield_now().await;
            panic!("on purpose");
        });
        assert_eq!(broken.await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
