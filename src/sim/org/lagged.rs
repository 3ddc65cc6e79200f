//! A record whose last change lists do not show yet.

/// The time of a write and when lists will show it, in milliseconds since the start.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) now: u64,
    pub(crate) visible_at: u64,
}

/// A record with the state that lists still show.
#[derive(Clone, Debug)]
pub(crate) struct Lagged<T> {
    current: T,
    before: Option<(u64, Option<T>)>,
}

impl<T: Clone> Lagged<T> {
    /// A record that was always there.
    pub(crate) fn settled(current: T) -> Self {
        Lagged { current, before: None }
    }

    /// A record that was made just now.
    pub(crate) fn created(current: T, moment: Moment) -> Self {
        let before = (moment.visible_at > moment.now).then_some((moment.visible_at, None));
        Lagged { current, before }
    }

    pub(crate) fn get(&self) -> &T {
        &self.current
    }

    /// The record as lists and searches see it.
    pub(crate) fn listed(&self, now: u64) -> Option<&T> {
        match &self.before {
            Some((until, before)) if now < *until => before.as_ref(),
            _ => Some(&self.current),
        }
    }

    pub(crate) fn edit(&mut self, moment: Moment, change: impl FnOnce(&mut T)) {
        if moment.visible_at > moment.now {
            let (until, before) = match self.before.take() {
                Some((until, before)) if moment.now < until => (until.max(moment.visible_at), before),
                _ => (moment.visible_at, Some(self.current.clone())),
            };
            self.before = Some((until, before));
        }
        change(&mut self.current);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_follow_later() {
        let mut record = Lagged::created(1, Moment { now: 0, visible_at: 10 });
        assert_eq!((record.get(), record.listed(9), record.listed(10)), (&1, None, Some(&1)));
        record.edit(Moment { now: 20, visible_at: 25 }, |value| *value = 2);
        assert_eq!((record.get(), record.listed(24), record.listed(25)), (&2, Some(&1), Some(&2)));
        record.edit(Moment { now: 30, visible_at: 30 }, |value| *value = 3);
        assert_eq!(record.listed(30), Some(&3));
    }
}
