//! The text form of a fault: `OPERATION[#CALLS][@KEY]:PART[,PART]..`
//!
//! - `OPERATION`: a name of [`Operation::ALL`](super::super::Operation::ALL), or `any`.
//! - `CALLS`: `3`, `2-4`, `2-` or `*`; none: every call.
//! - `KEY`: percent-encode `:`, `#`, `@` and `%` in it.
//! - `PART`: `status=N`, `retry_after=TEXT`, `body=TEXT`, `header=NAME: VALUE`, `delay=MS`, `late=MS`,
//!   `lag=MS`, `silent=FIELD`, `applied`, `not_applied`, `lost`, `drop`, `reset`, `hang`, `partial`, `echo`,
//!   `no_resource`, `earlier`, `crossed`, `empty_page`, `item_errors`, `redirect=URL` (302, or the status
//!   given), `link=URL`, `mangle=KIND` with a name of [`Mangle::ALL`].
//!
//! Commas inside of quotes, parentheses, brackets or braces do not end a part; quotes around a whole value
//! are taken off.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::super::request::percent_decode;
use super::{Calls, Effect, Fault, Mangle, Tamper};

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (head, parts) = text.split_once(':').ok_or_else(|| format!("`{text}` has no `:` and effect"))?;
        let (head, key) = match head.split_once('@') {
            Some((head, key)) => (head, Some(percent_decode(key))),
            None => (head, None),
        };
        let (operation, calls) = match head.split_once('#') {
            Some((operation, calls)) => (operation, parse_calls(calls)?),
            None => (head, Calls::EVERY),
        };
        let operation = if operation == "any" { None } else { Some(operation.parse()?) };
        let mut effect = Effect::default();
        for part in split_parts(parts) {
            add_part(&mut effect, part.trim())?;
        }
        if effect == Effect::default() {
            return Err(format!("`{text}` names no effect"));
        }
        Ok(Fault { operation, calls, key, effect })
    }
}

fn parse_calls(text: &str) -> Result<Calls, String> {
    let number = |text: &str| {
        text.parse::<u32>()
            .ok()
            .filter(|n| *n > 0)
            .ok_or_else(|| format!("`{text}` is no call number: 1, 2, 3 .."))
    };
    match text.split_once('-') {
        _ if text == "*" => Ok(Calls::EVERY),
        None => number(text).map(Calls::only),
        Some((from, "")) => Ok(Calls::range(number(from)?, u32::MAX)),
        Some((from, to)) => {
            let calls = Calls::range(number(from)?, number(to)?);
            if calls.from > calls.to {
                return Err(format!("`{text}` is an empty range"));
            }
            Ok(calls)
        }
    }
}

/// Splits at the commas that stand outside of quotes and brackets.
fn split_parts(text: &str) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((part, after)) = split_first(rest) {
        parts.push(part);
        rest = after;
    }
    parts.push(rest);
    parts
}

fn split_first(text: &str) -> Option<(&str, &str)> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, symbol) in text.char_indices() {
        match symbol {
            _ if escaped => {
                escaped = false;
                continue;
            }
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => return Some((text.get(..at)?, text.get(at + 1..)?)),
            _ => {}
        }
    }
    None
}

fn add_part(effect: &mut Effect, part: &str) -> Result<(), String> {
    let Some((name, value)) = part.split_once('=') else { return add_word(effect, part) };
    let value = value.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).unwrap_or(value);
    match name {
        "status" => set_status(effect, value)?,
        "body" => set_body(effect, value),
        "retry_after" => effect.retry_after.push(value.to_owned()),
        "header" => {
            let (name, value) =
                value.split_once(':').ok_or_else(|| format!("`{part}`: write header=NAME: VALUE"))?;
            effect.headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        "silent" => effect.silent.push(value.to_owned()),
        "delay" => effect.delay = millis(value)?,
        "late" => effect.late = millis(value)?,
        "lag" => effect.lag = Some(millis(value)?),
        "redirect" => {
            let status = match effect.tamper {
                Tamper::Status { status, .. } => status,
                _ => 302,
            };
            effect.tamper = Tamper::Redirect { status, url: value.to_owned() };
        }
        "link" => effect.tamper = Tamper::Link(value.to_owned()),
        "mangle" => {
            let known = Mangle::ALL.iter().find(|(_, name)| *name == value);
            let (mangle, _) = known.ok_or_else(|| format!("unknown mangle `{value}`"))?;
            effect.tamper = Tamper::Mangled(*mangle);
        }
        _ => return Err(format!("unknown effect `{part}`")),
    }
    Ok(())
}

fn add_word(effect: &mut Effect, word: &str) -> Result<(), String> {
    match word {
        "applied" => effect.applied = Some(true),
        "not_applied" => effect.applied = Some(false),
        "echo" => effect.echo = true,
        "lost" => effect.tamper = Tamper::Lost,
        "drop" => effect.tamper = Tamper::Drop,
        "reset" => effect.tamper = Tamper::Reset,
        "hang" => effect.tamper = Tamper::Hang,
        "partial" => effect.tamper = Tamper::Partial,
        "no_resource" => effect.tamper = Tamper::NoResource,
        "earlier" => effect.tamper = Tamper::Earlier,
        "crossed" => effect.tamper = Tamper::Crossed,
        "empty_page" => effect.tamper = Tamper::EmptyPage,
        "item_errors" => effect.tamper = Tamper::ItemErrors,
        _ => return Err(format!("unknown effect `{word}`")),
    }
    Ok(())
}

fn set_status(effect: &mut Effect, value: &str) -> Result<(), String> {
    let wanted: u16 = value.parse().map_err(|_| format!("`{value}` is no status"))?;
    match &mut effect.tamper {
        Tamper::Status { status, .. } | Tamper::Redirect { status, .. } => *status = wanted,
        tamper => *tamper = Tamper::Status { status: wanted, body: None },
    }
    Ok(())
}

fn set_body(effect: &mut Effect, value: &str) {
    match &mut effect.tamper {
        Tamper::Status { body, .. } => *body = Some(value.to_owned()),
        tamper => *tamper = Tamper::Status { status: 200, body: Some(value.to_owned()) },
    }
}

fn millis(text: &str) -> Result<Duration, String> {
    text.parse().map(Duration::from_millis).map_err(|_| format!("`{text}` is no number of milliseconds"))
}

/// What the journal says of a request that met this effect.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        match &self.tamper {
            Tamper::None => {}
            Tamper::Status { status, .. } => parts.push(format!("status={status}")),
            Tamper::Redirect { status, url } => parts.push(format!("status={status},redirect={url}")),
            Tamper::Link(url) => parts.push(format!("link={url}")),
            Tamper::Mangled(mangle) => {
                let name = Mangle::ALL.iter().find(|(known, _)| known == mangle).map_or("", |(_, name)| name);
                parts.push(format!("mangle={name}"));
            }
            Tamper::Lost => parts.push("lost".into()),
            Tamper::Drop => parts.push("drop".into()),
            Tamper::Reset => parts.push("reset".into()),
            Tamper::Hang => parts.push("hang".into()),
            Tamper::Partial => parts.push("partial".into()),
            Tamper::NoResource => parts.push("no_resource".into()),
            Tamper::Earlier => parts.push("earlier".into()),
            Tamper::Crossed => parts.push("crossed".into()),
            Tamper::EmptyPage => parts.push("empty_page".into()),
            Tamper::ItemErrors => parts.push("item_errors".into()),
        }
        parts.extend(self.silent.iter().map(|field| format!("silent={field}")));
        parts.extend(self.retry_after.iter().map(|value| format!("retry_after={value}")));
        parts.extend(self.applied.map(|applied| if applied { "applied" } else { "not_applied" }.to_owned()));
        for (name, wait) in [("delay", Some(self.delay)), ("late", Some(self.late)), ("lag", self.lag)] {
            if let Some(wait) = wait.filter(|wait| !wait.is_zero()) {
                parts.push(format!("{name}={}", wait.as_millis()));
            }
        }
        if self.echo {
            parts.push("echo".into());
        }
        f.write_str(&parts.join(","))
    }
}
