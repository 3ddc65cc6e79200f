//! Durable outcomes a second: one commit each, and 64 in flight through the writer that commits in groups (C4).
//!
//! `commits DIRECTORY ROWS` makes its databases in the directory and prints one JSON line with both rates.

use std::error::Error;
use std::path::Path;
use std::time::Instant;

use futures_util::StreamExt;
use futures_util::stream::{self, FuturesUnordered};
use serde_json::json;
use wxbulk::domain::{Outcome, Phase, RemoteId, Step, Success};
use wxbulk::ingest::{self, IngestSettings, RowStream};
use wxbulk::store::{ClaimedRow, InputFacts, Lock, RunId, Selection, Store, Writer, claim, settle};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (Some(directory), Some(rows)) = (arguments.next(), arguments.next()) else {
        // `cargo bench` without arguments has nothing to do.
        return Ok(());
    };
    let rows = rows.parse()?;
    let single = rate(Path::new(&directory), "single.db", rows, 1)?;
    let grouped = rate(Path::new(&directory), "grouped.db", rows, 64)?;
    println!("{}", json!({"rows": rows, "single_per_second": single, "grouped_per_second": grouped}));
    Ok(())
}

/// Settles so many rows, with so many in flight, and says how many a second.
fn rate(directory: &Path, name: &str, rows: u32, in_flight: usize) -> Result<f64, Failure> {
    let store = Store::open_or_create(&directory.join(name))?;
    load(&store, directory, rows)?;
    let lock = Lock::take(&store)?;
    let (run, _) = store.begin_run(&lock, &json!({}))?;
    let claimed = store
        .write(|connection| claim(connection, run, Phase::Locations, rows, &Selection::default()))?
        .ok_or("nothing was claimed")?;
    let writer = store.start_writer()?;
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let started = Instant::now();
    runtime.block_on(settle_all(&writer, run, claimed.rows, in_flight))?;
    Ok(f64::from(rows) / started.elapsed().as_secs_f64())
}

async fn settle_all(
    writer: &Writer,
    run: RunId,
    rows: Vec<ClaimedRow>,
    in_flight: usize,
) -> Result<(), Failure> {
    let done = Outcome::Success(Success {
        step: Step::LocationLookup,
        remote_id: RemoteId::parse("an-id")?,
        message: "in place".to_owned(),
        http_status: Some(200),
    });
    let mut rows = stream::iter(rows);
    let mut open = FuturesUnordered::new();
    loop {
        while open.len() < in_flight
            && let Some(row) = rows.next().await
        {
            let done = done.clone();
            open.push(writer.submit(move |connection| settle(connection, run, &row, &done, &[], &[], &[])));
        }
        match open.next().await {
            Some(stored) => drop(stored?),
            None => return Ok(()),
        }
    }
}

/// Takes in a file of location rows.
fn load(store: &Store, directory: &Path, rows: u32) -> Result<(), Failure> {
    let mut text =
        "entity_type,location_name,time_zone,preferred_language,announcement_language,address_line1,\
                    address_city,address_state,address_postal_code,address_country\n"
            .to_owned();
    for number in 0..rows {
        text.push_str(&format!(
            "location,Sede {number},Europe/Madrid,es_es,es_es,Calle Mayor {number},Madrid,Madrid,28001,ES\n"
        ));
    }
    let path = directory.join("commits.csv");
    std::fs::write(&path, text)?;
    let settings = IngestSettings { max_rows: rows, default_language: None, delimiter: None, encoding: None };
    let reading = ingest::open(&path, &settings)?;
    let facts = InputFacts {
        path: "commits.csv".to_owned(),
        delimiter: ',',
        encoding: "UTF-8".to_owned(),
        columns: reading.header().columns.clone(),
        pipeline_version: 1,
    };
    store.load(&facts, reading, RowStream::finish).map_err(|error| format!("{error:?}"))?;
    Ok(())
}
