//! One question and its answer on a connection that serves for nothing else.

use std::sync::Arc;

use bytes::Bytes;
use cloakroom_engine::fetch::{FetchError, Fetched, Limits, Message};
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
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
    /// What it makes of this.
    Post(Post),
}

/// What is posted.
pub(crate) struct Post {
    content_type: HeaderValue,
    accept: HeaderValue,
    authorization: Option<HeaderValue>,
    body: String,
}

impl Post {
    /// A form, which is encoded already.
    pub(crate) fn form(body: String) -> Self {
        const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
        Self { content_type: FORM, accept: ANYTHING, authorization: None, body }
    }

    /// A message as it is.
    pub(crate) fn message(message: Message<'_>) -> Result<Self, FetchError> {
        let value = |text| HeaderValue::from_str(text).map_err(|_| DOES_NOT_FIT);
        let authorization = message.authorization.map(value).transpose()?;
        Ok(Self {
            content_type: value(message.content_type)?,
            accept: value(message.accept)?,
            authorization: authorization.map(|mut secret| {
                secret.set_sensitive(true);
                secret
            }),
            body: message.body.to_owned(),
        })
    }
}

const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
const DOES_NOT_FIT: FetchError = FetchError::Url("it does not fit into a request");

/// Asks, and reads the answer to its end. Nothing is sent along that tells who asks, but for the program's name and for what
/// whoever is asked has given for this.
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
    const PROGRAM: &str = concat!("cloakroom/", env!("CARGO_PKG_VERSION"));

    let request = Request::builder()
        .uri(target.path)
        .header(HOST, target.authority)
        .header(USER_AGENT, PROGRAM);
    let request = match question {
        Question::Get => request.method(Method::GET).header(ACCEPT, ANYTHING).body(Full::default()),
        Question::Post(Post { content_type, accept, authorization, body }) => {
            let request = request.method(Method::POST).header(ACCEPT, accept);
            let request = request.header(CONTENT_TYPE, content_type);
            match authorization {
                Some(secret) => request.header(AUTHORIZATION, secret),
                None => request,
            }
            .body(Full::from(body))
        }
    };
    request.map_err(|_| DOES_NOT_FIT)
}

fn broken(error: &(impl ToString + ?Sized)) -> FetchError {
    FetchError::Unreachable(error.to_string())
}
