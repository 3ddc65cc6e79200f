//! The tables of `input_schema.md`, from the same catalogue that the checks read.

use super::normalize::{NO, YES};
use crate::domain::{
    CallAction, CallType, Column, ColumnKind, EntityType, FORBIDDEN_SECRETS, IDENTITY_COLUMNS, Need,
    TRANSFER, columns,
};

/// The generated part of `input_schema.md`: the columns of each kind of row, as Markdown.
pub fn schema_tables() -> String {
    let known = columns();
    let tables: String = EntityType::ALL.iter().map(|entity| table(*entity, &known)).collect();
    let identity = code_list(IDENTITY_COLUMNS);
    let secrets = code_list(FORBIDDEN_SECRETS);
    format!(
        "{tables}### Columns that must stay blank\n\n\
         Identity (filled: `out_of_scope`; a `_` between the words may be missing): {identity}.\n\n\
         Secrets (filled: `out_of_scope`, shown as `***`): every column whose name ends in {secrets}.\n"
    )
}

fn table(entity: EntityType, known: &[Column]) -> String {
    let mut text = format!(
        "### `{entity}` rows\n\n| column | need | holds | normalised | about |\n|---|---|---|---|---|\n"
    );
    for column in known {
        let Some(need) = column.need(entity) else { continue };
        let (holds, normalised) = describe(column.kind);
        let line = format!(
            "| `{}` | {} | {holds} | {normalised} | {} |\n",
            column.name,
            need_text(need),
            escaped(column.about)
        );
        text.push_str(&line);
    }
    text.push('\n');
    text
}

fn need_text(need: Need) -> String {
    match need {
        Need::Required => "required".to_owned(),
        Need::Optional => "optional".to_owned(),
        Need::OneOf(group) => format!("one of {}", group.replace(" or ", ", ")),
        Need::OrSetting(setting) => format!("required, or `{setting}`"),
    }
}

/// What a cell of this kind holds, and what is done to it besides trimming.
fn describe(kind: ColumnKind) -> (String, &'static str) {
    match kind {
        ColumnKind::EntityType => {
            (code_list(&EntityType::ALL.iter().map(|e| e.as_str()).collect::<Vec<_>>()), "lower case")
        }
        ColumnKind::Key => ("at most 256 characters, one line".to_owned(), "-"),
        ColumnKind::Text(limit) => (format!("at most {limit} characters, one line"), "-"),
        ColumnKind::Note(limit) => {
            (format!("at most {limit} characters, several lines allowed"), "line ends to LF")
        }
        ColumnKind::Email => {
            ("ASCII address, at most 254 characters (64 before the `@`)".to_owned(), "lower case")
        }
        ColumnKind::Extension => ("`[0-9]{2,10}`".to_owned(), "- (leading zeros stay)"),
        ColumnKind::Phone => ("`\\+[1-9][0-9]{3,14}`".to_owned(), NUMBER),
        ColumnKind::Phones => ("such numbers, separated by `\\|`".to_owned(), NUMBER),
        ColumnKind::Bool => (format!("{}; {}", code_list(&YES), code_list(&NO)), "`true` or `false`"),
        ColumnKind::TimeZone => {
            ("IANA zone of a place".to_owned(), "spelling of the IANA database; no spaces around `/`")
        }
        ColumnKind::Language => ("language and region".to_owned(), "lower case, `_` between the two"),
        ColumnKind::Country => ("ISO 3166-1 alpha-2".to_owned(), "upper case"),
        ColumnKind::License => {
            ("`professional`, `standard` or a licence id".to_owned(), "the two words in lower case")
        }
        ColumnKind::Choice(choices, none) => {
            let all: Vec<&str> = choices.iter().copied().chain(none).collect();
            (code_list(&all), "case and `_` as listed")
        }
        ColumnKind::Integer(least, most) => (format!("{least} to {most}"), "-"),
        ColumnKind::Destination => ("`\\+[1-9][0-9]{3,14}` or `[0-9]{2,10}`".to_owned(), NUMBER),
        ColumnKind::Moment => {
            ("moment such as `2027-01-31T18:00:00Z`, with `Z` or an offset".to_owned(), "UTC, milliseconds")
        }
        ColumnKind::Permissions => (permissions(), "upper case, no spaces"),
        ColumnKind::People(most) => (format!("at most {most} addresses, separated by `\\|`"), "lower case"),
        ColumnKind::Digits { least, most } => {
            (format!("`[0-9]{{{least},{most}}}`"), "- (leading zeros stay)")
        }
        ColumnKind::Carried => ("anything".to_owned(), "-"),
    }
}

fn permissions() -> String {
    let types: Vec<&str> = CallType::ALL.iter().map(|call_type| call_type.as_str()).collect();
    let actions: Vec<&str> = CallAction::ALL.iter().map(|action| action.as_str()).collect();
    format!(
        "`TYPE=ACTION`, separated by `\\|`; `{TRANSFER}` behind the action lets calls be transferred. Types: {}; actions: {}",
        code_list(&types),
        code_list(&actions)
    )
}

const NUMBER: &str = "spaces, `-`, `.`, `(`, `)` removed behind a leading `+`";

fn code_list(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
