//! A broker and a database that are there already: whether they can be used is said before anything is started.

use std::net::{TcpStream, ToSocketAddrs};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::programs;
use crate::settings::Settings;

/// How long one of them may take to answer.
const LIMIT: Duration = Duration::from_secs(5);

/// Looks at those that `settings` names.
///
/// # Errors
/// A sentence that says which one can't be used, and why.
pub(crate) fn check(settings: &Settings) -> Result<()> {
    for address in settings.kafka.iter().flat_map(|brokers| brokers.split(',')) {
        connect(address)
            .with_context(|| format!("no broker at {address}; does --kafka say where it is?"))?;
    }
    match &settings.postgres {
        Some(url) => check_database(url, programs::find_program("psql", &[]).as_deref()),
        None => Ok(()),
    }
}

/// PostgreSQL's own client tells a wrong password or name from a wrong address. Where it is missing, daprd's log does.
fn check_database(url: &str, client: Option<&Path>) -> Result<()> {
    let Some(client) = client else {
        let address = address_of(url)?;
        return connect(&address).with_context(|| {
            format!("no PostgreSQL at {address}; does --postgres say where it is?")
        });
    };
    let output = Command::new(client)
        .args([
            "--no-psqlrc",
            "--no-password",
            "--quiet",
            "--command=select 1",
        ])
        .arg(url)
        .env("PGCONNECT_TIMEOUT", LIMIT.as_secs().to_string())
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or_default();
    bail!(
        "the PostgreSQL of --postgres can't be used: {}",
        said.trim_start_matches("psql: error: ")
    )
}

/// `host:port` of `postgres://user:password@host:port/database?options`.
fn address_of(url: &str) -> Result<String> {
    let (_, rest) = url
        .split_once("://")
        .context("--postgres takes postgres://USER:PASSWORD@HOST:PORT/DATABASE")?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    let address = authority.rsplit('@').next().unwrap_or_default();
    let has_port = address
        .rsplit_once(':')
        .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
    Ok(match has_port {
        true => address.to_owned(),
        false => format!("{address}:5432"),
    })
}

fn connect(address: &str) -> Result<()> {
    let addresses = address.to_socket_addrs().context("that is no HOST:PORT")?;
    let mut last = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, LIMIT) {
            Ok(_) => return Ok(()),
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) => Err(error.into()),
        None => bail!("the name leads nowhere"),
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn the_address_in_a_url() {
        for (url, address) in [
            ("postgres://me:secret@db.test:5433/nudge", "db.test:5433"),
            (
                "postgresql://me@db.test/nudge?sslmode=require",
                "db.test:5432",
            ),
            ("postgres://127.0.0.1:1", "127.0.0.1:1"),
            ("postgres://me:p:5@[::1]:6000/x", "[::1]:6000"),
            ("postgres://[::1]/x", "[::1]:5432"),
        ] {
            assert_eq!(address_of(url).ok().as_deref(), Some(address), "{url}");
        }
        assert!(address_of("host=db.test user=me").is_err());
    }

    #[test]
    fn what_is_not_there_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let there = listener.local_addr().expect("an address").to_string();
        assert!(connect(&there).is_ok());
        // Not the port that was just let go: somebody else may have it by now.
        let nowhere = "127.0.0.1:1";
        assert!(connect(nowhere).is_err());
        assert!(connect("nonsense").is_err());
        let url = format!("postgres://me@{nowhere}/x");
        let error = check_database(&url, None).expect_err("nobody listens");
        assert!(error.to_string().contains(nowhere), "{error}");
    }
}
