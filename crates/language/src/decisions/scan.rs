//! Goes through a text once and finds what means something.

use crate::matchers::{clock, day, mark, priority, remind, repeat};
use crate::vocabulary::context::Reading;
use crate::vocabulary::lexicon::is_function_word;
use crate::vocabulary::meaning::{Match, Meaning, Piece};
use crate::vocabulary::token::Words;
use crate::vocabulary::weight::Weight;

/// Everything that finds a meaning, the ones that need more words first.
const MATCHERS: [fn(Words<'_>, &Reading) -> Option<Match>; 10] = [
    mark::label,
    mark::list,
    priority::priority,
    remind::reminder,
    repeat::recurrence,
    repeat::basis,
    repeat::end,
    repeat::except,
    day::date,
    clock::time,
];

/// All that means something, in order, without overlap. The task itself begins at word `begin`.
pub fn scan(words: Words<'_>, begin: usize, reading: &Reading) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut at = 0;
    // Up to where nothing belongs to the title.
    let mut covered = begin;
    let mut is_behind_a_time = false;
    while at < words.len() {
        let here = words.from(at);
        let place = Surroundings {
            leads: covered == at,
            is_behind_a_time,
            previous: pieces.last().filter(|piece| piece.at + piece.words == at),
        };
        let found = MATCHERS
            .iter()
            .filter_map(|matcher| matcher(here, reading))
            .find(|found| place.lets_stand(found, here, reading));
        match found {
            Some(Match {
                words,
                meaning,
                weight,
            }) if words > 0 => {
                is_behind_a_time |= matches!(meaning, Meaning::Date(_) | Meaning::Time(_));
                pieces.push(Piece {
                    at,
                    words,
                    meaning,
                    weight,
                });
                if covered >= at {
                    covered = covered.max(at + words);
                }
                at += words;
            }
            _ => at += 1,
        }
    }
    pieces
}

/// Where a match was found.
struct Surroundings<'a> {
    /// Whether nothing before it belongs to the title.
    leads: bool,
    /// Whether a day or time was said before it.
    is_behind_a_time: bool,
    /// The piece directly before it.
    previous: Option<&'a Piece>,
}

impl Surroundings<'_> {
    /// Whether a match means there what it could mean.
    fn lets_stand(&self, found: &Match, here: Words<'_>, reading: &Reading) -> bool {
        if is_denied(here) && !matches!(found.meaning, Meaning::Label(_) | Meaning::List(_)) {
            return false;
        }
        let closed = here.closed_after(found.words);
        let behind = here.from(found.words);
        let before_meaning = || closed || means_something(behind, reading);
        let apart = || before_meaning() || is_function_word(behind.get(0));
        // "Remind me daily" behind the task speaks of its reminders, not of the task.
        let is_of_reminders = self.is_behind_a_time
            && here.back(1) == "me"
            && matches!(
                here.back(2),
                "remind" | "notify" | "alert" | "ping" | "nudge"
            );
        if is_of_reminders && matches!(found.meaning, Meaning::Recurrence(_)) {
            return false;
        }
        match found.weight {
            Weight::Firm => true,
            Weight::Loose => self.leads || apart(),
            Weight::Apart => apart(),
            Weight::Edge => before_meaning() || (self.is_beside_a_time() && apart()),
            Weight::Beside => self.is_beside_a_time() && apart(),
        }
    }

    fn is_beside_a_time(&self) -> bool {
        self.previous
            .is_some_and(|piece| matches!(piece.meaning, Meaning::Date(_) | Meaning::Time(_)))
    }
}

/// Whether it is said that this is not meant, or what would be if it were: "not saturday", "isn't due on friday", "unless it's
/// friday".
fn is_denied(here: Words<'_>) -> bool {
    const BETWEEN: usize = 3;
    for back in 1..=BETWEEN {
        match here.back(back) {
            "not" | "isn't" | "aren't" | "wasn't" | "won't" | "never" | "nor" | "unless" | "if" => {
                return true;
            }
            "due" | "on" | "at" | "by" | "before" | "after" | "until" | "for" | "in" | "the"
            | "it's" => {}
            _ => return false,
        }
    }
    false
}

/// Whether something else begins behind a match, so that the match doesn't describe it.
fn means_something(behind: Words<'_>, reading: &Reading) -> bool {
    MATCHERS
        .iter()
        .filter_map(|matcher| matcher(behind, reading))
        .any(|next| match next.weight {
            Weight::Firm | Weight::Loose => true,
            Weight::Apart | Weight::Edge => {
                behind.closed_after(next.words) || is_function_word(behind.get(next.words))
            }
            Weight::Beside => false,
        })
}
