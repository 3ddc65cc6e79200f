//! `simulate`: the simulated Webex as a server.

use std::time::Duration;

use super::exit::{DONE, STORAGE, USAGE};
use super::{Failure, org, output};
use crate::cli::{ReadArgs, SimulateArgs};
use crate::sim::{self, Fault, OrgSeed, RateLimit, SimConfig};

pub(super) fn execute(args: &SimulateArgs) -> Result<u8, Failure> {
    if !args.listen.ip().is_loopback() {
        return Err(Failure::new(
            USAGE,
            "--listen: the simulator serves loopback addresses only, such as 127.0.0.1:8080",
        ));
    }
    let config = config(args)?;
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let handle = sim::start(config)
            .await
            .map_err(|error| Failure::new(STORAGE, format!("--listen {}: {error}", args.listen)))?;
        output::print_line(&format!(
            "simulated Webex at {0}\n  ENVIRONMENT=lab WEBEX_BASE_URL={0} WEBEX_TOKEN=simulated-webex-token wxbulk run FILE.csv\nCtrl-C ends it; its state is gone then",
            handle.base_url()
        ))?;
        tokio::signal::ctrl_c().await.ok();
        handle.stop().await;
        Ok(DONE)
    })
}

fn config(args: &SimulateArgs) -> Result<SimConfig, Failure> {
    let org = match &args.org_from {
        Some(csv) => org::seed_from(csv, &ReadArgs::default(), std::env::var("DEFAULT_LANGUAGE").ok())?,
        None => OrgSeed::default(),
    };
    let faults = args.fault.iter().map(|text| text.parse::<Fault>()).collect::<Result<Vec<_>, _>>();
    let rate = args.rate.as_deref().map(str::parse::<RateLimit>).transpose();
    Ok(SimConfig {
        listen: args.listen,
        org,
        rate: rate.map_err(|error| Failure::new(USAGE, format!("--rate: {error}")))?,
        latency: Duration::from_millis(args.latency),
        refusal_latency: Duration::from_millis(args.refusal_latency),
        faults: faults.map_err(|error| Failure::new(USAGE, format!("--fault: {error}")))?,
        journal: args.journal.clone(),
        ..SimConfig::default()
    })
}
