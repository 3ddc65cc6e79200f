//! The lists that a phase looks things up in: read page by page into the store when it begins, and anew when they are
//! old. A list of people or numbers is read where it costs fewer requests than asking for each row.

mod served;

use serde_json::Value;

pub(crate) use served::Lists;

use super::ground::Ground;
use super::seen::{seen_location, seen_number, seen_people};
use crate::domain::{Phase, RemoteId};
use crate::runner::reason;
use crate::store::{
    self, Ack, CallRecord, KnownList, LookupsAhead, Reading, SeenLocation, SeenNumber, SeenPerson, Selection,
    StoreError,
};
use crate::webex::wire::{self, Lacking, NumberEntry, Person};
use crate::webex::{Extent, PageLimits, Read, Reply, Trace, Trouble, calls};

/// `max` of `GET /locations` (webex.md 1.3: the documented default).
pub(crate) const LOCATIONS_PAGE: u32 = 500;

/// `max` of `GET /people`: what is accepted without calling data; then what is tried when such a page is too slow or
/// refused, beginning with the documented default (webex.md 1.3). Pages come one after the other: few are soon read.
const PEOPLE_PAGES: [u32; 3] = [500, 100, 50];

/// `max` of `GET /telephony/config/numbers`, likewise.
const NUMBERS_PAGES: [u32; 3] = [2000, 1000, 500];

/// Look-ups that one page must save, at least, so that its list is read (webex.md 7).
const LOOKUPS_A_PAGE: u32 = 2;

/// Rows are counted no further than this: no list has more pages than half of it.
const COUNTED: u32 = 20_000;

/// People who were given a line and hold none in the list, from which on the list is read again after the settle time.
const UNSEEN: u32 = 8;

/// Retries of one page of a list that can do without: a large page that fails twice is not going to come.
const RETRIES: u32 = 1;

/// Reads the items of one page; an item that lacks what it must have makes the page useless.
pub(crate) fn items<T>(
    reply: &Reply,
    key: &str,
    read: impl Fn(&Value) -> Result<T, Lacking>,
) -> Result<Vec<T>, Trouble> {
    wire::items(reply, key, read).map_err(|lacking| Trouble::BadReply {
        status: reply.status,
        what: lacking.to_string(),
        tracking_id: reply.tracking_id.clone(),
    })
}

/// Why the lists that a phase needs could not be read.
#[derive(Debug)]
pub(crate) enum ReadFailure {
    Trouble(Trouble),
    Storage(StoreError),
}

/// Reads the lists of a phase; until all of them are complete the ones before serve.
pub(crate) async fn read(
    ground: &Ground,
    lists: &Lists,
    phase: Phase,
    selection: &Selection,
    most_rows: Option<u32>,
) -> Result<(), ReadFailure> {
    let kept = lists.reading();
    let reading = kept.next();
    stored(ground.writer.submit(move |connection| store::forget_other_readings(connection, kept)).await)?;
    let people_and_numbers = async {
        match phase {
            Phase::Locations => Ok((false, false)),
            Phase::Users | Phase::Assignments => {
                let selection = selection.clone();
                let limit = most_rows.map_or(COUNTED, |most| most.min(COUNTED));
                let rows = ground.ahead;
                let ahead = ground.writer.submit(move |connection| {
                    store::lookups_ahead(connection, rows, phase, &selection, limit)
                });
                read_people_and_numbers(ground, reading, stored(ahead.await)?).await
            }
        }
    };
    // Each is read to its end, whatever becomes of the others: no request is left behind.
    let (locations, calling, complete) = tokio::join!(
        read_locations(ground, lists, reading),
        read_calling_locations(ground),
        people_and_numbers
    );
    locations?;
    let calling = calling?;
    // Of locations that are kept by now.
    stored(ground.writer.submit(move |connection| store::keep_calling(connection, reading, &calling)).await)?;
    lists.serve(reading, complete?);
    Ok(())
}

/// Reads them anew when they are older than they may be.
pub(crate) async fn renew(
    ground: &Ground,
    lists: &Lists,
    phase: Phase,
    selection: &Selection,
    most_rows: Option<u32>,
) -> Result<(), ReadFailure> {
    if lists.read_at.get().elapsed() < ground.settings.lists_max_age {
        return Ok(());
    }
    tracing::info!(phase = phase.number(), "lists.old: reading them anew");
    read(ground, lists, phase, selection, most_rows).await
}

/// Every licence of the organisation.
pub(crate) async fn read_licenses(ground: &Ground) -> Result<Vec<wire::License>, Trouble> {
    let mut all = Vec::new();
    ground
        .webex
        .pages(&calls::licenses(), &mut Trace::default(), async |reply| {
            all.extend(items(&reply, "items", wire::license)?);
            Ok(())
        })
        .await?;
    Ok(all)
}

async fn read_locations(ground: &Ground, lists: &Lists, reading: Reading) -> Result<(), ReadFailure> {
    let locations = List { call: calls::locations(LOCATIONS_PAGE), key: "items", limits: PageLimits::ALL };
    let keep = |locations: Vec<wire::Location>| {
        let seen: Vec<SeenLocation> = locations.into_iter().map(seen_location).collect();
        seen.iter().for_each(|location| {
            lists.note_location(&location.id);
        });
        Some(ground.writer.submit(move |connection| store::keep_locations(connection, reading, &seen)))
    };
    locations.read(ground, wire::location, keep).await?.require_whole().map_err(ReadFailure::Trouble)
}

async fn read_calling_locations(ground: &Ground) -> Result<Vec<RemoteId>, ReadFailure> {
    let calling = List { call: calls::calling_locations(), key: "locations", limits: PageLimits::ALL };
    let mut all = Vec::new();
    let take = |ids| {
        all.extend(ids);
        None
    };
    calling.read(ground, wire::id, take).await?.require_whole().map_err(ReadFailure::Trouble)?;
    Ok(all)
}

/// Reads as many of these lists as are worth it; says which are complete: people, numbers.
async fn read_people_and_numbers(
    ground: &Ground,
    reading: Reading,
    ahead: LookupsAhead,
) -> Result<(bool, bool), ReadFailure> {
    let mut pages = ahead.rows / LOOKUPS_A_PAGE;
    let keep = |entries: Vec<NumberEntry>| {
        let seen: Vec<SeenNumber> = entries.into_iter().map(seen_number).collect();
        ground.writer.submit(move |connection| store::keep_numbers(connection, reading, &seen))
    };
    let mut numbers = BulkList::Numbers.read(ground, reading, &mut pages, wire::number_entry, keep).await?;
    if numbers && is_lagging(ground, reading, &ahead).await? {
        settle(ground).await?;
        numbers = BulkList::Numbers.read(ground, reading, &mut pages, wire::number_entry, keep).await?;
    }
    let mut pages = pages.min(ahead.unknown_people / LOOKUPS_A_PAGE);
    if !numbers || pages == 0 {
        return Ok((false, numbers));
    }
    let keep = |people: Vec<Person>| {
        let seen: Vec<SeenPerson> = people.iter().flat_map(seen_people).collect();
        ground.writer.submit(move |connection| store::keep_people(connection, reading, &seen))
    };
    let people = BulkList::People.read(ground, reading, &mut pages, wire::person, keep).await?;
    Ok((people, numbers))
}

/// Whether the list of numbers does not show yet what this run wrote, for more rows than reading it again costs.
async fn is_lagging(ground: &Ground, reading: Reading, ahead: &LookupsAhead) -> Result<bool, ReadFailure> {
    if ground.last_write.get().is_none() || ahead.rows == ahead.unknown_people {
        return Ok(false);
    }
    let unseen = ground.writer.submit(move |connection| store::unseen_lines(connection, reading, UNSEEN));
    Ok(stored(unseen.await)? >= UNSEEN)
}

/// Waits until what this run wrote must show in a list.
async fn settle(ground: &Ground) -> Result<(), ReadFailure> {
    let Some(written) = ground.last_write.get() else { return Ok(()) };
    let settled = ground.webex.wait_until(ground.shows_after(written)).await;
    settled.map_err(|_| ReadFailure::Trouble(Trouble::Interrupted))
}

/// A list that single look-ups can replace.
#[derive(Debug, Clone, Copy)]
enum BulkList {
    People,
    Numbers,
}

impl BulkList {
    const fn name(self) -> &'static str {
        match self {
            BulkList::People => "people",
            BulkList::Numbers => "numbers",
        }
    }

    const fn key(self) -> &'static str {
        match self {
            BulkList::People => "items",
            BulkList::Numbers => "phoneNumbers",
        }
    }

    /// Page sizes, tried one after the other while pages are too slow.
    const fn sizes(self) -> [u32; 3] {
        match self {
            BulkList::People => PEOPLE_PAGES,
            BulkList::Numbers => NUMBERS_PAGES,
        }
    }

    fn call(self, size: u32) -> Read {
        match self {
            BulkList::People => calls::people(size),
            BulkList::Numbers => calls::all_numbers(size),
        }
    }

    /// Reads it into the store, if it is not known to be longer than `pages_left`, from which its pages are taken.
    async fn read<T>(
        self,
        ground: &Ground,
        reading: Reading,
        pages_left: &mut u32,
        item: impl Fn(&Value) -> Result<T, Lacking> + Copy,
        keep: impl Fn(Vec<T>) -> Ack<()> + Copy,
    ) -> Result<bool, ReadFailure> {
        let name = self.name();
        let known = ground.writer.submit(move |connection| store::known_list(connection, name)).await;
        if !is_worth_reading(stored(known)?, *pages_left) {
            tracing::debug!(list = name, pages_left, "list.skipped: asking for each row costs less");
            return Ok(false);
        }
        for size in self.sizes() {
            // What a reading that failed left would stand twice.
            stored(
                ground.writer.submit(move |connection| store::forget_list(connection, name, reading)).await,
            )?;
            let limits = PageLimits { pages: *pages_left, retries: Some(RETRIES) };
            let mut pages = 0_u32;
            let list = List { call: self.call(size), key: self.key(), limits };
            let read = list
                .read(ground, item, |items| {
                    pages = pages.saturating_add(1);
                    Some(keep(items))
                })
                .await;
            *pages_left = pages_left.saturating_sub(pages);
            match read {
                Ok(extent) => return self.known(ground, pages, extent).await,
                Err(ReadFailure::Trouble(trouble)) if trouble != Trouble::Interrupted => {
                    ground.check_token_on_401(Some(&trouble)).await;
                    let why = reason::describe(&trouble).0;
                    tracing::warn!(
                        list = name,
                        size,
                        why,
                        "list.failed: what it lacks is looked up row by row"
                    );
                    if !is_too_large(&trouble) {
                        break;
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        Ok(false)
    }

    /// Keeps what is known of the list's length now.
    async fn known(self, ground: &Ground, pages: u32, extent: Extent) -> Result<bool, ReadFailure> {
        let (name, known) = (self.name(), KnownList { pages, complete: extent == Extent::Whole });
        stored(ground.writer.submit(move |connection| store::keep_list(connection, name, known)).await)?;
        tracing::info!(list = name, pages, complete = known.complete, "list.read");
        Ok(known.complete)
    }
}

/// A list may be read when it is not known to have more pages than it may cost.
const fn is_worth_reading(known: Option<KnownList>, pages_left: u32) -> bool {
    match known {
        None => pages_left > 0,
        Some(KnownList { pages, complete: true }) => pages <= pages_left && pages_left > 0,
        Some(KnownList { pages, complete: false }) => pages < pages_left,
    }
}

/// Whether a smaller page may come where this one did not.
const fn is_too_large(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::Exhausted { status, .. } => matches!(status, None | Some(500..=599)),
        Trouble::Refused(refusal) => refusal.status == 400,
        _ => false,
    }
}

/// A list that serves all rows.
struct List {
    call: Read,
    key: &'static str,
    limits: PageLimits,
}

impl List {
    /// Reads it page by page, into the store unless `keep` takes it.
    async fn read<T>(
        self,
        ground: &Ground,
        item: impl Fn(&Value) -> Result<T, Lacking>,
        mut keep: impl FnMut(Vec<T>) -> Option<Ack<()>>,
    ) -> Result<Extent, ReadFailure> {
        let begun_at = store::now();
        let mut trace = Trace::default();
        let mut kept = Vec::new();
        let result = ground
            .webex
            .pages_within(&self.call, self.limits, &mut trace, async |reply| {
                kept.extend(keep(items(&reply, self.key, &item)?));
                Ok(())
            })
            .await;
        let record = CallRecord {
            step: None,
            operation: self.call.operation,
            feature: None,
            tries: trace.tries,
            status: trace.status,
            tracking_id: trace.tracking_id,
            error: result.as_ref().err().map(|trouble| reason::describe(trouble).0),
            applied: None,
            remote_id: None,
            begun_at,
        };
        if let Some(run) = ground.run {
            let store =
                move |connection: &store::Connection| store::record_shared_call(connection, run, &record);
            kept.push(ground.writer.submit(store));
        }
        for ack in kept {
            stored(ack.await)?;
        }
        result.map_err(ReadFailure::Trouble)
    }
}

fn stored<T>(result: Result<T, StoreError>) -> Result<T, ReadFailure> {
    result.map_err(ReadFailure::Storage)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_when_it_is_not_known_to_be_too_long() {
        let known = |pages, complete| Some(KnownList { pages, complete });
        for (list, pages_left, worth) in [
            (None, 0, false),
            (None, 1, true),
            (known(10, true), 10, true),
            (known(10, true), 9, false),
            (known(10, false), 10, false),
            (known(10, false), 11, true),
            (known(0, true), 0, false),
        ] {
            assert_eq!(is_worth_reading(list, pages_left), worth, "{list:?} {pages_left}");
        }
    }
}
