//! What PostgreSQL does for the functions beside storing: it tells KEDA whether a timetable has work due, and it keeps
//! audit records as they were written. Against a real server, with keys as the functions write them and the query as the
//! chart renders it. `cargo xtask test cluster` runs it.
//!
//! Seen to fail: without `COLLATE "C"` (no index serves the query), without the LIKE that repeats the index's condition (a
//! sequential scan), without the triggers.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use chrono::{Duration, Utc};
use dapr::Dapr;
use dapr::fake::{FakeDapr, block_on};
use dapr::timetable::{Entry, Insert};
use serde::Deserialize;
use serde_json::Value;

/// The table as Dapr's component `state.postgresql` v2 makes it, with the column of its second migration.
const TABLE: &str = "CREATE TABLE state (key text NOT NULL PRIMARY KEY, value bytea NOT NULL,
    etag uuid NOT NULL DEFAULT gen_random_uuid(), created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz, expires_at timestamptz, row_id bigint)";

/// Databases of both kinds: as the documentation asks for, and as a managed server may give one.
const DATABASES: [(&str, &str); 2] = [
    ("bytes", "TEMPLATE template0 LOCALE 'C'"),
    (
        "words",
        "TEMPLATE template0 LOCALE 'C' LOCALE_PROVIDER icu ICU_LOCALE 'en'",
    ),
];

#[test]
#[ignore = "needs PostgreSQL; cargo xtask test cluster runs it"]
fn postgresql_keeps_its_promises() {
    let server = Server::start();
    for (name, options) in DATABASES {
        server.run("postgres", &format!("CREATE DATABASE {name} {options}"));
        let database = Database {
            server: &server,
            name,
        };
        database.run(TABLE);
        // Twice, as a second release does.
        for _ in 0..2 {
            database
                .run(&std::fs::read_to_string(chart().join("files/database-rules.sql")).unwrap());
        }
        what_is_due_wakes(&database);
        a_full_timetable_costs_one_look(&database);
        audit_records_stay(&database);
    }
}

/// One function's timetable at a time: what lies in it, and whether that is to wake it.
fn what_is_due_wakes(database: &Database<'_>) {
    let app = "reminder-service";
    for (what, seconds, wakes) in [
        ("nothing", &[][..], false),
        ("due in two hours", &[7200], false),
        ("due in five minutes", &[300], false),
        ("due in half a minute", &[30], true),
        ("due in a minute", &[60], true),
        ("overdue", &[-600], true),
        ("one now among later ones", &[7200, 30, 86_400], true),
    ] {
        database.run("TRUNCATE state");
        let dapr = FakeDapr::new();
        let now = Utc::now();
        for &seconds in seconds {
            let entry = Entry::new(
                now + Duration::seconds(seconds),
                "user",
                "reminder/user/task/one",
            );
            let (_, writes) = block_on(Insert::plan(&dapr, vec![entry], now)).unwrap();
            block_on(dapr.transact(writes)).unwrap();
        }
        database.store(app, &dapr);
        assert_eq!(database.due(app), wakes, "{}: {what}", database.name);
        assert!(
            !database.due("task-service"),
            "{}: another function's {what}",
            database.name
        );
    }
}

/// Three hundred thousand keys of other work and a hundred thousand buckets of later minutes: none is looked at.
fn a_full_timetable_costs_one_look(database: &Database<'_>) {
    let app = "reminder-service";
    database.run("TRUNCATE state");
    database.run(&format!(
        "INSERT INTO state (key, value)
         SELECT '{app}||timetable/' || to_char(now() AT TIME ZONE 'UTC' + interval '1 hour' + n * interval '1 minute', 'YYYYMMDDHH24MI') || '/03/0000', '{{}}'
         FROM generate_series(1, 100000) AS n;
         INSERT INTO state (key, value) SELECT 'task-service||task/user/' || n, '{{}}' FROM generate_series(1, 300000) AS n;
         INSERT INTO state (key, value) VALUES ('{app}||timetable/cursor', '{{}}');
         VACUUM ANALYZE state"
    ));
    assert!(!database.due(app), "{}: nothing is due", database.name);
    let plan = database.run(&format!("EXPLAIN (ANALYZE, BUFFERS) {}", query(app)));
    assert!(
        plan.contains("nudge_timetable") && !plan.contains("Seq Scan"),
        "{}: {plan}",
        database.name
    );
    let pages: u64 = plan
        .lines()
        .find_map(|line| line.split("shared hit=").nth(1))
        .and_then(|rest| rest.split_whitespace().next()?.parse().ok())
        .unwrap();
    assert!(
        pages < 20,
        "{}: {pages} pages were read: {plan}",
        database.name
    );
}

/// A record can be written, and then not be changed or removed; its body can.
fn audit_records_stay(database: &Database<'_>) {
    database.run("TRUNCATE state");
    let record = "audit-service||audit/user/00000000000000000001";
    let body = "audit-service||audit-body/user/00000000000000000001";
    for key in [record, body] {
        database.run(&format!(
            "INSERT INTO state (key, value) VALUES ('{key}', 'as written')"
        ));
    }
    for change in ["UPDATE state SET value = 'other'", "DELETE FROM state"] {
        let refused = database.try_run(&format!("{change} WHERE key = '{record}'"));
        let why = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(
            !refused.status.success() && why.contains("written once"),
            "{change}: {why}"
        );
    }
    database.run("UPDATE state SET row_id = 1");
    database.run(&format!("DELETE FROM state WHERE key = '{body}'"));
    let left = database.run("SELECT convert_from(value, 'UTF8') FROM state");
    assert_eq!(left.trim(), "as written");
}

/// The query of a function's ScaledObject.
fn query(app: &str) -> String {
    let rendered = std::fs::read_to_string(chart().join("tests/prod.yaml")).unwrap();
    let objects = serde_yaml_ng::Deserializer::from_str(&rendered)
        .map(|document| Value::deserialize(document).unwrap());
    let scaler = objects
        .into_iter()
        .find(|object| object["kind"] == "ScaledObject" && object["metadata"]["name"] == app);
    let scaler = scaler.unwrap_or_else(|| panic!("{app} has no ScaledObject"));
    let triggers = scaler["spec"]["triggers"].as_array().unwrap();
    let trigger = triggers
        .iter()
        .find(|trigger| trigger["type"] == "postgresql")
        .unwrap();
    trigger["metadata"]["query"].as_str().unwrap().to_owned()
}

fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../helm/nudge")
}

struct Database<'a> {
    server: &'a Server,
    name: &'static str,
}

impl Database<'_> {
    fn run(&self, sql: &str) -> String {
        self.server.run(self.name, sql)
    }

    fn try_run(&self, sql: &str) -> Output {
        self.server.try_run(self.name, sql)
    }

    fn due(&self, app: &str) -> bool {
        match self.run(&query(app)).trim() {
            "0" => false,
            "1" => true,
            other => panic!("KEDA would be told {other}"),
        }
    }

    /// Puts a function's timetable where its Dapr would: the app-id before the key.
    fn store(&self, app: &str, dapr: &FakeDapr) {
        for key in dapr.keys("timetable/") {
            let value = dapr.value(&key).unwrap().to_string().replace('\'', "''");
            self.run(&format!("INSERT INTO state (key, value) VALUES ('{app}||{key}', convert_to('{value}', 'UTF8'))"));
        }
    }
}

/// A PostgreSQL server on a socket in a folder of its own; stopped when it is dropped.
struct Server {
    folder: PathBuf,
}

impl Server {
    fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("nudge-postgres-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let server = Self { folder };
        if is_root() {
            assert!(
                Command::new("chown")
                    .arg("postgres")
                    .arg(&server.folder)
                    .status()
                    .unwrap()
                    .success()
            );
        }
        let data = server.folder.join("data");
        server.tool(
            "initdb",
            &[
                "--username=nudge",
                "--auth=trust",
                "--no-sync",
                "--pgdata",
                data.to_str().unwrap(),
            ],
        );
        let options = format!(
            "-c listen_addresses='' -c fsync=off -k {}",
            server.folder.display()
        );
        let log = server.folder.join("log");
        server.tool(
            "pg_ctl",
            &[
                "start",
                "--wait",
                "-D",
                data.to_str().unwrap(),
                "-o",
                &options,
                "-l",
                log.to_str().unwrap(),
            ],
        );
        server
    }

    /// One of the server's own programs. The server refuses to run as root, so then it runs as its package's user.
    fn tool(&self, name: &str, arguments: &[&str]) {
        let program = program(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            command
        } else {
            Command::new(program)
        };
        let log = std::fs::File::create(self.folder.join("tool.log")).unwrap();
        let status = command
            .args(arguments)
            .current_dir(&self.folder)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .status();
        let said = || std::fs::read_to_string(self.folder.join("tool.log")).unwrap_or_default();
        assert!(status.unwrap().success(), "{name}: {}", said());
    }

    fn run(&self, database: &str, sql: &str) -> String {
        let output = self.try_run(database, sql);
        assert!(
            output.status.success(),
            "{sql}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    fn try_run(&self, database: &str, sql: &str) -> Output {
        let mut psql = Command::new(program("psql"));
        psql.args([
            "-h",
            self.folder.to_str().unwrap(),
            "-U",
            "nudge",
            "-d",
            database,
        ]);
        // Statement by statement, as VACUUM demands.
        for statement in statements(sql) {
            psql.args(["-c", statement]);
        }
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1"])
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.tool(
            "pg_ctl",
            &[
                "stop",
                "-m",
                "immediate",
                "-D",
                self.folder.join("data").to_str().unwrap(),
            ],
        );
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// Scripts with functions in them go as one; what is a list of plain statements is taken apart.
fn statements(sql: &str) -> Vec<&str> {
    if sql.contains("$$") {
        vec![sql]
    } else {
        sql.split(";\n").collect()
    }
}

/// On the path, or where Debian puts it.
fn program(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|file| file.is_file());
    on_path
        .or_else(|| {
            let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
            versions
                .flatten()
                .map(|version| version.path().join("bin").join(name))
                .find(|file| file.is_file())
        })
        .unwrap_or_else(|| panic!("{name} is missing: install PostgreSQL 15 or later"))
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}
