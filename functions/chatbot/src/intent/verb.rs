//! Verbs in the past: what somebody says when a task is done.

use language::vocabulary::lexicon::is_task_verb;

const IRREGULAR: &[(&str, &str)] = &[
    ("ate", "eat"),
    ("baked", "bake"),
    ("began", "begin"),
    ("bought", "buy"),
    ("brought", "bring"),
    ("built", "build"),
    ("caught", "catch"),
    ("chose", "choose"),
    ("cut", "cut"),
    ("did", "do"),
    ("done", "do"),
    ("drank", "drink"),
    ("drew", "draw"),
    ("drove", "drive"),
    ("eaten", "eat"),
    ("fed", "feed"),
    ("flew", "fly"),
    ("fought", "fight"),
    ("found", "find"),
    ("gave", "give"),
    ("given", "give"),
    ("got", "get"),
    ("hung", "hang"),
    ("held", "hold"),
    ("hid", "hide"),
    ("kept", "keep"),
    ("led", "lead"),
    ("left", "leave"),
    ("lent", "lend"),
    ("let", "let"),
    ("lit", "light"),
    ("made", "make"),
    ("met", "meet"),
    ("paid", "pay"),
    ("put", "put"),
    ("ran", "run"),
    ("rang", "ring"),
    ("read", "read"),
    ("rode", "ride"),
    ("said", "say"),
    ("saw", "see"),
    ("sent", "send"),
    ("set", "set"),
    ("sewed", "sew"),
    ("shot", "shoot"),
    ("shut", "shut"),
    ("sold", "sell"),
    ("spent", "spend"),
    ("spoke", "speak"),
    ("swam", "swim"),
    ("swept", "sweep"),
    ("taken", "take"),
    ("taught", "teach"),
    ("told", "tell"),
    ("took", "take"),
    ("went", "go"),
    ("wore", "wear"),
    ("won", "win"),
    ("written", "write"),
    ("wrote", "write"),
];

/// The verb that an irregular past belongs to.
pub(crate) fn of_irregular_past(word: &str) -> Option<&'static str> {
    IRREGULAR
        .iter()
        .find(|(past, _)| *past == word)
        .map(|(_, verb)| *verb)
}

/// Whether "I …" with this word tells of something done.
pub(crate) fn is_past(word: &str) -> bool {
    let regular = word.len() > 4 && word.ends_with("ed") && !word.ends_with("eed");
    regular || of_irregular_past(word).is_some()
}

/// Whether this word tells of something done without "I": not one that is the same in the present, or an adjective.
pub(crate) fn is_clear_past(word: &str) -> bool {
    if matches!(word, "left" | "found" | "done" | "led" | "shot" | "lit") {
        return false;
    }
    match of_irregular_past(word) {
        Some(verb) => verb != word,
        None => word.strip_suffix("ed").is_some_and(|stem| {
            let doubled = stem.len() > 2
                && stem.as_bytes()[stem.len() - 1] == stem.as_bytes()[stem.len() - 2];
            [
                stem,
                &word[..word.len() - 1],
                if doubled {
                    &stem[..stem.len() - 1]
                } else {
                    stem
                },
            ]
            .into_iter()
            .any(is_task_verb)
                || stem
                    .strip_suffix('i')
                    .is_some_and(|stem| is_task_verb(&format!("{stem}y")))
        }),
    }
}
