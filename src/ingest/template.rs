//! A sample file to begin with.

const COLUMNS: [&str; 17] = [
    "entity_type",
    "location_key",
    "row_ref",
    "location_name",
    "location_external_id",
    "time_zone",
    "preferred_language",
    "announcement_language",
    "address_line1",
    "address_city",
    "address_state",
    "address_postal_code",
    "address_country",
    "email",
    "calling_license",
    "extension",
    "phone_number",
];

const ROWS: [&str; 5] = [
    "location,MAD-01,1,Madrid Centro,MAD-01,Europe/Madrid,es_es,es_es,\"Calle de Alcalá, 1\",Madrid,Madrid,28014,ES,,,,",
    "user,MAD-01,2,,,,,,,,,,,ana.garcia@example.com,professional,,",
    "user,MAD-01,3,,,,,,,,,,,luis.perez@example.com,standard,,",
    "extension_assignment,MAD-01,4,,,,,,,,,,,ana.garcia@example.com,,1001,",
    "extension_assignment,MAD-01,5,,,,,,,,,,,luis.perez@example.com,,1002,+34910000002",
];

/// A sample CSV: one location, two people and what they are reached by.
pub fn template() -> String {
    let mut text = COLUMNS.join(",");
    for row in ROWS {
        text.push('\n');
        text.push_str(row);
    }
    text.push('\n');
    text
}
