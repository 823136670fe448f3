//! A hyper listener that is set up as Cloakroom's own: what every service of the bench answers behind.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::net::{TcpListener, TcpStream};
use tower::Service as _;

/// Answers on a port of this machine until the process is killed.
///
/// # Errors
///
/// When the port is taken, or no connection can be accepted any more.
pub async fn serve(port: u16, router: Router) -> std::io::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let builder = builder();
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(keep(stream, router.clone(), Arc::clone(&builder)));
    }
}

/// A connection is over when the client goes, and that is all that can happen to it.
async fn keep(stream: TcpStream, router: Router, builder: Arc<Builder<TokioExecutor>>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        async move { Ok::<_, Infallible>(router.call(request).await.unwrap_or_default()) }
    });
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

/// The options of our own listener, as far as they cost something on HTTP/1.
fn builder() -> Arc<Builder<TokioExecutor>> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_secs(75))
        .max_buf_size(64 << 10);
    Arc::new(builder)
}
