//! The written schema, the template and the samples say what the code does.

use super::sheet::{read, settings};
use wxbulk::domain::{InputRow, columns};
use wxbulk::ingest;

const SCHEMA: &str = include_str!("../../../input_schema.md");
const BEGIN: &str = "<!-- columns: generated, do not edit -->\n";
const END: &str = "<!-- end of generated columns -->";

#[test]
fn the_written_schema_holds_the_tables_of_the_code() {
    let begin = SCHEMA.find(BEGIN).expect("the first marker") + BEGIN.len();
    let end = SCHEMA.find(END).expect("the second marker");
    assert_eq!(
        SCHEMA[begin..end].trim(),
        ingest::schema_tables().trim(),
        "put the new tables between the markers"
    );
}

#[test]
fn the_tables_name_every_column() {
    let tables = ingest::schema_tables();
    for column in columns() {
        assert!(tables.contains(&format!("| `{}` |", column.name)), "{}", column.name);
    }
}

#[test]
fn the_template_ingests_without_rejects() {
    let rows = read(ingest::template()).unwrap();
    assert_eq!(rows.len(), 5);
    assert!(rows.iter().all(|row| row.verdict.is_ok()), "{rows:?}");
}

fn sample(name: &str) -> Vec<InputRow> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/examples").join(name);
    ingest::open(&path, &settings()).unwrap().collect::<Result<_, _>>().unwrap()
}

#[test]
fn the_good_sample_is_all_good() {
    let rows = sample("sede.csv");
    assert!(rows.len() >= 17, "{}", rows.len());
    for row in rows {
        assert!(row.verdict.is_ok(), "line {}: {:?}", row.line, row.verdict);
    }
}

#[test]
fn the_bad_sample_shows_each_mistake() {
    let rows = sample("errores.csv");
    let rejected: Vec<_> = rows.iter().filter_map(|row| row.verdict.as_ref().err()).collect();
    let columns: Vec<&str> =
        rejected.iter().map(|rejected| rejected.column.as_deref().unwrap_or("-")).collect();
    assert_eq!(
        columns,
        [
            "time_zone",
            "address_country",
            "-",
            "email",
            "email",
            "location_key",
            "entity_type",
            "display_name",
            "calling_enabled",
            "extension",
            "extension",
            "phone_number",
            "phone_number",
            "extension",
        ]
    );
}
