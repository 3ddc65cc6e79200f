//! Environment -> validated settings, one small struct a room. Nobody receives the whole of it.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::domain::{LicenseChoice, NumberState, RemoteId};
use crate::runner::{Breaker, LicenceSettings, RowSettings, RunLimits};
use crate::webex::{BaseUrl, Token, WebexSettings};

/// A variable that cannot be used. Never shows a secret's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{variable}: {why}")]
pub struct ConfigError {
    /// Its name.
    pub variable: &'static str,
    /// What is wrong and what it may be.
    pub why: String,
}

/// Where environment variables come from.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Where the state and the files are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The database.
    pub database: PathBuf,
    /// The files.
    pub output: PathBuf,
}

/// What taking a file in needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputConfig {
    /// More records than this refuse the file.
    pub max_rows: u32,
    /// Fills blank language cells.
    pub default_language: Option<String>,
    /// `PIPELINE_VERSION`.
    pub pipeline_version: u32,
}

/// What calling Webex needs to know.
#[derive(Debug, Clone)]
pub struct RunConfig {
    /// `lab` or `prod`.
    pub environment: String,
    /// For the client.
    pub webex: WebexSettings,
    /// For the work on rows.
    pub rows: RowSettings,
    /// Static limits.
    pub limits: RunLimits,
}

/// Reads where things are; flags win over the environment.
pub fn paths(env: Env<'_>, output_dir: Option<&Path>, db: Option<&Path>) -> Paths {
    let output = output_dir
        .map(Path::to_owned)
        .or_else(|| set(env, "OUTPUT_DIR").map(PathBuf::from))
        .unwrap_or_else(|| PathBuf::from("./wxbulk-out"));
    let database = db.map_or_else(|| output.join("wxbulk.db"), Path::to_owned);
    Paths { database, output }
}

/// Reads how long a write waits for a lock that another program holds on the database.
pub fn busy_timeout(env: Env<'_>) -> Result<Duration, ConfigError> {
    seconds(env, "BUSY_TIMEOUT_SECONDS", 30.0, 0.0, 300.0)
}

/// Reads the settings of the input.
pub fn input(env: Env<'_>) -> Result<InputConfig, ConfigError> {
    Ok(InputConfig {
        max_rows: number(env, "MAX_ROWS", 21_000, 1, 10_000_000)?,
        default_language: set(env, "DEFAULT_LANGUAGE"),
        pipeline_version: number(env, "PIPELINE_VERSION", 1, 1, 1_000_000)?,
    })
}

/// Reads the settings of a run; `ENVIRONMENT`, `WEBEX_BASE_URL` and `WEBEX_TOKEN` must be there.
pub fn run(env: Env<'_>) -> Result<RunConfig, ConfigError> {
    let settle = seconds(env, "SETTLE_SECONDS", 5.0, 0.0, 120.0)?;
    let lists_max_age = seconds(env, "LISTS_MAX_AGE_SECONDS", 3_600.0, 0.0, 86_400.0)?;
    let org_id = org_id(env)?;
    Ok(RunConfig {
        environment: environment(env)?,
        webex: webex(env, org_id.clone())?,
        rows: RowSettings {
            settle,
            lists_max_age,
            org_id,
            licence: licence(env)?,
            extension_change: extension_change(env)?,
            add_missing_numbers: flag(env, "ADD_MISSING_NUMBERS", true)?,
            number_state: number_state(env)?,
            compensate: flag(env, "ENABLE_SAFE_COMPENSATION", false)?,
        },
        limits: RunLimits {
            batch_size: number(env, "BATCH_SIZE", 500, 1, 5_000)?,
            max_batches: number(env, "MAX_BATCHES", 1_000, 1, 1_000_000)?,
            concurrency: number(env, "MAX_CONCURRENCY", 16, 1, 256)?,
            breaker: Breaker {
                threshold: threshold(env)?,
                min_rows: number(env, "CIRCUIT_BREAKER_MIN_ROWS", 10, 1, 5_000)?,
            },
        },
    })
}

impl RunConfig {
    /// The settings as they are recorded with a run: no secret among them.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "ENVIRONMENT": self.environment,
            "WEBEX_ORG_ID": self.rows.org_id,
            "WEBEX_BASE_URL": self.webex.base_url.to_string(),
            "BATCH_SIZE": self.limits.batch_size,
            "MAX_BATCHES": self.limits.max_batches,
            "MAX_CONCURRENCY": self.limits.concurrency,
            "MAX_RETRIES": self.webex.max_retries,
            "REQUEST_TIMEOUT_SECONDS": self.webex.request_timeout.as_secs_f64(),
            "CONNECT_TIMEOUT_SECONDS": self.webex.connect_timeout.as_secs_f64(),
            "SETTLE_SECONDS": self.rows.settle.as_secs_f64(),
            "LISTS_MAX_AGE_SECONDS": self.rows.lists_max_age.as_secs_f64(),
            "CIRCUIT_BREAKER_THRESHOLD": self.limits.breaker.threshold,
            "CIRCUIT_BREAKER_MIN_ROWS": self.limits.breaker.min_rows,
            "CALLING_LICENSE": self.rows.licence.default.to_string(),
            "CALLING_SUBSCRIPTION_ID": self.rows.licence.subscription,
            "ALLOW_LICENSE_OVERAGE": self.rows.licence.overage,
            "EXTENSION_CHANGE": self.rows.extension_change,
            "ADD_MISSING_NUMBERS": self.rows.add_missing_numbers,
            "NUMBER_STATE": self.rows.number_state.map(NumberState::as_str),
            "ENABLE_SAFE_COMPENSATION": self.rows.compensate,
        })
    }
}

fn environment(env: Env<'_>) -> Result<String, ConfigError> {
    let text = required(env, "ENVIRONMENT", "lab or prod")?;
    if matches!(text.as_str(), "lab" | "prod") {
        Ok(text)
    } else {
        Err(wrong("ENVIRONMENT", &text, "lab or prod"))
    }
}

fn webex(env: Env<'_>, org_id: Option<String>) -> Result<WebexSettings, ConfigError> {
    let url = required(env, "WEBEX_BASE_URL", "such as https://webexapis.com/v1")?;
    let token = required(env, "WEBEX_TOKEN", "an access token of a full administrator")?;
    Ok(WebexSettings {
        // The text is not shown: it may hold a password.
        base_url: BaseUrl::parse(&url).map_err(|error| fault("WEBEX_BASE_URL", error))?,
        token: Token::parse(&token).map_err(|error| fault("WEBEX_TOKEN", error))?,
        org_id,
        request_timeout: seconds(env, "REQUEST_TIMEOUT_SECONDS", 20.0, 0.05, 300.0)?,
        connect_timeout: seconds(env, "CONNECT_TIMEOUT_SECONDS", 5.0, 0.05, 300.0)?,
        max_retries: number(env, "MAX_RETRIES", 5, 0, 20)?,
        backoff_base: seconds(env, "BACKOFF_BASE_SECONDS", 0.5, 0.001, 30.0)?,
        max_retry_after: Duration::from_secs(number(env, "MAX_RETRY_AFTER_SECONDS", 300, 0, 86_400)?),
        max_rate_limit_waits: number(env, "MAX_RATE_LIMIT_WAITS", 50, 0, 1_000)?,
        strict_retry_after: flag(env, "STRICT_RETRY_AFTER", false)?,
        concurrency: number(env, "MAX_CONCURRENCY", 16, 1, 256)?,
        outage_wait: Duration::from_secs(number(env, "OUTAGE_WAIT_SECONDS", 300, 0, 86_400)?),
        max_requests_per_second: set(env, "MAX_REQUESTS_PER_SECOND")
            .map(|_| decimal(env, "MAX_REQUESTS_PER_SECOND", 1.0, 0.01, 10_000.0))
            .transpose()?,
    })
}

fn org_id(env: Env<'_>) -> Result<Option<String>, ConfigError> {
    let Some(text) = set(env, "WEBEX_ORG_ID") else { return Ok(None) };
    RemoteId::parse(&text).map_err(|error| fault("WEBEX_ORG_ID", error))?;
    Ok(Some(text))
}

fn licence(env: Env<'_>) -> Result<LicenceSettings, ConfigError> {
    let text = set(env, "CALLING_LICENSE").unwrap_or_else(|| "professional".to_owned());
    let default = LicenseChoice::parse(&text)
        .map_err(|_| wrong("CALLING_LICENSE", &text, "professional, standard or a licence id"))?;
    Ok(LicenceSettings {
        default,
        subscription: set(env, "CALLING_SUBSCRIPTION_ID"),
        overage: flag(env, "ALLOW_LICENSE_OVERAGE", false)?,
    })
}

fn extension_change(env: Env<'_>) -> Result<bool, ConfigError> {
    match set(env, "EXTENSION_CHANGE").as_deref() {
        None | Some("off") => Ok(false),
        Some("license_patch") => Ok(true),
        Some(other) => Err(wrong("EXTENSION_CHANGE", other, "off or license_patch")),
    }
}

fn number_state(env: Env<'_>) -> Result<Option<NumberState>, ConfigError> {
    let Some(text) = set(env, "NUMBER_STATE") else { return Ok(None) };
    let state = NumberState::from_text(&text);
    state.map(Some).ok_or_else(|| wrong("NUMBER_STATE", &text, "ACTIVE or INACTIVE"))
}

fn threshold(env: Env<'_>) -> Result<f64, ConfigError> {
    let Some(text) = set(env, "CIRCUIT_BREAKER_THRESHOLD") else { return Ok(0.8) };
    match text.trim().parse::<f64>() {
        Ok(value) if value > 0.0 && value <= 1.0 => Ok(value),
        _ => Err(wrong("CIRCUIT_BREAKER_THRESHOLD", &text, "a number above 0 and at most 1")),
    }
}

/// The variable's text, when it is there and not blank.
fn set(env: Env<'_>, variable: &str) -> Option<String> {
    env(variable).filter(|text| !text.trim().is_empty())
}

fn required(env: Env<'_>, variable: &'static str, wanted: &str) -> Result<String, ConfigError> {
    set(env, variable)
        .ok_or_else(|| ConfigError { variable, why: format!("is not set; it must be {wanted}") })
}

fn number<T>(env: Env<'_>, variable: &'static str, default: T, least: T, most: T) -> Result<T, ConfigError>
where
    T: FromStr + PartialOrd + Display + Copy,
{
    let Some(text) = set(env, variable) else { return Ok(default) };
    match text.trim().parse::<T>() {
        Ok(value) if value >= least && value <= most => Ok(value),
        _ => Err(wrong(variable, &text, &format!("a whole number from {least} to {most}"))),
    }
}

fn decimal(
    env: Env<'_>,
    variable: &'static str,
    default: f64,
    least: f64,
    most: f64,
) -> Result<f64, ConfigError> {
    let Some(text) = set(env, variable) else { return Ok(default) };
    match text.trim().parse::<f64>() {
        Ok(value) if value.is_finite() && value >= least && value <= most => Ok(value),
        _ => Err(wrong(variable, &text, &format!("a number from {least} to {most}"))),
    }
}

fn seconds(
    env: Env<'_>,
    variable: &'static str,
    default: f64,
    least: f64,
    most: f64,
) -> Result<Duration, ConfigError> {
    decimal(env, variable, default, least, most).map(Duration::from_secs_f64)
}

fn flag(env: Env<'_>, variable: &'static str, default: bool) -> Result<bool, ConfigError> {
    match set(env, variable).map(|text| text.trim().to_ascii_lowercase()).as_deref() {
        None => Ok(default),
        Some("true" | "1" | "yes") => Ok(true),
        Some("false" | "0" | "no") => Ok(false),
        Some(other) => Err(wrong(variable, other, "true or false")),
    }
}

fn wrong(variable: &'static str, text: &str, wanted: &str) -> ConfigError {
    ConfigError { variable, why: format!("{text:?} is not allowed; it must be {wanted}") }
}

fn fault(variable: &'static str, error: impl Display) -> ConfigError {
    ConfigError { variable, why: error.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        move |name| {
            let base = [
                ("ENVIRONMENT", "lab"),
                ("WEBEX_BASE_URL", "https://webexapis.com/v1"),
                ("WEBEX_TOKEN", "canary-token"),
            ];
            pairs.iter().chain(&base).find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        }
    }

    #[test]
    fn defaults_are_those_of_the_design() {
        let config = run(&with(&[])).unwrap();
        assert_eq!(config.webex.request_timeout, Duration::from_secs(20));
        assert_eq!((config.limits.batch_size, config.limits.concurrency), (500, 16));
        assert_eq!(input(&with(&[])).unwrap().max_rows, 21_000);
        assert!(!config.to_json().to_string().contains("canary"));
    }

    #[test]
    fn bad_values_name_the_variable_and_its_range_and_no_secret() {
        let cases = [
            ("BATCH_SIZE", "0"),
            ("BATCH_SIZE", "-1"),
            ("BATCH_SIZE", "1000000000"),
            ("MAX_RETRIES", "1000000"),
            ("MAX_CONCURRENCY", "257"),
            ("CIRCUIT_BREAKER_THRESHOLD", "NaN"),
            ("CIRCUIT_BREAKER_THRESHOLD", "0"),
            ("CIRCUIT_BREAKER_THRESHOLD", "1.1"),
            ("REQUEST_TIMEOUT_SECONDS", "0"),
            ("ENVIRONMENT", "PROD"),
            ("ENVIRONMENT", "production"),
            ("WEBEX_BASE_URL", "http://webexapis.com/v1"),
            ("WEBEX_TOKEN", "canary token"),
            ("WEBEX_TOKEN", " "),
            ("EXTENSION_CHANGE", "yes"),
            ("CALLING_LICENSE", "gold"),
            ("NUMBER_STATE", "off"),
            ("STRICT_RETRY_AFTER", "maybe"),
            ("SETTLE_SECONDS", "121"),
            ("MAX_REQUESTS_PER_SECOND", "0"),
            ("OUTAGE_WAIT_SECONDS", "x"),
        ];
        for (variable, value) in cases {
            let error = run(&with(&[(variable, value)])).unwrap_err();
            assert_eq!(error.variable, variable);
            assert!(!error.to_string().contains("canary"), "{error}");
        }
    }
}
