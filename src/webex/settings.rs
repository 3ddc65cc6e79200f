//! What the client is told: where Webex is, who asks, and how patient to be.

use std::time::Duration;

use reqwest::Url;
use reqwest::header::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

/// Settings of the client.
#[derive(Debug, Clone)]
pub struct WebexSettings {
    /// Where Webex is.
    pub base_url: BaseUrl,
    /// Who asks.
    pub token: Token,
    /// The organisation, for partner tokens.
    pub org_id: Option<String>,
    /// The longest one request may take in all.
    pub request_timeout: Duration,
    /// The longest a connection may take to stand.
    pub connect_timeout: Duration,
    /// Retries after the first attempt.
    pub max_retries: u32,
    /// The wait before the first retry; doubles with each.
    pub backoff_base: Duration,
    /// The longest wait that a server may ask for.
    pub max_retry_after: Duration,
    /// How many waits a server may ask for, per request.
    pub max_rate_limit_waits: u32,
    /// Whether every refusal pauses everybody.
    pub strict_retry_after: bool,
    /// Requests under way at once; twice as many failures in a row without any answer make an outage (R22).
    pub concurrency: u32,
    /// How long an outage is waited for before the run stops.
    pub outage_wait: Duration,
    /// The most requests a second, if there is a limit of our own.
    pub max_requests_per_second: Option<f64>,
}

/// An origin and path that the token may be sent to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(Url);

/// Why a base URL is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BaseUrlError {
    /// It cannot be read.
    #[error("it is not a URL ({0})")]
    Malformed(String),
    /// Plain HTTP to another machine would show the token to everybody on the way.
    #[error("it must begin with https:// (http is allowed to localhost and loopback addresses only)")]
    NotSecure,
    /// It carries more than scheme, host, port and path.
    #[error("it must not hold a user name, a password, a query or a fragment")]
    Extra,
}

impl BaseUrl {
    /// Takes `https://HOST[:PORT]/PATH`; plain `http` only for `localhost` and literal loopback addresses.
    pub fn parse(text: &str) -> Result<BaseUrl, BaseUrlError> {
        let mut url = Url::parse(text).map_err(|error| BaseUrlError::Malformed(error.to_string()))?;
        if !url.username().is_empty()
            || url.password().is_some()
            || url.query().is_some()
            || url.fragment().is_some()
        {
            return Err(BaseUrlError::Extra);
        }
        match url.scheme() {
            "https" => {}
            // `text` too: `127.1` and `0x7f000001` are read as loopback, but are not literally so.
            "http" if is_loopback(&url) && url.host_str().is_some_and(|host| text.contains(host)) => {}
            _ => return Err(BaseUrlError::NotSecure),
        }
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(BaseUrl(url))
    }

    /// Whether a URL has the same scheme, host and port.
    pub(super) fn same_origin(&self, other: &Url) -> bool {
        self.0.origin() == other.origin()
    }

    /// The URL of a path below the base; each segment is percent-encoded.
    pub(super) fn join(&self, segments: &[String]) -> Url {
        let mut url = self.0.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }

    /// Whether the way there is encrypted.
    pub(super) fn is_secure(&self) -> bool {
        self.0.scheme() == "https"
    }

    pub(super) fn is_loopback(&self) -> bool {
        is_loopback(&self.0)
    }
}

impl std::fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// A shorter text is no token of Webex, and blotting it out would spoil addresses and ids that happen to hold it.
const SHORTEST_SECRET: usize = 16;

/// A bearer token; its text shows nowhere.
#[derive(Debug, Clone)]
pub struct Token(SecretString);

/// The token holds a character that no header can carry. The message does not show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is blank or holds a character that a token cannot have (a line break, a space, a quote)")]
pub struct TokenError;

/// Why no client can be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    /// The token fits into no header.
    #[error("WEBEX_TOKEN: {0}")]
    Token(#[from] TokenError),
    /// Connections cannot be prepared, most likely for want of the certificates of authorities.
    #[error(
        "no encrypted connection can be made ({0}): install the certificates of authorities (package ca-certificates), or name a \
         file or folder of them in SSL_CERT_FILE or SSL_CERT_DIR"
    )]
    Connections(String),
}

impl Token {
    /// Takes the characters that RFC 6750 allows in a bearer token.
    pub fn parse(text: &str) -> Result<Token, TokenError> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b);
        if text.is_empty() || !text.bytes().all(allowed) {
            return Err(TokenError);
        }
        Ok(Token(SecretString::from(text.to_owned())))
    }

    pub(super) fn header(&self) -> Result<HeaderValue, TokenError> {
        let mut value =
            HeaderValue::from_str(&format!("Bearer {}", self.0.expose_secret())).map_err(|_| TokenError)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// The same for every text of a body: escapes hide a token from a search in the raw bytes.
    pub(super) fn redact_json(&self, value: &mut serde_json::Value) {
        use serde_json::Value;
        match value {
            Value::String(text) => *text = self.redact(std::mem::take(text)),
            Value::Array(items) => items.iter_mut().for_each(|item| self.redact_json(item)),
            Value::Object(fields) => {
                let redacted = std::mem::take(fields).into_iter().map(|(name, mut field)| {
                    self.redact_json(&mut field);
                    (self.redact(name), field)
                });
                *fields = redacted.collect();
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// The text with every occurrence of the token blotted out.
    pub(super) fn redact(&self, text: String) -> String {
        let secret = self.0.expose_secret();
        if secret.len() >= SHORTEST_SECRET && text.contains(secret) {
            text.replace(secret, "***")
        } else {
            text
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_reaches_loopback_only() {
        for good in [
            "https://webexapis.com/v1",
            "https://webexapis.com/v1/",
            "http://127.0.0.1:8080/v1",
            "http://[::1]:1/v1",
            "http://localhost/v1",
        ] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://webexapis.com/v1",
            "http://127.0.0.1.nip.io/v1",
            "http://127.1/v1",
            "http://0x7f000001/v1",
            "ftp://127.0.0.1/v1",
        ] {
            assert_eq!(BaseUrl::parse(bad), Err(BaseUrlError::NotSecure), "{bad}");
        }
        for bad in ["https://u:p@x/v1", "https://x/v1?q=1", "https://x/v1#f"] {
            assert_eq!(BaseUrl::parse(bad), Err(BaseUrlError::Extra), "{bad}");
        }
    }

    #[test]
    fn segments_cannot_leave_their_place_in_the_path() {
        let base = BaseUrl::parse("https://x/v1/").unwrap();
        let url = base.join(&["people".to_owned(), "../a?b#c".to_owned()]);
        assert_eq!(url.as_str(), "https://x/v1/people/..%2Fa%3Fb%23c");
    }

    #[test]
    fn a_token_shows_nowhere() {
        let token = Token::parse("s3cret-token-of-a-test").unwrap();
        assert!(!format!("{token:?} {:?}", token.header()).contains("s3cret"));
        assert_eq!(token.redact("echo s3cret-token-of-a-test!".to_owned()), "echo ***!");
        for bad in ["", "a b", "a\n", "\"a\"", "\u{f1}"] {
            assert!(Token::parse(bad).is_err());
        }
    }
}
