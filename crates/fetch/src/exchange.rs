//! One question and its answer on a connection that serves for nothing else.

use std::sync::Arc;

use bytes::Bytes;
use cloakroom_engine::fetch::{FetchError, Fetched, Limits};
use http::header::{ACCEPT, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::freshness;
use crate::target::Target;

/// The largest head that is read, in bytes.
const HEAD: usize = 32 << 10;

/// What is asked.
pub(crate) enum Question {
    /// What is there.
    Get,
    /// What it makes of a form, which is encoded already.
    Post(String),
}

/// Asks, and reads the answer to its end. Nothing is sent along that tells who asks, but for the program's name.
pub(crate) async fn exchange(
    stream: TlsStream<TcpStream>,
    target: &Target<'_>,
    question: Question,
    limits: Limits,
) -> Result<Fetched, FetchError> {
    let request = request(target, question)?;
    let connecting =
        http1::Builder::new().max_buf_size(HEAD).handshake::<_, Full<Bytes>>(TokioIo::new(stream));
    let (mut sender, connection) = connecting.await.map_err(|error| broken(&error))?;
    let asking = async {
        let answer = sender.send_request(request).await.map_err(|error| broken(&error))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, limits.bytes).collect().await.map_err(|error| {
            if error.is::<LengthLimitError>() { FetchError::TooLarge } else { broken(&error) }
        })?;
        let content_type = head.headers.get(CONTENT_TYPE);
        Ok(Fetched {
            status: head.status.as_u16(),
            content_type: content_type.and_then(|text| Some(text.to_str().ok()?.to_owned())),
            body: Arc::from(&*body.to_bytes()),
            fresh_for: freshness::of(&head.headers),
        })
    };
    // The connection only moves while it is polled; that it ends is for the answer to notice.
    let moving = async {
        let _ = connection.await;
        std::future::pending::<std::convert::Infallible>().await
    };
    tokio::select! {
        biased;
        answer = asking => answer,
        never = moving => match never {},
    }
}

fn request(target: &Target<'_>, question: Question) -> Result<Request<Full<Bytes>>, FetchError> {
    const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
    const PROGRAM: &str = concat!("cloakroom/", env!("CARGO_PKG_VERSION"));

    let request = Request::builder()
        .uri(target.path)
        .header(HOST, target.authority)
        .header(USER_AGENT, PROGRAM)
        .header(ACCEPT, "*/*");
    let request = match question {
        Question::Get => request.method(Method::GET).body(Full::default()),
        Question::Post(form) => {
            let request = request.method(Method::POST).header(CONTENT_TYPE, FORM);
            request.body(Full::from(form))
        }
    };
    request.map_err(|_| FetchError::Url("it does not fit into a request"))
}

fn broken(error: &(impl ToString + ?Sized)) -> FetchError {
    FetchError::Unreachable(error.to_string())
}
