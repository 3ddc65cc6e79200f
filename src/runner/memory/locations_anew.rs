//! One list of all locations that serves several rows: those whose creates were refused for pace look for them together.

use std::rc::Rc;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::store::SeenLocation;

/// The last of these lists, and when it was begun.
#[derive(Debug, Default)]
pub(crate) struct LocationsAnew(Mutex<Option<(Instant, Rc<Vec<SeenLocation>>)>>);

impl LocationsAnew {
    /// The list if it was begun at this moment or later, else a new one; those that come meanwhile wait for it.
    pub(crate) async fn since<E>(
        &self,
        since: Instant,
        read: impl AsyncFnOnce() -> Result<Vec<SeenLocation>, E>,
    ) -> Result<Rc<Vec<SeenLocation>>, E> {
        let mut last = self.0.lock().await;
        if let Some((_, list)) = last.as_ref().filter(|(begun, _)| *begun >= since) {
            return Ok(Rc::clone(list));
        }
        let begun = Instant::now();
        let list = Rc::new(read().await?);
        *last = Some((begun, Rc::clone(&list)));
        Ok(list)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_list_serves_whoever_asks_for_one_that_is_no_younger() {
        let (lists, read) = (LocationsAnew::default(), Cell::new(0));
        let list = async |since| {
            let read_one = async || {
                read.set(read.get() + 1);
                Ok::<_, ()>(Vec::new())
            };
            lists.since(since, read_one).await.unwrap();
            read.get()
        };
        let now = Instant::now();
        assert_eq!(list(now).await, 1);
        assert_eq!(list(now).await, 1, "the same list");
        assert_eq!(list(Instant::now() + Duration::from_secs(60)).await, 2, "it is too old for this one");
        let failed = lists.since(Instant::now() + Duration::from_secs(90), async || Err("no")).await;
        assert_eq!(failed.unwrap_err(), "no");
    }
}
