//! What holds for every text.

use crate::corpus;

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc, Weekday};
use domain::{ReminderRule, zone};
use language::{
    Context, Found, NewDue, Target, describe, find, intent, moment, quick_add, recurrence,
};
use proptest::prelude::*;

/// Any moment of some two hundred years, in zones with and without daylight saving time.
fn contexts() -> impl Strategy<Value = Context> {
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

/// Sentences from the words that mean something here, in any order and with any marks: likelier to hurt than noise.
fn word_salads() -> impl Strategy<Value = String> {
    let words: Vec<&str> = include_str!("../corpus/quick_add.txt")
        .lines()
        .chain(include_str!("../corpus/intent.txt").lines())
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

/// Days that are said in one way each, all of the kind that replaces another.
const WHENS: [&str; 10] = [
    "tomorrow",
    "on friday",
    "next monday",
    "in 3 days",
    "on 24 december",
    "every day",
    "every second tuesday",
    "weekly",
    "on the 1st of next month",
    "every month on the 15th",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![word_salads(), any::<String>(), "[ -~]{0,80}", "\\PC{0,60}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_is_too_odd(text in texts(), context in contexts()) {
        let _ = (intent(&text, &context), recurrence(&text, &context), moment(&text, &context));
        let read = quick_add(&text, &context);
        let length = text.chars().count();
        let mut behind = 0;
        for span in &read.spans {
            prop_assert!(behind <= span.start && span.start < span.end && span.end <= length, "{:?}", read.spans);
            behind = span.end;
        }
        prop_assert_eq!(read.title.trim(), read.title.as_str());
        if read.recurrence.is_some() {
            prop_assert!(read.due.is_some(), "it comes again, but first when?");
        }
    }

    #[test]
    fn a_title_has_nothing_of_what_was_understood(text in word_salads(), context in contexts()) {
        let read = quick_add(&text, &context);
        let characters: Vec<char> = text.chars().collect();
        let kept = characters.len() - read.spans.iter().map(|span| span.end - span.start).sum::<usize>();
        prop_assert!(read.title.chars().count() <= kept, "{:?} of {:?}", read.title, text);
    }

    #[test]
    fn relative_words_never_mean_the_past(
        task in "[bcdgjkqvxz]{4,9}",
        when in prop::sample::select(vec![
            "today at 9", "tonight", "at 5", "at 9am", "in the morning", "this morning at 8", "tomorrow", "friday at noon",
            "in 20 minutes", "in an hour", "in 3 days", "on the 1st at 8", "every day at 7am", "every friday at 17:00",
            "every month on the 31st at 9", "at midnight", "next week", "this weekend at 10am", "noon", "every morning",
        ]),
        context in contexts(),
    ) {
        let read = quick_add(&format!("{task} {when}"), &context);
        let due = read.due.expect("a due date");
        prop_assert!(due.overdue_after() > context.now, "{when}: {due:?} at {}", context.local());
    }

    #[test]
    fn tomorrow_at_a_time_is_that(
        task in "[bcdgjkqvxz]{4,9}( [bcdgjkqvxz]{4,9}){0,3}",
        hour in 0..24_u32,
        minute in 0..60_u32,
        context in contexts(),
    ) {
        let read = quick_add(&format!("{task} tomorrow at {hour:02}:{minute:02}"), &context);
        let due = read.due.expect("a due date");
        let likely = NaiveTime::from_hms_opt(hour, minute, 0).expect("a time");
        let other = NaiveTime::from_hms_opt((hour + 12) % 24, minute, 0).expect("a time");
        prop_assert_eq!(Some(due.date), context.local().date().succ_opt());
        prop_assert!(due.time == Some(likely) || hour == 0 && due.time == Some(other) || hour > 9 && due.time == Some(likely));
        prop_assert_eq!(read.title.to_lowercase(), task);
        prop_assert_eq!(read.spans.len(), 2);
    }

    #[test]
    fn a_plain_title_stays_as_it_is(task in "[A-Z][bcdgjkqvxz]{4,9}( [bcdgjkqvxz]{4,9}){0,5}", context in contexts()) {
        let read = quick_add(&task, &context);
        prop_assert_eq!(&read.title, &task);
        prop_assert!(read.spans.is_empty());
        prop_assert_eq!(quick_add(&read.title, &context), read);
    }

    #[test]
    fn in_minutes_is_exact_whatever_the_clocks_do(minutes in 1..3_000_i64, context in contexts()) {
        let text = format!("in {minutes} minutes");
        let read = quick_add(&text, &context);
        let due = read.due.expect("a due date").reminder_instant();
        let exact = context.now + Duration::minutes(minutes);
        // It rings exactly then, and is due up to a minute later.
        let rings = match read.reminders.as_deref() {
            Some([ReminderRule::At(at)]) => *at,
            None => due,
            other => panic!("{other:?}"),
        };
        prop_assert_eq!(rings, exact);
        prop_assert_eq!(moment(&text, &context), Some(exact));
        let late = due - exact;
        // Up to the next whole minute; further only within an hour that comes twice, whose second time has no name.
        prop_assert!(late >= Duration::zero() && late <= Duration::minutes(61), "{late}");
        let wall = zone::local(due, context.zone);
        let twice = zone::resolve(wall.date(), wall.time(), context.zone) == due;
        prop_assert!(twice);
    }

    #[test]
    fn in_seconds_is_exact_whatever_the_clocks_do(seconds in 1..90_000_i64, context in contexts()) {
        let exact = context.now + Duration::seconds(seconds);
        prop_assert_eq!(moment(&format!("in {seconds} seconds"), &context), Some(exact));
    }

    /// What is put right reads as if only that had been said.
    ///
    /// Seen to fail: the first one counted, and the second stayed in the title.
    #[test]
    fn what_is_put_right_is_as_if_it_had_been_said_alone(
        task in "[bcdgjkqvxz]{4,9}( [bcdgjkqvxz]{4,9}){0,3}",
        first in prop::sample::select(WHENS.to_vec()),
        turn in prop::sample::select(vec![
            ", no, ", ", no wait, ", ", sorry, ", ", I mean ", " - actually ", "... no, ", ", scratch that, ", " or rather ",
        ]),
        second in prop::sample::select(WHENS.to_vec()),
        context in contexts(),
    ) {
        let alone = quick_add(&format!("{task} {second}"), &context);
        let both = quick_add(&format!("{task} {first}{turn}{second}"), &context);
        prop_assert_eq!(&both.title, &alone.title);
        prop_assert_eq!((both.due, both.recurrence, both.reminders), (alone.due, alone.recurrence, alone.reminders));
    }

    #[test]
    fn a_first_occurrence_is_one_of_the_rule(text in word_salads(), context in contexts()) {
        let read = quick_add(&format!("{text} every friday"), &context);
        if let (Some(recurrence), Some(due)) = (read.recurrence, read.due) {
            prop_assert_eq!(recurrence.rule.occurrences(due.date).next(), Some(due.date), "{}", recurrence.rule);
            prop_assert_eq!(recurrence.rule.to_string().parse(), Ok(recurrence.rule));
        }
    }

    #[test]
    fn a_title_finds_itself(titles in prop::collection::vec("[a-z]{3,8}( [a-z]{3,8}){0,3}", 1..12), at in 0..12_usize) {
        let at = at % titles.len();
        match find(&titles[at], titles.iter().map(String::as_str)) {
            Found::One(found) => prop_assert_eq!(&titles[found], &titles[at]),
            Found::Several(found) => prop_assert!(found.contains(&at)),
            Found::None => prop_assert!(false, "{:?}", titles[at]),
        }
    }

    #[test]
    fn find_takes_anything(words in any::<String>(), titles in prop::collection::vec(any::<String>(), 0..8)) {
        match find(&words, titles.iter().map(String::as_str)) {
            Found::None => {}
            Found::One(at) => prop_assert!(at < titles.len()),
            Found::Several(places) => prop_assert!(places.len() > 1 && places.is_sorted()),
        }
    }

    #[test]
    fn shifting_there_and_back_is_nothing(days in 0..400_i64, time in proptest::option::of(0..1_440_u32), context in contexts()) {
        let due = domain::Due {
            date: context.local().date(),
            time: time.and_then(|minutes| NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0)),
            zone: context.zone,
        };
        let shift = |days, due: &domain::Due| NewDue::Shift { months: 0, days, time: Duration::zero() }.apply(Some(due), &context);
        let there = shift(days, &due).expect("a date").expect("a due date");
        prop_assert_eq!(there.time, due.time);
        prop_assert_eq!(shift(-days, &there).expect("a date"), Some(due));
    }

    #[test]
    fn a_described_date_is_understood(days in 0..300_u64, context in contexts()) {
        let today = context.local().date();
        let date = today + chrono::Days::new(days);
        let said = describe::date(date, today);
        let read = quick_add(&format!("Bfgh on {said}"), &context);
        prop_assert_eq!(read.due.map(|due| due.date), Some(date), "{}", said);
    }
}

/// Measured in this thread's time on the processor, which other work on the machine does not lengthen.
#[cfg(target_os = "linux")]
#[test]
fn long_texts_take_time_in_proportion() {
    let context = corpus::context("2026-11-24T10:00 Europe/Berlin Mon");
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
                let _ = (quick_add(&text, &context), intent(&text, &context));
            }
            processor_time() - before
        };
        let (many_short, one_long) = (cost(100, 32), cost(3_200, 1));
        // As many words in all; in one text they would take 32 times as long if time were quadratic.
        assert!(
            one_long < many_short * 6,
            "{word:?}: {many_short} ns, {one_long} ns"
        );
    }
}

#[cfg(target_os = "linux")]
fn processor_time() -> u64 {
    let statistics =
        std::fs::read_to_string("/proc/thread-self/schedstat").expect("scheduler statistics");
    let nanoseconds = statistics.split(' ').next().expect("a first number");
    nanoseconds.parse().expect("nanoseconds")
}

/// The clock of a request comes from outside: sentences are read at both ends of the calendar, too.
#[test]
fn no_clock_is_too_odd() {
    let sentences: Vec<&str> = [
        include_str!("../corpus/quick_add.txt"),
        include_str!("../corpus/intent.txt"),
    ]
    .iter()
    .flat_map(|table| table.lines())
    .filter_map(|line| line.split('|').next())
    .collect();
    for now in [
        "0001-01-01T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "2028-02-29T23:59:59Z",
    ] {
        for zone in ["Pacific/Kiritimati", "Pacific/Pago_Pago"] {
            let context = Context {
                now: now.parse().expect("an instant"),
                zone: zone::parse(zone).expect("a zone"),
                week_start: Weekday::Sun,
            };
            for sentence in &sentences {
                let _ = (
                    quick_add(sentence, &context),
                    intent(sentence, &context),
                    moment(sentence, &context),
                );
            }
        }
    }
}

#[test]
fn wishes_and_due_dates_meet() {
    let context = corpus::context("2026-11-24T10:00 Europe/Berlin Mon");
    let current = |text: &str| quick_add(&format!("Task {text}"), &context).due;
    let table = [
        (
            "2026-11-27 at 15:00",
            "move it to monday",
            "2026-11-30T15:00",
        ),
        ("2026-11-27 at 15:00", "move it to 5pm", "2026-11-27T17:00"),
        ("2026-11-20 at 15:00", "move it to 5pm", "2026-11-24T17:00"),
        ("2026-11-20 at 15:00", "move it to 9am", "2026-11-25T09:00"),
        ("2026-11-27", "move it to monday", "2026-11-30"),
        ("2026-11-27", "move it to 5pm", "2026-11-27T17:00"),
        (
            "2026-11-27 at 15:00",
            "push it back two days",
            "2026-11-29T15:00",
        ),
        (
            "2026-11-27 at 23:30",
            "postpone it by an hour",
            "2026-11-28T00:30",
        ),
        // Days keep the wall-clock time through the change of clocks, hours are hours.
        (
            "2027-03-27 at 10:00",
            "postpone it by a day",
            "2027-03-28T10:00",
        ),
        (
            "2027-03-28 at 01:30",
            "postpone it by an hour",
            "2027-03-28T03:30",
        ),
        (
            "2026-11-27",
            "postpone it by 30 minutes",
            "2026-11-27T09:30",
        ),
        // A month is a month of the calendar, whichever day it is said on; a due date is one to the minute.
        (
            "2027-03-15 at 15:00",
            "postpone it by a month",
            "2027-04-15T15:00",
        ),
        ("2027-01-31", "postpone it by a month", "2027-02-28"),
        (
            "2027-03-31",
            "bring it forward by a month and a day",
            "2027-02-27",
        ),
        (
            "2026-11-27 at 15:00",
            "postpone it by 90 seconds",
            "2026-11-27T15:02",
        ),
        ("", "move it to friday", "2026-11-27"),
        ("", "move it to 5pm", "2026-11-24T17:00"),
        ("2026-11-27 at 15:00", "it no longer has a date", "none"),
    ];
    for (due, message, expected) in table {
        let language::Intent::Move {
            target: Target::Last,
            to,
        } = intent(message, &context)
        else {
            panic!("{message}: {:?}", intent(message, &context));
        };
        let moved = to
            .apply(current(due).as_ref(), &context)
            .expect("a due date");
        let shown = moved.map_or("none".to_owned(), |due| match due.time {
            Some(time) => due.date.and_time(time).format("%Y-%m-%dT%H:%M").to_string(),
            None => due.date.to_string(),
        });
        assert_eq!(shown, expected, "{due}, {message}");
    }
    let shift = NewDue::Shift {
        months: 0,
        days: 1,
        time: Duration::zero(),
    };
    assert!(shift.apply(None, &context).is_err());
    let far = NewDue::Shift {
        months: 0,
        days: i64::MAX,
        time: Duration::zero(),
    };
    assert!(far.apply(current("2026-11-27").as_ref(), &context).is_err());
}

#[test]
fn parts_of_sentences_alone() {
    let context = corpus::context("2026-11-24T10:00 Europe/Berlin Mon");
    let rule =
        |text: &str| recurrence(text, &context).map(|recurrence| recurrence.rule.to_string());
    assert_eq!(
        rule("every 2 weeks on Monday").as_deref(),
        Some("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO")
    );
    assert_eq!(rule("daily").as_deref(), Some("FREQ=DAILY"));
    assert_eq!(rule("water the plants every day"), None);
    assert_eq!(rule("tomorrow"), None);
    let at = |text: &str| {
        moment(text, &context).map(|at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%MZ").to_string())
    };
    assert_eq!(at("in 20 minutes").as_deref(), Some("2026-11-24T09:20Z"));
    assert_eq!(at("tomorrow at 9").as_deref(), Some("2026-11-25T08:00Z"));
    assert_eq!(at("tomorrow").as_deref(), Some("2026-11-25T08:00Z"));
    assert_eq!(
        at("until tomorrow at 9").as_deref(),
        Some("2026-11-25T08:00Z")
    );
    assert_eq!(at("20 minutes").as_deref(), Some("2026-11-24T09:20Z"));
    assert_eq!(at("1h").as_deref(), Some("2026-11-24T10:00Z"));
    assert_eq!(at("next monday").as_deref(), Some("2026-11-30T08:00Z"));
    assert_eq!(at("whenever"), None);
    assert_eq!(at("every day"), None);
    let _: NaiveDate = context.local().date();
}

/// A sentence moves what it says: whoever says a date somewhere else leaves the time, and whose clocks show it, as they are.
///
/// Seen to fail: the choir at 19:00 in New York, moved to another day from Berlin, was at 19:00 in Berlin.
#[test]
fn a_date_alone_keeps_the_clocks_of_the_task() {
    let context = corpus::context("2026-11-24T10:00 Europe/Berlin Mon");
    let new_york = zone::parse("America/New_York").expect("a zone");
    let choir = domain::Due {
        date: "2031-05-05".parse().expect("a date"),
        time: NaiveTime::from_hms_opt(23, 0, 0),
        zone: new_york,
    };
    let all_day = domain::Due {
        time: None,
        ..choir
    };
    let table = [
        (
            choir,
            "move it to 8 may 2031",
            "2031-05-08T23:00 America/New_York",
        ),
        (
            choir,
            "move it to tomorrow",
            "2026-11-25T23:00 America/New_York",
        ),
        (
            choir,
            "postpone it by a day",
            "2031-05-06T23:00 America/New_York",
        ),
        (
            all_day,
            "move it to 8 may 2031",
            "2031-05-08 America/New_York",
        ),
        // A time is one of the speaker's clocks; on those it is 6 May, at 5 in the morning.
        (choir, "move it to 5pm", "2031-05-06T17:00 Europe/Berlin"),
        (
            choir,
            "move it to 8 may 2031 at 5pm",
            "2031-05-08T17:00 Europe/Berlin",
        ),
        (all_day, "move it to 5pm", "2031-05-05T17:00 Europe/Berlin"),
    ];
    for (due, message, expected) in table {
        let language::Intent::Move { to, .. } = intent(message, &context) else {
            panic!("{message}: {:?}", intent(message, &context));
        };
        let moved = to
            .apply(Some(&due), &context)
            .expect("a date")
            .expect("a due date");
        let time = moved.time.map(|time| time.format("T%H:%M").to_string());
        let shown = format!(
            "{}{} {}",
            moved.date,
            time.unwrap_or_default(),
            moved.zone.name()
        );
        assert_eq!(shown, expected, "{message}");
    }
}
