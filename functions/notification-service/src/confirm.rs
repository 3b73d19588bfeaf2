//! That an e-mail address is its person's own: a code is sent there, and they say which.
//!
//! A code is made when its mail is about to be sent, and only its hash is kept; a mail that is sent again has another one.

use chrono::{DateTime, Duration, Utc};
use dapr::{Condition, Dapr, DaprError, Write};
use events::{Timestamp, UnknownFields};
use function::{Pace, Problem, Rate};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// For how long a code confirms an address, in minutes.
const CODE_MINUTES: i64 = 30;

/// How many wrong codes are heard before the right one counts no more.
const MOST_WRONG: u32 = 5;

/// How many codes there are.
const CODES: u64 = 1_000_000;

/// How many codes a person may have sent, wherever to.
fn codes_of_a_person() -> Rate {
    Rate::per_hour(5)
}

/// How many codes are sent to one address, whoever asks for them.
fn codes_to_an_address() -> Rate {
    Rate {
        times: 5,
        period: Duration::days(1),
    }
}

/// For how long is kept how many codes were sent to an address: a day.
const ADDRESS_TTL_SECONDS: u32 = 24 * 60 * 60;

/// The code that a person was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Code {
    /// What it confirms.
    address: String,
    /// Absent until the mail is on its way to its server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<Sent>,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Sent {
    salt: Uuid,
    /// SHA-256 of salt, address and code, in hexadecimal digits.
    hash: String,
    expires_at: Timestamp,
    /// How many wrong codes were said instead.
    wrong: u32,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// How the saying of a code went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    Right,
    Wrong,
    /// It was not sent, or counts no more.
    Over,
}

impl Code {
    /// One that is to be sent to `address`; what was sent there before holds until it is.
    pub(crate) fn wanted(address: &str, before: Option<&Self>) -> Self {
        match before {
            Some(before) if before.address == address => before.clone(),
            _ => Self {
                address: address.to_owned(),
                sent: None,
                unknown: UnknownFields::default(),
            },
        }
    }

    pub(crate) fn is_for(&self, address: &str) -> bool {
        self.address == address
    }

    /// Makes a code, which takes the place of the one before: its six digits.
    pub(crate) fn make(&mut self, now: DateTime<Utc>) -> String {
        let (random, salt) = (Uuid::new_v4(), Uuid::new_v4());
        let digits = format!("{:06}", random.as_u64_pair().1 % CODES);
        self.sent = Some(Sent {
            salt,
            hash: hash(salt, &self.address, &digits),
            expires_at: Timestamp::clamped(now + Duration::minutes(CODE_MINUTES)),
            wrong: 0,
            unknown: UnknownFields::default(),
        });
        digits
    }

    /// Hears a code; a wrong one is counted.
    pub(crate) fn hear(&mut self, said: &str, now: DateTime<Utc>) -> Said {
        let Some(sent) = &mut self.sent else {
            return Said::Over;
        };
        let ends = sent.expires_at.utc();
        // One that ends later than any does was made by a clock that was ahead.
        let is_over = now >= ends || ends > now + Duration::minutes(CODE_MINUTES);
        if is_over || sent.wrong >= MOST_WRONG {
            return Said::Over;
        }
        let heard = hash(sent.salt, &self.address, said);
        if heard.as_bytes().ct_eq(sent.hash.as_bytes()).into() {
            return Said::Right;
        }
        sent.wrong += 1;
        Said::Wrong
    }
}

fn hash(salt: Uuid, address: &str, code: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(salt.as_bytes());
    digest.update((address.len() as u64).to_be_bytes());
    digest.update(address);
    digest.update(code);
    hexadecimal(digest)
}

fn hexadecimal(digest: Sha256) -> String {
    let digest = digest.finalize();
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The document `address/{hash}`: how many codes were sent to an address, by whomever. It ends by itself and says nothing of
/// any person.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Address {
    #[serde(default)]
    codes: Pace,
    /// What a newer version says besides.
    #[serde(flatten)]
    unknown: UnknownFields,
}

/// Counts one code to `address` by a person who has used up `codes`: the write that counts it for the address.
///
/// # Errors
/// When the store did not answer; 429 within.
pub(crate) async fn count<D: Dapr>(
    dapr: &D,
    codes: &mut Pace,
    address: &str,
    now: DateTime<Utc>,
) -> Result<Result<Write, Problem>, DaprError> {
    let mut digest = Sha256::new();
    digest.update(address.to_lowercase());
    let key = format!("address/{}", hexadecimal(digest));
    let document = dapr.get(&key).await?;
    let stored = document.as_ref().and_then(|stored| stored.read(&key).ok());
    let mut counted: Address = stored.unwrap_or_default();
    let of_a_person = codes.take(codes_of_a_person(), now);
    let taken = of_a_person.and_then(|()| counted.codes.take(codes_to_an_address(), now));
    if let Err(seconds) = taken {
        return Ok(Err(Problem::too_many_requests(seconds)));
    }
    let condition = Condition::as_read(document.as_ref());
    Ok(Ok(
        Write::put(key, &counted, condition).with_ttl(ADDRESS_TTL_SECONDS)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_772_366_400 + seconds, 0).expect("an instant")
    }

    fn other(code: &str) -> String {
        format!("{:06}", (code.parse::<u64>().expect("digits") + 1) % CODES)
    }

    #[test]
    fn a_code_holds_for_half_an_hour_and_five_wrong_ones() {
        let mut code = Code::wanted("a@b.test", None);
        assert_eq!(code.hear("123456", at(0)), Said::Over);
        let digits = code.make(at(0));
        assert_eq!(digits.len(), 6);
        assert!(digits.bytes().all(|digit| digit.is_ascii_digit()));
        let kept = serde_json::to_string(&code).expect("JSON");
        assert!(!kept.contains(&format!("\"{digits}\"")), "{kept}");
        for (second, expected) in [(0, Said::Right), (1_799, Said::Right), (1_800, Said::Over)] {
            assert_eq!(code.clone().hear(&digits, at(second)), expected, "{second}");
        }
        // A clock that was an hour ahead made it.
        assert_eq!(code.clone().hear(&digits, at(-3_600)), Said::Over);
        for said in ["", "1", &other(&digits), &format!("{digits} "), "äöü"] {
            assert_eq!(code.hear(said, at(0)), Said::Wrong, "{said:?}");
        }
        assert_eq!(code.hear(&digits, at(0)), Said::Over);
        let again = code.make(at(0));
        assert_eq!(code.hear(&again, at(0)), Said::Right);
    }

    #[test]
    fn a_code_is_of_one_address() {
        let mut code = Code::wanted("a@b.test", None);
        let digits = code.make(at(0));
        let same = Code::wanted("a@b.test", Some(&code)).hear(&digits, at(1));
        let another = Code::wanted("c@b.test", Some(&code)).hear(&digits, at(1));
        assert_eq!((same, another), (Said::Right, Said::Over));
    }

    #[test]
    fn codes_differ() {
        let mut code = Code::wanted("a@b.test", None);
        let made = (0..100).map(|_| code.make(at(0)));
        let made: std::collections::BTreeSet<String> = made.collect();
        assert!(made.len() > 90, "{}", made.len());
    }
}
