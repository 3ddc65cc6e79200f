//! What already exists in a location, when its announcement language changes (webex.md 3.5).

use crate::domain::{CallingDetails, Operation, RemoteId, Step};
use crate::runner::engine::{Decision, Eyes, Goal, Missing, Shown, Work};
use crate::runner::flow::Flow;
use crate::webex::{Reply, site_calls};

/// What exists speaks the language too.
struct ExistingSpeaks<'a> {
    language: &'a str,
    location: &'a RemoteId,
}

/// Changes what exists, if the row wants that; gives the words that the row is to say of it.
///
/// Webex shows the default of what is created later and not the language of what exists. So this comes before the default
/// changes, and a default that is as the row states it says that this was done, whenever the work was cut off; unless the
/// row itself has changed the default alone before it was amended.
pub(crate) async fn change_existing(
    work: &mut Work<'_>,
    details: &CallingDetails,
    location: &RemoteId,
    default_differs: bool,
) -> Flow<Option<String>> {
    let Some(language) = &details.announcement_language else { return Ok(None) };
    let owed = default_differs
        || work.eyes.row.left_existing_language
        || work.eyes.left_in_doubt(Operation::AnnouncementLanguageModify);
    match (details.existing_too, owed) {
        (false, _) if default_differs => Ok(Some(format!(
            "announcements in {language} for what is created from now on, while what exists keeps its language \
             (location_settings_announcement_language_existing=change changes that too)"
        ))),
        (false, _) => Ok(None),
        (true, false) => Ok(Some(format!(
            "announcements were in {language} already; what exists was left alone, since Webex does not show its language"
        ))),
        (true, true) => {
            work.reach(&ExistingSpeaks { language, location }).await?;
            Ok(Some(format!(
                "Webex took {language} for the announcements of what exists too, which no look-up shows"
            )))
        }
    }
}

impl Goal for ExistingSpeaks<'_> {
    type Seen = ();
    type Got = ();

    fn writes_in(&self) -> Step {
        Step::LocationApplySettings
    }

    fn writes(&self) -> &'static [Operation] {
        &[Operation::AnnouncementLanguageModify]
    }

    /// Nothing shows it.
    async fn look(&self, _eyes: &mut Eyes<'_>) -> Flow<()> {
        Ok(())
    }

    /// Always sent where it is owed; a second request changes nothing more.
    fn decide(&self, (): &()) -> Decision<()> {
        let write = site_calls::modify_announcement_language(self.location, self.language);
        let words = format!("change the announcement language of what exists to {}", self.language);
        Decision::Missing(Missing::whole(write, words))
    }

    fn shown(&self, _reply: &Reply) -> Shown<()> {
        Shown::Proved(())
    }

    fn would_be(&self) {}
}
