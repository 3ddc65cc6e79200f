//! E-mail addresses: one spelling each, so that no two spellings can be two people, nor two people one.

use std::borrow::Cow;

use super::normalize::Normalized;
use super::text::{code_point, shown};

const MAX_CHARS: usize = 254;
const MAX_LOCAL_CHARS: usize = 64;
const MAX_LABEL_CHARS: usize = 63;

/// ASCII letters become lower case; nothing else is changed.
pub(super) fn normalize(text: &str) -> Normalized<'_> {
    check(text).map_err(|why| format!("{} is not an e-mail address that can be used: {why}", shown(text)))?;
    let upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    Ok(if upper { Cow::Owned(text.to_ascii_lowercase()) } else { Cow::Borrowed(text) })
}

fn check(text: &str) -> Result<(), String> {
    if let Some(strange) = text.chars().find(|c| !c.is_ascii()) {
        return Err(format!(
            "it contains {}, which is not ASCII (perhaps a look-alike): type it again",
            code_point(strange)
        ));
    }
    dressed_up(text)?;
    let Some((local, domain)) = text.split_once('@') else {
        return Err("there is no @ in it".to_owned());
    };
    if domain.contains('@') {
        return Err("there are two @ in it: write one address".to_owned());
    }
    if text.len() > MAX_CHARS || local.len() > MAX_LOCAL_CHARS {
        return Err(format!(
            "an address has at most {MAX_CHARS} characters, {MAX_LOCAL_CHARS} of them before the @"
        ));
    }
    check_local(local)?;
    check_domain(domain)
}

/// Addresses with something around them, where what is meant can be told.
fn dressed_up(text: &str) -> Result<(), String> {
    let meant = |address: &str| {
        if check_bare(address) { format!(": write {address}") } else { String::new() }
    };
    if let Some(rest) = text.strip_prefix('\'') {
        return Err(format!("it begins with the apostrophe of a spreadsheet{}", meant(rest)));
    }
    if let Some(rest) = text.strip_prefix("mailto:") {
        return Err(format!("it begins with mailto:{}", meant(rest)));
    }
    if let Some((_, rest)) = text.split_once('<') {
        return Err(format!("it has a name beside it{}", meant(rest.trim_end_matches('>'))));
    }
    if text.contains([';', ',', ' ']) {
        return Err("it is more than one address, or has a space in it: write one address".to_owned());
    }
    if text.contains('"') {
        return Err("quoted names before the @ are not accepted".to_owned());
    }
    Ok(())
}

fn check_bare(address: &str) -> bool {
    address
        .split_once('@')
        .is_some_and(|(local, domain)| check_local(local).is_ok() && check_domain(domain).is_ok())
}

fn check_local(local: &str) -> Result<(), String> {
    const SPECIAL: &[u8] = b"!#$%&'*+-/=?^_`{|}~.";
    if let Some(byte) = local.bytes().find(|byte| !byte.is_ascii_alphanumeric() && !SPECIAL.contains(byte)) {
        return Err(format!("{:?} may not stand before the @", char::from(byte)));
    }
    if local.is_empty() || local.starts_with('.') || local.ends_with('.') || local.contains("..") {
        return Err("before the @ there is nothing, or a dot too many".to_owned());
    }
    Ok(())
}

fn check_domain(domain: &str) -> Result<(), String> {
    let label_ok = |label: &str| {
        (1..=MAX_LABEL_CHARS).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if !domain.split('.').all(label_ok) {
        return Err("behind the @ there is no name of a domain".to_owned());
    }
    match domain.rsplit_once('.') {
        Some((_, top)) if top.bytes().any(|byte| byte.is_ascii_alphabetic()) => Ok(()),
        _ => Err("the domain lacks its ending, such as .com".to_owned()),
    }
}
