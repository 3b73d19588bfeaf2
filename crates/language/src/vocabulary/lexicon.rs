//! Words that stand for numbers, days, months, units and parts of the day, and words that hold sentences together.

use chrono::Weekday;

/// Weekdays by their whole names, usual abbreviations and usual slips.
const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Mon),
    ("mon", Weekday::Mon),
    ("moday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("tue", Weekday::Tue),
    ("tues", Weekday::Tue),
    ("teusday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("wed", Weekday::Wed),
    ("weds", Weekday::Wed),
    ("wensday", Weekday::Wed),
    ("wendsday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("thu", Weekday::Thu),
    ("thur", Weekday::Thu),
    ("thurs", Weekday::Thu),
    ("thrusday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("fri", Weekday::Fri),
    ("firday", Weekday::Fri),
    ("saturday", Weekday::Sat),
    ("sat", Weekday::Sat),
    ("saterday", Weekday::Sat),
    ("sunday", Weekday::Sun),
    ("sun", Weekday::Sun),
];

/// Units of time. "A second" is a number first of all: "a second opinion".
const UNITS: &[(&str, Unit)] = &[
    ("seconds", Unit::Second),
    ("secs", Unit::Second),
    ("sec", Unit::Second),
    ("minute", Unit::Minute),
    ("minutes", Unit::Minute),
    ("min", Unit::Minute),
    ("mins", Unit::Minute),
    ("hour", Unit::Hour),
    ("hours", Unit::Hour),
    ("hr", Unit::Hour),
    ("hrs", Unit::Hour),
    ("day", Unit::Day),
    ("days", Unit::Day),
    ("week", Unit::Week),
    ("weeks", Unit::Week),
    ("wk", Unit::Week),
    ("wks", Unit::Week),
    ("month", Unit::Month),
    ("months", Unit::Month),
    ("quarter", Unit::Quarter),
    ("quarters", Unit::Quarter),
    ("year", Unit::Year),
    ("years", Unit::Year),
    ("yr", Unit::Year),
    ("yrs", Unit::Year),
];

/// Parts of the day: the hour that each stands for, and whether a plain hour beside it is after noon.
const DAY_PARTS: &[(&str, (u32, bool))] = &[
    ("morning", (9, false)),
    ("mornings", (9, false)),
    ("lunch", (12, true)),
    ("lunchtime", (12, true)),
    ("afternoon", (15, true)),
    ("afternoons", (15, true)),
    ("evening", (18, true)),
    ("evenings", (18, true)),
    ("night", (20, true)),
    ("nights", (20, true)),
    ("tonight", (20, true)),
];

/// What happens in one half of the day only.
const USUAL_PARTS: &[(&str, &str)] = &[
    ("breakfast", "morning"),
    ("wake", "morning"),
    ("alarm", "morning"),
    ("brunch", "morning"),
    ("dinner", "evening"),
    ("supper", "evening"),
    ("drinks", "evening"),
    ("concert", "evening"),
    ("movie", "evening"),
    ("cinema", "evening"),
    ("theatre", "evening"),
    ("theater", "evening"),
    ("party", "evening"),
];

/// What `table` says of a word.
pub fn lookup<T: Copy>(table: &[(&str, T)], word: &str) -> Option<T> {
    let row = table.iter().find(|(name, _)| *name == word);
    row.map(|(_, said)| *said)
}

/// `3`, `three`, `a`.
pub fn number(word: &str) -> Option<u32> {
    const NUMBERS: &[&str] = &[
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
        "twenty",
    ];
    match word {
        "a" | "an" => Some(1),
        "couple" => Some(2),
        "few" => Some(3),
        "twenty-five" => Some(25),
        "thirty" => Some(30),
        "forty" => Some(40),
        "forty-five" => Some(45),
        "fifty" => Some(50),
        "sixty" => Some(60),
        "ninety" => Some(90),
        _ => position(NUMBERS, word).or_else(|| digits(word)),
    }
}

/// Up to five digits and nothing else.
pub fn digits(word: &str) -> Option<u32> {
    let plain = (1..=5).contains(&word.len()) && word.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| word.parse().ok()).flatten()
}

/// `1st`, `22nd`, `third`.
pub fn ordinal(word: &str) -> Option<u32> {
    const ORDINALS: &[&str] = &[
        "zeroth", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth",
        "ninth", "tenth", "eleventh", "twelfth",
    ];
    position(ORDINALS, word)
        .filter(|number| *number > 0)
        .or_else(|| digit_ordinal(word))
}

/// The day of a month in words, beside the name of the month: "fifth", "twenty-first", "twenty first".
pub fn spelt_day(first: &str, second: &str) -> Option<(usize, u32)> {
    const TEENS: &[&str] = &[
        "thirteenth",
        "fourteenth",
        "fifteenth",
        "sixteenth",
        "seventeenth",
        "eighteenth",
        "nineteenth",
        "twentieth",
    ];
    let ones = |word: &str| {
        ordinal(word)
            .filter(|one| (1..=9).contains(one) && !word.starts_with(|c: char| c.is_ascii_digit()))
    };
    let tens = |word: &str| match word {
        "twenty" => Some(20),
        "thirty" => Some(30),
        _ => None,
    };
    let both = || Some((2, tens(first)? + ones(second)?));
    let hyphened = || {
        let (ten, one) = first.split_once('-')?;
        Some((1, tens(ten)? + ones(one)?))
    };
    let one = || {
        let day = ordinal(first).filter(|_| digit_ordinal(first).is_none());
        let teen = || position(TEENS, first).map(|at| at + 13);
        Some((
            1,
            day.or_else(teen).or((first == "thirtieth").then_some(30))?,
        ))
    };
    both()
        .or_else(hyphened)
        .or_else(one)
        .filter(|(_, day)| (1..=31).contains(day))
}

/// `1st` to `31st`, `first`, `fifteenth` as the day of a month is said.
pub fn day_ordinal(word: &str) -> Option<u32> {
    let day = digit_ordinal(word).or_else(|| (word == "first").then_some(1))?;
    (1..=31).contains(&day).then_some(day)
}

fn digit_ordinal(word: &str) -> Option<u32> {
    ["st", "nd", "rd", "th"]
        .iter()
        .find_map(|suffix| word.strip_suffix(suffix))
        .and_then(digits)
}

fn position(names: &[&str], word: &str) -> Option<u32> {
    names
        .iter()
        .position(|name| *name == word)
        .and_then(|at| u32::try_from(at).ok())
}

/// A weekday by its whole name, a usual abbreviation, or a usual slip.
pub fn weekday(word: &str) -> Option<Weekday> {
    lookup(WEEKDAYS, word)
}

/// `mondays`, `fris`: every one of them.
pub fn weekdays_plural(word: &str) -> Option<Weekday> {
    word.strip_suffix('s')
        .filter(|name| name.len() > 3)
        .and_then(weekday)
}

/// One such day or all of them: `monday`, `mondays`.
pub fn any_weekday(word: &str) -> Option<Weekday> {
    weekday(word).or_else(|| weekdays_plural(word))
}

/// A year that a date may have: `2027`.
pub fn year(word: &str) -> Option<i32> {
    let year = digits(word).filter(|year| (2_000..=2_199).contains(year))?;
    i32::try_from(year).ok()
}

/// Whether a weekday's name is also another word, so that it needs company to count.
pub fn is_ambiguous_weekday(word: &str) -> bool {
    matches!(word, "sun" | "sat" | "mon" | "wed")
}

/// A month, 1 to 12.
pub fn month(word: &str) -> Option<u32> {
    const MONTHS: &[&str] = &[
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let number = match word {
        "sept" => Some(9),
        "febuary" => Some(2),
        _ if word.len() == 3 => MONTHS
            .iter()
            .position(|name| name.starts_with(word))
            .and_then(|at| u32::try_from(at + 1).ok()),
        _ => position(MONTHS, word).map(|at| at + 1),
    };
    number.filter(|_| !word.is_empty())
}

/// Whether a month's name in lower case is first of all a verb.
pub fn is_ambiguous_month(word: &str) -> bool {
    matches!(word, "may" | "march" | "mar")
}

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Counted by the clock.
    Second,
    /// Counted by the clock.
    Minute,
    /// Counted by the clock.
    Hour,
    /// Counted by the calendar.
    Day,
    /// 7 days.
    Week,
    /// A month of the calendar.
    Month,
    /// 3 months.
    Quarter,
    /// 12 months.
    Year,
}

/// A unit by its name: `days`, `hr`.
pub fn unit(word: &str) -> Option<Unit> {
    lookup(UNITS, word)
}

/// A part of the day: the hour it stands for, and whether a plain hour beside it is after noon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayPart {
    /// The hour it stands for, 0 to 23.
    pub hour: u32,
    /// Whether a plain hour beside it is after noon: the 8 of "8 in the evening".
    pub after_noon: bool,
}

impl DayPart {
    /// Whether it goes on behind midnight.
    pub fn is_night(self) -> bool {
        self.hour == 20
    }

    /// The hour it stands for.
    pub fn time(self) -> chrono::NaiveTime {
        chrono::NaiveTime::from_hms_opt(self.hour, 0, 0).unwrap_or_default()
    }
}

/// Until when an evening has not begun, and so on: the hours that parts of the day stand for, in order.
pub const DAY_PART_HOURS: [u32; 5] = [9, 12, 15, 18, 20];

/// `morning`, `afternoon`, `evening`, `night`.
pub fn day_part(word: &str) -> Option<DayPart> {
    let (hour, after_noon) = lookup(DAY_PARTS, word)?;
    Some(DayPart { hour, after_noon })
}

/// What happens in one half of the day only, so that "dinner at 8" is no breakfast.
pub fn usual_part(word: &str) -> Option<DayPart> {
    day_part(lookup(USUAL_PARTS, word)?)
}

/// Words that make no thing out of the word before them: "Friday with Anna" is a day, "Friday paper" is a paper.
pub fn is_function_word(word: &str) -> bool {
    const WORDS: &[&str] = &[
        "about",
        "after",
        "again",
        "also",
        "an",
        "and",
        "as",
        "at",
        "because",
        "before",
        "but",
        "by",
        "during",
        "for",
        "from",
        "if",
        "in",
        "into",
        "instead",
        "is",
        "it",
        "just",
        "latest",
        "my",
        "near",
        "of",
        "on",
        "or",
        "our",
        "over",
        "please",
        "regarding",
        "since",
        "so",
        "the",
        "then",
        "that",
        "this",
        "through",
        "to",
        "under",
        "until",
        "via",
        "we",
        "when",
        "where",
        "while",
        "with",
        "without",
        "i",
    ];
    WORDS.contains(&word)
}

/// Nouns before a number that is their name: "room 101", "version 2.0".
pub fn takes_a_number(word: &str) -> bool {
    const NOUNS: &[&str] = &[
        "version",
        "v",
        "room",
        "chapter",
        "page",
        "pages",
        "number",
        "no",
        "nr",
        "flight",
        "gate",
        "episode",
        "season",
        "act",
        "part",
        "step",
        "level",
        "bus",
        "line",
        "route",
        "apartment",
        "apt",
        "unit",
        "section",
        "figure",
        "platform",
        "track",
        "exit",
        "highway",
        "area",
        "channel",
        "ticket",
        "issue",
        "lesson",
        "module",
        "question",
        "exercise",
        "size",
        "iphone",
        "release",
    ];
    NOUNS.contains(&word)
}

/// Whether a task often begins with this verb.
pub fn is_task_verb(word: &str) -> bool {
    const VERBS: &[&str] = &[
        "ask", "attend", "back", "bake", "book", "bring", "brush", "buy", "call", "cancel",
        "change", "charge", "check", "clean", "collect", "complete", "confirm", "contact", "cook",
        "create", "cut", "deliver", "discuss", "do", "draft", "drink", "drive", "drop", "eat",
        "email", "e-mail", "empty", "exercise", "feed", "fill", "find", "finish", "fix", "follow",
        "get", "give", "go", "hang", "invite", "iron", "learn", "look", "mail", "make", "meet",
        "message", "mow", "order", "organise", "organize", "pack", "paint", "pay", "phone", "pick",
        "plan", "play", "post", "practice", "practise", "prepare", "print", "read", "record",
        "register", "renew", "repair", "reply", "return", "review", "ring", "run", "schedule",
        "sell", "send", "set", "shop", "sign", "start", "study", "submit", "take", "talk", "tell",
        "text", "tidy", "update", "visit", "wash", "water", "write",
    ];
    VERBS.contains(&word)
}
