//! The WebSocket gateway through its routes: who may listen, and what happens when a proxy does not.

use std::cell::RefCell;
use std::rc::Rc;

use dapr::fake::{FakeDapr, Interleaving, block_on, clock};
use dapr::{DaprError, Invocation, Target};
use domain::{EventId, TaskId};
use events::{Chain, Event, EventType, NotificationsRead, TaskChanged, Timestamp};
use function::{Answer, Function, Routes, fake};
use grip::Event as Frame;
use http::{HeaderName, HeaderValue, Response};
use serde_json::{Value, json};
use uuid::Uuid;
use websocket_gateway::Gateway;

const KEY: &[u8] = b"grip-key";

/// A gateway before two proxies.
struct TwoProxies;

impl fake::Replicated for TwoProxies {
    type Service = Gateway<FakeDapr>;

    fn routes() -> Routes<Self::Service> {
        websocket_gateway::routes()
    }

    fn service(function: Function<FakeDapr>) -> Self::Service {
        Gateway {
            function,
            grip_key: "grip-key".to_owned(),
            proxies: "http://one.test, http://two.test".to_owned(),
        }
    }
}

type Service = fake::Replica<TwoProxies>;

/// A gateway whose proxies answer as `proxy` says; and which proxies were called, in order.
fn gateway(
    proxy: impl Fn(&str) -> Result<u16, DaprError> + 'static,
) -> (Service, Rc<RefCell<Vec<String>>>) {
    let (dapr, called) = (FakeDapr::new(), Rc::<RefCell<Vec<String>>>::default());
    let calls = Rc::clone(&called);
    dapr.respond(move |call: &Invocation| {
        if let Some(keys) = fake::key_set(call) {
            return Ok(keys);
        }
        let Target::Url(url) = &call.target else {
            return Ok(Response::new(br#"{ "items": [], "revision": 7 }"#.to_vec()));
        };
        calls.borrow_mut().push(url.clone());
        let mut response = Response::new(Vec::new());
        *response.status_mut() = http::StatusCode::from_u16(proxy(url)?).expect("a status");
        Ok(response)
    });
    (Service::over(dapr), called)
}

fn changed() -> Event {
    let payload = TaskChanged {
        revision: 8,
        previous_revision: 7,
        task: None,
    };
    let chain = Chain {
        correlation_id: Uuid::nil(),
        causation_id: None,
    };
    let (id, task) = (EventId(Uuid::from_u128(1)), TaskId(Uuid::from_u128(2)));
    let user = fake::user("me");
    Event::new(
        id,
        "task-service",
        &user,
        Some(task),
        &payload,
        chain,
        Timestamp::clamped(clock()),
    )
}

/// What the gateway says to the proxy about one socket.
fn socket(service: &Service, signature: &str, frames: &[Frame]) -> (u16, Vec<Frame>) {
    let response = ask(service, signature, frames, &[]).response;
    let said = grip::decode(response.body()).unwrap_or_default();
    (response.status().as_u16(), said)
}

/// What the gateway answers to the proxy that remembers `memory` of the socket.
fn ask(
    service: &Service,
    signature: &str,
    frames: &[Frame],
    memory: &[(String, String)],
) -> Answer {
    let mut request = http::Request::builder()
        .method("POST")
        .uri("/ws")
        .header("content-type", grip::MEDIA_TYPE)
        .header("connection-id", "c")
        .header(grip::SIGNATURE_HEADER, signature);
    for (name, value) in memory {
        request = request.header(format!("{}{name}", grip::META_PREFIX), value);
    }
    let request = request.body(grip::encode(frames)).expect("a request");
    block_on(service.answer(request))
}

/// What the proxy is to remember from an answer on.
fn remembered(answer: &function::Response) -> Vec<(String, String)> {
    let of = |(name, value): (&HeaderName, &HeaderValue)| {
        let name = name.as_str().strip_prefix(grip::SET_META_PREFIX)?;
        Some((name.to_owned(), value.to_str().ok()?.to_owned()))
    };
    answer.headers().iter().filter_map(of).collect()
}

fn good_signature() -> String {
    grip::sign(KEY, "pushpin", clock().timestamp().unsigned_abs() + 60)
}

/// Updates may be lost: one proxy that is gone must not keep those of the others, or of other people, waiting.
#[test]
fn a_proxy_that_does_not_answer_holds_nobody_up() {
    let _world = Interleaving::new(0);
    let down = |url: &str| match url {
        "http://one.test" => Err(DaprError::Unavailable {
            what: "invoke",
            detail: "refused".to_owned(),
        }),
        _ => Ok(200),
    };
    let (service, called) = gateway(down);
    block_on(service.deliver(changed()));
    // In whatever order: all are told at once.
    let mut calls = called.borrow().clone();
    calls.sort();
    assert_eq!(
        calls,
        ["http://one.test", "http://one.test", "http://two.test"]
    );
}

#[test]
fn screens_are_told_what_was_read() {
    let _world = Interleaving::new(0);
    let (service, _) = gateway(|_| Ok(200));
    let ids = [Uuid::from_u128(1), Uuid::from_u128(2)];
    let payload = NotificationsRead {
        notification_ids: ids.to_vec(),
    };
    let read = Event {
        event_type: EventType::NotificationsRead,
        payload: serde_json::to_value(payload).expect("JSON"),
        ..changed()
    };
    block_on(service.deliver(read));
    let call = service.dapr.invocations().pop().expect("a call");
    let items: Value = serde_json::from_slice(&call.body).expect("JSON");
    let said = items["items"][0]["formats"]["ws-message"]["content"].as_str();
    let said: Value = serde_json::from_str(said.expect("a message")).expect("JSON");
    assert_eq!(said, json!({ "type": "notifications_read", "ids": ids }));
}

#[test]
fn every_proxy_is_told_once_when_it_listens() {
    let _world = Interleaving::new(0);
    let (service, called) = gateway(|_| Ok(200));
    block_on(service.deliver(changed()));
    let mut calls = called.borrow().clone();
    calls.sort();
    assert_eq!(calls, ["http://one.test", "http://two.test"]);
}

#[test]
fn only_the_proxy_speaks_for_sockets() {
    let _world = Interleaving::new(0);
    let (service, _) = gateway(|_| Ok(200));
    let past = grip::sign(KEY, "pushpin", clock().timestamp().unsigned_abs() - 120);
    let forged = grip::sign(b"guess", "pushpin", clock().timestamp().unsigned_abs() + 60);
    for (signature, status) in [
        (good_signature(), 200),
        (past, 401),
        (forged, 401),
        (String::new(), 401),
        ("x.y.z".to_owned(), 401),
    ] {
        assert_eq!(
            socket(&service, &signature, &[Frame::Open]).0,
            status,
            "{signature}"
        );
    }
}

/// The subscription counts only when the proxy has done as it is told; what changed until then would never be seen.
#[test]
fn a_greeting_is_said_again_when_the_screen_is_subscribed() {
    let _world = Interleaving::new(0);
    let (service, called) = gateway(|_| Ok(200));
    let auth = format!(r#"{{"type": "auth", "token": "{}"}}"#, fake::token("me"));
    let welcome = ask(&service, &good_signature(), &[Frame::Text(auth)], &[]);
    assert_eq!(called.take(), [] as [String; 0]);
    block_on(welcome.after.expect("something is left to do"));
    assert_eq!(called.take(), ["http://one.test", "http://two.test"]);
    let told = service.dapr.invocations().pop().expect("a publish");
    let told: grip::Items = serde_json::from_slice(&told.body).expect("items");
    let channel = format!("user-{}", fake::user("me"));
    let hello = r#"{"type":"hello","revision":7}"#.to_owned();
    let id = told.items[0].id.clone().expect("an id");
    assert_eq!(told.items, [grip::Item::text(channel, id, hello)]);
}

/// What a proxy loses is seen within minutes.
#[test]
fn a_screen_that_hears_nothing_is_told_how_far_the_list_is() {
    let mut world = Interleaving::new(0);
    let (service, _) = gateway(|_| Ok(200));
    let auth = format!(r#"{{"type": "auth", "token": "{}"}}"#, fake::token("me"));
    let welcome = ask(&service, &good_signature(), &[Frame::Text(auth)], &[]);
    assert_eq!(welcome.response.headers()[grip::KEEP_ALIVE_HEADER], "300");
    let memory = remembered(&welcome.response);
    let look = || {
        let answer = ask(&service, &good_signature(), &[], &memory);
        grip::decode(answer.response.body()).expect("frames")
    };
    let hello = r#"{"type":"hello","revision":7}"#;
    assert_eq!(look(), [Frame::Text(hello.to_owned())]);
    world.wait_ms(30 * 24 * 3_600_000);
    assert_eq!(look(), [Frame::Close(Some(4401))]);
}

#[test]
fn a_stranger_is_looked_at_and_let_go() {
    let _world = Interleaving::new(0);
    let (service, _) = gateway(|_| Ok(200));
    let opened = ask(&service, &good_signature(), &[Frame::Open], &[]).response;
    assert_eq!(opened.headers()[grip::KEEP_ALIVE_HEADER], "20");
    let since = clock().timestamp().to_string();
    assert_eq!(remembered(&opened), [("opened".to_owned(), since)]);
    let said = socket(&service, &good_signature(), &[]).1;
    assert_eq!(said, [Frame::Close(Some(4408))]);
}

/// The proxy looks by itself only at who is silent. Whoever goes on talking, in whatever words, is let go in time as well.
///
/// Seen to fail: a screen whose token was over heard its person for as long as it sent anything but a ping, and a stranger
/// kept a socket.
#[test]
fn who_goes_on_talking_is_let_go_too() {
    let said = || {
        [
            Frame::Text("nonsense".to_owned()),
            Frame::Text(r#"{"type": "ping"}"#.to_owned()),
            Frame::Binary(vec![1]),
            Frame::Ping(Vec::new()),
            Frame::Pong(Vec::new()),
        ]
    };
    let frames = |service: &Service, frame: Frame, memory: &[(String, String)]| {
        let answer = ask(service, &good_signature(), &[frame], memory);
        grip::decode(answer.response.body()).expect("frames")
    };
    let mut world = Interleaving::new(0);
    let auth = format!(r#"{{"type": "auth", "token": "{}"}}"#, fake::token("me"));
    let (service, _) = gateway(|_| Ok(200));
    let mut known = remembered(&ask(&service, &good_signature(), &[Frame::Open], &[]).response);
    let stranger = known.clone();
    let greeted = ask(&service, &good_signature(), &[Frame::Text(auth)], &known);
    known.extend(remembered(&greeted.response));
    world.wait_ms(19_000);
    for frame in said() {
        let close = |frames: &[Frame]| {
            let closes = |frame: &Frame| matches!(frame, Frame::Close(_));
            frames.iter().any(closes)
        };
        assert!(
            !close(&frames(&service, frame.clone(), &known)),
            "{frame:?}"
        );
        if !matches!(&frame, Frame::Text(text) if text.contains("ping")) {
            let early = frames(&service, frame.clone(), &stranger);
            assert!(!close(&early), "{frame:?}");
        }
    }
    world.wait_ms(30 * 24 * 3_600_000 - 19_000 - 100_000);
    for frame in said() {
        let answer = ask(&service, &good_signature(), &[frame], &known).response;
        assert_eq!(answer.headers()[grip::KEEP_ALIVE_HEADER], "100");
    }
    world.wait_ms(100_000);
    for frame in said() {
        let over = frames(&service, frame.clone(), &known);
        assert_eq!(over.last(), Some(&Frame::Close(Some(4401))), "{frame:?}");
        let nobody = frames(&service, frame.clone(), &stranger);
        let closed = matches!(nobody.last(), Some(Frame::Close(Some(4401 | 4408))));
        assert!(closed, "{frame:?}: {nobody:?}");
    }
}

/// RFC 6455 section 5.5.3: a pong repeats what the ping said.
#[test]
fn pings_are_answered() {
    let _world = Interleaving::new(0);
    let (service, _) = gateway(|_| Ok(200));
    let said = socket(&service, &good_signature(), &[Frame::Ping(vec![1, 2])]).1;
    assert_eq!(said, [Frame::Pong(vec![1, 2])]);
}

#[test]
fn a_socket_hears_of_its_own_person_only_behind_a_good_token() {
    let _world = Interleaving::new(0);
    let (service, _) = gateway(|_| Ok(200));
    let auth = |token: &str| Frame::Text(format!(r#"{{"type": "auth", "token": "{token}"}}"#));
    let said = |frame: Frame| {
        let (status, frames) = socket(&service, &good_signature(), &[frame]);
        assert_eq!(status, 200);
        frames
    };
    let texts = |frames: &[Frame]| {
        let texts = frames.iter().filter_map(|frame| match frame {
            Frame::Text(text) => Some(text.clone()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    };
    let welcome = said(auth(&fake::token("me")));
    let channel = format!("user-{}", fake::user("me"));
    assert!(texts(&welcome).contains(&channel), "{welcome:?}");
    assert!(texts(&welcome).contains(r#""revision":7"#), "{welcome:?}");

    let refused = said(auth("made-up"));
    assert!(refused.contains(&Frame::Close(Some(4401))), "{refused:?}");
    assert!(!texts(&refused).contains("subscribe"), "{refused:?}");
    let nonsense = said(Frame::Text("subscribe me".to_owned()));
    assert!(!texts(&nonsense).contains(r#""subscribe""#), "{nonsense:?}");
    let too_much = said(Frame::Text("x".repeat(20_000)));
    assert_eq!(too_much, [Frame::Close(Some(1009))]);
}

/// A socket that heard one person never hears another: what its proxy is subscribed to stays so, and the token that counts
/// from then on would be somebody else's.
///
/// Seen to fail: a newer token of whomever was taken, and the socket heard both.
#[test]
fn a_socket_belongs_to_one_person() {
    let _world = Interleaving::new(0);
    let (service, _) = gateway(|_| Ok(200));
    let auth = |name: &str| {
        let token = fake::token(name);
        Frame::Text(format!(r#"{{"type": "auth", "token": "{token}"}}"#))
    };
    let signature = good_signature();
    let mine = remembered(&ask(&service, &signature, &[auth("me")], &[]).response);
    let frames = |said: &[Frame], memory: &[(String, String)]| {
        let answer = ask(&service, &signature, said, memory);
        let frames = grip::decode(answer.response.body()).expect("frames");
        (frames, remembered(&answer.response))
    };
    let (again, memory) = frames(&[auth("me")], &mine);
    assert!(!again.contains(&Frame::Close(Some(4401))), "{again:?}");
    assert_eq!(memory, mine);

    let channel = format!("user-{}", fake::user("tom"));
    let unsaid: Vec<(String, String)> = mine
        .iter()
        .filter(|(name, _)| name != "user")
        .cloned()
        .collect();
    for (case, said, memory) in [
        ("in a second request", vec![auth("tom")], &mine),
        ("in one request", vec![auth("me"), auth("tom")], &Vec::new()),
        ("greeted by an older version", vec![auth("tom")], &unsaid),
    ] {
        let (answer, remembered) = frames(&said, memory);
        assert!(answer.contains(&Frame::Close(Some(4401))), "{case}");
        let text = format!("{answer:?}");
        assert!(!text.contains(&channel), "{case}: {text}");
        let theirs = fake::user("tom").to_string();
        assert!(
            remembered.iter().all(|(_, value)| *value != theirs),
            "{case}"
        );
    }
}
