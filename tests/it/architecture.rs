//! Reads the sources and holds the borders between the rooms. Each rule has a test on the whole of `src` and one on a
//! snippet that it must refuse, so that no rule can go blind unnoticed.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper that fails is a failed test")]

mod circles;
mod references;
mod source;

use source::{Source, is_name, sources};

/// What each room may import of this crate.
const IMPORTS: [(&str, &[&str]); 14] = [
    ("domain", &[]),
    ("config", &["domain", "ingest", "webex", "runner"]),
    ("ingest", &["domain"]),
    ("store", &["domain"]),
    ("webex", &["domain"]),
    ("runner", &["domain", "faultpoint", "store", "webex"]),
    ("export", &["domain", "faultpoint", "store"]),
    ("lab", &["domain", "webex"]),
    ("faultpoint", &[]),
    ("sim", &[]),
    ("cli", &["logging"]),
    ("logging", &[]),
    ("commands", &["cli", "config", "domain", "export", "ingest", "lab", "runner", "sim", "store", "webex"]),
    ("main", &["cli", "commands", "logging"]),
];

/// Of these rooms `config` takes the settings types only.
const SETTINGS: [&str; 8] = [
    "BaseUrl",
    "Breaker",
    "IngestSettings",
    "LicenceSettings",
    "RowSettings",
    "RunLimits",
    "Token",
    "WebexSettings",
];

/// Libraries that belong to one room.
const LIBRARIES: [(&str, &str); 7] = [
    ("rusqlite", "store"),
    ("r2d2", "store"),
    ("r2d2_sqlite", "store"),
    ("refinery", "store"),
    ("reqwest", "webex"),
    ("axum", "sim"),
    ("hyper", "sim"),
];

const LONGEST_FILE: usize = 400;
const LONGEST_FUNCTION: usize = 60;

/// Over the limits still. Nothing may be added, nothing may grow, and what has shrunk must go from here.
const LONG_FILES_STILL: [(&str, usize); 0] = [];
const LONG_FUNCTIONS_STILL: [(&str, usize); 0] = [];

type Rule = fn(&Source) -> Vec<String>;

#[track_caller]
fn holds_everywhere(rule: Rule) {
    let sources = sources();
    assert!(sources.len() > 80, "only {} sources were found", sources.len());
    let findings: Vec<String> = sources.iter().flat_map(rule).collect();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[track_caller]
fn refuses(rule: Rule, path: &str, snippet: &str) {
    assert!(!rule(&Source::new(path, snippet)).is_empty(), "in src/{path} this must be refused:\n{snippet}");
}

#[track_caller]
fn allows(rule: Rule, path: &str, snippet: &str) {
    assert_eq!(rule(&Source::new(path, snippet)), Vec::<String>::new(), "in src/{path}:\n{snippet}");
}

#[test]
fn rooms_import_only_what_the_table_allows() {
    holds_everywhere(imports);
}

#[test]
fn an_import_across_a_border_is_refused() {
    refuses(imports, "domain/entity.rs", "use crate::store::Store;");
    refuses(imports, "runner/mod.rs", "use crate::export::write;");
    refuses(imports, "runner/mod.rs", "fn f() { crate::export::write() }");
    refuses(imports, "webex/wire.rs", "use crate::{domain::Step, store::{Store, Lock}};");
    refuses(imports, "sim/org/mod.rs", "use crate::domain::Email;");
    refuses(imports, "export/mod.rs", "use super::super::runner;");
    refuses(imports, "config.rs", "use super::store::Store;");
    refuses(imports, "config.rs", "use crate::runner::{RunLimits, run};");
    refuses(imports, "main.rs", "use wxbulk::store::Store;");
    refuses(imports, "store/mod.rs", "use wxbulk::runner;");
    refuses(imports, "novelty/mod.rs", "use crate::domain::Email;");
}

#[test]
fn an_import_within_the_table_is_allowed() {
    allows(imports, "runner/mod.rs", "use crate::{domain::Step, store::{Store, Lock}};");
    allows(imports, "sim/api/mod.rs", "use crate::sim::Fault; use super::journal;");
    allows(imports, "config.rs", "use crate::runner::{Breaker, RunLimits};");
    allows(imports, "store/mod.rs", "//! as crate::runner does\nconst TEXT: &str = \"crate::runner\";");
}

#[test]
fn each_library_stays_in_its_room() {
    holds_everywhere(libraries);
}

#[test]
fn a_library_in_another_room_is_refused() {
    refuses(libraries, "export/table.rs", "use rusqlite::Connection;");
    refuses(libraries, "runner/work.rs", "fn f(c: &reqwest::Client) {}");
    refuses(libraries, "commands/simulate.rs", "use axum::Router;");
    refuses(libraries, "webex/transport.rs", "use hyper::body::Incoming;");
    allows(libraries, "store/load.rs", "use rusqlite::Connection;");
}

#[test]
fn rooms_without_waiting_have_no_async() {
    holds_everywhere(no_async);
}

#[test]
fn async_in_such_a_room_is_refused() {
    for room in ["domain", "ingest", "store", "export"] {
        refuses(no_async, &format!("{room}/new.rs"), "pub async fn f() {}");
        refuses(no_async, &format!("{room}/new.rs"), "fn f() { spawn(async move { 1 }) }");
    }
    allows(no_async, "runner/new.rs", "pub async fn f() {}");
    allows(no_async, "store/new.rs", "/// Not async.\nfn asynchronous() {}");
}

#[test]
fn nothing_is_unsafe_and_nothing_panics() {
    holds_everywhere(no_panics);
}

#[test]
fn a_panic_outside_of_tests_is_refused() {
    for snippet in [
        "fn f() { unsafe { g() } }",
        "fn f() { g().unwrap() }",
        "fn f() { g()\n    .expect(\"x\") }",
        "fn f() { panic!(\"x\") }",
        "fn f() { unreachable!() }",
    ] {
        refuses(no_panics, "runner/new.rs", snippet);
    }
    allows(no_panics, "runner/new.rs", "fn f() { g().unwrap_or(1) } // never panic!()");
    allows(
        no_panics,
        "runner/new.rs",
        "fn f() {}\n\n#[cfg(test)]\nmod tests {\n    fn t() { f().unwrap() }\n}\n",
    );
}

#[test]
fn files_are_short_enough_to_read() {
    let long = sources().iter().filter_map(long_file).collect();
    nothing_more_than(long, &LONG_FILES_STILL);
}

#[test]
fn a_file_of_401_lines_is_refused() {
    let file = |lines| Source::new("runner/new.rs", &"const A: u8 = 1;\n".repeat(lines));
    assert_eq!(long_file(&file(401)), Some(("runner/new.rs".to_owned(), 401)));
    assert_eq!(long_file(&file(400)), None);
}

#[test]
fn functions_are_short_enough_to_read() {
    let long = sources().iter().flat_map(long_functions).collect();
    nothing_more_than(long, &LONG_FUNCTIONS_STILL);
}

#[test]
fn a_function_of_61_lines_is_refused() {
    let function = |lines: usize| {
        let body = "    g(\"}\");\n".repeat(lines - 2);
        Source::new("runner/new.rs", &format!("fn f() {{\n{body}}}\n"))
    };
    assert_eq!(long_functions(&function(61)), [("runner/new.rs fn f".to_owned(), 61)]);
    assert_eq!(long_functions(&function(60)), []);
    let without_body = format!("trait T {{\n    fn f(&self);\n}}\n{}", "const A: u8 = 1;\n".repeat(80));
    assert_eq!(long_functions(&Source::new("runner/new.rs", &without_body)), []);
}

/// The long ones are the known ones, none longer than it was.
#[track_caller]
fn nothing_more_than(long: Vec<(String, usize)>, known: &[(&str, usize)]) {
    for (what, lines) in &long {
        let limit = known.iter().find(|(name, _)| name == what).map_or(0, |(_, limit)| *limit);
        assert!(*lines <= limit, "src/{what} has {lines} lines: split it");
    }
    for (name, _) in known {
        assert!(
            long.iter().any(|(what, _)| what == name),
            "src/{name} is short now: remove it from the list"
        );
    }
}

fn imports(source: &Source) -> Vec<String> {
    let room = source.room();
    if room == "lib" {
        return Vec::new();
    }
    let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == room) else {
        return vec![source.says(1, "this room is not in the table of imports")];
    };
    let mut findings = Vec::new();
    let prefix = if room == "main" { "wxbulk" } else { "crate" };
    for (line, rest) in source.words(prefix) {
        for (target, items) in targets(rest) {
            if target != room && !allowed.contains(&target.as_str()) {
                findings.push(source.says(line, &format!("{room} may not import {target}")));
            }
            let settings = room == "config" && target != "domain";
            for item in items.iter().filter(|item| settings && !SETTINGS.contains(&item.as_str())) {
                findings
                    .push(source.says(line, &format!("config takes settings only, not {target}::{item}")));
            }
        }
    }
    if room != "main" && source.words("wxbulk").any(|(_, rest)| rest.starts_with("::")) {
        findings.push(source.says(1, "a room names its crate as `crate`"));
    }
    findings.extend(ways_out(source));
    findings
}

/// The rooms behind `crate` or `wxbulk`, each with the names taken from it.
fn targets(rest: &str) -> Vec<(String, Vec<String>)> {
    let Some(path) = rest.strip_prefix("::") else { return Vec::new() };
    if !path.starts_with('{') {
        return vec![room_and_names(path)];
    }
    members(path).iter().map(|member| room_and_names(member)).collect()
}

fn room_and_names(path: &str) -> (String, Vec<String>) {
    let room = name_at(path);
    let names = match path[room.len()..].strip_prefix("::") {
        Some(group) if group.starts_with('{') => {
            members(group).iter().map(|member| name_at(member)).collect()
        }
        Some(item) => vec![name_at(item)],
        None => Vec::new(),
    };
    (room, names)
}

/// The members of a group in braces, the groups inside of them left whole.
fn members(group: &str) -> Vec<String> {
    let (mut members, mut depth) = (vec![String::new()], 0_usize);
    for symbol in group.chars() {
        match symbol {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        match symbol {
            '}' if depth == 0 => break,
            '{' if depth == 1 => {}
            ',' if depth == 1 => members.push(String::new()),
            _ => members.last_mut().expect("a member").push(symbol),
        }
    }
    members.iter().map(|member| member.trim().to_owned()).filter(|member| !member.is_empty()).collect()
}

fn name_at(path: &str) -> String {
    path.trim_start().chars().take_while(|symbol| is_name(*symbol)).collect()
}

/// `super::` so often that it leaves the room.
fn ways_out(source: &Source) -> Vec<String> {
    let chain = |rest: &str| {
        let mut rest = rest;
        let mut steps = 1;
        while let Some(further) = rest.strip_prefix("::super") {
            rest = further;
            steps += 1;
        }
        if rest.starts_with("::") { steps } else { 0 }
    };
    source
        .words("super")
        .filter(|(_, rest)| chain(rest) >= source.depth())
        .map(|(line, _)| source.says(line, "`super` leads out of the room"))
        .collect()
}

fn libraries(source: &Source) -> Vec<String> {
    LIBRARIES
        .iter()
        .filter(|(_, room)| *room != source.room())
        .flat_map(|(library, room)| {
            source
                .words(library)
                .map(move |(line, _)| source.says(line, &format!("{library} belongs to {room}")))
        })
        .collect()
}

fn no_async(source: &Source) -> Vec<String> {
    if !["domain", "ingest", "store", "export"].contains(&source.room()) {
        return Vec::new();
    }
    source.words("async").map(|(line, _)| source.says(line, "this room does not wait")).collect()
}

fn no_panics(source: &Source) -> Vec<String> {
    let macros = ["panic", "todo", "unimplemented", "unreachable"];
    let called = |word: &'static str, mark: &'static str| {
        source.words(word).filter(move |(_, rest)| rest.starts_with(mark)).map(move |(line, _)| (line, word))
    };
    macros
        .into_iter()
        .flat_map(|word| called(word, "!"))
        .chain(called("unwrap", "()"))
        .chain(called("expect", "(\""))
        .chain(called("unsafe", " "))
        .map(|(line, word)| source.says(line, &format!("`{word}` in production code")))
        .collect()
}

fn long_file(source: &Source) -> Option<(String, usize)> {
    let lines = source.code.lines().count();
    (lines > LONGEST_FILE).then(|| (source.path.clone(), lines))
}

fn long_functions(source: &Source) -> Vec<(String, usize)> {
    source
        .words("fn")
        .filter_map(|(_, rest)| Some((rest, length_of_function(rest)?)))
        .filter(|(_, lines)| *lines > LONGEST_FUNCTION)
        .map(|(rest, lines)| (format!("{} fn {}", source.path, name_at(rest)), lines))
        .collect()
}

/// From the line of `fn` to the brace that ends the body; `None` when there is no body.
fn length_of_function(rest: &str) -> Option<usize> {
    let body = rest.find(['{', ';']).filter(|at| rest[*at..].starts_with('{'))?;
    let mut depth = 0_usize;
    for (at, symbol) in rest[body..].char_indices() {
        match symbol {
            '{' => depth += 1,
            '}' if depth == 1 => return Some(rest[..body + at].matches('\n').count() + 1),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}
