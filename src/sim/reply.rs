//! Answers, and the six shapes of Webex's errors.

use serde_json::{Map, Value, json};

/// A successful answer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(String, String)>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Reply { status: 200, body: Some(body), headers: Vec::new() }
    }

    pub(crate) fn created(body: Value) -> Self {
        Reply { status: 201, ..Reply::ok(body) }
    }

    pub(crate) fn no_content() -> Self {
        Reply { status: 204, ..Reply::default() }
    }

    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn with_link(self, next: Option<String>) -> Self {
        match next {
            Some(url) => self.with_header("Link", format!("<{url}>; rel=\"next\"")),
            None => self,
        }
    }
}

/// A refusal; nothing was changed.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    message: String,
    extra: Box<Extra>,
}

/// What few refusals have; apart, so that results stay small.
#[derive(Clone, Debug, Default)]
struct Extra {
    code: Option<u64>,
    /// A second code at the top level of the body, which differs from the inner one.
    outer_code: Option<u64>,
    /// Replaces the usual body; `Null`: no body at all.
    body: Option<Value>,
    headers: Vec<(String, String)>,
}

pub(crate) type Outcome = Result<Reply, Refusal>;

impl Refusal {
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Refusal { status, message: message.into(), extra: Box::default() }
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Refusal::new(400, message)
    }

    pub(crate) fn missing_field(name: &str) -> Self {
        Refusal::coded(400, 25008, &format!("Missing Mandatory field name: {name}"))
    }

    /// With a code, which the text repeats as Webex's texts do.
    pub(crate) fn coded(status: u16, code: u64, message: &str) -> Self {
        Refusal::new(status, format!("[Error {code}] {message}")).with_code(code)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Refusal::new(404, format!("{what} was not found."))
    }

    /// What a gateway says of a path that it does not have.
    pub(crate) fn no_resource(path: &str) -> Self {
        let path = path.split('?').next().unwrap_or_default();
        Refusal::new(404, format!("No static resource hydra/v1/{path}."))
    }

    /// The shape of the PSTN back end, which has neither `message` nor `errors`.
    pub(crate) fn of_pstn(status: u16, message: impl Into<String>) -> Self {
        let message = message.into();
        let body = json!({ "errorMessage": message });
        Refusal::new(status, message).with_body(body)
    }

    pub(crate) fn with_code(mut self, code: u64) -> Self {
        self.extra.code = Some(code);
        self
    }

    pub(crate) fn with_outer_code(mut self, code: u64) -> Self {
        self.extra.outer_code = Some(code);
        self
    }

    pub(crate) fn with_body(mut self, body: Value) -> Self {
        self.extra.body = Some(body);
        self
    }

    pub(crate) fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.extra.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The refusal as an answer on the wire.
    pub(crate) fn into_reply(self, tracking_id: &str) -> Reply {
        let extra = *self.extra;
        let body = match extra.body {
            Some(Value::Null) => None,
            Some(body) => Some(body),
            None => Some(error_body(&self.message, extra.code, extra.outer_code, tracking_id)),
        };
        Reply { status: self.status, body, headers: extra.headers }
    }
}

/// The usual error body.
pub(crate) fn error_body(message: &str, code: Option<u64>, outer: Option<u64>, tracking_id: &str) -> Value {
    let mut error = Map::new();
    error.insert("description".into(), message.into());
    if let Some(code) = code {
        error.insert("errorCode".into(), code.into());
    }
    let mut body = Map::new();
    body.insert("message".into(), message.into());
    if let Some(outer) = outer {
        body.insert("errorCode".into(), outer.into());
    }
    body.insert("errors".into(), json!([error]));
    body.insert("trackingId".into(), tracking_id.into());
    Value::Object(body)
}
