//! `route`: a request that a component answers by itself.

use std::convert::Infallible;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use crate::desk::Desk;
use crate::load::{self, Ask, Load};
use crate::process;
use crate::report::{Report, ratio, time};

/// Answered by a component without a call to its Dapr.
const PATH: &str = "/api/nothing-here";
const CONNECTIONS: usize = 16;
const TIME: Duration = Duration::from_secs(5);

/// A component's answer beside that of a native handler, in a process of its own each.
pub(crate) async fn measure(report: &mut Report) -> Result<()> {
    let desk = Desk::open().await?;
    let (component, component_cpu) = under_load(desk.address(), desk.process()).await?;
    let (native, native_cpu) = {
        let (child, address) = start_native().await?;
        let process = child.id().context("the yardstick has ended")?;
        under_load(&address, process).await?
    };
    report.row(
        "route",
        format!("a component answers by itself ({CONNECTIONS} connections)"),
        format!("{:.0}/s, {}", component.rate(), component.times.summary()),
        format!(
            "a native hyper handler: {:.0}/s, {} as many",
            native.rate(),
            ratio(native.rate(), component.rate())
        ),
    );
    report.row(
        "route",
        "… CPU a request",
        time(component_cpu),
        format!("native: {}", time(native_cpu)),
    );
    Ok(())
}

async fn under_load(address: &str, process: u32) -> Result<(Load, Duration)> {
    let ask = |_, _| Ask::get(PATH);
    load::run(address, CONNECTIONS, Duration::from_secs(1), ask).await?;
    let before = process::cpu(process)?;
    let load = load::run(address, CONNECTIONS, TIME, ask).await?;
    let cpu = process::cpu(process)? - before;
    let count = u32::try_from(load.count()).unwrap_or(u32::MAX);
    ensure!(count > 0, "no answers");
    Ok((load, cpu / count))
}

/// This program as the yardstick; killed when it is dropped.
async fn start_native() -> Result<(Child, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--answer")
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().context("its output")?;
    let line = BufReader::new(output).lines().next_line().await?;
    Ok((child, line.context("it ended instead of listening")?))
}

/// The yardstick: says where it is, and answers everything with the same few bytes.
pub(crate) async fn answer_everything() -> Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service_fn(|_: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(
                b"{\"nothing\":\"here\"}",
            ))))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}
