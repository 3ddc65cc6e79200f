//! The external id of a location, kept as a line of its own in the location's notes (R5): Webex has no field for it.

const OPEN: &str = "[ext_id=";
const CLOSE: &str = "]";

/// The line that carries an external id.
pub fn tag_line(external_id: &str) -> String {
    let mut line = OPEN.to_owned();
    for c in external_id.chars() {
        if matches!(c, '%' | '[' | ']') || c.is_control() {
            let mut bytes = [0; 4];
            c.encode_utf8(&mut bytes).bytes().for_each(|byte| line.push_str(&format!("%{byte:02X}")));
        } else {
            line.push(c);
        }
    }
    line.push_str(CLOSE);
    line
}

/// The external id that notes carry, if they carry one.
pub fn tag_in(notes: &str) -> Option<String> {
    notes.lines().find_map(read_tag)
}

/// The notes that are a person's own: without the tag's line.
pub fn without_tag(notes: &str) -> String {
    let own: Vec<&str> = notes.lines().filter(|line| read_tag(line).is_none()).collect();
    own.join("\n").trim().to_owned()
}

/// A person's notes with the tag's line behind them.
pub fn with_tag(own: &str, external_id: Option<&str>) -> String {
    match (own.is_empty(), external_id) {
        (true, Some(id)) => tag_line(id),
        (false, Some(id)) => format!("{own}\n{}", tag_line(id)),
        (_, None) => own.to_owned(),
    }
}

fn read_tag(line: &str) -> Option<String> {
    let value = line.trim().strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next()?, rest.next()?];
        bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?);
    }
    String::from_utf8(bytes).ok().filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_back_whole() {
        for id in ["ES-0001", "a]b[c%d", "\u{f1}and\u{fa}\t", "100%"] {
            let notes = with_tag("ask for Ana\nsecond line", Some(id));
            assert_eq!(tag_in(&notes).as_deref(), Some(id));
            assert_eq!(without_tag(&notes), "ask for Ana\nsecond line");
        }
    }

    #[test]
    fn what_only_looks_like_a_tag_is_left_alone() {
        for notes in ["see [ext_id=1] inside", "[ext_id=]", "[ext_id=%zz]", "[ext_id=%4]", ""] {
            assert_eq!(tag_in(notes), None, "{notes:?}");
        }
        assert_eq!(with_tag("", None), "");
    }
}
