//! Spoilt bodies and heads.

use std::collections::VecDeque;
use std::time::Duration;

use axum::body::Bytes;
use serde_json::{Value, json};

use super::super::wire::RawReply;
use super::misbehave::{Draft, Finish};

macro_rules! mangles {
    ($($(#[$doc:meta])* $name:ident $text:literal)*) => {
        /// A way to spoil an otherwise proper answer.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Mangle { $($(#[$doc])* $name,)* }

        impl Mangle {
            /// Every way with its text form, as in `mangle=KIND`.
            pub const ALL: &'static [(Mangle, &'static str)] = &[$((Mangle::$name, $text),)*];
        }
    };
}

mangles! {
    /// No body.
    Empty "empty"
    /// The first half of the JSON.
    Truncated "truncated"
    /// A web page, as of a captive portal.
    Html "html"
    /// Plain text.
    Text "text"
    /// The object without its ids.
    NoId "no_id"
    /// The ids are null.
    NullId "null_id"
    /// The ids are numbers.
    NumberId "number_id"
    /// The ids are empty strings.
    EmptyId "empty_id"
    /// The ids lead out of their place in a path.
    PathId "path_id"
    /// The ids are those of something else.
    OtherId "other_id"
    /// An array around the object.
    Array "array"
    /// Every key of the object twice.
    DuplicateKeys "duplicate_keys"
    /// Arrays nested 100,000 deep.
    Deep "deep"
    /// Bytes that are no UTF-8.
    BadUtf8 "bad_utf8"
    /// 64 MiB of blanks before the JSON.
    Huge "huge"
    /// Chunks without end.
    Endless "endless"
    /// One byte of the body per second.
    Slow "slow"
    /// One byte of the head per second.
    SlowHead "slow_head"
    /// Two contradicting Content-Length headers.
    TwoLengths "two_lengths"
    /// A header of 1 MiB.
    BigHeader "big_header"
    /// A Content-Length beyond the body, then an orderly close.
    ShortBody "short_body"
}

const SECOND: Duration = Duration::from_secs(1);
/// An id that nothing in the organisation has.
const SOMETHING_ELSE: &str = "Y2lzY29zcGFyazovL3VzL1BFT1BMRS9zb21ldGhpbmctZWxzZQ";
const CHUNK_BYTES: usize = 1 << 16;

impl Mangle {
    /// Spoils the answer.
    pub(super) fn spoil(self, mut draft: Draft) -> Finish {
        match self {
            Mangle::Empty => draft.bytes.clear(),
            Mangle::Truncated => draft.bytes.truncate(draft.bytes.len() / 2),
            Mangle::Html => draft.replace("text/html", "<!DOCTYPE html><html><body>Sign in</body></html>"),
            Mangle::Text => draft.replace("text/plain", "OK"),
            Mangle::NoId => draft.bytes = with_ids(&draft.bytes, None),
            Mangle::NullId => draft.bytes = with_ids(&draft.bytes, Some(Value::Null)),
            Mangle::NumberId => draft.bytes = with_ids(&draft.bytes, Some(json!(42))),
            Mangle::EmptyId => draft.bytes = with_ids(&draft.bytes, Some(json!(""))),
            Mangle::PathId => draft.bytes = with_ids(&draft.bytes, Some(json!("../people/me?x=#y"))),
            Mangle::OtherId => draft.bytes = with_ids(&draft.bytes, Some(json!(SOMETHING_ELSE))),
            Mangle::Array => draft.bytes = [b"[", draft.bytes.as_slice(), b"]"].concat(),
            Mangle::DuplicateKeys => draft.bytes = doubled(&draft.bytes),
            Mangle::Deep => draft.bytes = ["[".repeat(100_000), "]".repeat(100_000)].concat().into_bytes(),
            Mangle::BadUtf8 => draft.bytes = b"{\"id\":\"\xff\xfe\x80\"}".to_vec(),
            _ => return Finish::Raw(self.raw(&draft)),
        }
        Finish::Http(draft.into_response())
    }

    fn raw(self, draft: &Draft) -> RawReply {
        let length = draft.bytes.len();
        let head = |extra: &str| draft.head(extra);
        let sized = |length: usize| head(&format!("content-length: {length}\r\n"));
        match self {
            Mangle::Huge => RawReply {
                pieces: VecDeque::from([sized(length + (CHUNK_BYTES << 10))]),
                then: Some((Bytes::from(vec![b' '; CHUNK_BYTES]), 1 << 10)),
                last: Some(draft.body()),
                ..RawReply::default()
            },
            Mangle::Endless => RawReply {
                pieces: VecDeque::from([head("transfer-encoding: chunked\r\n")]),
                then: Some((chunked(&[b' '; CHUNK_BYTES]), u64::MAX)),
                ..RawReply::default()
            },
            Mangle::Slow => RawReply {
                pieces: std::iter::once(sized(length)).chain(single_bytes(&draft.bytes)).collect(),
                pause: SECOND,
                ..RawReply::default()
            },
            Mangle::SlowHead => {
                RawReply { pieces: single_bytes(&sized(0)).collect(), pause: SECOND, ..RawReply::default() }
            }
            Mangle::TwoLengths => RawReply::of([
                head(&format!("content-length: {length}\r\ncontent-length: 3\r\n")),
                draft.body(),
            ]),
            Mangle::BigHeader => {
                let big = format!("x-big: {}\r\ncontent-length: {length}\r\n", "x".repeat(1 << 20));
                RawReply::of([head(&big), draft.body()])
            }
            _ => RawReply::of([sized(length + 1000), draft.body()]),
        }
    }
}

impl RawReply {
    pub(super) fn of(pieces: [Bytes; 2]) -> Self {
        RawReply { pieces: VecDeque::from(pieces), ..RawReply::default() }
    }
}

fn single_bytes(bytes: &[u8]) -> impl Iterator<Item = Bytes> {
    bytes.iter().map(|byte| Bytes::copy_from_slice(&[*byte]))
}

fn chunked(bytes: &[u8]) -> Bytes {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    Bytes::from(chunk)
}

/// The JSON with `id` and `personId` taken out or replaced, at every depth.
fn with_ids(bytes: &[u8], id: Option<Value>) -> Vec<u8> {
    let mut body: Value = serde_json::from_slice(bytes).unwrap_or_else(|_| json!({"id": "x"}));
    replace_ids(&mut body, id.as_ref());
    body.to_string().into_bytes()
}

fn replace_ids(body: &mut Value, id: Option<&Value>) {
    match body {
        Value::Object(fields) => {
            for key in ["id", "personId"] {
                match (fields.get_mut(key), id) {
                    (Some(field), Some(id)) => *field = id.clone(),
                    (Some(_), None) => drop(fields.shift_remove(key)),
                    (None, _) => {}
                }
            }
            fields.values_mut().for_each(|field| replace_ids(field, id));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_ids(item, id)),
        _ => {}
    }
}

fn doubled(bytes: &[u8]) -> Vec<u8> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(bytes) else { return bytes.to_vec() };
    let pairs = |value: &dyn Fn(&Value) -> String| {
        fields.iter().map(|(key, field)| format!("{}:{}", json!(key), value(field))).collect::<Vec<_>>()
    };
    let first = pairs(&|_| "\"first\"".to_owned());
    let second = pairs(&Value::to_string);
    format!("{{{}}}", [first, second].concat().join(",")).into_bytes()
}
