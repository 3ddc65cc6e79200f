//! The sources as the rules see them: without tests, comments and the insides of strings.

use std::path::Path;

/// One source file without its tests, its comments and the insides of its strings; line numbers stay.
pub(crate) struct Source {
    pub(crate) path: String,
    pub(crate) code: String,
}

impl Source {
    pub(crate) fn new(path: &str, text: &str) -> Source {
        let production = text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        Source { path: path.to_owned(), code: blank_out(production) }
    }

    pub(crate) fn room(&self) -> &str {
        let room = self.path.split('/').next().unwrap_or_default();
        room.strip_suffix(".rs").unwrap_or(room)
    }

    /// How many `super` lead from this file to the crate's root.
    pub(crate) fn depth(&self) -> usize {
        let folders = self.path.matches('/').count();
        if self.path.ends_with("/mod.rs") { folders } else { folders + 1 }
    }

    /// Every occurrence of a word, with its line and what follows it.
    pub(crate) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
        self.code.match_indices(word).filter_map(move |(at, _)| {
            let (before, rest) = (&self.code[..at], &self.code[at + word.len()..]);
            let whole = !before.ends_with(is_name) && !rest.starts_with(is_name);
            whole.then(|| (before.matches('\n').count() + 1, rest))
        })
    }

    pub(crate) fn says(&self, line: usize, what: &str) -> String {
        format!("src/{}:{line}: {what}", self.path)
    }
}

pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of src") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).expect("below src").display().to_string();
                // What `#[cfg(test)] mod tests;` names is all tests.
                if name.ends_with("/tests.rs") || name.contains("/tests/") {
                    continue;
                }
                sources.push(Source::new(&name, &std::fs::read_to_string(&path).expect("a source")));
            }
        }
    }
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

pub(crate) fn is_name(symbol: char) -> bool {
    symbol.is_alphanumeric() || symbol == '_'
}

/// Replaces comments and what stands between quotes by nothing, and keeps every line end.
fn blank_out(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(symbol) = rest.chars().next() {
        let (kept, skipped) = token(rest, symbol);
        code.push_str(&rest[..kept]);
        code.extend(rest[kept..kept + skipped].chars().filter(|symbol| *symbol == '\n'));
        rest = &rest[kept + skipped..];
    }
    code
}

/// How many bytes to keep, and how many behind them to drop.
fn token(rest: &str, symbol: char) -> (usize, usize) {
    let until = |end: &str, from: usize| rest[from..].find(end).map_or(rest.len(), |at| from + at);
    match symbol {
        '/' if rest.starts_with("//") => (0, until("\n", 0)),
        '/' if rest.starts_with("/*") => (0, (until("*/", 2) + 2).min(rest.len())),
        'r' if rest.starts_with("r#\"") => (3, until("\"#", 3) - 3),
        '"' => (1, end_of_string(&rest[1..])),
        '\'' => character(rest),
        _ if is_name(symbol) => {
            let end = rest.find(|symbol| !is_name(symbol)).unwrap_or(rest.len());
            // A raw string's `r` must be seen on its own.
            (if rest.starts_with("r#\"") || end == 0 { 1 } else { end }, 0)
        }
        _ => (symbol.len_utf8(), 0),
    }
}

/// The bytes before the quote that ends a string, the quote included.
fn end_of_string(text: &str) -> usize {
    let mut escaped = false;
    for (at, symbol) in text.char_indices() {
        match symbol {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// A character in quotes is dropped, a lifetime is kept.
fn character(rest: &str) -> (usize, usize) {
    let mut symbols = rest.char_indices().skip(1);
    match (symbols.next(), symbols.next()) {
        (Some((_, '\\')), Some((at, escaped))) => {
            let from = at + escaped.len_utf8();
            (0, rest[from..].find('\'').map_or(rest.len(), |end| from + end + 1))
        }
        (Some(_), Some((at, '\''))) => (0, at + 1),
        _ => (1, 0),
    }
}
