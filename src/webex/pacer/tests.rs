//! The pacer against limiters of many kinds (performance targets B1 to B3), and its rules one by one.

mod model;

use super::*;
use model::{Limit, Setting, Story, at_random, bucket, changing, counting_refused, tell, window};

const DEFAULT: Setting =
    Setting { workers: 16, requests: 3_000, by_few: 0..0, few: 1, latency: Duration::from_millis(150) };
const LONG: Setting = Setting { requests: 12_000, ..DEFAULT };

fn fresh(setting: Setting, limit: Limit) -> Story {
    tell(&Pacer::new(false, None), setting, limit)
}

/// The four limiters of the targets, each with its ideal makespan: 50 requests a second.
fn limiters(setting: &Setting) -> [(&'static str, Limit, f64); 4] {
    let (requests, latency) = (f64::from(setting.requests), setting.latency.as_secs_f64());
    let windows = f64::from(setting.requests.div_ceil(300) - 1);
    [
        ("A", bucket(50.0, 50, 1), (requests - 50.0) / 50.0 + latency),
        ("B", bucket(50.0, 10, 1), (requests - 10.0) / 50.0 + latency),
        ("C", window(300, 6), windows * 6.0 + latency),
        ("D", bucket(50.0, 50, 5), (requests - 50.0) / 50.0 + latency),
    ]
}

/// Makespan as a multiple of the ideal, bounded together with the share of refused requests.
#[track_caller]
fn expect(name: &str, story: &Story, ideal: f64, most: f64, refused_percent: f64) -> f64 {
    let ratio = story.makespan / ideal;
    let served = story.sent.len() - usize::try_from(story.refused).unwrap();
    let percent = 100.0 * f64::from(story.refused) / f64::from(u32::try_from(served).unwrap());
    println!("{name}: {ratio:.3} of the ideal, {percent:.1} % refused, {} at most", story.most_refusals);
    assert!(ratio <= most, "{name}: {ratio:.3} of the ideal");
    assert!(percent <= refused_percent, "{name}: {percent:.1} % refused");
    // A request may be refused 50 times by default before its row is lost.
    assert!(story.most_refusals <= 10, "{name}: one request was refused {} times", story.most_refusals);
    assert!(story.longest_wait <= Duration::from_secs(90), "{name}: {:?} in the line", story.longest_wait);
    ratio
}

#[test]
fn b1_b2_three_thousand_requests_take_little_longer_than_they_must() {
    let ratios: Vec<f64> = limiters(&DEFAULT)
        .into_iter()
        .map(|(name, limit, ideal)| expect(name, &fresh(DEFAULT, limit), ideal, 1.10, 5.0))
        .collect();
    let mean = ratios.iter().sum::<f64>() / 4.0;
    assert!(mean <= 1.05, "{mean:.3} of the ideal on average");
}

#[test]
fn b1_b2_twelve_thousand_requests_take_hardly_longer_than_they_must() {
    for (name, limit, ideal) in limiters(&LONG) {
        expect(name, &fresh(LONG, limit), ideal, 1.03, 5.0);
    }
}

#[test]
fn requests_one_by_one_say_nothing_of_the_limit() {
    for by_few in [0..40, 1_000..1_040] {
        let setting = Setting { by_few, ..DEFAULT };
        let longer = 40.0 * setting.latency.as_secs_f64();
        for (name, limit, ideal) in limiters(&setting) {
            let name = format!("{name} one by one {:?}", setting.by_few);
            expect(&name, &fresh(setting.clone(), limit), ideal + longer, 1.10, 5.0);
        }
    }
}

#[test]
fn a_few_requests_side_by_side_say_little_of_many() {
    let setting = Setting { by_few: 1..9, few: 4, ..DEFAULT };
    for (burst, wait, most) in [(1, 1, 1.18), (1, 5, 1.45), (2, 1, 1.2), (5, 5, 1.12)] {
        let name = format!("four at first, burst {burst}, asks for {wait} s");
        expect(&name, &fresh(setting.clone(), bucket(50.0, burst, wait)), 60.0, most, 5.0);
    }
}

#[test]
fn nothing_is_tuned_to_one_latency_or_to_sixteen_workers() {
    for (workers, latency) in [(8, 150), (40, 150), (64, 100), (16, 20), (16, 60), (16, 250), (16, 400)] {
        let setting = Setting { workers, latency: Duration::from_millis(latency), ..DEFAULT };
        let busy = f64::from(setting.requests) * setting.latency.as_secs_f64()
            / f64::from(u32::try_from(workers).unwrap());
        for (name, limit, ideal) in limiters(&setting) {
            let name = format!("{name} {workers} workers {latency} ms");
            expect(&name, &fresh(setting.clone(), limit), ideal.max(busy), 1.12, 8.0);
        }
    }
}

#[test]
fn nothing_is_tuned_to_four_limiters() {
    let minute = 100.0 / 60.0;
    let cases = [
        ("100/min, burst 100, asks for 5 s", bucket(minute, 100, 5), 2_900.0 / minute, 1.02, 5.0),
        ("100/min, burst 10, asks for 5 s", bucket(minute, 10, 5), 2_990.0 / minute, 1.02, 5.0),
        ("100/min, burst 1, asks for 5 s", bucket(minute, 1, 5), 2_999.0 / minute, 1.12, 5.0),
        ("100 a minute", window(100, 60), 29.0 * 60.0, 1.02, 8.0),
        ("1,000 a minute", window(1_000, 60), 120.0, 1.15, 5.0),
        ("10/s, burst 10", bucket(10.0, 10, 1), 299.0, 1.02, 5.0),
        ("10/s, burst 1", bucket(10.0, 1, 1), 299.9, 1.12, 5.0),
        ("50/s, burst 1", bucket(50.0, 1, 1), 60.0, 1.20, 5.0),
        ("80/s, burst 80", bucket(80.0, 80, 1), 36.5, 1.02, 5.0),
        ("50/s, refused ones count", counting_refused(50.0, 50, 1), 59.0, 1.05, 5.0),
        ("50/s, burst 10, refused ones count", counting_refused(50.0, 10, 1), 59.8, 1.15, 5.0),
        ("10/s, asks for 5 s, refused ones count", counting_refused(10.0, 10, 5), 299.0, 1.20, 8.0),
    ];
    for (name, limit, ideal, most, refused) in cases {
        expect(name, &fresh(DEFAULT, limit), ideal, most, refused);
    }
}

#[test]
fn a_storm_that_lets_nothing_through_leaves_the_rate_as_it_was() {
    for wait in [1, 5] {
        let limit = changing(
            bucket(50.0, 50, 1),
            10.0,
            changing(Box::new(move |_| Err(wait)), 40.0, bucket(50.0, 50, 1)),
        );
        expect("closed for 30 s", &fresh(DEFAULT, limit), 30.0 + 2_900.0 / 50.0, 1.10, 12.0);
    }
}

#[test]
fn refusals_that_no_pace_prevents_are_outlived() {
    let mut number = 0;
    let every_second_at_first: Limit = Box::new(move |_| {
        number += 1;
        if number <= 200 && number % 2 == 0 { Err(1) } else { Ok(()) }
    });
    expect("every second of 200", &fresh(DEFAULT, every_second_at_first), 3_000.0 * 0.15 / 16.0, 4.5, 5.0);
    for (one_of, most) in [(2, 2.5), (4, 1.8), (10, 1.5)] {
        let limit =
            changing(bucket(50.0, 10, 1), 10.0, changing(at_random(one_of), 40.0, bucket(50.0, 10, 1)));
        let name = format!("one of {one_of} for 30 s");
        expect(&name, &fresh(DEFAULT, limit), 60.0, most, 8.0);
    }
}

#[test]
fn a_limit_that_changes_is_followed() {
    let halved = changing(bucket(50.0, 50, 1), 30.0, bucket(25.0, 50, 1));
    expect("50/s, then 25/s", &fresh(DEFAULT, halved), 30.0 + 1_400.0 / 25.0, 1.05, 5.0);
    let trebled = changing(bucket(25.0, 25, 1), 30.0, bucket(75.0, 75, 1));
    expect("25/s, then 75/s", &fresh(DEFAULT, trebled), 30.0 + 2_150.0 / 75.0, 1.15, 5.0);
    let lifted = changing(bucket(10.0, 10, 1), 30.0, Box::new(|_| Ok(())));
    let unlimited = 30.0 + 2_690.0 * 0.15 / 16.0;
    expect("10/s, then as fast as it goes", &fresh(DEFAULT, lifted), unlimited, 1.5, 5.0);
}

#[test]
fn a_server_without_a_limit_is_not_slowed_down() {
    let story = fresh(DEFAULT, Box::new(|_| Ok(())));
    expect("no limit", &story, 3_000.0 * 0.15 / 16.0, 1.01, 0.0);
}

#[test]
fn a_start_is_no_stampede() {
    let story = fresh(Setting { workers: 64, ..DEFAULT }, Box::new(|_| Ok(())));
    let within = |seconds| story.sent.iter().filter(|at| **at < seconds).count();
    assert_eq!((within(0.02), within(0.04)), (1, 4));
    assert!((32..=64).contains(&within(0.1)), "{}", within(0.1));
}

#[test]
fn a_resumed_run_starts_at_the_rate_that_was_learnt() {
    let short = || Setting { requests: 200, ..DEFAULT };
    let pacer = Pacer::new(false, None);
    pacer.resume(48.0, Instant::now());
    let story = tell(&pacer, short(), bucket(50.0, 10, 1));
    let unlearnt = fresh(short(), bucket(50.0, 10, 1)).refused;
    assert!(story.refused * 5 <= unlearnt, "{} after {unlearnt}", story.refused);
    let in_first_second = story.sent.iter().filter(|at| **at < 1.0).count();
    assert!((40..=52).contains(&in_first_second), "{in_first_second}");
}

#[test]
fn a_limit_of_our_own_is_never_passed() {
    let pacer = Pacer::new(false, Some(20.0));
    let story = tell(&pacer, Setting { requests: 400, ..DEFAULT }, bucket(50.0, 10, 1));
    assert_eq!(story.refused, 0);
    for (first, at) in story.sent.iter().enumerate() {
        let within = story.sent[first..].iter().take_while(|other| **other < at + 1.0).count();
        assert!(within <= 21, "{within} within the second after {at}");
    }
    assert!(story.makespan <= 400.0 / 20.0 + 0.2, "{}", story.makespan);
}

#[test]
fn when_every_refusal_pauses_everybody_nothing_is_sent_meanwhile() {
    let pacer = Pacer::new(true, None);
    let story = tell(&pacer, Setting { requests: 400, ..DEFAULT }, window(100, 10));
    let pauses = story.sent.windows(2).filter(|pair| pair[1] - pair[0] > 7.0).count();
    assert_eq!(pauses, 3, "{:?}", story.sent);
    // What was under way when a window closed is refused too, and nothing else.
    assert!(story.refused <= 3 * 8, "{}", story.refused);
}

/// A pacer that has given out a ticket, at this moment.
fn asked(pacer: &Pacer, now: Instant) -> Ticket {
    match pacer.ask(now) {
        Turn::Go(ticket) => ticket,
        Turn::Wait(until) => panic!("told to wait for {:?}", until - now),
    }
}

/// Refuses three requests in a row, sent a second apart; the pause is for 8 s from the last.
fn paused(pacer: &Pacer, start: Instant) -> Instant {
    let mut now = start;
    for number in 0..3 {
        now = start + Duration::from_secs(number);
        let ticket = asked(pacer, now);
        assert_eq!(pacer.refused(ticket, Duration::from_secs(8), now), number == 2);
    }
    now
}

#[test]
fn refusals_in_a_row_pause_everybody_until_then() {
    let pacer = Pacer::new(false, None);
    let now = paused(&pacer, Instant::now());
    let probe = now + Duration::from_secs(1);
    assert_eq!(pacer.ask(now), Turn::Wait(probe));
    let ticket = asked(&pacer, probe);
    assert!(!pacer.refused(ticket, Duration::from_secs(7), probe), "the pause is the same one");
    let late = now + Duration::from_millis(7_950);
    assert_eq!(pacer.ask(probe), Turn::Wait(probe + LOOK_EVERY));
    assert_eq!(pacer.ask(late), Turn::Wait(now + Duration::from_secs(8)));
    assert_eq!(pacer.pace(late).1, Some(Duration::from_millis(50)));
    asked(&pacer, now + Duration::from_secs(8));
}

#[test]
fn a_probe_that_is_let_through_lifts_the_pause_and_an_answer_from_before_does_not() {
    let pacer = Pacer::new(false, None);
    let start = Instant::now();
    let early = asked(&pacer, start);
    let now = paused(&pacer, start + Duration::from_secs(1));
    pacer.served(early, now);
    let probe = now + Duration::from_secs(1);
    assert_eq!(pacer.ask(now), Turn::Wait(probe));
    let ticket = asked(&pacer, probe);
    pacer.served(ticket, probe);
    asked(&pacer, probe + Duration::from_secs(5));
    assert_eq!(pacer.pace(probe).1, None);
}

#[test]
fn an_answer_sent_after_a_refused_request_breaks_the_row() {
    let pacer = Pacer::new(false, None);
    let start = Instant::now();
    let at = |number: u64| start + Duration::from_secs(10 * number);
    for number in 0..8 {
        let ticket = asked(&pacer, at(number));
        if number % 3 == 2 {
            pacer.served(ticket, at(number));
        } else {
            assert!(!pacer.refused(ticket, Duration::from_secs(8), at(number)));
        }
    }
    assert_eq!(pacer.counts(), Counts { requests: 8, refused: 6, retries: 0 });
}

#[test]
fn an_unanswered_request_says_nothing_of_the_pace() {
    let pacer = Pacer::new(false, None);
    let now = Instant::now();
    asked(&pacer, now);
    pacer.unanswered();
    assert_eq!((pacer.pace(now), pacer.counts().requests), ((None, None), 1));
}
