//! What waits for one subscription of one partition key.

use std::collections::VecDeque;

/// Most numbers of one key in memory.
pub(super) const MOST: usize = 1_000;

/// The messages that wait, by number: the first ones in memory, the rest on record only.
#[derive(Debug, Default)]
pub(super) struct Queue {
    ids: VecDeque<i64>,
    /// The highest number that has been in memory.
    highest: i64,
    /// Whether higher ones are on record that have not.
    more: bool,
    /// Whether somebody works on the queue.
    has_worker: bool,
}

/// What became of a number that was entered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Entered {
    /// Nobody works on the queue yet.
    First,
    /// It waits behind others, or is there already.
    Behind,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// This message.
    Message(i64),
    /// To read what is on record behind this number, and to [fill](Queue::fill) the queue with it.
    Read(i64),
    /// Nothing.
    Nothing,
}

impl Queue {
    /// Enters a number, in order: two publishers of one key may come in another order than their messages were committed.
    pub(super) fn enter(&mut self, id: i64) -> Entered {
        let is_first = !std::mem::replace(&mut self.has_worker, true);
        if !self.more || id < self.highest {
            let at = self.ids.partition_point(|other| *other < id);
            if self.ids.get(at) != Some(&id) {
                self.ids.insert(at, id);
            }
            self.highest = self.highest.max(id);
        }
        self.trim();
        match is_first {
            true => Entered::First,
            false => Entered::Behind,
        }
    }

    /// Leaves what is over to the record.
    fn trim(&mut self) {
        while self.ids.len() > MOST {
            self.ids.pop_back();
            self.more = true;
            self.highest = self.ids.back().copied().unwrap_or_default();
        }
    }

    /// What comes next.
    pub(super) fn next(&self) -> Next {
        match self.ids.front() {
            Some(id) => Next::Message(*id),
            None if self.more => Next::Read(self.highest),
            None => Next::Nothing,
        }
    }

    /// Takes what was read of the record: up to [`MOST`], in order.
    pub(super) fn fill(&mut self, ids: Vec<i64>) {
        self.more = ids.len() >= MOST;
        for id in ids {
            self.highest = self.highest.max(id);
            let at = self.ids.partition_point(|other| *other < id);
            if self.ids.get(at) != Some(&id) {
                self.ids.insert(at, id);
            }
        }
        self.trim();
    }

    /// A message is done. Not always the first one: an earlier one may have come in meanwhile.
    pub(super) fn done(&mut self, id: i64) {
        self.ids.retain(|other| *other != id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many wait and in whichever order they come, each is next once, in order, and memory holds no more than some.
    #[test]
    fn order_and_bound() {
        let all = 5 * MOST as i64 + 17;
        // Neighbours come in the wrong order now and then; what is on record at any time is what has come.
        let mut coming: Vec<i64> = (1..=all).collect();
        for at in (0..coming.len() - 1).step_by(7) {
            coming.swap(at, at + 1);
        }
        let mut queue = Queue::default();
        let mut record: Vec<i64> = Vec::new();
        let mut seen = Vec::new();
        let mut coming = coming.into_iter();
        loop {
            // Three come for one that is done.
            for id in coming.by_ref().take(3) {
                record.push(id);
                record.sort_unstable();
                queue.enter(id);
            }
            assert!(queue.ids.len() <= MOST);
            match queue.next() {
                Next::Message(id) => {
                    queue.done(id);
                    seen.push(id);
                }
                Next::Read(behind) => {
                    let ids = record.iter().filter(|id| **id > behind);
                    queue.fill(ids.copied().take(MOST).collect());
                }
                Next::Nothing => break,
            }
        }
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted, (1..=all).collect::<Vec<_>>(), "each once");
        assert_eq!(seen.len(), sorted.len(), "none twice");
        // What came late by one place was worked on late by one place, at most.
        assert!(seen.iter().zip(1..).all(|(id, at)| (id - at).abs() <= 1));
    }
}
