//! Sockets behind real Pushpins: what happens when one dies, hangs, or is somebody else.
//!
//! `cargo xtask test dapr` runs these before real daprd and Kafka. One Pushpin is a part of that system; the second one
//! belongs to the tests, which kill it as they like. That nobody listens without saying who they are is told by
//! `stories/screens.rs`, which runs there too.
//!
//! | variable | what |
//! |---|---|
//! | `SOCKETS_FIRST_PROXY`, `SOCKETS_SECOND_PROXY` | where the Pushpins take sockets |
//! | `SOCKETS_FIRST_PUBLISH` | where the first one takes what is published |
//! | `SOCKETS_SECOND_PUSHPIN`, `SOCKETS_SECOND_ZURL` | the settings of the second one and its Zurl |
//! | `SOCKETS_SECOND_RUN` | where the second one's processes find each other |
//! | `SOCKETS_INNER_URL` | where the Pushpins find the functions |
//! | `SOCKETS_GRIP_KEY` | what the Pushpins sign with |
//!
//! and what the stories need (see the library).

mod proxy;

use std::time::{SystemTime, UNIX_EPOCH};

use http::Method;
use scenarios::{PATIENCE, Person, Place, Screen, Task, task};
use tokio::time::timeout;

use proxy::{Proxy, first, second, setting};

/// How many silent keep-alives make a connection that stays: more than a minute, after which proxies and firewalls on the
/// way commonly give a silent connection up.
const KEEP_ALIVES: usize = 3;

/// Waits for the change that made `task` what it is.
async fn sees(screen: &mut Screen, task: &Task) {
    assert_eq!(screen.sees(task.id()).await["title"], task.text("/title"));
}

/// A killed proxy takes its sockets with it. Who comes back is told how far the list is, finds what was missed there, and
/// hears the next change as one that follows on it.
#[tokio::test]
#[ignore = "needs real parts: cargo xtask test dapr"]
async fn a_screen_finds_what_it_missed_while_its_proxy_was_dead() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let mut proxy = Proxy::start().await;
    let mut screen = mia.at(&second()).opens_a_screen().await;
    let tea = mia.creates(task("Buy tea")).await;
    sees(&mut screen, &tea).await;

    proxy.kill();
    assert_eq!(screen.is_closed().await, None);
    let missed = mia.creates(task("Missed")).await;
    mia.completes(&tea).await;

    proxy.start_again().await;
    let mut screen = mia.at(&second()).opens_a_screen().await;
    let list = mia.gets("/api/tasks").await.expect(200).json();
    assert_eq!(list["revision"], screen.revision());
    assert_eq!(list["items"][0]["id"], missed.id());
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    let next = mia.creates(task("After that")).await;
    sees(&mut screen, &next).await;
}

/// Instances share nothing: the gateway tells each, and one that is dead or hangs keeps nothing from the others.
#[tokio::test]
#[ignore = "needs real parts: cargo xtask test dapr"]
async fn every_proxy_tells_its_screens_whatever_the_others_do() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let mut proxy = Proxy::start().await;
    let mut here = mia.at(&first()).opens_a_screen().await;
    let mut there = mia.at(&second()).opens_a_screen().await;
    let tea = mia.creates(task("Buy tea")).await;
    sees(&mut here, &tea).await;
    sees(&mut there, &tea).await;

    proxy.hang();
    tells_in_time(&mia, &mut here).await;
    proxy.go_on();
    // Some of that may have come to it in the end; it says so itself where not.
    let list = mia.gets("/api/tasks").await.expect(200).json();
    let mut there = mia.at(&second()).opens_a_screen().await;
    assert_eq!(list["revision"], there.revision());
    let milk = mia.creates(task("Buy milk")).await;
    sees(&mut here, &milk).await;
    sees(&mut there, &milk).await;

    proxy.kill();
    tells_in_time(&mia, &mut here).await;
}

/// Several changes, one after the other, all of them seen within the time that one may take.
async fn tells_in_time(person: &Person, screen: &mut Screen) {
    let told = async {
        for number in 1..=6 {
            let one = person.creates(task(&format!("Number {number}"))).await;
            sees(screen, &one).await;
        }
    };
    let told = timeout(PATIENCE, told).await;
    told.expect("a proxy that does not answer holds the others up");
}

/// A socket on which nothing happens is kept in use, through the host's door and Pushpin.
#[tokio::test]
#[ignore = "needs real parts: cargo xtask test dapr"]
async fn a_silent_socket_stays_open() {
    let place = Place::open().await;
    let mia = place.person("mia").await;
    let mut screen = mia.opens_a_screen().await;
    for _ in 0..KEEP_ALIVES {
        screen.hears("keep_alive").await;
    }
    let tea = mia.creates(task("Buy tea")).await;
    sees(&mut screen, &tea).await;
}

/// Whoever reaches the functions without being Pushpin can't speak for a socket; and Pushpin itself can.
#[tokio::test]
#[ignore = "needs real parts: cargo xtask test dapr"]
async fn only_pushpin_speaks_for_sockets() {
    let (inner, key) = (setting("SOCKETS_INNER_URL"), setting("SOCKETS_GRIP_KEY"));
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.expect("a clock after 1970").as_secs();
    let (soon, past) = (now + 60, now - 120);
    let proxy = Person::new(&inner, "proxy", None);
    for (what, signature, status) in [
        ("none", None, 401),
        ("nonsense", Some("x.y.z".to_owned()), 401),
        (
            "another key",
            Some(grip::sign(b"guess", "pushpin", soon)),
            401,
        ),
        (
            "over",
            Some(grip::sign(key.as_bytes(), "pushpin", past)),
            401,
        ),
        (
            "good",
            Some(grip::sign(key.as_bytes(), "pushpin", soon)),
            200,
        ),
    ] {
        let open = grip::encode(&[grip::Event::Open]);
        let mut call = proxy
            .asks(Method::POST, "/ws")
            .body(grip::MEDIA_TYPE, open)
            .header("connection-id", "c");
        if let Some(signature) = &signature {
            call = call.header(grip::SIGNATURE_HEADER, signature);
        }
        assert_eq!(call.answer().await.status, status, "{what}");
    }
}

/// Pushpin takes what is published with a length and refuses it in chunks, which is why a function must give the length.
/// The host's own gateway does the same.
#[tokio::test]
#[ignore = "needs real parts: cargo xtask test dapr"]
async fn what_is_published_needs_a_length() {
    let publisher = Person::new(&setting("SOCKETS_FIRST_PUBLISH"), "publisher", None);
    for (encoding, status) in [(None, 200), (Some("chunked"), 411)] {
        let call = publisher.asks(Method::POST, "/publish/");
        let mut call = call.body("application/json", r#"{"items":[]}"#);
        if let Some(encoding) = encoding {
            call = call.header("transfer-encoding", encoding);
        }
        assert_eq!(call.answer().await.status, status, "{encoding:?}");
    }
}
