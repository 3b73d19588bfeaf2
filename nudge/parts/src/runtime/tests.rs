//! Spin can't be had everywhere. Here a FAKE of it is run: a script that calls this test binary, which writes down how it
//! was called, and answers Spin's health path and nothing else. What this shows is what Spin is told, and that it is waited
//! for, started again and stopped like any part; not that Spin runs the functions.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use super::super::part::Part;
use super::*;

/// The manifest that the fake is given, and does not read.
const MANIFEST: &str = "/application/spin.toml";
const LIMIT: Duration = Duration::from_secs(60);
/// Where the fake writes how it was called; set for it only.
const CALLS: &str = "FAKE_SPIN_CALLS";

/// The fake, when it is called as a program: the script below does, and nobody else.
#[test]
fn fake_spin() {
    let Some(calls) = std::env::var_os(CALLS) else {
        return;
    };
    let arguments = std::env::var("FAKE_SPIN_ARGUMENTS").expect("set by the script");
    let variable = |name| std::env::var(name).unwrap_or_default();
    let call = format!(
        "{arguments}\n{} {}\n",
        variable("SPIN_VARIABLE_GRIP_KEY"),
        variable("SPIN_VARIABLE_OIDC_ISSUER")
    );
    let mut file = fs::File::options().append(true).create(true).open(calls);
    let file = file.as_mut().expect("a file");
    file.write_all(call.as_bytes()).expect("a call is noted");
    let mut words = arguments.split(' ').skip_while(|word| *word != "--listen");
    let listener = TcpListener::bind(words.nth(1).expect("--listen ADDRESS")).expect("a port");
    for stream in listener.incoming() {
        let mut stream = stream.expect("a connection");
        let mut request = [0; 1024];
        let read = stream.read(&mut request).unwrap_or_default();
        let is_health = request[..read].starts_with(b"GET /.well-known/spin/health ");
        let status = if is_health { "200 OK" } else { "404 Not Found" };
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).ok();
    }
}

fn write_fake(folder: &Path) -> PathBuf {
    let program = folder.join("spin");
    let test = std::env::current_exe().expect("this test binary");
    let script = format!(
        "#!/bin/sh\nexport {CALLS}='{}' FAKE_SPIN_ARGUMENTS=\"$*\"\nexec '{}' --exact runtime::tests::fake_spin\n",
        folder.join("calls").display(),
        test.display()
    );
    fs::write(&program, script).expect("a script");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("a program");
    program
}

fn eventually(what: &str, mut look: impl FnMut() -> bool) {
    let began = Instant::now();
    while !look() {
        assert!(began.elapsed() < LIMIT, "{what}");
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn spin_is_told_where_everything_is_and_kept_alive() {
    let name = format!("nudge-fake-spin-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    fs::create_dir_all(&folder).expect("a folder");
    let program = write_fake(&folder);
    let [functions_port] = ports::free().expect("a port");
    let secret = ("SPIN_VARIABLE_GRIP_KEY".to_owned(), "key".to_owned());
    let wiring = Wiring {
        application: Application {
            program: "unused".into(),
            manifest: MANIFEST.into(),
            components: "unused".into(),
        },
        data: folder.clone(),
        state: folder.join("state"),
        port: 1,
        functions_port,
        inner_port: 2,
        sockets: 3,
        variables: [secret].into(),
        arguments: Vec::new(),
    };
    let issuer = ("SPIN_VARIABLE_OIDC_ISSUER".to_owned(), "us".to_owned());
    let spec = wiring.spin(&program, [issuer].into());
    let mut part = Part::start(spec, &folder).expect("it starts");
    part.wait_ready(LIMIT, &|| false).expect("it answers");

    let call = format!(
        "up --from {} --listen 127.0.0.1:{functions_port} --state-dir {}\nkey us\n",
        MANIFEST,
        folder.join("state").display()
    );
    let calls = || fs::read_to_string(folder.join("calls")).unwrap_or_default();
    assert_eq!(calls(), call);

    part.signal(Signal::SIGKILL);
    eventually("it is started again", || calls() == call.repeat(2));
    part.wait_ready(LIMIT, &|| false).expect("it answers again");
    part.stop();
    assert!(!part.is_ready());
    fs::remove_dir_all(&folder).ok();
}
