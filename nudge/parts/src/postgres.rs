//! A PostgreSQL server with a folder of its own.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;
use nix::unistd::{Uid, User};

use crate::part::{Ready, Spec};
use crate::place::{self, Place};
use crate::programs;

const USER: &str = "nudge";
const DATABASE: &str = "postgres";

/// The server's programs, and who runs them.
#[derive(Clone)]
struct Server {
    programs: PathBuf,
    /// The server refuses to run as root; then it runs as the user that its package made.
    user: Option<User>,
}

/// A server on loopback that keeps its data in `place`, and how it is reached.
pub fn spec(place: &Place, port: u16) -> Result<(Spec, String)> {
    spec_in(place, "postgres", port, &[])
}

/// A folder of `place` that the server may write to.
pub fn folder(place: &Place, name: &str) -> Result<PathBuf> {
    let folder = place.parts.join(name);
    fs::create_dir_all(&folder)?;
    if let Some(user) = &Server::find()?.user {
        chown(&folder, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
    }
    Ok(folder)
}

/// One of the server's programs, run by whom the server is run by.
pub fn command(program: &str) -> Result<Command> {
    Ok(Server::find()?.command(program))
}

/// A server whose data is in the folder `name` of `place`, with more settings than every one has.
pub fn spec_in(
    place: &Place,
    name: &str,
    port: u16,
    settings: &[String],
) -> Result<(Spec, String)> {
    let server = Server::find()?;
    let folder = folder(place, name)?;
    let password = place.kept_secret("postgres-password")?;
    let data = folder.join("data");
    if !data.join("PG_VERSION").exists() {
        server.make(&folder, &data, &password)?;
    }
    let ready = server.clone();
    let settings = settings.to_vec();
    let spec = Spec {
        name: "postgresql".to_owned(),
        command: Box::new(move || {
            let mut command = server.run(&data, port);
            for setting in &settings {
                command.args(["-c", setting]);
            }
            command
        }),
        ready: Ready::Program(Box::new(move || {
            let mut command = Command::new(ready.programs.join("pg_isready"));
            command.args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]);
            command
        })),
        // "Fast": ends sessions instead of waiting for them, and writes everything down.
        stop_signal: Signal::SIGINT,
        stop_limit: Duration::from_secs(20),
    };
    let url = format!("postgres://{USER}:{password}@127.0.0.1:{port}/{DATABASE}?sslmode=disable");
    Ok((spec, url))
}

/// Gives the database's user another password, and sees that the old one is refused; returns the address with the new one.
pub fn change_password(url: &str) -> Result<String> {
    let (user, rest) = url.rsplit_once('@').context("an address with a password")?;
    let (before, old) = user.rsplit_once(':').context("a password")?;
    let new = place::random_text()?;
    query(url, &format!("ALTER USER CURRENT_USER PASSWORD '{new}'"))?;
    if query(&format!("{before}:{old}@{rest}"), "SELECT 1").is_ok() {
        bail!("the old password is still taken");
    }
    Ok(format!("{before}:{new}@{rest}"))
}

/// What a statement returns, without decoration.
pub fn query(url: &str, sql: &str) -> Result<String> {
    let mut psql = command("psql")?;
    let output = psql.args([url, "-XAtqc", sql]).output()?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Installs the server's programs where they are missing and can be installed.
pub fn make_available() -> Result<()> {
    Server::find().map(drop)
}

impl Server {
    fn find() -> Result<Self> {
        let programs = match programs_in(&version_folders()) {
            Some(programs) => programs,
            None => {
                programs::install("postgresql", "or name a server with --postgres URL")?;
                programs_in(&version_folders())
                    .context("PostgreSQL was installed, but its initdb is not to be found")?
            }
        };
        let user = if Uid::effective().is_root() {
            Some(
                User::from_name("postgres")?
                    .context("PostgreSQL can't run as root, and there is no user postgres")?,
            )
        } else {
            None
        };
        Ok(Self { programs, user })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        if let Some(user) = &self.user {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
        // Not where we are: that folder may be closed to the server's user.
        command.current_dir("/");
        command
    }

    fn make(&self, folder: &Path, data: &Path, password: &str) -> Result<()> {
        let file = folder.join("password");
        fs::write(&file, password)?;
        if let Some(user) = &self.user {
            chown(&file, Some(user.uid.as_raw()), Some(user.gid.as_raw()))?;
        }
        let made = programs::quietly(
            self.command("initdb")
                .arg("-D")
                .arg(data)
                .args(["-U", USER, "--auth=scram-sha-256", "--encoding=UTF8"])
                // Keys are compared byte by byte: range queries over them rely on it.
                .args(["--locale=C", "--pwfile"])
                .arg(&file),
        );
        fs::remove_file(&file).ok();
        made.with_context(|| {
            format!(
                "if that is about permissions: every folder above {} must be open to the user who runs PostgreSQL",
                data.display()
            )
        })
    }

    fn run(&self, data: &Path, port: u16) -> Command {
        let mut command = self.command("postgres");
        command.arg("-D").arg(data).args(["-p", &port.to_string()]);
        for setting in [
            "listen_addresses=127.0.0.1",
            "unix_socket_directories=",
            "max_connections=200",
            "shared_buffers=64MB",
            "timezone=UTC",
        ] {
            command.args(["-c", setting]);
        }
        command
    }
}

/// Where Debian puts each version's programs, the newest first: only clients are on the path.
fn version_folders() -> Vec<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut folders: Vec<PathBuf> = versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    folders.sort();
    folders.reverse();
    folders
}

/// The folder of the server's programs. The path may have links to some of them only.
fn programs_in(folders: &[PathBuf]) -> Option<PathBuf> {
    let program = programs::find_program("initdb", folders)?;
    Some(program.canonicalize().ok()?.parent()?.to_owned())
}
