//! The greatest size that Webex takes, by halving.

/// What came of one size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trial {
    Taken,
    Refused(String),
    Unclear(String),
}

/// Where the limit is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Limit {
    /// The greatest size of the search is taken.
    Beyond,
    /// The greatest size that is taken, and how the next one is refused.
    At(usize, String),
    /// Not even the least one is taken.
    Nothing(String),
    /// A trial did not show.
    Unclear(String),
}

/// More halvings than any search needs.
const TRIALS_CAP: u32 = 24;

/// Tries the greatest size, then the least, then halves between the two.
pub(super) async fn limit(
    least: usize,
    greatest: usize,
    mut trial: impl AsyncFnMut(usize) -> Trial,
) -> Limit {
    let mut refused = match trial(greatest).await {
        Trial::Taken => return Limit::Beyond,
        Trial::Refused(how) => how,
        Trial::Unclear(why) => return Limit::Unclear(why),
    };
    match trial(least).await {
        Trial::Taken => {}
        Trial::Refused(how) => return Limit::Nothing(how),
        Trial::Unclear(why) => return Limit::Unclear(why),
    }
    let (mut taken, mut too_much) = (least, greatest);
    for _ in 0..TRIALS_CAP {
        let half = taken.saturating_add(too_much.saturating_sub(taken) / 2);
        if half == taken {
            break;
        }
        match trial(half).await {
            Trial::Taken => taken = half,
            Trial::Refused(how) => (too_much, refused) = (half, how),
            Trial::Unclear(why) => return Limit::Unclear(why),
        }
    }
    Limit::At(taken, refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn finds_every_limit_in_few_trials() {
        for (real, expected) in [
            (0, Limit::Nothing("no".to_owned())),
            (1, Limit::At(1, "no".to_owned())),
            (77, Limit::At(77, "no".to_owned())),
            (1023, Limit::At(1023, "no".to_owned())),
            (1024, Limit::Beyond),
        ] {
            let mut trials = 0;
            let found = limit(1, 1024, async |size| {
                trials += 1;
                if size <= real { Trial::Taken } else { Trial::Refused("no".to_owned()) }
            })
            .await;
            assert_eq!((found, trials <= 12), (expected, true), "{real}: {trials} trials");
        }
    }
}
