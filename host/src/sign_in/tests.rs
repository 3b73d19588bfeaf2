mod ending;
mod guessing;

use http::Version;

use super::*;

const ORIGIN: &str = "http://localhost:3000";
const VERIFIER: &str = "a-verifier-of-at-least-43-characters-0123456789";

/// Somebody at an address of their own.
fn visitor(address: u32) -> Visitor<'static> {
    Visitor {
        origin: ORIGIN,
        client: Client::at(std::net::Ipv4Addr::from(address).into()),
        ends: None,
    }
}

/// A sign-in in a folder of its own.
struct Bench {
    folder: tempfile::TempDir,
    sign_in: SignIn,
}

impl Bench {
    fn new(people: &[(&str, Option<&str>)], demanding: bool) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, passphrase) in people {
            set_person(folder.path(), name, None, *passphrase).expect("a person");
        }
        let sign_in = SignIn::open(folder.path(), demanding).expect("a sign-in");
        Self { folder, sign_in }
    }

    async fn get(&self, path: &str) -> Response<Bytes> {
        let request = Request::get(path).body(Bytes::new()).expect("a request");
        self.sign_in
            .answer(&request, visitor(1))
            .await
            .expect("an answer")
    }

    async fn post(
        &self,
        path: &str,
        origin: Option<&str>,
        fields: &[(&str, &str)],
    ) -> Response<Bytes> {
        let mut request = Request::post(path);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        let request = request.body(encode(fields).into()).expect("a request");
        self.sign_in
            .answer(&request, visitor(1))
            .await
            .expect("an answer")
    }

    async fn token(&self, fields: &[(&str, &str)]) -> Result<Value, String> {
        let response = self.post("/sign-in/token", None, fields).await;
        let body: Value = serde_json::from_slice(response.body()).expect("JSON");
        match response.status() {
            StatusCode::OK => Ok(body),
            _ => Err(body["error"].as_str().unwrap_or_default().to_owned()),
        }
    }

    async fn refresh(&self, token: &str) -> Result<String, String> {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let tokens = self.token(&fields).await?;
        Ok(tokens["refresh_token"]
            .as_str()
            .unwrap_or_default()
            .to_owned())
    }

    fn redeem_at(&self, token: &str, now: u64) -> Option<keys::Redeemed> {
        let people = self.sign_in.people.now();
        self.sign_in.refresh.redeem(token, &people, now)
    }

    /// Signs somebody in, and returns their refresh token.
    async fn signs_in(&self, name: &str, passphrase: &str) -> String {
        let fields = [("name", name), ("passphrase", passphrase)];
        let response = self.post(&authorize(&[]), Some(ORIGIN), &fields).await;
        let code = code_of(&response).expect("a code");
        let home = "http://localhost:3000/";
        let tokens = self.token(&with_code(&code, VERIFIER, home)).await;
        let tokens = tokens.expect("tokens");
        tokens["refresh_token"].as_str().expect("one").to_owned()
    }

    /// Sends the form from an address, with a cookie of an earlier sign-in or without.
    async fn tries(
        &self,
        address: u32,
        cookie: Option<&str>,
        name: &str,
        passphrase: &str,
    ) -> Response<Bytes> {
        let fields = [("name", name), ("passphrase", passphrase)];
        let mut request = Request::post(authorize(&[])).header(header::ORIGIN, ORIGIN);
        if let Some(cookie) = cookie {
            request = request.header(header::COOKIE, format!("a=b; {cookie}; c=d"));
        }
        let request = request.body(encode(&fields).into()).expect("a request");
        let answer = self.sign_in.answer(&request, visitor(address)).await;
        answer.expect("an answer")
    }

    /// Signs the only person in, and returns the code.
    async fn code(&self) -> String {
        let response = self.get(&authorize(&[])).await;
        code_of(&response).expect("a code")
    }
}

fn encode(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(fields)
        .finish()
}

/// The path that a screen opens, with some parameters changed.
fn authorize(changes: &[(&str, &str)]) -> String {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
    let mut fields = vec![
        ("client_id", CLIENT_ID),
        ("redirect_uri", "http://localhost:3000/"),
        ("response_type", "code"),
        ("code_challenge_method", "S256"),
        ("code_challenge", challenge.as_str()),
        ("state", "s&1"),
    ];
    for (name, value) in changes {
        fields.retain(|(other, _)| other != name);
        fields.push((name, value));
    }
    format!("/sign-in/authorize?{}", encode(&fields))
}

fn code_of(response: &Response<Bytes>) -> Option<String> {
    let location = response.headers().get(header::LOCATION)?.to_str().ok()?;
    let query = location.strip_prefix("http://localhost:3000/?")?;
    let fields = form(query.as_bytes());
    assert_eq!(fields["state"], "s&1");
    fields.get("code").cloned()
}

/// What a browser shows from an answer on, by which it is known.
fn cookie_of(answer: &Response<Bytes>) -> String {
    let cookie = answer.headers()[header::SET_COOKIE].to_str().expect("text");
    cookie.split(';').next().expect("a pair").to_owned()
}

fn with_code<'a>(
    code: &'a str,
    verifier: &'a str,
    redirect_uri: &'a str,
) -> [(&'a str, &'a str); 4] {
    [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("code_verifier", verifier),
        ("redirect_uri", redirect_uri),
    ]
}

/// Codes are good once, for whoever knows the verifier, at the address that they were asked for.
#[tokio::test]
async fn codes() {
    let bench = Bench::new(&[], false);
    let home = "http://localhost:3000/";
    let refused = Err("invalid_grant".to_owned());
    for (verifier, redirect_uri) in [
        ("another-verifier-of-at-least-43-characters-01234", home),
        ("", home),
        (VERIFIER, "http://evil.example/"),
        (VERIFIER, ""),
    ] {
        let code = bench.code().await;
        let wrong = bench.token(&with_code(&code, verifier, redirect_uri)).await;
        assert_eq!(wrong, refused, "{verifier} {redirect_uri}");
        let right = bench.token(&with_code(&code, VERIFIER, home)).await;
        assert_eq!(right, refused, "a code is gone after a wrong try");
    }
    let code = bench.code().await;
    let tokens = bench.token(&with_code(&code, VERIFIER, home)).await;
    let tokens = tokens.expect("tokens");
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(
        bench.token(&with_code(&code, VERIFIER, home)).await,
        refused
    );
    assert_eq!(
        bench.token(&with_code("guess", VERIFIER, home)).await,
        refused
    );
    let unknown = bench.token(&[("grant_type", "password")]).await;
    assert_eq!(unknown, Err("unsupported_grant_type".to_owned()));
}

/// What a client may ask for; anything else gets a page, never a redirect.
#[tokio::test]
async fn authorization_requests() {
    let bench = Bench::new(&[], false);
    assert!(code_of(&bench.get(&authorize(&[])).await).is_some());
    for change in [
        ("client_id", "other"),
        ("redirect_uri", "http://evil.example/"),
        ("redirect_uri", "http://localhost:3000/elsewhere"),
        ("redirect_uri", "http://localhost:3001/"),
        ("response_type", "token"),
        ("code_challenge_method", "plain"),
        ("code_challenge", ""),
        ("code_challenge", "short"),
    ] {
        let response = bench.get(&authorize(&[change])).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{change:?}");
        assert!(response.headers().get(header::LOCATION).is_none());
    }
}

/// Nobody uses codes up from a page of another site, where a browser loads what it is told.
#[tokio::test]
async fn only_whoever_goes_there_gets_a_code() {
    let bench = Bench::new(&[], false);
    for (dest, gets_one) in [
        ("document", true),
        ("image", false),
        ("iframe", false),
        ("empty", false),
    ] {
        let request = Request::get(authorize(&[])).header("sec-fetch-dest", dest);
        let request = request.body(Bytes::new()).expect("a request");
        let answer = bench.sign_in.answer(&request, visitor(1)).await;
        let code = code_of(&answer.expect("an answer"));
        assert_eq!(code.is_some(), gets_one, "{dest}");
    }
}

/// Refresh tokens rotate. Two tabs that use the same one at the same time both stay signed in, through a restart too;
/// one that turns up later ends the sign-in, but not another of the same person.
#[tokio::test]
async fn refresh_tokens() {
    let mut bench = Bench::new(&[], false);
    let home = "http://localhost:3000/";
    let mut begin = Vec::new();
    for _ in 0..2 {
        let code = bench.code().await;
        let tokens = bench.token(&with_code(&code, VERIFIER, home)).await;
        let tokens = tokens.expect("tokens");
        begin.push(tokens["refresh_token"].as_str().expect("one").to_owned());
    }
    let (first, other) = (begin[0].clone(), begin[1].clone());
    let (tab, second_tab) = (bench.refresh(&first).await, bench.refresh(&first).await);
    let (tab, second_tab) = (tab.expect("a token"), second_tab.expect("a token"));
    assert_ne!(tab, second_tab);

    bench.sign_in = SignIn::open(bench.folder.path(), false).expect("a sign-in");
    assert!(
        bench.refresh(&first).await.is_ok(),
        "the answer was lost, and the host started again"
    );
    let tab = bench.refresh(&tab).await.expect("a token");

    let later = now() + 60;
    assert_eq!(bench.redeem_at(&first, later), None);
    let refused = Err("invalid_grant".to_owned());
    assert_eq!(bench.refresh(&tab).await, refused);
    assert_eq!(bench.refresh(&second_tab).await, refused);
    bench.sign_in = SignIn::open(bench.folder.path(), false).expect("a sign-in");
    assert_eq!(bench.refresh(&tab).await, refused, "after a restart");
    let other = bench
        .refresh(&other)
        .await
        .expect("another sign-in goes on");
    let expired = now() + REFRESH_SECONDS + 1;
    assert_eq!(bench.redeem_at(&other, expired), None);
    assert_eq!(bench.refresh("guess").await, refused);
}

/// Who gets in: names and passphrases, on loopback and on an address that is open to others.
#[tokio::test]
async fn passphrases() {
    let people = [("mia", Some("correct horse")), ("tom", None)];
    let bench = Bench::new(&people, false);
    assert!(
        code_of(&bench.get(&authorize(&[])).await).is_none(),
        "two people: who?"
    );
    for (name, passphrase, gets_in) in [
        ("mia", "correct horse", true),
        ("mia", "wrong horse", false),
        ("mia", "", false),
        ("tom", "", true),
        ("eve", "", false),
        ("", "", false),
    ] {
        let fields = [("name", name), ("passphrase", passphrase)];
        let response = bench.post(&authorize(&[]), Some(ORIGIN), &fields).await;
        assert_eq!(code_of(&response).is_some(), gets_in, "{name} {passphrase}");
    }
    let fields = [("name", "mia"), ("passphrase", "correct horse")];
    let foreign = bench
        .post(&authorize(&[]), Some("http://evil.example"), &fields)
        .await;
    assert_eq!(foreign.status(), StatusCode::BAD_REQUEST);

    let folder = bench.folder.path();
    let refused = SignIn::open(folder, true)
        .map(|_| ())
        .expect_err("tom has none");
    assert!(
        refused.to_string().contains("\"tom\" has no passphrase"),
        "{refused}"
    );
    set_person(folder, "tom", None, Some("battery staple")).expect("a passphrase");
    let demanding = SignIn::open(folder, true).expect("everybody has one");
    assert!(demanding.token(Some("tom")).is_ok());
    let short = set_person(folder, "tom", None, Some("short"));
    assert!(short.is_err_and(|error| error.to_string().contains("8 characters")));
    for name in [" tom", "tom\n", "t\0m", ""] {
        let nobody = set_person(folder, name, None, Some("battery staple"));
        assert!(nobody.is_err(), "{name:?} could never sign in");
    }
}

/// One person without a passphrase is asked for one as soon as others can reach the address.
#[tokio::test]
async fn one_person_on_an_open_address() {
    let folder = tempfile::tempdir().expect("a folder");
    assert!(SignIn::open(folder.path(), true).is_err());
    let bench = Bench::new(&[("me", Some("correct horse"))], true);
    assert!(code_of(&bench.get(&authorize(&[])).await).is_none());
}

/// What a reverse proxy passes on needs a passphrase, even where nobody said that there is one.
///
/// Seen to fail: the one person was signed in without a question; then still by a proxy that says no more of itself than an
/// old version of HTTP, or says it in a header of its own.
#[tokio::test]
async fn behind_a_proxy_nobody_gets_in_without_a_passphrase() {
    let bench = Bench::new(&[], false);
    assert!(code_of(&bench.get(&authorize(&[])).await).is_some());
    let added = [
        ("forwarded", Version::HTTP_11),
        ("x-forwarded-for", Version::HTTP_11),
        ("cf-connecting-ip", Version::HTTP_11),
        // What nginx sends unless it is told otherwise: no word of itself.
        ("accept", Version::HTTP_10),
    ];
    for (name, version) in added {
        let begin = |builder: http::request::Builder| {
            let builder = builder.version(version);
            builder.header(name, "192.0.2.1")
        };
        let (get, post) = (Request::get(authorize(&[])), Request::post(authorize(&[])));
        let (get, post) = (begin(get), begin(post));
        let fields = encode(&[("name", "me"), ("passphrase", "")]);
        for request in [get.body(Bytes::new()), post.body(fields.into())] {
            let request = request.expect("a request");
            let answer = bench.sign_in.answer(&request, visitor(1)).await;
            let answer = answer.expect("an answer");
            assert!(code_of(&answer).is_none(), "{name} {}", request.method());
        }
    }
}

/// A page that strangers may see names nobody.
#[tokio::test]
async fn an_open_address_tells_no_names() {
    let people = [
        ("mia", Some("correct horse")),
        ("tom", Some("battery staple")),
    ];
    for demanding in [false, true] {
        let bench = Bench::new(&people, demanding);
        let page = bench.get(&authorize(&[])).await;
        let page = String::from_utf8_lossy(page.body()).into_owned();
        assert_eq!(page.contains("mia"), !demanding, "{page}");
    }
}

/// The key stays the same from start to start, and a damaged file is not replaced by a new key.
#[test]
fn keys_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let open = || SignIn::open(folder.path(), false);
    let first = open().expect("a sign-in").jwks();
    assert_eq!(open().expect("a sign-in").jwks().body(), first.body());
    for name in ["key.der", "refresh-tokens.json", "people.toml"] {
        let path = folder.path().join(name);
        let before = std::fs::read(&path).ok();
        std::fs::write(&path, "damaged [").expect("a file");
        let error = open().map(|_| ()).expect_err(name);
        assert!(format!("{error:#}").contains(name), "{error:#}");
        match before {
            Some(bytes) => std::fs::write(&path, bytes).expect("a file"),
            None => std::fs::remove_file(&path).expect("no file"),
        }
    }
}

/// Only whoever runs the host may read keys and people, also where they were copied back with other modes.
///
/// Seen to fail: the key could be read by everybody after that.
#[cfg(unix)]
#[test]
fn copied_files_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let sign_in = folder.path().join("sign-in");
    set_person(&sign_in, "mia", None, Some("correct horse")).expect("a person");
    SignIn::open(&sign_in, true).expect("a sign-in");
    std::fs::write(sign_in.join(keys::REFRESH_FILE), "{}").expect("a file");
    let paths = ["key.der", "people.toml", "refresh-tokens.json"].map(|name| sign_in.join(name));
    let paths = paths.iter().chain([&sign_in]);
    for path in paths.clone() {
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, open).expect("changed");
    }
    SignIn::open(&sign_in, true).expect("a sign-in");
    for path in paths {
        let metadata = std::fs::metadata(path).expect("it is there");
        let mode = metadata.permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", path.display());
    }
}

/// People who are added at the same time are all added.
#[test]
fn people_are_added_at_the_same_time() {
    let folder = tempfile::tempdir().expect("a folder");
    std::thread::scope(|scope| {
        for i in 0..8 {
            let folder = folder.path();
            scope.spawn(move || set_person(folder, &format!("p{i}"), None, None).expect("added"));
        }
    });
    let sign_in = SignIn::open(folder.path(), false).expect("a sign-in");
    for i in 0..8 {
        assert!(sign_in.token(Some(&format!("p{i}"))).is_ok(), "p{i}");
    }
}

/// The one person of a host that has run stays when another one is added. Who is added before it first runs is alone.
///
/// Seen to fail: with the second person, the first could not sign in any more.
#[tokio::test]
async fn the_first_person_stays() {
    let folder = tempfile::tempdir().expect("a folder");
    let sign_in = SignIn::open(folder.path(), false).expect("a sign-in");
    assert!(sign_in.token(Some("me")).is_ok());
    set_person(folder.path(), "mia", None, None).expect("added");
    for name in ["me", "mia"] {
        assert!(sign_in.token(Some(name)).is_ok(), "{name}");
    }
    let fresh = tempfile::tempdir().expect("a folder");
    set_person(fresh.path(), "mia", None, None).expect("added");
    let sign_in = SignIn::open(fresh.path(), false).expect("a sign-in");
    assert!(sign_in.token(Some("me")).is_err());
    assert!(sign_in.token(None).is_ok());
}
