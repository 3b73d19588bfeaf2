//! What is sent in the place of a field or a parameter.

use serde_json::{Value, json};
use uuid::Uuid;

/// Stands in a body for JSON that no [`Value`] can be.
const RAW: &str = "\u{e000}raw";

/// Dates, as JSON.
const DATES: &[&str] = &[
    "\"-262143-01-01\"",
    "\"-0001-12-31\"",
    "\"0000-01-01\"",
    "\"0001-01-01\"",
    "\"1969-12-31\"",
    "\"1970-01-01\"",
    "\"2023-02-29\"",
    "\"2024-02-29\"",
    "\"2024-02-30\"",
    "\"9000-12-31\"",
    "\"9001-01-01\"",
    "\"9999-12-31\"",
    "\"10000-01-01\"",
    "\"+10000-01-01\"",
    "\"+262142-12-31\"",
    "\"2024-W01-1\"",
    "\"2024-001\"",
    "\"20240101\"",
    "\" 2024-01-01\"",
];

/// Instants, as JSON.
const INSTANTS: &[&str] = &[
    "\"0000-01-01T00:00:00Z\"",
    "\"0001-01-01T00:00:00Z\"",
    "\"1969-12-31T23:59:59.999Z\"",
    "\"1970-01-01T00:00:00+23:59\"",
    "\"1970-01-01T00:00:00Z\"",
    "\"2016-12-31T23:59:60Z\"",
    "\"2024-02-30T00:00:00Z\"",
    "\"2031-05-05t09:00:00z\"",
    "\"2031-05-05T09:00:00.123456789123-23:59\"",
    "\"2031-05-05 09:00:00Z\"",
    "\"2031-05-05T09:00:00\"",
    "\"2031-05-05T24:00:00Z\"",
    "\"9999-12-31T23:59:59.999Z\"",
    "\"9999-12-31T23:59:59.9999Z\"",
    "\"9999-12-31T23:59:60Z\"",
    "\"9999-12-31T23:59:59-01:00\"",
    "\"+10000-01-01T00:00:00Z\"",
    "\"10000-01-01T00:00:00Z\"",
    "\"2031-05-05T09:00:00+99:99\"",
];

/// Numbers, as JSON.
const NUMBERS: &[&str] = &[
    "-1",
    "0",
    "-0",
    "-0.0",
    "0.5",
    "1.0",
    "1e0",
    "1e308",
    "1e999",
    "65535",
    "65536",
    "4294967295",
    "4294967296",
    "9007199254740993",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775809",
    "NaN",
    "\"NaN\"",
    "\"1\"",
];

/// Texts, as JSON.
const TEXTS: &[&str] = &[
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\udc00\\ud800\"",
    "\"\\u202e\\u2066x\"",
    "\"e\\u0301\\u0301\\u0301\"",
    "\"\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\"",
    "\"\\ufeff\\uffff\"",
    "\"\\n\\r\\t\\\\\\\"'<script>{{}}\"",
    "\"null\"",
    "\"../../etc\"",
];

/// Values of another type than any field has.
const OTHERS: &[&str] = &[
    "null",
    "true",
    "[]",
    "{}",
    "[[]]",
    "{\"\":{}}",
    "7",
    "\"x\"",
];

/// Rules that say much, nothing, or what never comes.
const RULES: &[&str] = &[
    "FREQ=YEARLY;BYMONTHDAY=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31;BYDAY=MO,TU,WE,TH,FR,SA,SU",
    "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
    "FREQ=YEARLY;INTERVAL=1000;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO",
    "FREQ=DAILY;COUNT=10000",
    "FREQ=DAILY;COUNT=10001",
    "FREQ=DAILY;COUNT=-1",
    "FREQ=DAILY;INTERVAL=1000",
    "FREQ=DAILY;INTERVAL=65536",
    "FREQ=DAILY;INTERVAL=0",
    "FREQ=DAILY;UNTIL=00000101",
    "FREQ=DAILY;UNTIL=99991231",
    "FREQ=DAILY;UNTIL=99999999",
    "FREQ=MONTHLY;BYDAY=-53SU,53MO",
    "FREQ=YEARLY;BYMONTHDAY=1;BYSETPOS=-366,366",
    "FREQ=SECONDLY",
    "FREQ=",
    "RRULE:",
    "FREQ=DAILY;FREQ=DAILY",
];

/// Words with numbers that no calendar has.
const WORDS: &[&str] = &[
    "x in 99999999999 years",
    "x in 9000 years",
    "x in 4294967296 weeks",
    "x on 31.12.9999 at 23:59",
    "x on 9000-12-31",
    "x on 0001-01-01",
    "x every 65536 days",
    "x every day for 99999999999 times",
    "x every 4294967295 weeks until 31.12.9999",
    "x tomorrow at 99:99",
    "x tomorrow at 9 remind me 99999999999 minutes before",
    "x today remind me 9000 years before",
    "x every 0 days",
    "x 30.02.2031",
    "postpone x by 99999999999 days",
    "postpone x by 9000 years",
    "show tasks due in 99999999999 weeks",
    "undo 4294967296",
    "complete 18446744073709551616",
];

const ZONES: &[&str] = &[
    "\"Pacific/Kiritimati\"",
    "\"Etc/GMT+12\"",
    "\"Pacific/Apia\"",
    "\"UTC\"",
    "\"+14:00\"",
    "\"Mars/Olympus\"",
];

const TIMES: &[&str] = &[
    "\"00:00\"",
    "\"23:59\"",
    "\"24:00\"",
    "\"23:59:60\"",
    "\"9:00\"",
    "\"-1:00\"",
    "\"09:00:30\"",
    "\"99:99\"",
];

/// What is sent in the place of a field.
pub(super) fn extremes(pointer: &str, schema: &Value) -> Vec<String> {
    let name = pointer.rsplit('/').next().unwrap_or_default();
    let quoted = |texts: &[&str]| {
        texts
            .iter()
            .map(|text| json!(text).to_string())
            .collect::<Vec<_>>()
    };
    let given = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    let is = |kind: &str| {
        schema["type"] == kind
            || schema["type"]
                .as_array()
                .is_some_and(|all| all.contains(&json!(kind)))
    };
    let mut values = given(OTHERS);
    match (name, schema["format"].as_str().unwrap_or_default()) {
        (_, "date") => values.extend(given(DATES)),
        (_, "date-time") => values.extend(given(INSTANTS)),
        (_, "uuid") => values.extend(given(&[
            "\"\"",
            "\"x\"",
            "\"{00000000-0000-0000-0000-000000000000}\"",
            "\"\\u0000\"",
        ])),
        ("rrule", _) => values.extend(quoted(RULES)),
        ("message" | "text", _) if !pointer.contains("checklist") => {
            values.extend([quoted(WORDS), given(TEXTS)].concat())
        }
        ("time_zone", _) => values.extend([given(ZONES), given(TEXTS)].concat()),
        ("time" | "from" | "to", _) => values.extend(given(TIMES)),
        _ if is("integer") || is("number") => values.extend(given(NUMBERS)),
        _ if is("array") => {
            values.push(format!("[{}]", vec!["null"; 2_000].join(",")));
            values.push(format!("{}{}", "[".repeat(100), "]".repeat(100)));
            values.push(format!("{}{}", "[".repeat(1_000), "]".repeat(1_000)));
        }
        _ if is("object") => {
            values.push(format!("{}1{}", "{\"a\":".repeat(1_000), "}".repeat(1_000)))
        }
        _ => values.extend(given(TEXTS)),
    }
    if is("string") {
        for length in [500, 501, 20_000] {
            values.push(format!("\"{}\"", "\u{1f331}".repeat(length)));
        }
    }
    values
}

/// `body` with JSON in the place of `pointer`.
pub(super) fn with(body: &Value, pointer: &str, json: &str) -> String {
    let mut body = body.clone();
    *body.pointer_mut(pointer).expect("the place") = json!(RAW);
    body.to_string().replacen(&json!(RAW).to_string(), json, 1)
}

/// `body` with an array that is as long as the field takes at most, and one longer.
pub(super) fn with_arrays(body: &Value, pointer: &str, schema: &Value) -> Vec<String> {
    let most = match pointer.rsplit('/').next() {
        Some("checklist" | "items") => 100,
        _ => schema["maxItems"].as_u64().unwrap_or(10),
    };
    let Some(item) = body.pointer(&format!("{pointer}/0")) else {
        return Vec::new();
    };
    let arrays = [0, most, most + 1].map(|length| {
        let items: Vec<Value> = (0..length)
            .map(|number| match (item, pointer) {
                (Value::String(_), _) => json!(format!("label{number}")),
                (Value::Object(fields), "/items") => {
                    let mut fields = fields.clone();
                    fields.insert("id".to_owned(), json!(Uuid::new_v4()));
                    Value::Object(fields)
                }
                _ => item.clone(),
            })
            .collect();
        with(body, pointer, &json!(items).to_string())
    });
    arrays.to_vec()
}

/// Every object of `body` with one more field.
pub(super) fn with_unknown(body: &Value, pointer: &str, found: &mut Vec<String>, whole: &Value) {
    match body {
        Value::Object(fields) => {
            let mut fields = fields.clone();
            fields.insert("unknown".to_owned(), json!(1));
            let json = Value::Object(fields.clone()).to_string();
            found.push(if pointer.is_empty() {
                json
            } else {
                with(whole, pointer, &json)
            });
            for (name, value) in body.as_object().into_iter().flatten() {
                with_unknown(value, &format!("{pointer}/{name}"), found, whole);
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                with_unknown(item, &format!("{pointer}/{at}"), found, whole);
            }
        }
        _ => {}
    }
}

/// The values of a parameter, as they stand in an address.
pub(super) fn parameter_values(schema: &Value) -> Vec<String> {
    let mut values: Vec<&str> = vec![
        "",
        "null",
        "%00",
        "%ff",
        "%F0%9F",
        "-1",
        "0",
        "1",
        "-0.0",
        "1e308",
        "4294967296",
        "9223372036854775808",
        "18446744073709551616",
        "NaN",
        "AAAA",
        "%E2%80%AE",
        "..%2F..",
    ];
    let dates: Vec<String> = DATES
        .iter()
        .map(|date| {
            date.trim_matches('"')
                .replace('+', "%2B")
                .replace(' ', "%20")
        })
        .collect();
    values.extend(dates.iter().map(String::as_str));
    let long = "x".repeat(5_000);
    values.push(&long);
    values.extend(
        schema["enum"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str),
    );
    values.into_iter().map(str::to_owned).collect()
}
