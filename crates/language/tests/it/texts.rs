//! Any text and any moment, for what holds for all of them.

#[cfg(target_os = "linux")]
use std::time::Duration;

use chrono::{DateTime, Weekday};
use domain::zone;
use language::Context;
use proptest::prelude::*;

/// Any moment of some two hundred years, in zones with and without daylight saving time.
pub(crate) fn contexts() -> impl Strategy<Value = Context> {
    let zones = [
        "Europe/Berlin",
        "America/New_York",
        "Asia/Tokyo",
        "Australia/Lord_Howe",
        "Pacific/Apia",
        "UTC",
    ];
    let starts = [Weekday::Mon, Weekday::Sat, Weekday::Sun];
    (0..7_000_000_000_i64, 0..zones.len(), 0..starts.len()).prop_map(
        move |(second, zone, start)| Context {
            now: DateTime::from_timestamp(second, 0).expect("an instant"),
            zone: zone::parse(zones[zone]).expect("a zone"),
            week_start: starts[start],
        },
    )
}

/// Sentences from the words of the tables `corpora`, in any order and with any marks: likelier to hurt than noise.
pub(crate) fn word_salads(corpora: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    let words: Vec<&str> = corpora
        .iter()
        .flat_map(|corpus| corpus.lines())
        .filter(|line| !line.starts_with('#'))
        .flat_map(|line| {
            line.split('|')
                .next()
                .unwrap_or_default()
                .split_whitespace()
        })
        .chain([
            "99999", "every", "-1", "0", "31st", "29", "february", "\"", "”", "@", "#", "!", "in",
            "years", "ſ", "İ", "'s",
        ])
        .collect();
    prop::collection::vec(prop::sample::select(words), 0..24).prop_map(|words| words.join(" "))
}

/// Such sentences, and texts of any characters.
pub(crate) fn texts(corpora: &[&'static str]) -> impl Strategy<Value = String> + use<> {
    prop_oneof![
        word_salads(corpora),
        any::<String>(),
        "[ -~]{0,80}",
        "\\PC{0,60}"
    ]
}

/// The sentences of the tables `corpora`.
pub(crate) fn sentences(corpora: &[&'static str]) -> Vec<&'static str> {
    let lines = corpora.iter().flat_map(|corpus| corpus.lines());
    lines.filter_map(|line| line.split('|').next()).collect()
}

/// Asserts that reading a text 32 times as long takes about 32 times as long, for the texts that repeat one word.
///
/// Measured in this thread's time on the processor, which other work on the machine lengthens only a little, and only now and
/// then: a text fails when it takes too long in each of three tries.
#[cfg(target_os = "linux")]
pub(crate) fn take_time_in_proportion(read: impl Fn(&str)) {
    for word in [
        "tomorrow ",
        "every ",
        "1 day ",
        "it's ",
        "remind me ",
        "and ",
        "\"a",
        "the 1st and ",
        "mon, ",
    ] {
        let cost = |count: usize, times: usize| {
            let text = word.repeat(count);
            let before = processor_time();
            for _ in 0..times {
                read(&text);
            }
            processor_time() - before
        };
        let tries: Vec<_> = (0..3).map(|_| (cost(100, 32), cost(3_200, 1))).collect();
        // As many words in all; in one text they would take 32 times as long if time were quadratic.
        let in_proportion =
            |(many_short, one_long): &(Duration, Duration)| *one_long < *many_short * 6;
        assert!(tries.iter().any(in_proportion), "{word:?}: {tries:?}");
    }
}

/// How long this thread has been on the processor. The scheduler's own statistics are not asked: they are brought up to date
/// some 250 times a second only, and one measurement can lie between two of them.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).expect("a time that is not negative")
}

/// Clocks at both ends of the calendar and on a leap day, in the first and the last zone of the earth.
pub(crate) fn odd_clocks() -> impl Iterator<Item = Context> {
    let instants = [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2028-02-29T23:59:59Z",
    ];
    let zones = ["Pacific/Kiritimati", "Pacific/Pago_Pago"];
    let clocks = instants
        .into_iter()
        .flat_map(move |now| zones.map(|zone| (now, zone)));
    clocks.map(|(now, zone)| Context {
        now: now.parse().expect("an instant"),
        zone: zone::parse(zone).expect("a zone"),
        week_start: Weekday::Sun,
    })
}
