//! From a proper answer and an effect to what goes out.

use std::collections::VecDeque;

use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::super::operation::Operation;
use super::super::reply::{Refusal, Reply, error_body};
use super::super::wire::RawReply;
use super::{Effect, Tamper};

/// How a request ends.
pub(crate) enum Finish {
    /// With an answer.
    Http(Response),
    /// With bytes of our own making, maybe none, and the end of the connection.
    Raw(RawReply),
}

/// What a faulty answer is made of besides the proper one.
pub(crate) struct Scene<'a> {
    pub(crate) operation: Operation,
    pub(crate) url: String,
    pub(crate) authorization: &'a str,
    pub(crate) tracking_id: String,
}

/// An answer before it is put on the wire.
pub(super) struct Draft {
    status: u16,
    headers: Vec<(String, String)>,
    pub(super) bytes: Vec<u8>,
}

/// Makes the answer and says which status it carries, if any. `proper` is what the API itself answered, if
/// the request got that far.
pub(crate) fn finish(effect: &Effect, proper: Option<Reply>, scene: Scene<'_>) -> (Finish, Option<u16>) {
    let mut reply = proper.unwrap_or_else(|| error(500, &scene));
    let mut verbatim = None;
    match &effect.tamper {
        Tamper::Status { status, body } => {
            if !(200..300).contains(status) || reply.status >= 400 {
                reply = error(*status, &scene);
            }
            reply.status = *status;
            verbatim.clone_from(body);
        }
        Tamper::Lost | Tamper::Drop | Tamper::Hang => return (Finish::Raw(RawReply::default()), None),
        Tamper::Redirect { status, url } => {
            reply = Reply { status: *status, ..Reply::default() }.with_header("location", url);
        }
        Tamper::Link(url) => {
            let url = if url == "self" { scene.url.clone() } else { url.clone() };
            reply.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("link"));
            reply = reply.with_link(Some(url));
        }
        Tamper::EmptyPage => {
            let list = json!({ list_key(scene.operation): [] });
            reply = Reply::ok(list).with_link(Some(scene.url.clone()));
        }
        Tamper::ItemErrors => reply.body = reply.body.map(with_item_errors),
        Tamper::Partial if reply.status < 400 => reply.status = 206,
        Tamper::NoResource => reply = no_resource(&scene),
        // A 204 has no body to spoil.
        Tamper::Mangled(_) if reply.status == 204 => reply.status = 200,
        Tamper::None
        | Tamper::Partial
        | Tamper::Reset
        | Tamper::Mangled(_)
        | Tamper::Earlier
        | Tamper::Crossed => {}
    }
    if effect.echo {
        reply = echoing(reply.status, scene.authorization);
    }
    reply.headers.extend(effect.retry_after.iter().map(|value| ("retry-after".to_owned(), value.clone())));
    reply.headers.extend(effect.headers.iter().cloned());
    reply.headers.push(("trackingid".to_owned(), scene.tracking_id));
    let mut draft = Draft::new(reply);
    if let Some(body) = verbatim {
        draft.bytes = body.into_bytes();
    }
    let status = draft.status;
    let finish = match effect.tamper {
        Tamper::Reset => Finish::Raw(draft.reset()),
        Tamper::Mangled(mangle) => mangle.spoil(draft),
        _ if (200..1000).contains(&draft.status) => Finish::Http(draft.into_response()),
        _ => Finish::Raw(RawReply::of([draft.head("content-length: 0\r\n"), Bytes::new()])),
    };
    (finish, Some(status))
}

fn error(status: u16, scene: &Scene<'_>) -> Reply {
    let message = format!("Scripted error {status}.");
    Reply { status, body: Some(error_body(&message, None, None, &scene.tracking_id)), headers: Vec::new() }
}

fn no_resource(scene: &Scene<'_>) -> Reply {
    let path = scene.url.split_once("/v1/").map_or("", |(_, path)| path);
    Refusal::no_resource(path).into_reply(&scene.tracking_id)
}

fn echoing(status: u16, authorization: &str) -> Reply {
    let status = if status >= 400 { status } else { 500 };
    let body = error_body(&format!("You sent {authorization}"), None, None, authorization);
    Reply { status, body: Some(body), headers: Vec::new() }
}

fn list_key(operation: Operation) -> &'static str {
    match operation {
        Operation::CallingLocationsList => "locations",
        Operation::NumbersList | Operation::AvailableNumbersList => "phoneNumbers",
        Operation::LicenseGet => "users",
        _ => "items",
    }
}

fn with_item_errors(mut body: Value) -> Value {
    let items = body.get_mut("items").and_then(Value::as_array_mut);
    for fields in items.into_iter().flatten().filter_map(Value::as_object_mut) {
        for key in ["locationId", "extension", "phoneNumbers"] {
            fields.shift_remove(key);
        }
        let reason = json!({"callingData": {"code": 500, "reason": "calling data could not be read"}});
        fields.insert("errors".into(), reason);
    }
    body
}

impl Draft {
    fn new(reply: Reply) -> Self {
        let mut headers = reply.headers;
        let bytes = reply.body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        if !bytes.is_empty() {
            headers.push(("content-type".to_owned(), "application/json;charset=UTF-8".to_owned()));
        }
        Draft { status: reply.status, headers, bytes }
    }

    pub(super) fn replace(&mut self, content_type: &str, body: &str) {
        self.headers.retain(|(name, _)| name != "content-type");
        self.headers.push(("content-type".to_owned(), content_type.to_owned()));
        self.bytes = body.as_bytes().to_vec();
    }

    pub(super) fn body(&self) -> Bytes {
        Bytes::copy_from_slice(&self.bytes)
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.bytes));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        for (name, value) in self.headers {
            if let (Ok(name), Ok(value)) =
                (name.parse::<HeaderName>(), HeaderValue::from_bytes(value.as_bytes()))
            {
                response.headers_mut().append(name, value);
            }
        }
        response
    }

    /// Status line and headers, as bytes.
    pub(super) fn head(&self, extra: &str) -> Bytes {
        let fields: Vec<String> =
            self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Bytes::from(format!("HTTP/1.1 {} Scripted\r\n{}{extra}\r\n", self.status, fields.concat()))
    }

    fn reset(&self) -> RawReply {
        let half = self.body().split_to(self.bytes.len() / 2);
        let head = self.head(&format!("content-length: {}\r\n", self.bytes.len() + 1000));
        RawReply { pieces: VecDeque::from([head, half]), reset: true, ..RawReply::default() }
    }
}

/// The headers of an ordinary answer, without a fault.
pub(crate) fn plain(reply: Reply, tracking_id: &str) -> Response {
    let reply = reply.with_header("trackingid", tracking_id);
    Draft::new(reply).into_response()
}
