//! What already exists in a location, when its announcement language changes (webex.md 3.5).

use super::work::{Flow, RowWork};
use super::write::Shown;
use crate::domain::{CallingDetails, Operation, RemoteId};
use crate::webex::site_calls;

/// Changes what exists, if the row wants that; gives the words that the row is to say of it.
///
/// Webex shows the default of what is created later and not the language of what exists. So this comes before the default
/// changes, and a default that is as the row states it says that this was done, whenever the work was cut off; unless the
/// row itself has changed the default alone before it was amended.
pub(super) async fn change_existing(
    work: &mut RowWork<'_>,
    details: &CallingDetails,
    location: &RemoteId,
    default_differs: bool,
) -> Flow<Option<String>> {
    let Some(language) = &details.announcement_language else { return Ok(None) };
    let operation = Operation::AnnouncementLanguageModify;
    let owed = default_differs || work.row.left_existing_language || work.left_in_doubt(operation);
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
            work.resolve_earlier(operation, false);
            let call = site_calls::modify_announcement_language(location, language);
            // Nothing shows it; a second request changes nothing more.
            work.write(call, |_| Shown::Proved(()), async |_| Ok(None)).await?;
            Ok(Some(format!(
                "Webex took {language} for the announcements of what exists too, which no look-up shows"
            )))
        }
    }
}
