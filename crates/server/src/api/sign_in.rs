//! `POST /api/v1/sign-in` and `POST /api/v1/sign-out`.

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use cloakroom_engine::sign_in::SignIn;
use cloakroom_model::id::ClientId;
use cloakroom_model::password::Password;
use cloakroom_model::session::Carrier;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::answer;
use crate::api::view::{CarrierSchema, SignedInView};
use crate::app::App;
use crate::around::Around;
use crate::body::{self, Json};
use crate::caller::Caller;
use crate::problem::{Kind, Problem};

/// Somebody who says who they are.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SignInRequest)]
pub struct Request {
    /// An email or a username.
    #[schema(max_length = 256)]
    identifier: String,
    #[schema(value_type = String, format = "password", max_length = 1024)]
    password: Password,
    #[schema(value_type = CarrierSchema)]
    carry: Carrier,
    /// The built-in client `cloakroom` where there is none.
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z0-9._~:/-]{1,255}$")]
    client_id: Option<ClientId>,
    /// Whether the cookie outlives the browser.
    #[serde(default)]
    remember: bool,
}

/// In bytes. Nobody has a longer name: an email has at most 254, and a username 64 letters of at most four each.
const LONGEST_IDENTIFIER: usize = 256;

/// Begins a session; this browser's earlier one ends.
pub async fn sign_in(
    State(app): State<App>,
    around: Around,
    Json(request): Json<Request>,
) -> Result<Response, Problem> {
    let Request { identifier, password, carry, client_id, remember } = request;
    if identifier.len() > LONGEST_IDENTIFIER {
        return Err(Problem::field("identifier", "an email or a username"));
    }
    let browser = around.browser;
    let wish = SignIn { identifier, password, carry, client: client_id, remember, browser };
    let signed_in = app.engine.sign_in(wish, &around.visitor).await?;
    let mut response = answer::ok(&SignedInView::new(&signed_in, carry));
    app.give_cookies(&signed_in, &mut response);
    Ok(response)
}

/// Ends the session that the request carries, and takes its cookie back.
///
/// A browser whose session is over already is not told so: it wanted to be signed out, and is.
pub async fn sign_out(
    State(app): State<App>,
    request: http::Request<Body>,
) -> Result<Response, Problem> {
    const FORM: &str = "application/x-www-form-urlencoded";
    let (parts, body) = request.into_parts();
    let form = if body::is(&parts.headers, FORM) {
        Some(body::form(&parts.headers, body).await?)
    } else {
        None
    };
    let cookie = app.session_cookie(&parts.headers);
    match (Caller::of(&app, &parts, form.as_ref()).await, cookie) {
        (Ok(caller), _) if !caller.by_cookie() => {
            app.engine.sign_out(&caller.identity).await?;
            Ok(answer::done())
        }
        (Ok(_), Some(cookie)) => sign_out_browser(&app, &cookie).await,
        (Err(problem), Some(cookie)) if is_over(problem.kind()) => {
            sign_out_browser(&app, &cookie).await
        }
        (Err(problem), _) => Err(problem),
        (Ok(_), None) => Err(Problem::new(Kind::NotSignedIn)),
    }
}

async fn sign_out_browser(
    app: &App,
    cookie: &cloakroom_engine::secret::CookieSecret,
) -> Result<Response, Problem> {
    app.engine.sign_out_cookie(cookie).await?;
    let mut response = answer::done();
    app.take_cookie(&mut response);
    Ok(response)
}

/// Why a cookie may earn nothing and is still good for signing out.
fn is_over(kind: Kind) -> bool {
    matches!(kind, Kind::SessionUnknown | Kind::SessionExpired | Kind::SessionReplaced)
}
