use super::place::Unit;
use super::*;
use crate::runner::flow::Stop;

fn licence(id: &str, name: &str, total: i64, consumed: i64, subscription: &str) -> License {
    License {
        id: RemoteId::parse(id).unwrap(),
        name: name.to_owned(),
        total,
        consumed,
        subscription: Some(subscription.to_owned()),
        ended: None,
    }
}

fn pool(licences: Vec<License>, subscription: Option<&str>) -> Rc<LicencePool> {
    let settings = LicenceSettings {
        default: LicenseChoice::Professional,
        subscription: subscription.map(str::to_owned),
        overage: false,
    };
    Rc::new(LicencePool::new(settings, licences))
}

#[tokio::test]
async fn what_a_reading_has_grown_by_is_counted_once() {
    let of = |consumed| vec![licence("P", "Webex Calling - Professional", 10, consumed, "s")];
    let free_after = async |readings: &[(i64, bool)]| {
        let pool = pool(of(0), None);
        drop([take(pool.queue(None), &of(0)).await.unwrap(), take(pool.queue(None), &of(0)).await.unwrap()]);
        for (consumed, settled) in readings {
            let shows = settled.then(|| Instant::now().checked_add(Duration::from_secs(1))).flatten();
            pool.keep(UnitsRead { licences: of(*consumed), shows });
        }
        pool.free(&LicenseChoice::Professional)
    };
    assert_eq!(free_after(&[(0, true)]).await, 8, "both lag");
    assert_eq!(free_after(&[(1, false)]).await, 8, "one shows already");
    assert_eq!(free_after(&[(2, false)]).await, 8, "both show already");
    assert_eq!(free_after(&[(2, false), (2, true)]).await, 8, "nothing is counted twice");
    assert_eq!(
        free_after(&[(3, false)]).await,
        5,
        "somebody else takes units: these three may all be theirs"
    );
    assert_eq!(free_after(&[(3, false), (5, true)]).await, 5, "ours, and three of somebody else");
    assert_eq!(free_after(&[(5, true), (4, true)]).await, 6, "one was given back");
}

#[tokio::test]
async fn a_reading_that_does_not_grow_is_believed_after_a_minute() {
    let licences = [licence("P", "Webex Calling - Professional", 10, 5, "s")];
    let pool = pool(licences.to_vec(), None);
    drop(take(pool.queue(None), &licences).await.unwrap());
    for (later, free) in [(59, 4), (61, 5)] {
        let shows = Instant::now().checked_add(Duration::from_secs(later));
        pool.keep(UnitsRead { licences: licences.to_vec(), shows });
        assert_eq!(pool.free(&LicenseChoice::Professional), free, "{later} seconds");
    }
}

/// Webex as a reading that never changes.
async fn take(place: Place, licences: &[License]) -> Result<Unit, String> {
    let look = async |_| Ok(UnitsRead { licences: licences.to_vec(), shows: None });
    place.take(look).await.map_err(|stop| match stop {
        Stop::Pending(cause) => cause.message,
        stop => format!("{stop:?}"),
    })
}

#[tokio::test]
async fn the_last_unit_goes_to_the_first_row_that_needs_one() {
    let licences = [licence("P", "Webex Calling - Professional", 10, 9, "s")];
    let pool = pool(licences.to_vec(), None);
    let (first, second, third) = (pool.queue(None), pool.queue(None), pool.queue(None));
    let (second, third, ()) = tokio::join!(
        async { take(second, &licences).await.map(|unit| unit.licence.clone()) },
        take(third, &licences),
        async { drop(first) }
    );
    assert_eq!(second.unwrap().as_str(), "P");
    assert_eq!(
        third.unwrap_err(),
        "no unit of the licence is free (Webex Calling - Professional: 10 of 10 units in use)"
    );
}

#[tokio::test]
async fn a_unit_given_back_serves_the_next_row() {
    let licences = [licence("P", "Webex Calling - Professional", 1, 0, "s")];
    let pool = pool(licences.to_vec(), None);
    take(pool.queue(None), &licences).await.unwrap().give_back();
    assert!(take(pool.queue(None), &licences).await.is_ok());
    assert!(take(pool.queue(None), &licences).await.is_err());
}

#[tokio::test]
async fn the_subscription_and_the_choice_are_kept_to() {
    let licences = vec![
        licence("A", "Webex Calling - Professional", 5, 0, "one"),
        licence("B", "Webex Calling - Professional", 5, 0, "two"),
        licence("C", "Webex Calling - Basic", 5, 0, "two"),
    ];
    let pool = pool(licences.clone(), Some("two"));
    assert_eq!(take(pool.queue(None), &licences).await.unwrap().licence.as_str(), "B");
    let standard = pool.queue(Some(LicenseChoice::Standard));
    assert_eq!(take(standard, &licences).await.unwrap().licence.as_str(), "C");
    let absent = LicenseChoice::Id(RemoteId::parse("unknown-licence-id-000000").unwrap());
    let absent = take(pool.queue(Some(absent)), &licences).await;
    assert!(absent.unwrap_err().contains("has no licence"));
}
