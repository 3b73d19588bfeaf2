//! The program that holds the application, on a machine that has nothing else of Nudge.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// How long a first start may take, which compiles all components on a busy machine.
const START_LIMIT: Duration = Duration::from_secs(240);

/// The program as `cargo xtask test` builds it, without optimisations.
fn program() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let program = root.join("target/embedded/nudge");
    assert!(
        program.is_file(),
        "{} is not there; run cargo xtask test",
        program.display()
    );
    program
}

/// A command in `folder`, with nothing of this process's environment.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// Starts it in `folder`; returns the process and its address.
async fn start(folder: &Path) -> (Child, String) {
    let mut child = command(folder, &["run", "--port", "0"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a process");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let line = timeout(START_LIMIT, lines.next_line()).await;
    let line = line.expect("it starts in time").expect("a line");
    let line = line.expect("it says where it is");
    let address = line.strip_prefix("Nudge is at ").expect("its address");
    (child, address.replace("localhost", "127.0.0.1"))
}

async fn printed(folder: &Path, arguments: &[&str]) -> String {
    let output = command(folder, arguments).output().await.expect("it runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "nudge {arguments:?}: {errors}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Seen to fail: with the program that holds nothing, which finds no `spin.toml`.
#[tokio::test]
async fn a_program_in_an_empty_folder_is_enough() {
    let folder = tempfile::tempdir().expect("a folder");
    let client = reqwest::Client::builder().no_proxy().build();
    let client = client.expect("a client");

    let (mut child, address) = start(folder.path()).await;
    let screen = client.get(&address).send().await.expect("an answer");
    let html = screen.text().await.expect("a page");
    assert!(html.contains("<script"), "{html}");
    let token = printed(folder.path(), &["token"]).await;
    let created = client
        .post(format!("{address}/api/tasks"))
        .bearer_auth(&token)
        .header("content-type", "application/json")
        .body(json!({ "title": "Water the plants" }).to_string())
        .send()
        .await
        .expect("an answer");
    assert_eq!(created.status(), 201);
    child.kill().await.expect("it is killed");

    let checked = printed(folder.path(), &["check"]).await;
    assert!(checked.ends_with("0 wrong"), "{checked}");

    let (mut child, address) = start(folder.path()).await;
    let tasks = client.get(format!("{address}/api/tasks"));
    let tasks = tasks.bearer_auth(&token).send().await.expect("an answer");
    let tasks = tasks.text().await.expect("a body");
    let tasks: Value = serde_json::from_str(&tasks).expect("tasks");
    assert_eq!(tasks["items"][0]["title"], "Water the plants", "{tasks}");
    child.kill().await.expect("it is killed");
}
