//! What remains of a request after all patience, and how Webex says no (webex.md 1.1).

use serde_json::Value;

use super::retry_after::AskedWait;

/// The longest text of a server that is kept.
const MESSAGE_CAP: usize = 500;

/// Why a request did not give an acceptable answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// Webex said no, for good.
    Refused(Refusal),
    /// An answer came with an accepted status, but without what it must hold.
    BadReply {
        /// Its status.
        status: u16,
        /// What is wrong with it.
        what: String,
        /// Webex's id of the exchange.
        tracking_id: Option<String>,
    },
    /// A write may or may not have been applied: look before anything else.
    Doubtful {
        /// The status of an answer, if one came.
        status: Option<u16>,
        /// What happened.
        what: String,
        /// Webex's id of the exchange.
        tracking_id: Option<String>,
        /// A back-end code that makes the failure a lasting one.
        backend_code: Option<String>,
        /// The wait that the server asked for.
        asked: AskedWait,
    },
    /// It kept failing in ways that pass, until the retries or the waits were spent. Nothing was applied.
    Exhausted {
        /// How often it was sent.
        tries: u32,
        /// The status of the last answer, if one came.
        status: Option<u16>,
        /// What happened last.
        what: String,
        /// Webex's id of the last exchange.
        tracking_id: Option<String>,
        /// A back-end code that makes the failure a lasting one.
        backend_code: Option<String>,
    },
    /// The run is stopping; nothing was sent.
    Interrupted,
}

/// The run is stopping: a wait was cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupted;

impl From<Interrupted> for Trouble {
    fn from(_: Interrupted) -> Trouble {
        Trouble::Interrupted
    }
}

/// How a gateway begins to say that it has no such path; the path follows.
const NO_PATH: &str = "No static resource";

/// A refusal, read leniently from any of the six shapes of error bodies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Every code found, the outer first.
    pub codes: Vec<String>,
    /// The texts found, in one line.
    pub message: String,
    /// Webex's id of the exchange.
    pub tracking_id: Option<String>,
    /// Telephone numbers that the refusal is about, each with what is wrong with it (webex.md 1.1, shape 4).
    pub numbers: Vec<(String, String)>,
}

impl Refusal {
    /// Reads the body of an error.
    pub(super) fn read(
        status: u16,
        body: &str,
        tracking_id: Option<String>,
        backend_code: Option<&str>,
    ) -> Refusal {
        let mut codes: Vec<String> = backend_code.map(str::to_owned).into_iter().collect();
        let mut texts = Vec::new();
        let mut tracking_in_body = None;
        let mut numbers = Vec::new();
        if let Ok(value) = serde_json::from_str::<Value>(body) {
            tracking_in_body =
                value.get("trackingId").and_then(Value::as_str).map(|text| one_line(text, 128));
            gather(&value, &mut codes, &mut texts, 4);
            numbers = about_numbers(&value);
        }
        texts.dedup();
        let message = if texts.is_empty() { String::new() } else { one_line(&texts.join("; "), MESSAGE_CAP) };
        codes.dedup();
        Refusal { status, codes, message, tracking_id: tracking_id.or(tracking_in_body), numbers }
    }

    /// Whether the path itself does not exist, and not only what it leads to.
    pub fn lacks_path(&self) -> bool {
        self.status == 404 && self.message.contains(NO_PATH)
    }

    /// Whether what was asked for does not exist, at a path that does.
    pub fn is_not_found(&self) -> bool {
        self.status == 404 && !self.lacks_path()
    }

    /// The same about any other request to a path that does not exist.
    pub fn without_path(&self) -> Refusal {
        Refusal { message: NO_PATH.to_owned(), ..self.clone() }
    }

    /// Whether any of the codes is this one.
    pub fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|known| known == code)
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        if !self.codes.is_empty() {
            write!(f, " code {}", self.codes.join("/"))?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// Walks a body for codes and texts; `depth` bounds the walk.
fn gather(value: &Value, codes: &mut Vec<String>, texts: &mut Vec<String>, depth: u8) {
    let Some(deeper) = depth.checked_sub(1) else { return };
    match value {
        Value::Array(items) => items.iter().take(20).for_each(|item| gather(item, codes, texts, deeper)),
        Value::Object(fields) => {
            for (name, field) in fields.iter().take(40) {
                match (name.as_str(), field) {
                    ("errorCode" | "code" | "key", Value::String(code)) => codes.push(one_line(code, 64)),
                    ("errorCode" | "code" | "key", Value::Number(code)) => codes.push(code.to_string()),
                    (
                        "message" | "description" | "errorMessage" | "reason" | "failureReason",
                        Value::String(text),
                    ) => {
                        codes.extend(code_in(text));
                        texts.push(text.clone());
                    }
                    ("errors" | "error" | "message", nested) => gather(nested, codes, texts, deeper),
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

/// The most numbers that one request may hold, and so that a refusal may be about.
const NUMBERS_CAP: usize = 500;

/// The errors of a list whose first item has one for each number.
fn about_numbers(body: &Value) -> Vec<(String, String)> {
    let errors = body.pointer("/0/errors").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text =
        |item: &Value, name: &str| one_line(item.get(name).and_then(Value::as_str).unwrap_or_default(), 120);
    errors
        .iter()
        .take(NUMBERS_CAP)
        .filter(|item| item.get("number").is_some_and(Value::is_string))
        .map(|item| {
            let said = [text(item, "errorCode"), text(item, "errorMessage")].join(" ");
            (text(item, "number"), said.trim().to_owned())
        })
        .collect()
}

/// The number of a text that begins `[Error N]`.
fn code_in(text: &str) -> Option<String> {
    let rest = text.strip_prefix("[Error ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty()).then_some(digits)
}

/// A text from outside on one line, without control characters and not too long.
pub(super) fn one_line(text: &str, cap: usize) -> String {
    let mut line: String = text
        .chars()
        .take(cap)
        .map(|c| if is_unprintable(c) { ' ' } else { c })
        .collect::<String>()
        .trim()
        .to_owned();
    if text.chars().nth(cap).is_some() {
        line.push('\u{2026}');
    }
    line
}

/// Control characters, and format characters that turn the direction of a line or hide in it.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// The kind of a network failure in plain words, without the URL.
pub(super) fn describe(error: &reqwest::Error) -> String {
    let kind = match error {
        error if error.is_timeout() && error.is_connect() => "no connection within the time-out",
        error if error.is_timeout() => "no answer within the time-out",
        error if error.is_connect() => "no connection",
        error if error.is_builder() => "the request could not be built",
        _ => "the connection broke off",
    };
    deepest(error)
        .map_or_else(|| kind.to_owned(), |inner| format!("{kind} ({})", with_way_out(&one_line(&inner, 120))))
}

/// What lies at the bottom of an error of the HTTP library; the rest says that something failed.
pub(super) fn deepest(error: &reqwest::Error) -> Option<String> {
    let mut source = std::error::Error::source(error);
    let mut deepest = None;
    for _ in 0..8 {
        let Some(inner) = source else { break };
        deepest = Some(inner.to_string());
        source = inner.source();
    }
    deepest
}

/// An authority that this machine does not know is most often that of a proxy which opens encrypted connections.
fn with_way_out(inner: &str) -> String {
    match inner.contains("UnknownIssuer") {
        true => format!(
            "{inner}: if a proxy of your network opens TLS, name its authority in SSL_CERT_FILE or SSL_CERT_DIR"
        ),
        false => inner.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_authority_comes_with_a_way_out() {
        assert!(with_way_out("invalid peer certificate: UnknownIssuer").contains("SSL_CERT_FILE"));
        assert_eq!(with_way_out("connection refused"), "connection refused");
    }

    fn read(body: &str) -> Refusal {
        Refusal::read(400, body, None, None)
    }

    #[test]
    fn reads_the_six_shapes_of_errors() {
        let usual =
            read(r#"{"message":"no","errors":[{"description":"[Error 4202] taken"}],"trackingId":"T1"}"#);
        assert_eq!(
            (usual.codes, usual.message.as_str()),
            (vec!["4202".to_owned()], "no; [Error 4202] taken")
        );
        assert_eq!(usual.tracking_id.as_deref(), Some("T1"));

        let two =
            read(r#"{"errorCode":25223,"message":"m","errors":[{"errorCode":8363,"description":"d"}]}"#);
        assert_eq!(two.codes, ["25223", "8363"]);

        assert_eq!(read(r#"{"error":[{"code":"BATCH-1017","message":"b"}]}"#).codes, ["BATCH-1017"]);
        let nested = read(r#"{"error":{"key":"400","message":[{"description":"d","code":"27966"}]}}"#);
        assert_eq!(nested.codes, ["400", "27966"]);
        assert_eq!(nested.message, "d");

        let array = read(r#"[{"errors":[{"number":"+1","errorCode":"8363","errorMessage":"in use"}]}]"#);
        assert_eq!((array.codes, array.message.as_str()), (vec!["8363".to_owned()], "in use"));
        assert_eq!(array.numbers, [("+1".to_owned(), "8363 in use".to_owned())]);

        let pstn = read(r#"{"errorMessage":"PSTN for the location is not configured","errorCode":"ERR.X"}"#);
        assert_eq!(
            (pstn.codes, pstn.message.as_str()),
            (vec!["ERR.X".to_owned()], "PSTN for the location is not configured")
        );

        let gateway = Refusal::read(502, "<html>", None, Some("4251"));
        assert_eq!((gateway.codes, gateway.message.as_str()), (vec!["4251".to_owned()], ""));
    }

    #[test]
    fn a_path_that_does_not_exist_is_told_from_a_thing_that_does_not() {
        let of =
            |status, text: &str| Refusal::read(status, &format!(r#"{{"message":"{text}"}}"#), None, None);
        let absent = of(404, "No static resource hydra/v1/people/x/features/y.");
        assert!(absent.lacks_path() && !absent.is_not_found());
        assert_eq!(absent.without_path().to_string(), "HTTP 404: No static resource");
        assert!(of(404, "Not Found").is_not_found());
        assert!(!of(400, "No static resource hydra/v1/x").lacks_path());
    }

    #[test]
    fn texts_from_outside_stay_on_one_line() {
        let text = read("{\"message\":\"a\\u001b[31m\\nb\\u202ec\"}").message;
        assert_eq!(text, "a [31m b c");
        assert!(
            read(&format!(r#"{{"message":"{}"}}"#, "x".repeat(10_000))).message.chars().count()
                <= MESSAGE_CAP + 1
        );
    }
}
