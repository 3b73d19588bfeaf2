//! What a person would expect of a sentence: the table in `corpus/quick_add.txt`.

use crate::corpus;

use domain::{Basis, Due, ReminderRule};
use language::{QuickAdd, quick_add};

#[test]
fn sentences_are_read_as_people_mean_them() {
    let failures: Vec<String> = corpus::lines(include_str!("../corpus/quick_add.txt"))
        .filter_map(|line| {
            let read = quick_add(&line.cells[0], &line.context);
            let expected = line.cells[1..].join(" | ");
            let mut actual = shown(&read);
            // A note is asked for where a person needs one; elsewhere it is only not forbidden by the table's first cells.
            let has_note = !read.notes.is_empty();
            if has_note {
                actual.push("note".to_owned());
            }
            let actual = row(&read, &actual);
            (actual != expected).then(|| {
                format!(
                    "{}\n  expected {expected}\n  actual   {actual}\n  notes    {:?}",
                    line.cells[0], read.notes
                )
            })
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} sentences:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn row(read: &QuickAdd, rest: &[String]) -> String {
    let due = read.due.as_ref().map(due).unwrap_or_default();
    let mut cells = vec![read.title.clone(), due, rest.join(" ")];
    while cells.len() > 1 && cells.last().is_some_and(String::is_empty) {
        cells.pop();
    }
    cells.join(" | ")
}

fn due(due: &Due) -> String {
    match due.time {
        Some(time) => format!("{} {}", due.date, time.format("%H:%M")),
        None => due.date.to_string(),
    }
}

fn shown(read: &QuickAdd) -> Vec<String> {
    let mut rest = Vec::new();
    if let Some(recurrence) = &read.recurrence {
        rest.push(format!("rrule={}", recurrence.rule));
        if recurrence.basis == Basis::Completion {
            rest.push("basis=completion".to_owned());
        }
    }
    if let Some(reminders) = &read.reminders {
        let shown: Vec<String> = reminders.iter().map(reminder).collect();
        rest.push(format!("remind={}", shown.join(",")));
    }
    if let Some(list) = &read.list {
        rest.push(format!("list={list}"));
    }
    if !read.labels.is_empty() {
        let labels: Vec<&str> = read.labels.iter().map(|label| label.as_str()).collect();
        rest.push(format!("labels={}", labels.join(",")));
    }
    if let Some(priority) = read.priority {
        rest.push(format!("priority={}", priority.level()));
    }
    rest
}

fn reminder(rule: &ReminderRule) -> String {
    match rule {
        ReminderRule::BeforeDue(minutes) => minutes.to_string(),
        ReminderRule::At(at) => format!(
            "at {}",
            at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)
        ),
    }
}
