//! `coats`, an app for the command line. A person lets it in with a browser (the device grant, RFC 8628); from then on it has a
//! refresh token, which it keeps in a file that only its user can read, and earns short access tokens for an API with it.

mod kept;
mod sign_in;
mod tokens;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use reqwest::StatusCode;
use serde_json::Value;

use crate::kept::Kept;
use crate::tokens::Issuer;

#[derive(Parser)]
#[command(about = "Orders coats from the command line")]
struct Arguments {
    /// The identity server
    #[arg(long, env = "ISSUER")]
    issuer: String,
    /// The API, as access tokens name it
    #[arg(long, env = "API")]
    api: String,
    /// Where the refresh token is kept
    #[arg(long, env = "COATS_FILE", default_value = "coats.token")]
    file: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Shows a code, and waits until somebody lets this device in
    SignIn,
    /// Lists my orders
    Orders,
    /// Orders an article
    Order {
        /// Such as `duffle`
        article: String,
    },
    /// Asks for my orders again and again, with one access token, until it is refused
    Watch,
    /// Takes everything back that this device was given
    SignOut,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("coats: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(Arguments { issuer, api, file, command }: Arguments) -> Result<()> {
    let kept = Kept::at(file);
    let issuer = Issuer::discover(&issuer, &api).await?;
    match command {
        Command::SignIn => sign_in::run(&issuer, &kept).await,
        Command::Orders => orders(&issuer, &kept, &api).await,
        Command::Order { article } => order(&issuer, &kept, &api, &article).await,
        Command::Watch => watch(&issuer, &kept, &api).await,
        Command::SignOut => {
            issuer.revoke(&kept.read()?).await?;
            kept.remove()
        }
    }
}

async fn orders(issuer: &Issuer, kept: &Kept, api: &str) -> Result<()> {
    let access = issuer.refresh(kept).await?;
    let answer = issuer.http.get(format!("{api}/orders")).bearer_auth(&access).send().await?;
    let orders: Vec<Value> = accepted(answer).await?.json().await?;
    println!("{} ordered", orders.len());
    for order in orders {
        println!("  {}", order["article"].as_str().unwrap_or_default());
    }
    Ok(())
}

async fn order(issuer: &Issuer, kept: &Kept, api: &str, article: &str) -> Result<()> {
    let access = issuer.refresh(kept).await?;
    let wish = serde_json::json!({ "article": article });
    let request = issuer.http.post(format!("{api}/orders")).bearer_auth(&access).json(&wish);
    accepted(request.send().await?).await?;
    println!("ordered: {article}");
    Ok(())
}

async fn watch(issuer: &Issuer, kept: &Kept, api: &str) -> Result<()> {
    const PAUSE: Duration = Duration::from_millis(50);

    let access = issuer.refresh(kept).await?;
    let ask = || issuer.http.get(format!("{api}/orders")).bearer_auth(&access).send();
    accepted(ask().await?).await?;
    println!("the API lets this token in");
    loop {
        let answer = ask().await?;
        if answer.status() == StatusCode::UNAUTHORIZED {
            println!("refused: {}", reason(answer).await);
            return Ok(());
        }
        accepted(answer).await?;
        tokio::time::sleep(PAUSE).await;
    }
}

/// The answer, if it is a good one.
async fn accepted(answer: reqwest::Response) -> Result<reqwest::Response> {
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    match reason(answer).await.as_str() {
        // RFC 9470: the API says that the sign-in is too old for this.
        "reauthentication_required" => bail!("the API wants a newer sign-in: coats sign-in"),
        why => bail!("the API answers {status}: {why}"),
    }
}

/// The member `code` of a problem (RFC 9457).
async fn reason(answer: reqwest::Response) -> String {
    let problem: Option<Value> = answer.json().await.ok();
    let code = problem.as_ref().and_then(|problem| problem["code"].as_str());
    code.unwrap_or("no reason is given").to_owned()
}

/// The text of a member, which must be there.
fn member<'a>(answer: &'a Value, name: &str) -> Result<&'a str> {
    answer[name].as_str().with_context(|| format!("the answer has no `{name}`"))
}
