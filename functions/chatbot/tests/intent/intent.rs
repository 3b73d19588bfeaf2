//! What a person would want of a message: the table in `corpus/intent.txt`.

use chatbot::intent::{Choice, Edit, Intent, ListQuery, NewDue, Period, Target, understand};
use language::QuickAdd;

use crate::corpus;

#[test]
fn messages_are_understood_as_people_mean_them() {
    let failures: Vec<String> = corpus::lines(include_str!("../corpus/intent.txt"))
        .filter_map(|line| {
            let actual = shown(&understand(&line.cells[0], &line.context));
            let expected = &line.cells[1];
            (actual != *expected).then(|| {
                format!(
                    "{}\n  expected {expected}\n  actual   {actual}",
                    line.cells[0]
                )
            })
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} messages:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn shown(intent: &Intent) -> String {
    match intent {
        Intent::Add(read) => format!("add {}", added(read)),
        Intent::List(query) => format!("list {}", query_shown(query)),
        Intent::Show(which) => format!("show {}", target(which)),
        Intent::Complete(which) => format!("complete {}", target(which)),
        Intent::Reopen(which) => format!("reopen {}", target(which)),
        Intent::Delete(which) => format!("delete {}", target(which)),
        Intent::Move { target: which, to } => format!("move {} -> {}", target(which), new_due(*to)),
        Intent::Rename {
            target: which,
            title,
        } => format!("rename {} -> {title}", target(which)),
        Intent::Change {
            target: which,
            edit,
        } => format!("change {}: {}", target(which), edited(edit)),
        Intent::Choose(Choice::All) => "choose all".to_owned(),
        Intent::Choose(Choice::Last) => "choose last".to_owned(),
        Intent::Choose(Choice::Numbers(numbers)) => {
            let numbers: Vec<String> = numbers.iter().map(usize::to_string).collect();
            format!("choose {}", numbers.join(","))
        }
        Intent::Yes => "yes".to_owned(),
        Intent::No => "no".to_owned(),
        Intent::Undo => "undo".to_owned(),
        Intent::Help => "help".to_owned(),
        Intent::Greeting => "greeting".to_owned(),
        Intent::Thanks => "thanks".to_owned(),
        Intent::Unknown => "unknown".to_owned(),
    }
}

fn added(read: &QuickAdd) -> String {
    let mut text = read.title.clone();
    if let Some(due) = &read.due {
        text += &format!(" @ {}", due.date);
        if let Some(time) = due.time {
            text += &time.format(" %H:%M").to_string();
        }
    }
    if let Some(recurrence) = &read.recurrence {
        text += &format!(" {}", recurrence.rule);
    }
    text
}

fn target(target: &Target) -> String {
    match target {
        Target::Words(words) => words.clone(),
        Target::Last => "last".to_owned(),
        Target::Number(number) => number.to_string(),
        Target::All(query) => format!("all {}", query_shown(query)),
    }
}

fn query_shown(query: &ListQuery) -> String {
    let mut text = match query.period {
        Period::All => "all".to_owned(),
        Period::Today => "today".to_owned(),
        Period::Overdue => "overdue".to_owned(),
        Period::Week => "week".to_owned(),
        Period::Between(first, last) => format!("{first}..{last}"),
        Period::NoDue => "none".to_owned(),
        Period::Completed => "completed".to_owned(),
    };
    if let Some(label) = &query.label {
        text += &format!(" #{label}");
    }
    if let Some(list) = &query.list {
        text += &format!(" @{list}");
    }
    if let Some(priority) = query.priority {
        text += &format!(" !{}", priority.level());
    }
    if let Some(words) = &query.text {
        text += &format!(" {words:?}");
    }
    text
}

fn new_due(to: NewDue) -> String {
    match to {
        NewDue::Never => "never".to_owned(),
        NewDue::At { date, time } => {
            let parts = [
                date.map(|date| date.to_string()),
                time.map(|time| time.format("%H:%M").to_string()),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        NewDue::Shift { months, days, time } => {
            let mut parts = String::new();
            if months != 0 {
                parts += &format!("{months:+}mo");
            }
            if days != 0 {
                parts += &format!("{days:+}d");
            }
            match (time.num_seconds(), time.num_minutes()) {
                (0, _) => {}
                (seconds, minutes) if seconds == minutes * 60 => parts += &format!("{minutes:+}m"),
                (seconds, _) => parts += &format!("{seconds:+}s"),
            }
            parts
        }
    }
}

fn edited(edit: &Edit) -> String {
    let mut parts = Vec::new();
    parts.extend(
        edit.priority
            .map(|priority| format!("priority={}", priority.level())),
    );
    parts.extend(edit.add_labels.iter().map(|label| format!("+{label}")));
    parts.extend(edit.remove_labels.iter().map(|label| format!("-{label}")));
    parts.extend(edit.list.as_ref().map(|list| format!("list={list}")));
    parts.extend(edit.recurrence.as_ref().map(|recurrence| match recurrence {
        Some(recurrence) => recurrence.rule.to_string(),
        None => "once".to_owned(),
    }));
    parts.join(" ")
}
