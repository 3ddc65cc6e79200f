//! What the code cites lies inside the repository: rulings in `docs/rulings.md`, facts about Webex in `docs/webex.md`,
//! and every link of a document leads to something.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Comments of migrations that databases have recorded can never change.
const FROZEN: [&str; 2] = ["migrations/V1__rows_and_work.sql", "migrations/V2__views.sql"];

/// Names what it refuses.
const ITSELF: &str = "tests/it/architecture/references.rs";

const FOLDERS: [&str; 5] = ["src", "tests", "migrations", "scripts", "docs"];
const PAGES: [&str; 3] = ["README.md", "CHANGELOG.md", "input_schema.md"];

/// Words that, with a number behind them, lead to papers which are not in the repository.
const NUMBERED: [&str; 8] =
    ["contract ", "Contract ", "design ", "design R", "evidence W", "catalogue ", "P", "W"];
const ELSEWHERE: [&str; 9] = [
    "term sheet",
    "design.md",
    "contract.md",
    "evidence.md",
    "goals.md",
    "reliability.md",
    "instruments.md",
    "next-kinds.md",
    "../shared",
];

struct Pages {
    rulings: BTreeSet<String>,
    sections: BTreeSet<String>,
}

impl Pages {
    fn of(rulings: &str, webex: &str) -> Pages {
        Pages { rulings: first_words(rulings, "### "), sections: first_words(webex, "##") }
    }

    fn of_repository() -> Pages {
        Pages::of(&read("docs/rulings.md"), &read("docs/webex.md"))
    }

    /// The references of a text that lead nowhere.
    fn findings(&self, path: &str, text: &str) -> Vec<String> {
        let text = without_marks(text);
        let rulings = numbers_behind(&text, "R").map(|number| format!("R{number}"));
        let unknown = rulings.filter(|ruling| !self.rulings.contains(ruling));
        let mut findings: Vec<String> = unknown.map(|ruling| format!("{ruling} is no ruling")).collect();
        let unknown = sections_cited(&text).into_iter().filter(|section| !self.sections.contains(section));
        findings.extend(unknown.map(|section| format!("webex.md has no section {section}")));
        let outside =
            ELSEWHERE.iter().filter(|phrase| text.contains(**phrase)).map(|phrase| (*phrase).to_owned());
        let numbered = NUMBERED
            .iter()
            .flat_map(|word| numbers_behind(&text, word).map(move |number| format!("{word}{number}")));
        findings.extend(outside.chain(numbered).map(|what| format!("{what:?} leads out of the repository")));
        findings.into_iter().map(|finding| format!("{path}: {finding}")).collect()
    }
}

#[test]
fn every_reference_leads_to_a_section_of_the_documents() {
    let pages = Pages::of_repository();
    let files = files();
    assert!(files.len() > 200, "only {} files were found", files.len());
    let texts = files.iter().filter(|path| !FROZEN.contains(&path.as_str()) && *path != ITSELF);
    let findings: Vec<String> = texts.flat_map(|path| pages.findings(path, &read(path))).collect();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn a_reference_that_leads_nowhere_is_refused() {
    let pages =
        Pages::of("### R1 One\n\n### R12 Twelve\n", "## 1 Rules\n\n### 1.1 Errors\n\n## 5 Settings\n");
    let found = |text: &str| pages.findings("src/new.rs", text);
    for text in [
        "/// So it is (R2).",
        "/// So it is (R1-R3).",
        "/// So it is (webex.md 1.2).",
        "/// So it is (webex.md 5, 1.1 and 4470).",
        "//! So it is (webex.md\n//! 1.9).",
        "/// So it is (contract 4.3).",
        "/// So it is (contract\n/// 4.3).",
        "-- Unique (design R1).",
        "//! The codes (design 2).",
        "// One end (P1).",
        "// Two meanings (evidence W1).",
        "//! Of the term sheet.",
        "//! Of the term\n//! sheet.",
        "let path = \"../shared/webex.json\";",
        "# see goals.md",
    ] {
        assert!(!found(text).is_empty(), "this must be refused:\n{text}");
    }
    for text in [
        "/// So it is (R1, R12).",
        "/// So it is (webex.md 1.1 to 5).",
        "/// So it is (webex.md\n/// 1.1, shape 4).",
        "/// See [webex.md](webex.md). The contract of the files, by design, has RFC 6901 and HTTP2.",
        "fn contract(row: &Row) -> Contract { R::P }",
    ] {
        assert_eq!(found(text), Vec::<String>::new(), "in:\n{text}");
    }
}

#[test]
fn every_link_of_the_documents_leads_to_something() {
    let pages = files().into_iter().filter(|path| path.ends_with(".md") && !path.starts_with("scripts/"));
    let findings: Vec<String> = pages.flat_map(|path| broken_links(&path, &read(&path))).collect();
    assert!(findings.is_empty(), "\n{}", findings.join("\n"));
}

#[test]
fn a_link_that_leads_nowhere_is_refused() {
    let broken = |text: &str| broken_links("docs/new.md", text);
    for link in ["none.md", "rulings.md#r99-none", "#none"] {
        assert_eq!(broken(&format!("# Here\n\nSee [it]({link}).")).len(), 1, "{link}");
    }
    for link in ["../README.md", "rulings.md#r6-lost-replies", "#here-it-is", "https://example.com/none.md"] {
        assert_eq!(broken(&format!("# Here, it is\n\nSee [it]({link}).")), Vec::<String>::new());
    }
}

/// The word behind the marks of each heading.
fn first_words(page: &str, marks: &str) -> BTreeSet<String> {
    let headings = page.lines().filter(|line| line.starts_with(marks));
    headings
        .filter_map(|line| line.trim_start_matches('#').split_whitespace().next().map(str::to_owned))
        .collect()
}

/// The text as one line, without what marks comments, so that a reference may be broken between two lines.
fn without_marks(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let marks = ["//!", "///", "//", "--", "# "];
        let line = line.trim();
        marks.iter().find_map(|mark| line.strip_prefix(mark)).unwrap_or(line).trim()
    });
    lines.collect::<Vec<_>>().join(" ")
}

/// The numbers, of one part or two, that stand behind a word.
fn numbers_behind<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let whole = |at: usize| !text[..at].ends_with(super::is_name);
    text.match_indices(word).filter(move |(at, _)| whole(*at)).filter_map(|(at, word)| {
        let rest = &text[at + word.len()..];
        let number = number_at(rest)?;
        let short = number.len() <= 5 && !rest[number.len()..].starts_with(super::is_name);
        short.then_some(number)
    })
}

fn number_at(text: &str) -> Option<&str> {
    let digits = |text: &str| text.find(|symbol: char| !symbol.is_ascii_digit()).unwrap_or(text.len());
    let whole = digits(text);
    let part = text[whole..].strip_prefix('.').map_or(0, digits);
    let end = if part > 0 { whole + 1 + part } else { whole };
    (whole > 0).then(|| &text[..end])
}

/// Every section in lists such as `webex.md 3.5 to 3.7, 6`.
fn sections_cited(text: &str) -> Vec<String> {
    let mut cited = Vec::new();
    for (at, name) in text.match_indices("webex.md ") {
        let mut rest = &text[at + name.len()..];
        while let Some(section) = number_at(rest) {
            cited.push(section.to_owned());
            rest = &rest[section.len()..];
            let next = [", ", " to ", " and "].iter().find_map(|between| rest.strip_prefix(between));
            rest = next.unwrap_or_default();
        }
    }
    cited
}

fn broken_links(path: &str, text: &str) -> Vec<String> {
    let folder = Path::new(path).parent().expect("a folder");
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let leads = |target: &str| {
        let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
        let page = match file {
            "" => text.to_owned(),
            _ if !root().join(folder).join(file).is_file() => return false,
            _ if anchor.is_empty() => return true,
            _ => std::fs::read_to_string(root().join(folder).join(file)).expect("a page"),
        };
        page.lines().filter(|line| line.starts_with('#')).any(|line| anchor_of(line) == anchor)
    };
    let broken = targets.filter(|target| !target.contains("://") && !leads(target));
    broken.map(|target| format!("{path}: nothing is at {target}")).collect()
}

/// What a heading is called in links.
fn anchor_of(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    words.chars().filter(|symbol| super::is_name(*symbol) || *symbol == '-').collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).expect("a text")
}

/// Every text of the repository that may cite something.
fn files() -> Vec<String> {
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(|folder| root().join(folder)).collect();
    let mut files: Vec<String> = PAGES.iter().map(|page| (*page).to_owned()).collect();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path.strip_prefix(root()).expect("below the root").display().to_string();
            if path.is_dir() {
                // What benchmarks leave there is not part of the repository.
                folders.extend((name != "scripts/bench/results").then_some(path));
            } else if path
                .extension()
                .is_none_or(|kind| ["rs", "sql", "md", "py", "sh"].iter().any(|one| kind == *one))
            {
                files.push(name);
            }
        }
    }
    files.sort();
    files
}
