//! Clients that come by themselves to a running server: what they name leads nowhere that they could not reach.

use std::{
    io::ErrorKind,
    net::{Ipv4Addr, TcpListener},
};

use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};

use crate::{
    program::Program,
    server::{Server, soon},
};

#[tokio::test]
async fn what_a_client_names_leads_to_no_private_address() {
    let (_program, server) = open();
    let inside = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    inside.set_nonblocking(true).unwrap();
    let port = inside.local_addr().unwrap().port();
    let client = Client::new();
    let register = async |said: &Value| {
        let request = client.post(format!("{}/oauth/register", server.url())).json(said);
        let answer = request.send().await.unwrap();
        (answer.status(), answer.json::<Value>().await.unwrap())
    };
    let mut said = json!({ "redirect_uris": ["https://app.example/callback"] });
    let (status, registered) = register(&said).await;
    assert_eq!(status, StatusCode::CREATED, "{registered}");

    let hosts = ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254"];
    for host in hosts {
        said["sector_identifier_uri"] = json!(format!("https://{host}:{port}/list.json"));
        let (status, refused) = register(&said).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{host}");
        assert_eq!(refused["error"], "invalid_client_metadata", "{host}");

        let document = format!("https://{host}:{port}/client.json");
        let question = [("client_id", document.as_str()), ("response_type", "code")];
        let at = format!("{}/oauth/authorize", server.url());
        let at = Url::parse_with_params(&at, question).unwrap();
        let page = client.get(at).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST, "{host}");
    }
    let nobody = inside.accept().unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::WouldBlock, "nobody came");
}

#[tokio::test]
async fn a_right_that_the_command_line_made_registers_one_client() {
    let mut program = Program::new().with("CLOAKROOM_DANGER_NO_THROTTLE", "true");
    let server = program.serve_with(&["--client-registration=initial-token"]);
    let made = program.run(&["client", "initial-token", "add", "--json"]).json();
    let token = made["token"].as_str().unwrap();
    let said = json!({ "redirect_uris": ["https://app.example/callback"] });
    let register = async || {
        let request = Client::new().post(format!("{}/oauth/register", server.url()));
        request.bearer_auth(token).json(&said).send().await.unwrap()
    };
    let registered: Value = register().await.json().await.unwrap();
    let id = registered["client_id"].as_str().unwrap_or_else(|| panic!("{registered}")).to_owned();
    assert_eq!(register().await.status(), StatusCode::UNAUTHORIZED);
    let shown = program.run(&["client", "show", &id, "--json"]).json();
    assert_eq!((&shown["registered_by"], &shown["first_party"]), (&json!("itself"), &json!(false)));

    // What an operator removes is gone for the server too.
    program.run(&["client", "remove", &id, "--yes"]).text();
    let own = registered["registration_client_uri"].as_str().unwrap();
    let own_token = registered["registration_access_token"].as_str().unwrap();
    soon("the removed client is refused", async || {
        let asked = Client::new().get(own).bearer_auth(own_token).send().await.unwrap();
        asked.status() == StatusCode::UNAUTHORIZED
    })
    .await;
}

fn open() -> (Program, Server) {
    let mut program = Program::new().with("CLOAKROOM_DANGER_NO_THROTTLE", "true");
    let open = ["--client-registration=open", "--client-metadata-documents=true"];
    let server = program.serve_with(&open);
    (program, server)
}
