//! A request, taken apart.

use axum::body::to_bytes;
use axum::extract::{Query, Request};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::{HeaderMap, Method};
use serde_json::Value;

use super::reply::Refusal;

const MAX_BODY_BYTES: usize = 8 << 20;

/// What a client asked for.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Path and query as they were sent.
    pub(crate) uri: String,
    pub(crate) host: String,
    /// Decoded path segments after `/v1`; `None` for a path outside of it.
    pub(crate) segments: Option<Vec<String>>,
    pub(crate) query: Vec<(String, String)>,
    /// The `Authorization` header, whatever it holds.
    pub(crate) authorization: Option<String>,
    /// The JSON body; `None` if there was none or it could not be read.
    pub(crate) body: Option<Value>,
}

impl Call {
    pub(crate) async fn read(request: Request) -> Call {
        let (parts, body) = request.into_parts();
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let body = match to_bytes(body, MAX_BODY_BYTES).await {
            Ok(bytes) if !bytes.is_empty() => serde_json::from_slice(&bytes).ok(),
            _ => None,
        };
        Call {
            segments: segments(parts.uri.path()),
            uri: parts.uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
            host: text(&parts.headers, HOST.as_str()).unwrap_or_default(),
            authorization: text(&parts.headers, AUTHORIZATION.as_str()),
            method: parts.method,
            query: query.map(|Query(pairs)| pairs).unwrap_or_default(),
            body,
        }
    }

    /// The path below `/v1`, as it was sent.
    pub(crate) fn path(&self) -> &str {
        let path = self.uri.strip_prefix("/v1/").unwrap_or(&self.uri);
        path.split('?').next().unwrap_or_default()
    }

    /// The request without these fields of its body.
    pub(crate) fn without(&self, fields: &[String]) -> Call {
        let mut call = self.clone();
        if let Some(body) = &mut call.body {
            for field in fields {
                let path: Vec<&str> = field.split('.').collect();
                remove(body, &path);
            }
        }
        call
    }

    pub(crate) fn bearer(&self) -> Option<&str> {
        let token = self.authorization.as_deref()?.strip_prefix("Bearer ")?.trim();
        (!token.is_empty()).then_some(token)
    }

    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.param(name).map(|value| value == "true")
    }

    /// A string of the body.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.body.as_ref()?.get(name)?.as_str()
    }

    /// The body, which must be an object.
    pub(crate) fn object(&self) -> Result<&serde_json::Map<String, Value>, Refusal> {
        self.body
            .as_ref()
            .and_then(Value::as_object)
            .ok_or_else(|| Refusal::bad_request("The request body is missing or is no JSON object."))
    }

    /// A list of strings of the body, which must not be empty.
    pub(crate) fn strings(&self, name: &str) -> Result<Vec<String>, Refusal> {
        let values = self.object()?.get(name).and_then(Value::as_array);
        let strings: Option<Vec<String>> =
            values.and_then(|values| values.iter().map(|v| v.as_str().map(str::to_owned)).collect());
        strings.filter(|strings| !strings.is_empty()).ok_or_else(|| Refusal::missing_field(name))
    }
}

fn remove(value: &mut Value, path: &[&str]) {
    match (value, path) {
        (Value::Array(items), path) => items.iter_mut().for_each(|item| remove(item, path)),
        (Value::Object(fields), [name]) => drop(fields.shift_remove(*name)),
        (Value::Object(fields), [name, rest @ ..]) => {
            fields.get_mut(*name).into_iter().for_each(|inner| remove(inner, rest));
        }
        _ => {}
    }
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix("/v1/")?;
    Some(path.split('/').map(percent_decode).collect())
}

/// Undoes percent-encoding; stray percent signs stay.
pub(crate) fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes().iter().copied();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let escaped = match (byte, ahead.next().and_then(nibble), ahead.next().and_then(nibble)) {
            (b'%', Some(high), Some(low)) => Some(high * 16 + low),
            _ => None,
        };
        if escaped.is_some() {
            rest = ahead;
        }
        bytes.push(escaped.unwrap_or(byte));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Percent-encodes everything that is not unreserved.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_codes_survive_a_round_trip() {
        let text = "Calle Mayor 5 % / ñ +";
        assert_eq!(percent_decode(&percent_encode(text)), text);
        assert_eq!(percent_decode("100%"), "100%");
        assert_eq!(percent_decode("%zz"), "%zz");
    }
}
