//! What the documents say holds: every query of `docs/sql.md` runs, and every view is documented.

use crate::support::{Bench, site};

const SQL: &str = include_str!("../../docs/sql.md");

fn queries() -> Vec<&'static str> {
    SQL.split("```sql").skip(1).filter_map(|block| block.split("```").next()).collect()
}

#[tokio::test]
async fn the_ten_questions_have_answers() {
    let csv = site(3).user("new@example.com", "Madrid").user("ana.garcia@example.com", "Madrid");
    let csv = csv.assignment("ana.garcia@example.com", "Madrid", "2001").assignment(
        "new@example.com",
        "Nowhere",
        "2002",
    );
    let bench = Bench::new(&csv).await;
    bench.sim.add_fault("licenses_users_patch@u0@example.com:status=400".parse().unwrap());
    bench.run().await.expect(3);

    let database = bench.database();
    assert_eq!(queries().len(), 10);
    for query in queries() {
        let mut statement = database.prepare(query).unwrap_or_else(|error| panic!("{error} in {query}"));
        let mut rows = statement.query([]).unwrap();
        let answered = rows.next().unwrap().is_some();
        // These two ask for what this job does not have.
        let may_be_empty = query.contains("user_not_found") || query.contains("applied IS NULL");
        assert!(answered || may_be_empty, "no answer to {query}");
    }
}

#[tokio::test]
async fn every_view_is_documented_and_every_documented_view_exists() {
    let bench = Bench::new(&site(1)).await;
    bench.run().await.expect(0);
    let database = bench.database();
    let mut statement =
        database.prepare("SELECT name FROM sqlite_schema WHERE type = 'view' ORDER BY name").unwrap();
    let views: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    let mut documented: Vec<&str> = SQL
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split('`').next())
        .collect();
    documented.sort_unstable();
    assert_eq!(views, documented);
}
