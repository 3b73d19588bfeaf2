//! Which task a person means: the table in `corpus/find.txt`.

use chatbot::intent::{TitleMatch, find};

#[test]
fn tasks_are_found_by_a_persons_words() {
    let failures: Vec<String> = include_str!("../corpus/find.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .filter_map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [words, titles, expected] = cells.as_slice() else {
                panic!("three cells: {line}");
            };
            let actual = match find(words, titles.split(';').map(str::trim)) {
                TitleMatch::None => "none".to_owned(),
                TitleMatch::One(at) => (at + 1).to_string(),
                TitleMatch::Several(places) => places
                    .iter()
                    .map(|at| (at + 1).to_string())
                    .collect::<Vec<_>>()
                    .join(","),
            };
            (actual != *expected).then(|| format!("{line}: actual {actual}"))
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} searches:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
