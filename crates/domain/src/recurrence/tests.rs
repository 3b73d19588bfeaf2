use std::collections::BTreeSet;

use chrono::{NaiveDate, NaiveTime, TimeZone, Weekday};
use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

mod until;

fn date(text: &str) -> NaiveDate {
    text.parse().expect("a date")
}

fn check(rule: &str, start: &str, expected: Expect) {
    let parsed: Rule = rule.parse().expect("a rule");
    let dates: Vec<String> = parsed
        .occurrences(date(start))
        .take(6)
        .map(|date| date.format("%a %Y-%m-%d").to_string())
        .collect();
    expected.assert_eq(&dates.join(", "));
}

#[test]
fn dates_of_rules() {
    check(
        "FREQ=DAILY;INTERVAL=3",
        "2026-02-26",
        expect![
            "Thu 2026-02-26, Sun 2026-03-01, Wed 2026-03-04, Sat 2026-03-07, Tue 2026-03-10, Fri 2026-03-13"
        ],
    );
    check(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
        "2026-11-24",
        expect![
            "Thu 2026-11-26, Mon 2026-12-07, Thu 2026-12-10, Mon 2026-12-21, Thu 2026-12-24, Mon 2027-01-04"
        ],
    );
    check(
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
        "1997-08-05",
        expect![
            "Tue 1997-08-05, Sun 1997-08-17, Tue 1997-08-19, Sun 1997-08-31, Tue 1997-09-02, Sun 1997-09-14"
        ],
    );
    check(
        "FREQ=MONTHLY",
        "2026-01-31",
        expect![
            "Sat 2026-01-31, Tue 2026-03-31, Sun 2026-05-31, Fri 2026-07-31, Mon 2026-08-31, Sat 2026-10-31"
        ],
    );
    check(
        "FREQ=MONTHLY;BYDAY=-1FR",
        "2026-01-01",
        expect![
            "Fri 2026-01-30, Fri 2026-02-27, Fri 2026-03-27, Fri 2026-04-24, Fri 2026-05-29, Fri 2026-06-26"
        ],
    );
    check(
        "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13",
        "2026-01-01",
        expect![
            "Fri 2026-02-13, Fri 2026-03-13, Fri 2026-11-13, Fri 2027-08-13, Fri 2028-10-13, Fri 2029-04-13"
        ],
    );
    check(
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "2026-01-01",
        expect![
            "Fri 2026-01-30, Fri 2026-02-27, Tue 2026-03-31, Thu 2026-04-30, Fri 2026-05-29, Tue 2026-06-30"
        ],
    );
    check(
        "FREQ=YEARLY",
        "2024-02-29",
        expect![
            "Thu 2024-02-29, Tue 2028-02-29, Sun 2032-02-29, Fri 2036-02-29, Wed 2040-02-29, Mon 2044-02-29"
        ],
    );
    check(
        "FREQ=YEARLY;BYMONTH=5;BYDAY=2SU",
        "2026-01-01",
        expect![
            "Sun 2026-05-10, Sun 2027-05-09, Sun 2028-05-14, Sun 2029-05-13, Sun 2030-05-12, Sun 2031-05-11"
        ],
    );
    check(
        "FREQ=DAILY;COUNT=2",
        "2026-12-31",
        expect!["Thu 2026-12-31, Fri 2027-01-01"],
    );
    check(
        "FREQ=DAILY;UNTIL=20261226T235959Z",
        "2026-12-25",
        expect!["Fri 2026-12-25, Sat 2026-12-26"],
    );
    check(
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "2026-01-01",
        expect![""],
    );
}

#[test]
fn month_ends_are_the_last_day_of_short_months() {
    let rule = Rule::monthly_on_day(31).expect("a day");
    let dates: Vec<String> = rule
        .occurrences(date("2026-01-31"))
        .take(4)
        .map(|d| d.to_string())
        .collect();
    assert_eq!(
        dates,
        ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]
    );
    let leap = Rule::yearly_on(2, 29).expect("a date");
    let dates: Vec<String> = leap
        .occurrences(date("2024-02-29"))
        .take(3)
        .map(|d| d.to_string())
        .collect();
    assert_eq!(dates, ["2024-02-29", "2025-02-28", "2026-02-28"]);
    assert!(Rule::yearly_on(4, 31).is_err());
    assert!(Rule::monthly_on_day(0).is_err());
}

#[test]
fn simple_fields_keep_the_month_end() {
    let anchor = Some(date("2026-01-31"));
    let rule = Rule::from_simple(SimpleKind::Monthly, 2, End::Count(3), anchor).expect("a rule");
    expect!["FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=28,29,30,31;BYSETPOS=-1;COUNT=3"]
        .assert_eq(&rule.to_string());
    assert_eq!(rule.simple_kind(), SimpleKind::Monthly);
    assert!(Rule::from_simple(SimpleKind::Daily, 1, End::Count(0), None).is_err());
    assert!(Rule::from_simple(SimpleKind::Custom, 1, End::Never, None).is_err());
}

fn here(start: NaiveDate, date: NaiveDate) -> Here {
    Here {
        start,
        date,
        number: 1,
        resume: date,
    }
}

/// However far `start` lies back, and whatever the rule says, only so many periods are looked at.
///
/// Seen to fail: with every walk begun at `start`, `FREQ=DAILY` from −262143 looked at 20,000 days and found none.
#[test]
fn the_work_does_not_grow_with_the_distance() {
    let every = "FREQ=YEARLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,\
                 30,31;BYDAY=MO,TU,WE,TH,FR,SA,SU";
    let rules = [
        // The rule, and how many periods may be looked at to find its next date.
        ("FREQ=DAILY", 2),
        ("FREQ=DAILY;INTERVAL=1000", 2),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH;WKST=SU", 3),
        ("FREQ=MONTHLY;BYDAY=-1FR", 3),
        ("FREQ=MONTHLY;BYMONTHDAY=31", 3),
        (every, 2),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", 9),
        ("FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29", 9),
        // A leap day on a Monday.
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", 15_000),
        // Never.
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 7_100),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 20_000),
        ("FREQ=DAILY;UNTIL=20200101", 2),
        // Counted from the start, as far as that is counted.
        ("FREQ=DAILY;COUNT=10000", 10_002),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=10000", 40_000),
    ];
    for (text, most) in rules {
        let rule: Rule = text.parse().expect("a rule");
        for start in [
            "-262143-01-01",
            "-8000-01-01",
            "0001-01-01",
            "1970-01-01",
            "2026-11-24",
            "9000-01-01",
        ] {
            let start = date(start);
            for day in ["1970-01-01", "2026-11-24", "8999-12-31"] {
                let (day, mut looked_at) = (date(day).max(start), 0);
                let found = rule.look_ahead(here(start, day), |_| false, &mut looked_at);
                assert!(
                    looked_at <= most,
                    "{text} from {start} on {day}: {looked_at}"
                );
                assert!(found.is_none_or(|ahead| ahead.date > day && ahead.number == 1));
                if let (End::Never | End::Until(_), Some(ahead)) = (rule.end, found) {
                    assert_eq!(rule.next_after(start, day), Some(ahead.date));
                }
            }
        }
    }
}

/// From wherever it is begun, a rule says the same dates as from its start.
#[test]
fn dates_from_the_middle_are_those_from_the_start() {
    for text in [
        "FREQ=DAILY;INTERVAL=17",
        "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,WE;WKST=SU",
        "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1,13",
        "FREQ=MONTHLY;BYDAY=1MO,-1MO;BYSETPOS=-1",
        "FREQ=YEARLY;INTERVAL=2;BYMONTH=2,11;BYDAY=2TU",
        "FREQ=YEARLY;BYDAY=20MO,-1FR",
    ] {
        let rule: Rule = text.parse().expect("a rule");
        let start = date("2019-05-31");
        let all: Vec<NaiveDate> = rule.occurrences(start).take(60).collect();
        for (at, pair) in all.windows(2).enumerate() {
            assert_eq!(rule.next_after(start, pair[0]), Some(pair[1]), "{text}");
            let day_before = pair[1].pred_opt().expect("a date");
            assert_eq!(rule.next_after(start, day_before), Some(pair[1]), "{text}");
            assert_eq!(
                rule.number_at(start, day_before),
                u32::try_from(at + 1).ok(),
                "{text}"
            );
        }
    }
}

#[test]
fn too_many_missed_dates_are_not_gone_through() {
    let rule: Rule = "FREQ=DAILY".parse().expect("a rule");
    let (start, last) = (date("1970-01-01"), date("8000-05-05"));
    let here = Here {
        resume: last,
        ..here(start, start)
    };
    let mut looked_at = 0;
    let ahead = rule.look_ahead(here, |date| date <= last, &mut looked_at);
    let ahead = ahead.map(|ahead| (ahead.number, ahead.date));
    assert_eq!(ahead, Some((50_001, date("8000-05-06"))));
    assert_eq!(looked_at, 50_002);
    assert_eq!(rule.number_at(start, last), None);
    // As many as are counted count right.
    let missed = date("2100-01-01");
    let ahead = rule.look_ahead(here, |date| date <= missed, &mut 0);
    let days = missed.signed_duration_since(start).num_days();
    let ahead = ahead.map(|ahead| i64::from(ahead.number));
    assert_eq!(ahead, Some(days + 1));
}

#[test]
fn the_calendar_ends() {
    let rule: Rule = "FREQ=DAILY".parse().expect("a rule");
    let dates: Vec<NaiveDate> = rule.occurrences(date("9000-12-30")).collect();
    assert_eq!(dates, [date("9000-12-30"), date("9000-12-31")]);
    assert_eq!(
        rule.next_after(date("1970-01-01"), date("9000-12-31")),
        None
    );
    assert_eq!(rule.next_after(date("1970-01-01"), NaiveDate::MAX), None);
    for text in [
        "FREQ=WEEKLY",
        "FREQ=MONTHLY",
        "FREQ=YEARLY;INTERVAL=1000",
        "FREQ=YEARLY;BYDAY=-1SU",
    ] {
        let rule: Rule = text.parse().expect("a rule");
        assert_eq!(
            rule.next_after(date("2026-11-24"), NaiveDate::MAX),
            None,
            "{text}"
        );
        assert_eq!(rule.occurrences(NaiveDate::MAX).next(), None, "{text}");
        assert!(
            rule.occurrences(NaiveDate::MIN).take(3).count() <= 3,
            "{text}"
        );
    }
}

#[test]
fn next_and_number() {
    let rule: Rule = "FREQ=WEEKLY;BYDAY=MO,TH".parse().expect("a rule");
    let start = date("2026-11-23");
    assert_eq!(
        rule.next_after(start, date("2026-11-23")),
        Some(date("2026-11-26"))
    );
    assert_eq!(
        rule.next_after(start, date("2026-11-30")),
        Some(date("2026-12-03"))
    );
    for (day, number) in [("2026-11-22", 0), ("2026-11-28", 2), ("2026-12-03", 4)] {
        assert_eq!(rule.number_at(start, date(day)), Some(number));
    }
    let ends: Rule = "FREQ=DAILY;COUNT=2".parse().expect("a rule");
    let next = |day| ends.next_not_past(here(start, date(day)), |_| false);
    assert_eq!(next("2026-11-24"), None);
    let ahead = next("2026-11-23").map(|ahead| (ahead.number, ahead.date));
    assert_eq!(ahead, Some((1, date("2026-11-24"))));
}

#[test]
fn wrong_rules_say_what_to_do() {
    let cases = [
        ("", expect!["needs FREQ: DAILY, WEEKLY, MONTHLY or YEARLY"]),
        (
            "BYDAY=MO",
            expect!["needs FREQ: DAILY, WEEKLY, MONTHLY or YEARLY"],
        ),
        (
            "FREQ=HOURLY",
            expect!["FREQ=HOURLY is not supported; use DAILY, WEEKLY, MONTHLY or YEARLY"],
        ),
        (
            "FREQ=DAILY;INTERVAL=0",
            expect!["INTERVAL=0 is not allowed; use a whole number from 1 to 1000"],
        ),
        (
            "FREQ=DAILY;COUNT=10001",
            expect!["COUNT=10001 is not allowed; use a whole number from 1 to 10000"],
        ),
        (
            "FREQ=DAILY;COUNT=1;UNTIL=20260101",
            expect!["COUNT and UNTIL exclude each other"],
        ),
        (
            "FREQ=DAILY;UNTIL=20261301",
            expect![
                "UNTIL=20261301 is not allowed; use a date such as 20261231, or a moment such as 20261231T225959Z"
            ],
        ),
        (
            "FREQ=WEEKLY;BYDAY=2MO",
            expect!["BYDAY with a number, such as 2MO, needs FREQ=MONTHLY or FREQ=YEARLY"],
        ),
        (
            "FREQ=WEEKLY;BYMONTHDAY=2",
            expect!["BYMONTHDAY does not go with FREQ=WEEKLY"],
        ),
        (
            "FREQ=MONTHLY;BYDAY=XX",
            expect!["BYDAY=XX is not allowed; use MO to SU, or with a number: 2MO, -1FR"],
        ),
        (
            "FREQ=MONTHLY;BYDAY=é",
            expect!["BYDAY=é is not allowed; use MO to SU, or with a number: 2MO, -1FR"],
        ),
        (
            "FREQ=MONTHLY;BYMONTHDAY=0",
            expect!["BYMONTHDAY=0 is not allowed; use 1 to 31, or -1 to -31 from the end"],
        ),
        (
            "FREQ=MONTHLY;BYSETPOS=1",
            expect!["BYSETPOS needs BYMONTH, BYMONTHDAY or BYDAY to choose from"],
        ),
        (
            "FREQ=DAILY;BYHOUR=3",
            expect!["BYHOUR is not supported; use BYMONTH, BYMONTHDAY, BYDAY and BYSETPOS"],
        ),
        ("FREQ=DAILY;FREQ=DAILY", expect!["has FREQ twice"]),
        (
            "FREQ=DAILY;X=3",
            expect!["X is not a part of a recurrence rule (RFC 5545 section 3.3.10)"],
        ),
        (
            "often",
            expect![[r#""OFTEN" is not NAME=VALUE; write a rule such as FREQ=WEEKLY;BYDAY=MO"#]],
        ),
    ];
    for (text, expected) in cases {
        expected.assert_eq(&text.parse::<Rule>().expect_err(text).to_string());
    }
    assert_eq!("X".repeat(513).parse::<Rule>(), Err(RuleError::TooLong));
}

#[test]
fn words() {
    let cases = [
        ("FREQ=DAILY", "every day"),
        ("rrule:freq=daily;interval=3", "every 3 days"),
        ("FREQ=WEEKLY;INTERVAL=2", "every other week"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every weekday"),
        ("FREQ=WEEKLY;BYDAY=TH,MO", "every Mon and Thu"),
        (
            "FREQ=WEEKLY;INTERVAL=3;BYDAY=FR;COUNT=10",
            "every 3 weeks on Friday, 10 times",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=1", "every month on the 1st"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
            "every month on the 31st",
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "every month on the last day"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=1,15",
            "every month on the 1st and 15th",
        ),
        (
            "FREQ=MONTHLY;BYDAY=3FR;UNTIL=20271231",
            "every month on the third Friday, until 31 Dec 2027",
        ),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            "every month on the last weekday",
        ),
        ("FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=5", "every year on 5 May"),
        (
            "FREQ=YEARLY;BYMONTH=5;BYDAY=2SU",
            "every year on the second Sunday of May",
        ),
        ("FREQ=YEARLY;BYDAY=1MO", "by the rule FREQ=YEARLY;BYDAY=1MO"),
    ];
    for (rule, expected) in cases {
        assert_eq!(rule.parse::<Rule>().expect(rule).describe(), expected);
    }
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let parts = (
        0..4_usize,
        1..6_u16,
        prop::collection::vec(1..=12_u8, 0..3),
        prop::collection::vec(prop_oneof![1..=31_i8, -31..=-1_i8], 0..3),
        prop::collection::vec(
            (
                prop_oneof![3 => Just(0_i8), 1 => 1..=5_i8, 1 => -5..=-1_i8],
                0..7_u8,
            ),
            0..4,
        ),
        prop::collection::vec(prop_oneof![1..=4_i16, -4..=-1_i16], 0..2),
        0..7_u8,
        prop_oneof![Just(End::Never), (1..40_u32).prop_map(End::Count)],
    );
    parts.prop_map(
        |(frequency, interval, months, month_days, days, positions, week_start, end)| {
            let frequency = [
                Frequency::Daily,
                Frequency::Weekly,
                Frequency::Monthly,
                Frequency::Yearly,
            ][frequency];
            let ordinals = matches!(frequency, Frequency::Monthly | Frequency::Yearly);
            let weekday = |number: u8| Weekday::try_from(number).expect("0 to 6");
            let by_day: BTreeSet<WeekdayNum> = days
                .into_iter()
                .map(|(ordinal, day)| WeekdayNum {
                    ordinal: if ordinals { ordinal } else { 0 },
                    weekday: weekday(day),
                })
                .collect();
            let by_month_day: BTreeSet<i8> = if frequency == Frequency::Weekly {
                BTreeSet::new()
            } else {
                month_days.into_iter().collect()
            };
            let by_month: BTreeSet<u8> = months.into_iter().collect();
            let nothing = by_day.is_empty() && by_month_day.is_empty() && by_month.is_empty();
            Rule {
                frequency,
                interval,
                by_month: by_month.into_iter().collect(),
                by_month_day: by_month_day.into_iter().collect(),
                by_day: by_day.into_iter().collect(),
                by_set_pos: if nothing { Vec::new() } else { positions },
                week_start: weekday(week_start),
                end,
            }
        },
    )
}

/// The dates by an independent implementation of RFC 5545.
fn by_oracle(rule: &Rule, start: NaiveDate, until: NaiveDate) -> Option<Vec<NaiveDate>> {
    let noon = |date: NaiveDate| {
        rrule::Tz::UTC.from_utc_datetime(&date.and_hms_opt(12, 0, 0).expect("noon"))
    };
    // It takes the intersection of `MO` and `1MO` where RFC 5545 has their union.
    let numbered = rule.by_day.iter().filter(|day| day.ordinal != 0).count();
    if numbered != 0 && numbered != rule.by_day.len() {
        return None;
    }
    // It lets BYSETPOS choose from what is left of the first week; here a week is always a whole one.
    if rule.frequency == Frequency::Weekly && !rule.by_set_pos.is_empty() {
        return None;
    }
    let text = format!("DTSTART:{}T120000Z\nRRULE:{rule}", start.format("%Y%m%d"));
    let set: rrule::RRuleSet = text.parse().ok()?;
    Some(
        set.before(noon(until))
            .all(60)
            .dates
            .iter()
            .map(chrono::DateTime::date_naive)
            .collect(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn agrees_with_an_independent_implementation(rule in any_rule(), offset in 0..1500_u64) {
        let start = date("2024-01-01") + chrono::Days::new(offset);
        let until = start + chrono::Days::new(365 * 8);
        if let Some(expected) = by_oracle(&rule, start, until) {
            let ours: Vec<NaiveDate> =
                rule.occurrences(start).take_while(|date| *date <= until).take(expected.len().max(1)).collect();
            prop_assert_eq!(ours, expected, "{} from {}", rule, start);
        }
    }

    #[test]
    fn text_round_trips(rule in any_rule()) {
        prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,80}|(FREQ|BYDAY|COUNT|INTERVAL|UNTIL)=[-A-Z0-9,]{0,9};FREQ=[A-Z]{0,8}") {
        if let Ok(rule) = text.parse::<Rule>() {
            prop_assert!(rule.occurrences(date("2026-01-01")).take(5).count() <= 5);
        }
    }
}

#[test]
fn a_plain_rule_is_anchored_on_its_first_date() {
    let table = [
        (
            "FREQ=MONTHLY",
            "2026-01-31",
            "FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1",
        ),
        (
            "FREQ=MONTHLY;INTERVAL=2;COUNT=3",
            "2026-01-05",
            "FREQ=MONTHLY;INTERVAL=2;COUNT=3;BYMONTHDAY=5",
        ),
        (
            "FREQ=YEARLY",
            "2024-02-29",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1",
        ),
        ("FREQ=WEEKLY", "2026-01-31", "FREQ=WEEKLY"),
        (
            "FREQ=MONTHLY;BYMONTHDAY=5",
            "2026-01-31",
            "FREQ=MONTHLY;BYMONTHDAY=5",
        ),
    ];
    for (rule, date, expected) in table {
        let rule: Rule = rule.parse().expect("a rule");
        let expected: Rule = expected.parse().expect("a rule");
        assert_eq!(rule.anchored(date.parse().expect("a date")), expected);
    }
}
