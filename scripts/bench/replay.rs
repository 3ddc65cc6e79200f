//! Sends the requests of a simulator's journal again, as fast as a bare client can: what C1 and C3 are measured against.
//!
//! `replay JOURNAL URL IN_FLIGHT [SKIP]` prints one JSON line: requests, seconds, and how many were accepted. URL is the
//! server without `/v1`; the first SKIP requests of the journal are left out.

use std::error::Error;
use std::io::BufRead;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream;
use reqwest::{Client, Method};
use serde_json::{Value, json};

type Failure = Box<dyn Error>;

/// One request as the journal has it.
struct Request {
    method: Method,
    path: String,
    body: Option<String>,
}

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(journal), Some(url), Some(in_flight)) = (arguments.next(), arguments.next(), arguments.next())
    else {
        // `cargo bench` without arguments has nothing to do.
        return Ok(());
    };
    let skip = arguments.next().map_or(Ok(0), |skip| skip.parse())?;
    let requests = read(&journal, skip)?;
    let in_flight = in_flight.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let report = runtime.block_on(send(&url, requests, in_flight))?;
    println!("{report}");
    Ok(())
}

fn read(journal: &str, skip: usize) -> Result<Vec<Request>, Failure> {
    let lines = std::io::BufReader::new(std::fs::File::open(journal)?).lines().skip(skip);
    lines.map(|line| request(&serde_json::from_str(&line?)?)).collect()
}

fn request(entry: &Value) -> Result<Request, Failure> {
    let text =
        |key: &str| entry.get(key).and_then(Value::as_str).ok_or_else(|| format!("no {key} in the journal"));
    Ok(Request {
        method: Method::from_bytes(text("method")?.as_bytes())?,
        path: text("path")?.to_owned(),
        body: entry.get("body").filter(|body| !body.is_null()).map(Value::to_string),
    })
}

async fn send(url: &str, requests: Vec<Request>, in_flight: usize) -> Result<Value, Failure> {
    let client = Client::builder().no_proxy().build()?;
    let count = requests.len();
    let started = Instant::now();
    let accepted = stream::iter(requests)
        .map(|request| one(&client, url, request))
        .buffer_unordered(in_flight)
        .fold(0_u64, |accepted, answer| async move {
            accepted.saturating_add(u64::from(answer.is_ok_and(|ok| ok)))
        })
        .await;
    Ok(json!({"requests": count, "seconds": started.elapsed().as_secs_f64(), "accepted": accepted}))
}

async fn one(client: &Client, url: &str, request: Request) -> Result<bool, reqwest::Error> {
    let mut call = client.request(request.method, format!("{url}{}", request.path)).bearer_auth("raw");
    if let Some(body) = request.body {
        call = call.header("content-type", "application/json").body(body);
    }
    let response = call.send().await?;
    let accepted = response.status().is_success();
    response.bytes().await?;
    Ok(accepted)
}
