use super::*;

/// An `UNTIL` that is a moment ends the rule by the clocks of the task, and stays as it was given.
///
/// Seen to fail: when its date was taken as it is written, in UTC, a rule of New York went on for a day too long, and one of
/// Tokyo ended a day early.
#[test]
fn an_end_that_is_a_moment() {
    let table = [
        // How Google writes "until 5 May" of an evening in New York.
        (
            "20270506T035959Z",
            Some((20, 0)),
            "America/New_York",
            "2027-05-05",
        ),
        (
            "20270506T035959Z",
            Some((23, 59)),
            "America/New_York",
            "2027-05-05",
        ),
        ("20270506T035959Z", None, "America/New_York", "2027-05-05"),
        // Exactly at the end, and a second before it.
        ("20270505T230000Z", Some((8, 0)), "Asia/Tokyo", "2027-05-06"),
        ("20270505T225959Z", Some((8, 0)), "Asia/Tokyo", "2027-05-05"),
        ("20270505T225959Z", None, "Asia/Tokyo", "2027-05-06"),
        (
            "20270506T120000Z",
            Some((20, 0)),
            "Europe/Berlin",
            "2027-05-05",
        ),
        // The clocks leave 02:30 out on that day: it is 03:00.
        (
            "20270328T010000Z",
            Some((2, 30)),
            "Europe/Berlin",
            "2027-03-28",
        ),
        (
            "20270328T005959Z",
            Some((2, 30)),
            "Europe/Berlin",
            "2027-03-27",
        ),
        (
            "20270506T200000",
            Some((20, 0)),
            "America/New_York",
            "2027-05-06",
        ),
        (
            "20270506T195959",
            Some((20, 0)),
            "America/New_York",
            "2027-05-05",
        ),
        ("20270506T000000", None, "America/New_York", "2027-05-06"),
        (
            "20270506",
            Some((23, 59)),
            "Pacific/Kiritimati",
            "2027-05-06",
        ),
    ];
    for (until, time, zone, expected) in table {
        let text = format!("FREQ=DAILY;UNTIL={until}");
        let rule: Rule = text.parse().expect(&text);
        assert_eq!(rule.to_string(), text);
        let time = time.and_then(|(hour, minute)| NaiveTime::from_hms_opt(hour, minute, 0));
        let dated = rule.dated(time, crate::zone::parse(zone).expect(zone));
        let last = dated.occurrences(date("2027-03-20")).last();
        assert_eq!(last, Some(date(expected)), "{text} at {time:?} in {zone}");
    }
    let leap: Rule = "FREQ=DAILY;UNTIL=20261231T235960Z".parse().expect("a rule");
    assert_eq!(leap.to_string(), "FREQ=DAILY;UNTIL=20261231T235959Z");
    assert_eq!(leap.simple_kind(), SimpleKind::Custom);
    for wrong in [
        "20261231T",
        "20261231T2400",
        "20261231T240000Z",
        "20261231T120000ZZ",
        "2026123T120000",
    ] {
        let read = format!("FREQ=DAILY;UNTIL={wrong}").parse::<Rule>();
        assert!(
            matches!(read, Err(RuleError::BadValue { part: "UNTIL", .. })),
            "{wrong}: {read:?}"
        );
    }
}

/// The ends of the calendar, in the zones that are furthest from it.
#[test]
fn ends_beyond_the_calendar_are_no_trouble() {
    for until in [
        "00000101T000000Z",
        "00010101T000000",
        "99991231T235959Z",
        "99991231",
    ] {
        for zone in ["Pacific/Kiritimati", "Etc/GMT+12"] {
            let rule: Rule = format!("FREQ=DAILY;UNTIL={until}").parse().expect(until);
            let zone = crate::zone::parse(zone).expect(zone);
            for time in [
                None,
                NaiveTime::from_hms_opt(0, 0, 0),
                NaiveTime::from_hms_opt(23, 59, 59),
            ] {
                let dated = rule.dated(time, zone);
                let goes_on = dated.occurrences(date("2027-03-20")).next().is_some();
                assert_eq!(goes_on, until.starts_with('9'), "{until} in {zone}");
            }
        }
    }
}
