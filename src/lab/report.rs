//! The report as it is written: `lab-report.json`, schema `wxbulk.lab/1`.

use serde::{Serialize, Serializer};

use super::doubt::Doubt;

/// The name of the report's form; another form gets another number.
pub const SCHEMA: &str = "wxbulk.lab/1";

/// What Webex did, as far as it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// As the question has it.
    Yes,
    /// Otherwise.
    No,
    /// Webex refused: status, codes and message.
    Refused(String),
    /// The answer does not show, because of this.
    Unclear(String),
    /// Something that the question needs is not there.
    NotAsked(String),
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Verdict::Yes => f.write_str("yes"),
            Verdict::No => f.write_str("no"),
            Verdict::Refused(how) => write!(f, "refused: {how}"),
            Verdict::Unclear(why) => write!(f, "unclear: {why}"),
            Verdict::NotAsked(why) => write!(f, "not asked, because {why}"),
        }
    }
}

impl Serialize for Verdict {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A request that was made for a doubt, and what came back.
#[derive(Debug, Clone, Serialize)]
pub struct Request {
    /// What it does.
    pub operation: String,
    /// Its HTTP method.
    pub method: String,
    /// Its path and query below the base URL.
    pub path: String,
    /// How often it was sent.
    pub times: u32,
    /// The last status; none when no answer came.
    pub status: Option<u16>,
    /// The codes of a refusal.
    pub codes: Vec<String>,
    /// The text of a refusal.
    pub message: String,
    /// Webex's id of the exchange.
    pub tracking_id: Option<String>,
}

/// What came of one doubt.
#[derive(Debug, Clone, Serialize)]
pub struct Finding {
    /// Its name.
    pub id: &'static str,
    /// What was asked.
    pub question: &'static str,
    /// What was sent for it.
    pub requests: Vec<Request>,
    /// What showed afterwards.
    pub seen: Vec<String>,
    /// The answer.
    pub verdict: Verdict,
    /// What it means for wxbulk.
    pub meaning: String,
    /// What wxbulk does as long as nobody knows.
    pub safe_default: &'static str,
}

/// Something that is in the organisation now and was not before, or is otherwise than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Left {
    /// What.
    pub what: String,
    /// What to do about it.
    pub undo: String,
    /// Whether Webex has no way to undo it, as was told beforehand.
    pub told_beforehand: bool,
}

impl Finding {
    pub(super) fn open(doubt: Doubt) -> Finding {
        let facts = doubt.facts();
        let cut_short = Verdict::Unclear("it was cut short".to_owned());
        Finding {
            id: facts.id,
            question: facts.question,
            requests: Vec::new(),
            seen: Vec::new(),
            meaning: meaning(doubt, &cut_short),
            verdict: cut_short,
            safe_default: facts.default,
        }
    }

    pub(super) fn close(&mut self, doubt: Doubt, verdict: Verdict) {
        self.meaning = meaning(doubt, &verdict);
        self.verdict = verdict;
    }
}

fn meaning(doubt: Doubt, verdict: &Verdict) -> String {
    let facts = doubt.facts();
    match verdict {
        Verdict::Yes => facts.yes.to_owned(),
        Verdict::No => facts.no.to_owned(),
        Verdict::Refused(_) => facts.refused.to_owned(),
        Verdict::Unclear(_) | Verdict::NotAsked(_) => {
            format!("Still open. {}", facts.default)
        }
    }
}
