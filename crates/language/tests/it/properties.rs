//! What holds for every text.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use domain::{ReminderRule, zone};
use language::{describe, moment, quick_add, recurrence};
use proptest::prelude::*;

use crate::corpus;
use crate::texts::{self, contexts, odd_clocks, sentences, texts, word_salads};

const CORPORA: &[&str] = &[include_str!("../corpus/quick_add.txt")];

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn no_text_is_too_odd(text in texts(CORPORA), context in contexts()) {
        let _ = (recurrence(&text, &context), moment(&text, &context));
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
    fn a_title_has_nothing_of_what_was_understood(text in word_salads(CORPORA), context in contexts()) {
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
    fn a_first_occurrence_is_one_of_the_rule(text in word_salads(CORPORA), context in contexts()) {
        let read = quick_add(&format!("{text} every friday"), &context);
        if let (Some(recurrence), Some(due)) = (read.recurrence, read.due) {
            prop_assert_eq!(recurrence.rule.occurrences(due.date).next(), Some(due.date), "{}", recurrence.rule);
            prop_assert_eq!(recurrence.rule.to_string().parse(), Ok(recurrence.rule));
        }
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

#[cfg(target_os = "linux")]
#[test]
fn long_texts_take_time_in_proportion() {
    let context = corpus::context("2026-11-24T10:00 Europe/Berlin Mon");
    texts::take_time_in_proportion(|text| drop(quick_add(text, &context)));
}

/// The clock of a request comes from outside: sentences are read at both ends of the calendar, too.
#[test]
fn no_clock_is_too_odd() {
    for context in odd_clocks() {
        for sentence in sentences(CORPORA) {
            let _ = (quick_add(sentence, &context), moment(sentence, &context));
        }
    }
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
