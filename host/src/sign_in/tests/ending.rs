//! What ends a sign-in.

use super::*;

/// A new passphrase, a revoked token and a person who is taken out end sign-ins, in a host that runs and after a restart.
///
/// Seen to fail: a refresh token stayed good for 30 days whatever its person did.
#[tokio::test]
async fn sign_ins_can_be_ended() {
    let people = [
        ("mia", Some("correct horse")),
        ("tom", Some("battery staple")),
    ];
    let mut bench = Bench::new(&people, true);
    let refused = Err("invalid_grant".to_owned());
    let laptop = bench.signs_in("mia", "correct horse").await;
    let phone = bench.signs_in("mia", "correct horse").await;
    let toms = bench.signs_in("tom", "battery staple").await;

    let phone = bench.refresh(&phone).await.expect("a token");
    let revoked = bench
        .post("/sign-in/revoke", None, &[("token", &phone)])
        .await;
    assert_eq!(revoked.status(), StatusCode::OK);
    assert_eq!(bench.refresh(&phone).await, refused);
    let laptop = bench
        .refresh(&laptop)
        .await
        .expect("another sign-in goes on");
    for (token, status) in [
        ("made-up", StatusCode::OK),
        ("", StatusCode::BAD_REQUEST),
        ("a.b.c", StatusCode::BAD_REQUEST),
    ] {
        let answer = bench
            .post("/sign-in/revoke", None, &[("token", token)])
            .await;
        assert_eq!(answer.status(), status, "{token:?}");
    }

    let folder = bench.folder.path().to_owned();
    set_person(&folder, "mia", None, Some("another horse")).expect("a passphrase");
    assert_eq!(bench.refresh(&laptop).await, refused, "while it runs");
    let toms = bench.refresh(&toms).await.expect("tom changed nothing");
    let old = bench.tries(1, None, "mia", "correct horse").await;
    assert!(code_of(&old).is_none(), "the old passphrase is gone");
    let again = bench.signs_in("mia", "another horse").await;
    set_person(&folder, "mia", Some("mia@home.example".to_owned()), None).expect("an address");
    let again = bench
        .refresh(&again)
        .await
        .expect("an address ends nothing");
    bench.sign_in = SignIn::open(&folder, true).expect("a sign-in");
    assert_eq!(bench.refresh(&laptop).await, refused, "after a restart");
    let again = bench.refresh(&again).await.expect("a token");

    let path = folder.join("people.toml");
    let text = std::fs::read_to_string(&path).expect("the people");
    let without = text
        .split("[[people]]")
        .filter(|one| !one.contains("\"mia\""));
    std::fs::write(&path, without.collect::<Vec<_>>().join("[[people]]")).expect("a file");
    assert_eq!(bench.refresh(&again).await, refused, "she is gone");
    assert!(bench.refresh(&toms).await.is_ok());
}

/// What was on its way when a sign-in was ended does not begin it again: a refresh, and a code that was not redeemed yet.
///
/// Seen to fail: the refresh got a token of the sign-in that was revoked, and the code one of the new passphrase.
#[tokio::test]
async fn what_is_on_its_way_ends_with_the_sign_in() {
    let bench = Bench::new(&[("mia", Some("correct horse"))], true);
    let token = bench.signs_in("mia", "correct horse").await;
    let redeemed = bench.redeem_at(&token, now()).expect("redeemed");
    bench
        .post("/sign-in/revoke", None, &[("token", &token)])
        .await;
    let people = bench.sign_in.people.now();
    let person = people.find(Some("mia")).expect("mia");
    let issued = bench
        .sign_in
        .refresh
        .issue(person, Some(redeemed.family), now(), REFRESH_SECONDS);
    assert_eq!(issued.expect("it is written"), None);

    let fields = [("name", "mia"), ("passphrase", "correct horse")];
    let answer = bench.post(&authorize(&[]), Some(ORIGIN), &fields).await;
    let code = code_of(&answer).expect("a code");
    set_person(bench.folder.path(), "mia", None, Some("another horse")).expect("a passphrase");
    let late = bench
        .token(&with_code(&code, VERIFIER, "http://localhost:3000/"))
        .await;
    assert_eq!(late, Err("invalid_grant".to_owned()));
}

/// Refresh tokens of a version that did not say by which passphrase somebody signed in go on, until there is another one.
#[tokio::test]
async fn sign_ins_of_an_older_version() {
    let mut bench = Bench::new(&[("mia", Some("correct horse"))], true);
    let token = bench.signs_in("mia", "correct horse").await;
    let path = bench.folder.path().join("refresh-tokens.json");
    let text = std::fs::read(&path).expect("a file");
    let mut tokens: Value = serde_json::from_slice(&text).expect("JSON");
    for (_, issued) in tokens.as_object_mut().expect("tokens") {
        let fields = issued.as_object_mut().expect("fields");
        assert!(fields.remove("credential").is_some());
    }
    std::fs::write(&path, tokens.to_string()).expect("a file");
    bench.sign_in = SignIn::open(bench.folder.path(), true).expect("a sign-in");
    let folder = bench.folder.path().to_owned();
    let next = bench.refresh(&token).await.expect("it goes on");
    set_person(&folder, "mia", None, Some("another horse")).expect("a passphrase");
    assert_eq!(bench.refresh(&next).await, Err("invalid_grant".to_owned()));
}
