//! Pages and the `Link` to the next one.

use super::org::Rules;
use super::reply::Refusal;
use super::request::{Call, percent_encode};

/// Which part of a list a request asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) start: usize,
    pub(crate) size: usize,
}

/// How one endpoint pages.
#[derive(Clone, Copy)]
pub(crate) struct Paging {
    /// The query parameter of the page size.
    size_param: &'static str,
    /// The query parameter of the position.
    start_param: &'static str,
    default: usize,
    limit: usize,
    /// Never more than this, whatever is asked for.
    cap: Option<usize>,
    /// Begin with the last entry of the page before.
    repeats: bool,
}

impl Paging {
    /// By these names of parameters, with this size unless asked otherwise and at most that one.
    pub(crate) fn new(
        rules: &Rules,
        [size_param, start_param]: [&'static str; 2],
        default: usize,
        limit: usize,
    ) -> Self {
        Paging {
            size_param,
            start_param,
            default,
            limit,
            cap: rules.page_cap,
            repeats: rules.habits.repeats_entries,
        }
    }

    pub(crate) fn window(&self, call: &Call) -> Result<Window, Refusal> {
        let size = number(call, self.size_param)?.unwrap_or(self.default);
        if size == 0 {
            return Err(Refusal::bad_request(format!("Invalid value for {}", self.size_param)));
        }
        let size = size.min(self.limit).min(self.cap.unwrap_or(usize::MAX)).max(1);
        Ok(Window { start: number(call, self.start_param)?.unwrap_or(0), size })
    }

    /// Takes one page out of `all` and the address of the next one.
    pub(crate) fn page<T>(
        &self,
        call: &Call,
        all: impl Iterator<Item = T>,
    ) -> Result<(Vec<T>, Option<String>), Refusal> {
        let window = self.window(call)?;
        let mut items: Vec<T> = all.skip(window.start).take(window.size + 1).collect();
        if items.len() <= window.size {
            return Ok((items, None));
        }
        items.truncate(window.size);
        let repeated = usize::from(self.repeats && window.size > 1);
        let next = window.start + window.size - repeated;
        Ok((items, Some(with_param(call, self.start_param, &next.to_string()))))
    }
}

fn number(call: &Call, name: &str) -> Result<Option<usize>, Refusal> {
    match call.param(name) {
        None => Ok(None),
        Some(text) => {
            text.parse().map(Some).map_err(|_| Refusal::bad_request(format!("Invalid value for {name}")))
        }
    }
}

/// The request's own address with one parameter replaced.
fn with_param(call: &Call, name: &str, value: &str) -> String {
    let path = call.uri.split('?').next().unwrap_or_default();
    let mut query: Vec<String> = call
        .query
        .iter()
        .filter(|(key, _)| key != name)
        .map(|(key, value)| format!("{}={}", percent_encode(key), percent_encode(value)))
        .collect();
    query.push(format!("{}={}", percent_encode(name), percent_encode(value)));
    format!("http://{}{path}?{}", call.host, query.join("&"))
}
