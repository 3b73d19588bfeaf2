//! `nudge run`

use std::net::{IpAddr, SocketAddr};
use std::path::{self, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use clap::Args;
use futures::FutureExt;
use http::uri::Authority;
use nudge_host::app::{App, Dapr, Settings};
use nudge_host::limits::STOP_LIMIT;
use nudge_host::server::{self, Door, Names};
use nudge_host::settle::settle;
use nudge_parts::application::Application;
use nudge_parts::settings::Settings as Parts;
use nudge_parts::stop::Stop;
use nudge_parts::system::System;
use tokio::net::TcpListener;

use crate::application::Files;

/// The exit status of a process that was interrupted, as shells say it.
const INTERRUPTED: i32 = 130;

#[derive(Args)]
pub(crate) struct Run {
    /// The port to listen on; 0 takes a free one.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// The address to listen on. Any but a loopback address makes everybody need a passphrase, as a public name or URL does.
    #[arg(long, default_value = "127.0.0.1")]
    address: IpAddr,
    /// Another name that browsers call this host by, such as nudge.example; may be given several times. With one, what
    /// comes from this machine is taken for a reverse proxy's, which must say whose requests they are: in X-Forwarded-For, or
    /// in Forwarded where it removes an X-Forwarded-For that a client sent.
    #[arg(long)]
    public_name: Vec<String>,
    /// Where people find the screen, for links in mails [default: http://localhost:PORT]. One that is not this machine's own
    /// makes everybody need a passphrase.
    #[arg(long)]
    public_url: Option<String>,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
    #[command(flatten)]
    files: Files,
    /// Real parts on this machine: Kafka, PostgreSQL, Pushpin, and a daprd for each function.
    #[arg(long, conflicts_with_all = ["no_sidecar", "allow_private"])]
    dapr: bool,
    #[command(flatten)]
    parts: Parts,
    /// Lets webhooks and other calls go to private addresses.
    #[arg(long)]
    allow_private: bool,
    /// Leaves Dapr and the WebSockets to those beside this process: a daprd for each function, at its variable
    /// `…_dapr_url`, and Pushpin. `SPIN_VARIABLE_…` says where they are and how they prove themselves.
    #[arg(long)]
    no_sidecar: bool,
    /// The loopback port where those beside find the functions; 0 takes a free one.
    #[arg(long, default_value_t = 3080, requires = "no_sidecar")]
    inner_port: u16,
    /// Where Pushpin takes WebSockets.
    #[arg(long, default_value = "127.0.0.1:7999", requires = "no_sidecar")]
    socket_proxy: Authority,
    /// Where the functions run, instead of in this process: `spin up --listen` with what `nudge variables` prints.
    #[arg(long, value_name = "HOST:PORT", requires = "no_sidecar")]
    functions: Option<Authority>,
}

impl Run {
    /// Whether others can reach the host: by its address, or by a reverse proxy before it.
    fn is_open(&self) -> bool {
        let names_loopback = |url: &str| {
            let host = url::Url::parse(url).ok();
            let host = host.as_ref().and_then(url::Url::host);
            match host {
                Some(url::Host::Domain(name)) => {
                    name == "localhost" || name.ends_with(".localhost")
                }
                Some(url::Host::Ipv4(address)) => address.is_loopback(),
                Some(url::Host::Ipv6(address)) => address.is_loopback(),
                None => false,
            }
        };
        let has_public_url = self
            .public_url
            .as_deref()
            .is_some_and(|url| !names_loopback(url));
        !self.address.is_loopback() || !self.public_name.is_empty() || has_public_url
    }

    pub(crate) fn run(self) -> Result<()> {
        match self.dapr {
            true => self.run_parts(),
            false => self.run_host(),
        }
    }

    /// Runs Nudge with real parts until somebody asks it to stop. One of the parts is this command again, without its sidecar.
    fn run_parts(self) -> Result<()> {
        let stop = Stop::on_interrupt()?;
        let found = self.files.find(&self.data)?;
        let application = Application {
            program: std::env::current_exe().context("this program is not to be found")?,
            manifest: path::absolute(found.manifest)?,
            components: path::absolute(found.components)?,
        };
        let mut arguments = vec![format!("--address={}", self.address)];
        let names = self.public_name.iter();
        arguments.extend(names.map(|name| format!("--public-name={name}")));
        let url = self.public_url.iter();
        arguments.extend(url.map(|url| format!("--public-url={url}")));
        let settings = Parts {
            data: self.data,
            port: self.port,
            ..self.parts
        };
        let system = System::start(&settings, &application, &arguments, &stop)?;
        println!("Nudge is at {}", system.address());
        println!("Its parts are listed in {}", system.environment().display());
        stop.wait();
        eprintln!("Stopping …");
        system.stop();
        Ok(())
    }

    fn run_host(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async {
            let found = self.files.find(&self.data)?;
            let address = SocketAddr::new(self.address, self.port);
            let listener = TcpListener::bind(address).await.with_context(|| {
                format!("can't listen on {address}; is another Nudge running? Try --port")
            })?;
            let address = listener.local_addr()?;
            let inner = match self.no_sidecar {
                true => Some(listen_inner(self.inner_port).await?),
                false => None,
            };
            let demand_passphrases = self.is_open();
            let dapr = match &inner {
                Some(inner) => Dapr::Beside {
                    inner: inner.local_addr()?,
                    socket_proxy: self.socket_proxy,
                    functions: self.functions,
                },
                None => Dapr::Within {
                    components: found.components,
                    allow_private: self.allow_private,
                },
            };
            let app = App::start(&Settings {
                manifest: found.manifest,
                dapr,
                data: self.data.clone(),
                demand_passphrases,
                public_url: self
                    .public_url
                    .unwrap_or_else(|| format!("http://localhost:{}", address.port())),
            })
            .await?;
            let app = Arc::new(app);
            let mut public = self.public_name;
            if !self.address.is_loopback() && !self.address.is_unspecified() {
                public.push(address.to_string());
            }
            println!("Nudge is at http://localhost:{}", address.port());
            if inner.is_none() {
                let (app, data) = (Arc::clone(&app), self.data);
                tokio::spawn(async move {
                    if let Err(error) = settle(&app, &data).await {
                        tracing::warn!("what is derived is not checked: {error:#}");
                    }
                });
            }
            let stop = stop_signal().shared();
            let public = Door::Public(Names::new(address.port(), &public));
            let serve_public = server::serve(Arc::clone(&app), listener, public, stop.clone());
            match inner {
                Some(inner) => {
                    let serve_inner = server::serve(Arc::clone(&app), inner, Door::Inner, stop);
                    tokio::try_join!(serve_public, serve_inner)?;
                }
                None => serve_public.await?,
            }
            app.stop().await;
            Ok(())
        })
    }
}

async fn listen_inner(port: u16) -> Result<TcpListener> {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpListener::bind(address)
        .await
        .with_context(|| format!("can't listen on {address} for Dapr; try --inner-port"))
}

/// Resolves when the host is told to stop. Told again, the process ends at once.
async fn stop_signal() {
    told_to_stop().await;
    eprintln!(
        "Stopping: requests, deliveries and instances at work have {} s each. Ctrl-C again ends at once.",
        STOP_LIMIT.as_secs()
    );
    tokio::spawn(async {
        told_to_stop().await;
        eprintln!("Ended at once: what was acknowledged is kept, what was at work comes again.");
        std::process::exit(INTERRUPTED);
    });
}

/// Ctrl-C, or what service managers send.
async fn told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    interrupt.await.ok();
}
