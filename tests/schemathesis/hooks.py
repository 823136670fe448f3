"""What no generator can guess: who calls, and the names of things that exist."""

import atexit
import base64
import collections
import functools
import hashlib
import itertools
import json
import os
import pathlib
import urllib.parse

import requests
import schemathesis

URL = os.environ["CLOAKROOM_URL"]
ADMIN = {"identifier": os.environ["CLOAKROOM_EMAIL"], "password": os.environ["CLOAKROOM_PASSWORD"]}
PASSWORD = "a long password for nobody"
CALLBACK = "https://app.example/callback"
VERIFIER = "a" * 43

NUMBERS = itertools.count()
ANSWERED: dict[str, collections.Counter] = collections.defaultdict(collections.Counter)


# Acts on the server beside what is tested


def call(method: str, path: str, token: str | None = None, **rest) -> requests.Response:
    headers = {"authorization": f"Bearer {token}"} if token else {}
    response = requests.request(method, URL + path, headers=headers, timeout=30, **rest)
    response.raise_for_status()
    return response


def sign_up(carry: str) -> requests.Response:
    email = f"somebody{next(NUMBERS)}@example.test"
    body = {"email": email, "password": PASSWORD, "carry": carry}
    response = call("POST", "/api/v1/sign-up", json=body)
    response.email = email
    return response


def admin_token() -> str:
    return call("POST", "/api/v1/sign-in", json=ADMIN | {"carry": "token"}).json()["access_token"]


def some_user() -> str:
    return sign_up("token").json()["user"]["id"]


def some_client() -> str:
    body = {"client_id": f"client{next(NUMBERS)}", "name": "A shop", "template": "web"}
    answer = call("POST", "/api/v1/admin/clients", admin_token(), json=body).json()
    return answer["client"]["client_id"]


@functools.cache
def app() -> tuple[str, str]:
    """A client that asks who somebody is, with its secret. It is ours, so nobody is asked whether it may."""
    grants = ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"]
    registration = {"redirect_uris": [CALLBACK], "grant_types": grants, "status_list": True}
    body = {"client_id": "app", "name": "An app", "template": "web", "first_party": True, "registration": registration}
    answer = call("POST", "/api/v1/admin/clients", admin_token(), json=body).json()
    return "app", answer["client_secret"]


def question() -> dict[str, str]:
    challenge = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    return {
        "client_id": app()[0],
        "response_type": "code",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }


def app_token() -> str:
    """A token by which the app may ask who its user is."""
    cookie = sign_up("cookie").headers["set-cookie"].split(";")[0]
    where = {"params": question(), "headers": {"cookie": cookie}, "allow_redirects": False, "timeout": 30}
    answer = requests.get(f"{URL}/oauth/authorize", **where)
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(answer.headers["location"]).query)["code"][0]
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return call("POST", "/oauth/token", data=body, auth=app()).json()["access_token"]


@functools.cache
def some_status_list() -> str:
    """The list that has a place for a grant of the app's."""
    app_token()
    return call("GET", "/oauth/status-lists").json()["status_lists"][0].rsplit("/", 1)[1]


def as_app(case) -> None:
    name, secret = app()
    case.headers["Authorization"] = "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def some_key() -> str:
    """A key that signs no more: giving up the current one would end every token."""
    token = admin_token()
    for _ in ("the first has nothing to retire", "the second has"):
        call("POST", "/api/v1/admin/keys/rotate", token, json={"algorithm": "ES256"})
    keys = call("GET", "/api/v1/admin/keys", token).json()["keys"]
    return next(key["kid"] for key in reversed(keys) if key["stage"] == "retired")


def some_initial_token() -> str:
    made = call("POST", "/api/v1/admin/initial-tokens", admin_token(), json={}).json()
    return made["initial_token"]["id"]


@functools.cache
def service() -> tuple[str, str]:
    """A service that has itself told of what happens to users, with its secret."""
    body = {"client_id": "warehouse", "name": "A service", "template": "service", "scopes": ["ssf.manage"]}
    answer = call("POST", "/api/v1/admin/clients", admin_token(), json=body).json()
    return "warehouse", answer["client_secret"]


def service_token() -> str:
    body = {"grant_type": "client_credentials", "scope": "ssf.manage"}
    return call("POST", "/oauth/token", data=body, auth=service()).json()["access_token"]


def no_stream() -> None:
    for stream in call("GET", "/ssf/stream", service_token()).json():
        call("DELETE", "/ssf/stream", service_token(), params={"stream_id": stream["stream_id"]})


def some_stream() -> str:
    """A stream of the service's in which nothing waits: it has one at a time."""
    no_stream()
    return call("POST", "/ssf/stream", service_token(), json={}).json()["stream_id"]


def as_itself(case) -> None:
    """A client that registered itself, with what it may change its registration by."""
    registered = call("POST", "/oauth/register", json={"redirect_uris": [CALLBACK]}).json()
    case.path_parameters["client_id"] = registered["client_id"]
    case.headers["Authorization"] = f"Bearer {registered['registration_access_token']}"


def refresh_token() -> str:
    return call("POST", "/api/v1/guest", json={"carry": "token"}).json()["refresh_token"]


# Who calls. A 401 signs in again, because an operation may have ended the session.


@schemathesis.auth(retry_on=[401]).apply_to(path_regex=r"^/api/v1/admin/")
class Administrator:
    def get(self, case, context):
        return admin_token()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth(retry_on=[401]).apply_to(path="/api/v1/session/token")
class Browser:
    def get(self, case, context):
        return sign_up("cookie").headers["set-cookie"].split(";")[0]

    def set(self, case, data, context):
        case.headers["Cookie"] = data


@schemathesis.auth(retry_on=[401]).apply_to(path_regex=r"^/api/v1/(session(?!/token)|account|password|sign-out)")
class Somebody:
    def get(self, case, context):
        return sign_up("token").json()["access_token"]

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth(retry_on=[401]).apply_to(path="/oauth/userinfo")
class App:
    def get(self, case, context):
        return app_token()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.auth(retry_on=[401]).apply_to(path_regex=r"^/ssf/")
class Service:
    def get(self, case, context):
        return service_token()

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


# What exists


def caller(case) -> str | None:
    return case.headers.get("Authorization", "").removeprefix("Bearer ")


def of_mine(case) -> str:
    """Another session of the caller."""
    email = call("GET", "/api/v1/session", caller(case)).json()["user"]["email"]
    body = {"identifier": email, "password": PASSWORD, "carry": "token"}
    return call("POST", "/api/v1/sign-in", json=body).json()["session"]["sid"]


def some_document(case) -> str:
    name = f"note{next(NUMBERS)}"
    call("PATCH", f"/api/v1/session/data/{name}", caller(case), json={"a": 1})
    return name


def put_body(case, **members) -> None:
    if isinstance(case.body, dict):
        case.body.update(members)


EXISTING = {
    "{user}": lambda case: some_user(),
    "{client_id}": lambda case: some_client(),
    "{kid}": lambda case: some_key(),
    "{id}": lambda case: some_initial_token(),
    "{list}": lambda case: some_status_list(),
    "{stream_id}": lambda case: some_stream(),
    "{namespace}": some_document,
    "{code}": lambda case: "not_found",
}


def fill(case) -> None:
    operation = f"{case.method.upper()} {case.path}"
    for name, make in EXISTING.items():
        if name in case.path:
            case.path_parameters[name.strip("{}")] = make(case)
    if "{sid}" in case.path:
        ours = "/admin/" in case.path
        case.path_parameters["sid"] = sign_up("token").json()["session"]["sid"] if ours else of_mine(case)
    match operation:
        case "POST /api/v1/sign-up":
            put_body(case, email=f"new{next(NUMBERS)}@example.test", password=PASSWORD)
            for name in ("client_id", "username"):
                case.body.pop(name, None)
        case "POST /api/v1/sign-in":
            put_body(case, identifier=sign_up("token").email, password=PASSWORD)
            case.body.pop("client_id", None)
        case "POST /api/v1/guest":
            case.body.pop("client_id", None)
        case "POST /api/v1/password":
            put_body(case, current_password=PASSWORD, new_password=PASSWORD)
        case "POST /api/v1/session/reauthenticate":
            put_body(case, password=PASSWORD)
        case "PUT /api/v1/account":
            put_body(case, current_password=PASSWORD, email=f"new{next(NUMBERS)}@example.test")
            case.body.pop("username", None)
        case "DELETE /api/v1/account":
            put_body(case, current_password=PASSWORD)
        case "POST /api/v1/session/token":
            put_body(case, audience=URL)
        case "POST /api/v1/admin/users":
            case.body = {"email": f"new{next(NUMBERS)}@example.test"} | {
                name: value for name, value in case.body.items() if name in ("roles", "password")
            }
        case "POST /api/v1/admin/initial-tokens":
            put_body(case, uses=3, unlimited=False)
        case "POST /oauth/register":
            case.body = {"redirect_uris": [CALLBACK]}
        case "GET /oauth/register/{client_id}" | "DELETE /oauth/register/{client_id}":
            as_itself(case)
        case "PUT /oauth/register/{client_id}":
            as_itself(case)
            case.body = {"redirect_uris": [CALLBACK], "client_id": case.path_parameters["client_id"]}
        case "POST /oauth/token":
            case.body = {
                "grant_type": "refresh_token",
                "refresh_token": refresh_token(),
                "client_id": "cloakroom",
            }
        case "POST /oauth/par":
            case.body = question()
            as_app(case)
        case "POST /oauth/device":
            case.body = {"scope": "openid"}
            as_app(case)
        case "POST /oauth/introspect":
            case.body = {"token": refresh_token()}
            as_app(case)
        case "POST /oauth/userinfo":
            case.body = None
        case "GET /forward-auth":
            # As Caddy asks, about the host that the server has a rule for.
            case.headers["X-Forwarded-Method"] = "GET"
            case.headers["X-Forwarded-Proto"] = "http"
            case.headers["X-Forwarded-Host"] = "localhost:9999"
            case.headers["X-Forwarded-Uri"] = "/"
        case "POST /ssf/stream":
            no_stream()
            case.body = {"description": "all of it"}
        case "GET /ssf/stream" | "DELETE /ssf/stream" | "GET /ssf/status":
            case.query = {"stream_id": some_stream()}
        case "PATCH /ssf/stream" | "PUT /ssf/stream":
            case.body = {"stream_id": some_stream(), "description": "all of it"}
        case "POST /ssf/status":
            case.body = {"stream_id": some_stream(), "status": "paused"}
        case "POST /ssf/subjects/add" | "POST /ssf/subjects/remove":
            subject = {"format": "email", "email": sign_up("token").email}
            case.body = {"stream_id": some_stream(), "subject": subject}
        case "POST /ssf/verification":
            case.body = {"stream_id": some_stream(), "state": "a state"}
        case "POST /ssf/poll/{stream_id}":
            case.body = {"returnImmediately": True}
        case "POST /oauth/revoke":
            case.body = {"token": refresh_token(), "client_id": "cloakroom"}
    if "/session/data/" in case.path:
        (case.query or {}).pop("client_id", None)
        for name in ("if-match", "if-none-match"):
            case.headers.pop(name, None)
        if case.method.upper() in ("PUT", "DELETE"):
            case.headers["if-match"] = "*"


TURNS = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    valid = case.meta is None or case.meta.generation.mode.is_positive
    if valid and next(TURNS) % 2 == 0:
        fill(case)


@schemathesis.hook
def after_call(context, case, response):
    ANSWERED[f"{case.method.upper()} {case.path}"][str(response.status_code)] += 1


@atexit.register
def write_down():
    pathlib.Path(os.environ["CLOAKROOM_ANSWERED"]).write_text(json.dumps(ANSWERED))
