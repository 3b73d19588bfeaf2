//! `nudge`: runs the application, issues tokens, keeps the people.

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};
use futures::FutureExt;
use http::uri::Authority;
use nudge_host::app::{self, App, Dapr, Settings, sign_in_folder};
use nudge_host::check::check;
use nudge_host::component;
use nudge_host::erase::erase;
use nudge_host::limits::STOP_LIMIT;
use nudge_host::manifest::Manifest;
use nudge_host::recorder::Recorder;
use nudge_host::replay::replay;
use nudge_host::server::{self, Door, Names};
use nudge_host::settle::settle;
use nudge_host::sign_in::{self, SignIn};
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

/// The exit status of a process that was interrupted, as shells say it.
const INTERRUPTED: i32 = 130;

/// A to-do list that you talk to, and that talks back at the right moment.
#[derive(Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs all functions in this process.
    Run(Run),
    /// Prints an access token for curl, good for an hour.
    Token(Token),
    /// Adds a person who may sign in, or changes their address and passphrase (read from standard input).
    Person(Person),
    /// Tells a function again what is on record, so that it makes state again that it lost. Nobody is told anything twice.
    Replay(Replay),
    /// Compares lists, inboxes and the timetable with the tasks, reminders and notifications that they are made of, and
    /// says what differs.
    Check(Check),
    /// Erases everything of one person in every function. What is on record keeps its hashes, so that it still verifies.
    Erase(Erase),
    /// Writes each function as one composed component, as an image carries it.
    Components(Components),
    /// Prints the variables by which functions that run elsewhere (`spin up`) trust this host's sign-in.
    Variables(Variables),
}

#[derive(Args)]
struct Run {
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
    /// The Spin manifest.
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// Dapr's YAML files.
    #[arg(long, default_value = "dapr-components")]
    components: PathBuf,
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
}

#[derive(Args)]
struct Replay {
    /// Whose state was lost: reminder-service, recurrence-engine or notification-service.
    #[arg(long, value_name = "FUNCTION")]
    to: String,
    #[command(flatten)]
    whose: Whose,
}

/// `nudge check`
#[derive(Args)]
struct Check {
    /// Mends what differs.
    #[arg(long)]
    repair: bool,
    #[command(flatten)]
    whose: Whose,
}

/// `nudge erase`
#[derive(Args)]
struct Erase {
    /// Who asks for it: it stays on record for ever, so the name of an operator or a ticket, nothing of the person [default:
    /// who runs this]
    #[arg(long, value_name = "NAME")]
    asked_by: Option<String>,
    #[command(flatten)]
    whose: Whose,
}

/// Whose data is meant, and where it is.
#[derive(Args)]
struct Whose {
    /// Only this person's.
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only this person's, by the id that keys and events have; may be given several times.
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    user_id: Vec<String>,
    /// Where Dapr finds the functions of a Nudge that runs with real parts; without it, one that does not run is opened.
    /// It takes APP_API_TOKEN of the environment.
    #[arg(long, env = "INNER_URL", value_name = "URL")]
    inner_url: Option<String>,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
    /// The Spin manifest.
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
    /// Dapr's YAML files.
    #[arg(long, default_value = "dapr-components")]
    components: PathBuf,
}

#[derive(Args)]
struct Components {
    /// The folder to write them into, each under its id.
    #[arg(long)]
    out: PathBuf,
    /// The Spin manifest.
    #[arg(long, default_value = "spin.toml")]
    manifest: PathBuf,
}

#[derive(Args)]
struct Variables {
    /// The host's loopback port for Dapr.
    #[arg(long)]
    inner_port: u16,
    /// Where people find the screen.
    #[arg(long)]
    public_url: String,
}

#[derive(Args)]
struct Token {
    /// Whose; may be left out when there is only one person.
    #[arg(long)]
    user: Option<String>,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
}

#[derive(Args)]
struct Person {
    /// Their name.
    name: String,
    /// Where mail for them goes.
    #[arg(long)]
    email: Option<String>,
    /// Leaves them without a passphrase of their own.
    #[arg(long)]
    no_passphrase: bool,
    /// Where everything is kept.
    #[arg(long, default_value = ".nudge")]
    data: PathBuf,
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_env_filter(
            EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let done = match Cli::parse().command {
        Command::Run(run) => start(run),
        Command::Token(token) => print_token(&token),
        Command::Person(person) => set_person(person),
        Command::Replay(asked) => replay_all(asked),
        Command::Check(asked) => check_all(asked),
        Command::Erase(asked) => erase_all(asked),
        Command::Components(components) => write_components(&components),
        Command::Variables(asked) => {
            print_variables(&asked);
            Ok(())
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("nudge: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn start(run: Run) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let address = SocketAddr::new(run.address, run.port);
        let listener = TcpListener::bind(address).await.with_context(|| {
            format!("can't listen on {address}; is another Nudge running? Try --port")
        })?;
        let address = listener.local_addr()?;
        let inner = match run.no_sidecar {
            true => Some(listen_inner(run.inner_port).await?),
            false => None,
        };
        let demand_passphrases = run.is_open();
        let dapr = match &inner {
            Some(inner) => Dapr::Beside {
                inner: inner.local_addr()?,
                socket_proxy: run.socket_proxy,
                functions: run.functions,
            },
            None => Dapr::Within {
                components: run.components,
                allow_private: run.allow_private,
            },
        };
        let app = App::start(&Settings {
            manifest: run.manifest,
            dapr,
            data: run.data.clone(),
            demand_passphrases,
            public_url: run
                .public_url
                .unwrap_or_else(|| format!("http://localhost:{}", address.port())),
        })
        .await?;
        let app = Arc::new(app);
        let mut public = run.public_name;
        if !run.address.is_loopback() && !run.address.is_unspecified() {
            public.push(address.to_string());
        }
        println!("Nudge is at http://localhost:{}", address.port());
        if inner.is_none() {
            let (app, data) = (Arc::clone(&app), run.data);
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

fn replay_all(asked: Replay) -> Result<()> {
    let Replay { to, whose } = asked;
    with_recorder(whose, async |recorder, user_ids| {
        replay_each(recorder, &to, user_ids).await
    })
}

fn check_all(asked: Check) -> Result<()> {
    let Check { repair, whose } = asked;
    with_recorder(whose, async |recorder, user_ids| {
        check_each(recorder, user_ids, repair).await
    })
}

/// Asks the audit service of a Nudge that runs, or opens one that does not.
fn with_recorder(
    whose: Whose,
    ask: impl AsyncFnOnce(&Recorder<'_>, &[String]) -> Result<()>,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let user_ids = match whose.user_id.is_empty() {
            true => SignIn::open(&sign_in_folder(&whose.data), false)?
                .user_ids(whose.user.as_deref())?,
            false => whose.user_id,
        };
        if let Some(url) = &whose.inner_url {
            let app_api_token = std::env::var("APP_API_TOKEN").context("set APP_API_TOKEN")?;
            let recorder = Recorder::At {
                url,
                app_api_token: &app_api_token,
            };
            return ask(&recorder, &user_ids).await;
        }
        let app = App::start(&Settings {
            manifest: whose.manifest,
            dapr: Dapr::Within {
                components: whose.components,
                allow_private: false,
            },
            data: whose.data,
            demand_passphrases: false,
            public_url: "http://localhost:3000".to_owned(),
        })
        .await?;
        let asked = ask(&Recorder::Within(&app), &user_ids).await;
        app.stop().await;
        asked
    })
}

fn erase_all(asked: Erase) -> Result<()> {
    let Erase { asked_by, whose } = asked;
    if whose.user.is_none() && whose.user_id.is_empty() {
        bail!("say whose data is to be erased: --user NAME or --user-id ID");
    }
    let operator = || std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let asked_by = asked_by.unwrap_or_else(operator);
    with_recorder(whose, async |recorder, user_ids| {
        for user_id in user_ids {
            erase(recorder, user_id, &asked_by).await?;
            println!("{user_id}: erased");
        }
        Ok(())
    })
}

async fn check_each(recorder: &Recorder<'_>, user_ids: &[String], repair: bool) -> Result<()> {
    let mut wrong = 0;
    for user_id in user_ids {
        let checked = match check(recorder, user_id, repair).await {
            Ok(checked) => checked,
            Err(error) => {
                println!("{user_id}: failed: {error:#}");
                wrong += 1;
                continue;
            }
        };
        let (mended, left) = (checked.mended.len(), checked.left.len());
        println!(
            "{user_id}: {} checked, {mended} mended, {left} wrong",
            checked.checked
        );
        for line in &checked.mended {
            println!("{user_id}: mended: {line}");
        }
        for line in &checked.left {
            println!("{user_id}: wrong: {line}");
        }
        wrong += usize::from(left > 0);
    }
    if wrong > 0 {
        bail!(
            "what is derived of {wrong} of {} people is not as its sources say{}",
            user_ids.len(),
            if repair { "" } else { "; --repair mends it" }
        );
    }
    Ok(())
}

async fn replay_each(recorder: &Recorder<'_>, to: &str, user_ids: &[String]) -> Result<()> {
    let operator = std::env::var("USER").unwrap_or_else(|_| "unknown".to_owned());
    let mut failed = 0;
    for user_id in user_ids {
        // What one person's record is like must not keep it from the others.
        let replayed = match replay(recorder, to, user_id, &operator).await {
            Ok(replayed) => replayed,
            Err(error) => {
                println!("{user_id}: failed: {error:#}");
                failed += 1;
                continue;
            }
        };
        println!(
            "{user_id}: {} tasks told, {} restored",
            replayed.told, replayed.restored
        );
        for refused in &replayed.refused {
            println!("{user_id}: not understood: {refused}");
        }
    }
    if failed > 0 {
        bail!(
            "{failed} of {} people's records were not told to the end; repeating it does no harm",
            user_ids.len()
        );
    }
    Ok(())
}

fn write_components(components: &Components) -> Result<()> {
    let manifest = Manifest::read(&components.manifest)?;
    std::fs::create_dir_all(&components.out)?;
    for (id, component) in &manifest.component {
        let file = components.out.join(format!("{id}.wasm"));
        std::fs::write(&file, component::composed(id, component)?)
            .with_context(|| format!("can't write {}", file.display()))?;
    }
    Ok(())
}

fn print_variables(asked: &Variables) {
    let inner = SocketAddr::from(([127, 0, 0, 1], asked.inner_port));
    for (name, value) in app::variables_elsewhere(&asked.public_url, inner) {
        println!("SPIN_VARIABLE_{}={value}", name.to_ascii_uppercase());
    }
}

fn print_token(token: &Token) -> Result<()> {
    let sign_in = SignIn::open(&sign_in_folder(&token.data), false)?;
    println!("{}", sign_in.token(token.user.as_deref())?);
    Ok(())
}

fn set_person(person: Person) -> Result<()> {
    let passphrase = if person.no_passphrase {
        None
    } else {
        eprintln!(
            "A passphrase for {} (8 characters or more), then Enter:",
            person.name
        );
        let mut line = String::new();
        std::io::stdin().read_line(&mut line)?;
        Some(line.trim_end_matches(['\r', '\n']).to_owned())
    };
    sign_in::set_person(
        &sign_in_folder(&person.data),
        &person.name,
        person.email,
        passphrase.as_deref(),
    )
}
