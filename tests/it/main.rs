//! wxbulk against the simulated Webex, a real database and real files, a module a subject. What kills, signals or locks out
//! whole processes is the other crate, `tests/kills`.
#![cfg(feature = "sim")]

#[path = "../support/mod.rs"]
mod support;

mod amend;
mod architecture;
mod budgets;
mod bulk;
mod claims;
mod cli;
mod docs;
mod exports;
mod ingest;
mod limits;
mod loading;
mod locations_complete;
mod numbers;
mod outages;
mod pace;
mod plans;
mod porting;
mod regressions;
mod regressions_io;
mod resume;
mod rulings;
mod rulings_ends;
mod rulings_lag;
mod rulings_licences;
mod rulings_locations;
mod rulings_writes;
mod scenarios;
mod selection;
mod settings;
mod sim;
mod surveys;
mod transport;
mod troubles;
mod validate;
mod wide;
