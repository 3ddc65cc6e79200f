//! From what remains of a request to the closed reason codes (webex.md 8): one total match.

use crate::domain::{Operation, PendingReason};
use crate::webex::{Refusal, Trouble};

/// Codes that say: something the row needs is not in place (webex.md 4.3, 8).
const PRECONDITION_CODES: &[&str] =
    &["400000", "400408", "700003", "700004", "700005", "700006", "27966", "4008", "25409", "4470", "4003"];

/// What codes of Webex ask of the operator, where its own text does not say it (webex.md 3.4, 4.1, 4.3, 5, 8).
const ADVICE: &[(&str, &str)] = &[
    ("25409", "this needs a Professional licence"),
    (
        "400112",
        "Webex does not turn Professional into Standard: state the other licence, or change it in Control Hub",
    ),
    (
        "400404",
        "the person cannot have both: take the other calling licence away in Control Hub, or state that one",
    ),
    (
        "27966",
        "the number is not in the location's inventory or not active: add or activate it in Control Hub",
    ),
    ("4201", "somebody else has the number: free it, or state another"),
    ("4202", "somebody or something else has the extension: free it, or state another"),
    ("4909", INVALID_EXTENSION),
    ("4910", INVALID_EXTENSION),
    ("4911", INVALID_EXTENSION),
    ("25046", "Webex does not know the language: see the languages of announcements in Control Hub"),
    (
        "4003",
        "Webex Calling does not know this person (yet): wait some minutes and requeue; if it stays so, the licence was given \
         without a location: take it away and give it again in Control Hub",
    ),
    ("4470", "each person whom the setting names must have calling: give it to them, then requeue"),
];

const INVALID_EXTENSION: &str = "the extension has a length that the organisation does not allow, or is an emergency number: state another";

/// The cause that a trouble gives a row. `None`: the run is stopping, the row has no end yet.
pub(crate) fn for_trouble(operation: Operation, trouble: &Trouble) -> Option<PendingReason> {
    match trouble {
        Trouble::Interrupted => None,
        Trouble::BadReply { .. } => Some(PendingReason::InvalidResponseSchema),
        Trouble::Doubtful { backend_code: Some(_), .. }
        | Trouble::Exhausted { backend_code: Some(_), .. } => Some(PendingReason::NonRetryableExternal),
        Trouble::Doubtful { .. } | Trouble::Exhausted { .. } => Some(PendingReason::RetryExhausted),
        Trouble::Refused(refusal) => Some(for_refusal(operation, refusal)),
    }
}

fn for_refusal(operation: Operation, refusal: &Refusal) -> PendingReason {
    match refusal.status {
        401 => PendingReason::AuthInvalid,
        403 => PendingReason::PermissionDenied,
        404 if refusal.lacks_path() => PendingReason::OutOfScope,
        404 => PendingReason::PreconditionMissing,
        400 | 405 if PRECONDITION_CODES.iter().any(|code| refusal.has_code(code)) => {
            PendingReason::PreconditionMissing
        }
        400 if operation == Operation::LicensesUsersPatch && refusal.has_code("400") => {
            PendingReason::PreconditionMissing
        }
        // Not a code but a text is all that Webex gives here (webex.md 3.4, 4.2, 5); nothing succeeds by it.
        400 if operation == Operation::LicensesUsersPatch
            && says(refusal, &["calling flag", "no units", "not enough licen"]) =>
        {
            PendingReason::PreconditionMissing
        }
        400 if matches!(operation, Operation::FeatureGet | Operation::FeaturePut)
            && says(refusal, &["not a calling user"]) =>
        {
            PendingReason::PreconditionMissing
        }
        _ => PendingReason::NonRetryableExternal,
    }
}

fn says(refusal: &Refusal, texts: &[&str]) -> bool {
    let message = refusal.message.to_lowercase();
    texts.iter().any(|text| message.contains(text))
}

/// What to do about a refusal, as far as it is known.
fn advice(refusal: &Refusal) -> Option<&'static str> {
    // Whatever the code, a 403 is about the token.
    let known = |(code, _): &&(&str, &str)| refusal.status != 403 && refusal.has_code(code);
    let of_code = ADVICE.iter().find(known).map(|(_, advice)| *advice);
    let not_enabled = || {
        says(refusal, &["calling flag"]).then_some(
            "the location is not enabled for calling: give it a location row, or enable it in Control Hub",
        )
    };
    let silent = || {
        (refusal.codes.is_empty() && refusal.message.is_empty())
            .then_some("it gave no reason: its support finds one by the tracking id")
    };
    let no_path = || {
        refusal
            .lacks_path()
            .then_some("Webex has no such operation for this organisation: do this part in Control Hub")
    };
    of_code.or_else(not_enabled).or_else(no_path).or_else(silent)
}

/// What happened, in words, with the answer's status.
pub(crate) fn describe(trouble: &Trouble) -> (String, Option<u16>, Option<String>) {
    match trouble {
        Trouble::Refused(refusal) => {
            let said = format!("Webex refused: {refusal}");
            let message = match advice(refusal) {
                Some(advice) => format!("{}; {advice}", said.trim_end_matches('.')),
                None => said,
            };
            (message, Some(refusal.status), refusal.tracking_id.clone())
        }
        Trouble::BadReply { status, what, tracking_id } => {
            (format!("Webex answered {status}, but {what}"), Some(*status), tracking_id.clone())
        }
        Trouble::Doubtful { status, what, tracking_id, .. } => (what.clone(), *status, tracking_id.clone()),
        Trouble::Exhausted { tries, status, what, tracking_id, .. } => {
            (format!("gave up after {tries} tries: {what}"), *status, tracking_id.clone())
        }
        Trouble::Interrupted => ("the run was stopped".to_owned(), None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16, code: &str, message: &str) -> Trouble {
        let codes = if code.is_empty() { vec![] } else { vec![code.to_owned()] };
        Trouble::Refused(Refusal {
            status,
            codes,
            message: message.to_owned(),
            tracking_id: None,
            numbers: vec![],
        })
    }

    #[test]
    fn a_refusal_says_what_to_do_where_that_is_known() {
        let told = |trouble: &Trouble| describe(trouble).0;
        assert!(
            told(&refused(400, "4202", ""))
                .ends_with("; somebody or something else has the extension: free it, or state another")
        );
        assert!(told(&refused(400, "", "Calling flag not set")).contains("; the location is not enabled"));
        assert!(told(&refused(400, "", "")).ends_with("tracking id"));
        assert_eq!(told(&refused(400, "99", "Why")), "Webex refused: HTTP 400 code 99: Why");
    }

    #[test]
    fn every_signal_of_the_contract_has_its_reason() {
        use PendingReason::{
            AuthInvalid, InvalidResponseSchema, NonRetryableExternal, PermissionDenied, PreconditionMissing,
            RetryExhausted,
        };
        let patch = Operation::LicensesUsersPatch;
        let exhausted = |backend_code: Option<&str>| Trouble::Exhausted {
            tries: 6,
            status: Some(503),
            what: String::new(),
            tracking_id: None,
            backend_code: backend_code.map(str::to_owned),
        };
        let cases = [
            (refused(401, "", ""), AuthInvalid),
            (refused(403, "", ""), PermissionDenied),
            (refused(400, "4003", "Unauthorized request"), PreconditionMissing),
            (refused(404, "4003", "User not found."), PreconditionMissing),
            (refused(403, "4003", "Unauthorized request"), PermissionDenied),
            (refused(404, "", ""), PreconditionMissing),
            (refused(404, "", "No static resource hydra/v1/people/x"), PendingReason::OutOfScope),
            (refused(400, "400000", ""), PreconditionMissing),
            (refused(400, "400408", ""), PreconditionMissing),
            (refused(400, "4470", ""), PreconditionMissing),
            (refused(405, "25409", ""), PreconditionMissing),
            (refused(400, "", "Calling flag not set"), PreconditionMissing),
            (refused(400, "4202", "extension in use"), NonRetryableExternal),
            (refused(400, "400404", ""), NonRetryableExternal),
            (refused(409, "25223", ""), NonRetryableExternal),
            (refused(451, "", ""), NonRetryableExternal),
            (exhausted(None), RetryExhausted),
            (exhausted(Some("4251")), NonRetryableExternal),
            (
                Trouble::BadReply { status: 200, what: String::new(), tracking_id: None },
                InvalidResponseSchema,
            ),
        ];
        for (trouble, wanted) in cases {
            assert_eq!(for_trouble(patch, &trouble), Some(wanted), "{trouble:?}");
        }
        assert_eq!(for_trouble(patch, &Trouble::Interrupted), None);
    }
}
