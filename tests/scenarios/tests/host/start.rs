//! Starting.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Instant;

use rusqlite::Connection;
use scenarios::{Host, HostSettings, Person, set_passphrase, task};

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

/// What keeps a host from starting is said in a line that names it.
#[tokio::test]
async fn what_is_wrong_is_named() {
    let refused = async |prepare: &dyn Fn(&Path, &mut HostSettings)| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut settings = HostSettings::new(&folder.path().join("data"));
        prepare(folder.path(), &mut settings);
        let said = Host::try_start(settings).await.map(|_| ());
        said.expect_err("it does not start")
    };
    let broken_yaml = |folder: &Path, settings: &mut HostSettings| {
        let components = folder.join("components");
        copy(&settings.components, &components);
        fs::write(components.join("statestore.yaml"), "kind: [").expect("written");
        settings.components = components;
    };
    let unknown_field = |folder: &Path, settings: &mut HostSettings| {
        let text = fs::read_to_string(&settings.manifest).expect("spin.toml");
        settings.manifest = folder.join("spin.toml");
        let text = text.replacen("version =", "verison =", 1);
        fs::write(&settings.manifest, text).expect("written");
    };
    let no_components = |folder: &Path, settings: &mut HostSettings| {
        let manifest = folder.join("spin.toml");
        fs::copy(&settings.manifest, &manifest).expect("a copy");
        settings.manifest = manifest;
    };
    let no_database = |_: &Path, settings: &mut HostSettings| {
        fs::create_dir_all(&settings.data).expect("a folder");
        fs::write(
            settings.data.join("nudge.db"),
            "this is no database, it is a text",
        )
        .expect("written");
    };
    let newer_database = |_: &Path, settings: &mut HostSettings| {
        fs::create_dir_all(&settings.data).expect("a folder");
        let database = Connection::open(settings.data.join("nudge.db"));
        database
            .and_then(|database| database.pragma_update(None, "user_version", 1_000))
            .expect("written");
    };
    let open_address = |_: &Path, settings: &mut HostSettings| {
        settings.arguments = ["--address", "0.0.0.0"].map(str::to_owned).to_vec();
    };
    let public_name = |_: &Path, settings: &mut HostSettings| {
        settings.arguments = ["--public-name", "nudge.example"]
            .map(str::to_owned)
            .to_vec();
    };
    let public_url = |_: &Path, settings: &mut HostSettings| {
        settings.arguments = ["--public-url", "https://nudge.example"]
            .map(str::to_owned)
            .to_vec();
    };
    type Prepare<'a> = &'a dyn Fn(&Path, &mut HostSettings);
    let table: [(Prepare<'_>, &[&str]); 8] = [
        (&broken_yaml, &["statestore.yaml"]),
        (&unknown_field, &["spin.toml", "verison"]),
        (&no_components, &[".wasm", "cargo xtask build"]),
        (&no_database, &["nudge.db", "not a database"]),
        (
            &newer_database,
            &["nudge.db", "newer version of Nudge", "start that version"],
        ),
        (&open_address, &["has no passphrase", "nudge person"]),
        (&public_name, &["has no passphrase", "nudge person"]),
        (&public_url, &["has no passphrase", "nudge person"]),
    ];
    for (prepare, words) in table {
        let said = refused(prepare).await;
        for word in words {
            assert!(said.contains(word), "{word:?} is not in {said:?}");
        }
    }
}

/// Two hosts on the same data: the second says so, and the first goes on.
#[tokio::test]
async fn only_one_at_a_time() {
    let data = tempfile::tempdir().expect("a folder");
    let first = Host::start(HostSettings::new(data.path())).await;
    let kai = first.person("kai").await;
    let said = Host::try_start(HostSettings::new(data.path())).await;
    let said = said.map(|_| ()).expect_err("the second does not start");
    assert!(said.contains("another Nudge is running on it"), "{said}");
    kai.creates(task("Still there")).await;
}

/// The second start takes the compiled components from the cache, and only their owner reads what is secret.
#[tokio::test]
async fn a_second_start_compiles_nothing() {
    let data = tempfile::tempdir().expect("a folder");
    let mut settings = HostSettings::new(data.path());
    settings.shared_cache = false;
    let timed = async |settings: HostSettings| {
        let begun = Instant::now();
        let host = Host::start(settings).await;
        (begun.elapsed(), host)
    };
    let (first, host) = timed(settings).await;
    let (_, settings) = host.stop().await;
    let compiled = || -> Vec<_> {
        let files = fs::read_dir(data.path().join("compiled"))
            .expect("a cache")
            .flatten();
        let mut files: Vec<_> = files
            .map(|file| {
                let written = file
                    .metadata()
                    .and_then(|file| file.modified())
                    .expect("a time");
                (file.file_name(), written)
            })
            .collect();
        files.sort();
        files
    };
    let before = compiled();
    assert!(before.len() >= 7, "{before:?}");
    let (second, host) = timed(settings).await;
    assert_eq!(compiled(), before, "compiled again");
    assert!(second < first, "{second:?} instead of {first:?}");
    drop(host);
    let mode = |name: &str| {
        let file = fs::metadata(data.path().join("sign-in").join(name)).expect("a file");
        file.permissions().mode() & 0o077
    };
    assert_eq!(mode("key.der"), 0);
}

/// Names that the host does not go by get nothing: a page of another site can't make a browser ask for a token.
#[tokio::test]
async fn unexpected_names_are_refused() {
    let data = tempfile::tempdir().expect("a folder");
    let mut settings = HostSettings::new(data.path());
    settings.arguments = ["--public-name", "nudge.example"]
        .map(str::to_owned)
        .to_vec();
    set_passphrase(data.path(), "me", "correct horse").await;
    let host = Host::start(settings).await;
    let somebody = Person::new(host.address(), "somebody", None);
    for (name, status) in [
        ("evil.example", 421),
        ("127.0.0.1", 421),
        ("nudge.example.evil.example", 421),
        ("nudge.example", 200),
        ("NUDGE.example", 200),
    ] {
        let call = somebody.asks(http::Method::GET, "/task-service/health");
        let answer = call.header("host", name).answer().await;
        assert_eq!(answer.status.as_u16(), status, "{name}: {}", answer.body);
    }
}
