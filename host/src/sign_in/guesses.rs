//! How many wrong passphrases are taken, from whom, and for whom.
//!
//! A try is counted against the address that it comes from and against the name that it is for; one from a browser in which
//! that person has signed in before, against that browser alone. So a stranger who goes on guessing a name is stopped, and
//! its owner still gets in where they are known.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};
use tokio::time::Instant;

use crate::admission::Client;

/// Wrong tries in a row from one client address, and how long it takes until one more is allowed.
const ADDRESS: Allowance = Allowance::new(10, Duration::from_secs(60));
/// Wrong tries in a row for one name by browsers that it is not known in, and how long it takes until one more is allowed:
/// 750 on the first day, then 720 a day, whatever the number of addresses.
const NAME: Allowance = Allowance::new(30, Duration::from_secs(120));
/// Wrong tries in a row by a browser in which the person has signed in before, and how long until one more is allowed.
const BROWSER: Allowance = Allowance::new(10, Duration::from_secs(60));
/// Most addresses, names and browsers that are remembered. Those with the fewest wrong tries make room.
const MOST_REMEMBERED: usize = 20_000;

#[derive(Debug, Clone, Copy)]
struct Allowance {
    tries: u32,
    each: Duration,
}

impl Allowance {
    const fn new(tries: u32, each: Duration) -> Self {
        Self { tries, each }
    }
}

/// What wrong tries are counted against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Against {
    Address(Client),
    /// A digest: names are of any length.
    Name([u8; 32]),
    Browser([u8; 32]),
}

impl Against {
    fn allowance(self) -> Allowance {
        match self {
            Self::Address(_) => ADDRESS,
            Self::Name(_) => NAME,
            Self::Browser(_) => BROWSER,
        }
    }
}

/// Wrong tries, as the time by which all of them are forgiven.
#[derive(Debug, Default)]
pub(super) struct Guesses {
    forgiven_at: Mutex<HashMap<Against, Instant>>,
}

/// A try that is being looked at. It counts as wrong unless it is [taken back](Guesses::was_right).
#[derive(Debug)]
pub(super) struct Try(Vec<Against>);

impl Guesses {
    /// Counts a try for `name` from `client`; with `browser`, from one in which they have signed in before.
    ///
    /// # Errors
    /// When there were too many wrong ones: after how long the next one is allowed.
    pub(super) fn begin(
        &self,
        name: &str,
        client: Client,
        browser: Option<&str>,
    ) -> Result<Try, Duration> {
        let digest = |text: &str| Sha256::digest(text).into();
        let against = match browser {
            Some(browser) => vec![Against::Browser(digest(browser))],
            None => vec![Against::Address(client), Against::Name(digest(name))],
        };
        let now = Instant::now();
        let mut forgiven_at = self
            .forgiven_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for one in &against {
            let Allowance { tries, each } = one.allowance();
            let after = forgiven_at.get(one).map_or(now, |at| (*at).max(now)) + each;
            let allowed = now + each * tries;
            if after > allowed {
                return Err(after - allowed);
            }
        }
        make_room(&mut forgiven_at, now);
        for one in &against {
            let at = forgiven_at.entry(*one).or_insert(now);
            *at = (*at).max(now) + one.allowance().each;
        }
        Ok(Try(against))
    }

    /// A right passphrase is no guess.
    pub(super) fn was_right(&self, one: Try) {
        let mut forgiven_at = self
            .forgiven_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for against in one.0 {
            if let Some(at) = forgiven_at.get_mut(&against) {
                *at = at
                    .checked_sub(against.allowance().each)
                    .unwrap_or_else(Instant::now);
            }
        }
    }
}

/// Drops what is forgiven, and as many as are too many.
fn make_room(forgiven_at: &mut HashMap<Against, Instant>, now: Instant) {
    if forgiven_at.len() < MOST_REMEMBERED {
        return;
    }
    forgiven_at.retain(|_, at| *at > now);
    if forgiven_at.len() < MOST_REMEMBERED {
        return;
    }
    let mut ends: Vec<Instant> = forgiven_at.values().copied().collect();
    ends.sort_unstable();
    // A tenth goes at once, so that this is not done each time.
    let keep_from = ends[MOST_REMEMBERED / 10];
    forgiven_at.retain(|_, at| *at > keep_from);
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use super::*;

    fn client(number: u32) -> Client {
        Client::at(IpAddr::V4(Ipv4Addr::from(number)))
    }

    /// From many addresses a name is guessed no faster than from one, and a known browser is not held up by it.
    #[tokio::test(start_paused = true)]
    async fn a_name_is_guarded_and_its_owner_is_not_locked_out() {
        let guesses = Guesses::default();
        let mut wrong = 0;
        for number in 0..1_000 {
            wrong += u32::from(guesses.begin("mia", client(number), None).is_ok());
        }
        assert_eq!(wrong, NAME.tries);
        assert!(guesses.begin("mia", client(7_777), None).is_err());
        assert!(guesses.begin("tom", client(7_777), None).is_ok());
        for _ in 0..1_000 {
            let right = guesses.begin("mia", client(1), Some("her laptop"));
            guesses.was_right(right.expect("she is let in"));
        }
        let mut stolen = 0;
        while guesses.begin("mia", client(1), Some("her laptop")).is_ok() {
            stolen += 1;
        }
        assert_eq!(stolen, BROWSER.tries);

        tokio::time::advance(Duration::from_secs(24 * 60 * 60)).await;
        let day = 24 * 60 * 60 / 120;
        assert!(day > u64::from(NAME.tries), "all are forgiven in a day");
        assert!(guesses.begin("mia", client(7_777), None).is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn one_address_is_told_when_it_may_go_on() {
        let guesses = Guesses::default();
        for number in 0..ADDRESS.tries {
            let name = format!("name {number}");
            assert!(guesses.begin(&name, client(1), None).is_ok());
        }
        let wait = guesses.begin("mia", client(1), None).expect_err("too many");
        assert!(wait <= ADDRESS.each && !wait.is_zero(), "{wait:?}");
        tokio::time::advance(wait).await;
        assert!(guesses.begin("mia", client(1), None).is_ok());
        assert!(guesses.begin("mia", client(1), None).is_err());
        assert!(guesses.begin("mia", client(2), None).is_ok());
    }

    /// Strangers can't fill the memory, nor make a name that is being guessed forgotten.
    #[tokio::test(start_paused = true)]
    async fn what_is_remembered_is_bounded() {
        let guesses = Guesses::default();
        for number in 0..NAME.tries {
            assert!(guesses.begin("mia", client(number), None).is_ok());
        }
        for number in 0..50_000 {
            let name = format!("name {number}");
            guesses.begin(&name, client(1_000 + number), None).ok();
        }
        let remembered = guesses.forgiven_at.lock().expect("a lock").len();
        assert!(remembered <= MOST_REMEMBERED + 2, "{remembered}");
        assert!(guesses.begin("mia", client(999_999), None).is_err());
    }
}
