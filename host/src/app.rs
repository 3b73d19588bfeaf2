//! The whole application in one process: manifest, functions, Dapr, sign-in, sockets. Dapr and what holds the sockets may
//! also stand beside it.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, Weak};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures::future::BoxFuture;
use http::uri::Authority;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use nudge_gateway::{Gateway, Origin, Visitor};
use nudge_sidecar::{Apps, Cause, Internal, Sidecar};

use crate::admission::{Client, Seat};
use crate::allowance::{Chain, MAX_DELIVERIES, Source};
use crate::beside::{Daprs, Elsewhere, SocketProxy};
use crate::component::Cache;
use crate::engine;
use crate::function::{CallError, DaprPort, Definition, Functions};
use crate::limits;
use crate::manifest::Manifest;
use crate::outbound::AllowedHosts;
use crate::refusal::refusal;
use crate::route::Router;
use crate::sign_in::{self, SignIn};
use crate::variables::Variables;

/// The function that speaks for the sockets.
const GATEWAY_FUNCTION: &str = "websocket-gateway";
/// Where the gateway function publishes, through Dapr: answered inside the process.
const PUSHPIN_URL: &str = "http://grip.nudge.internal";
/// Largest answer of a function to Dapr, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// The database's name in the data folder.
pub(crate) const DATABASE: &str = "nudge.db";
/// The name of the folder of keys and people in the data folder.
pub(crate) const SIGN_IN: &str = "sign-in";

/// Where things are.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `spin.toml`
    pub manifest: PathBuf,
    /// Where Dapr is.
    pub dapr: Dapr,
    /// What is to be kept: database, keys, compiled components.
    pub data: PathBuf,
    /// Whether everybody needs a passphrase: as soon as others can reach the address.
    pub demand_passphrases: bool,
    /// Where people find the screen, for links in mails.
    pub public_url: String,
}

/// Where Dapr is, and what holds the sockets.
#[derive(Debug, Clone)]
pub enum Dapr {
    /// In this process.
    Within {
        /// The folder of Dapr's YAML files.
        components: PathBuf,
        /// Whether functions may call private addresses, through Dapr.
        allow_private: bool,
    },
    /// Beside it: a daprd for each function, at its variable `dapr_url`, and Pushpin. What they and the functions must
    /// agree on (`app_api_token`, `grip_key`, `pushpin_urls`) comes from the environment.
    Beside {
        /// The host's own listener for them, where daprd also finds the key set.
        inner: SocketAddr,
        /// Where Pushpin takes sockets.
        socket_proxy: Authority,
        /// Where the functions run, if not in this process: `spin up`.
        functions: Option<Authority>,
    },
}

/// The running application.
pub struct App {
    /// Which function answers a path.
    pub router: Router,
    /// The functions.
    pub functions: Runtime,
    /// The local issuer of tokens.
    pub sign_in: Arc<SignIn>,
    /// The WebSockets.
    pub sockets: Sockets,
    /// Dapr, where it is in this process.
    sidecar: Option<Arc<Sidecar>>,
    /// What Dapr proves itself with.
    app_api_token: String,
}

/// What runs the functions.
pub enum Runtime {
    /// This process.
    Here(Arc<Functions>),
    /// Another one, which answers all routes of the manifest.
    Elsewhere(Elsewhere),
}

/// What holds the WebSockets.
pub enum Sockets {
    /// This process.
    Held(Arc<Gateway>),
    /// A proxy beside it.
    Passed(SocketProxy),
}

impl Sockets {
    /// Opens a socket of `client`, or passes on why not. It keeps `seat` for as long as it is open.
    pub async fn upgrade(
        &self,
        request: Request<Incoming>,
        client: Client,
        seat: Option<Arc<Seat>>,
    ) -> Response<Bytes> {
        match self {
            Self::Passed(proxy) => proxy.upgrade(request, seat).await,
            Self::Held(gateway) => {
                let from = Visitor {
                    address: client.address(),
                    seat: Box::new(seat),
                };
                match gateway.upgrade(request, from).await {
                    Ok(response) => response,
                    Err(refused) => refusal(refused.status(), refused),
                }
            }
        }
    }

    /// Closes those that this process holds.
    pub async fn stop(&self) {
        if let Self::Held(gateway) = self {
            gateway.stop().await;
        }
    }
}

impl App {
    /// Loads everything and begins to deliver. The ears are up to the caller.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong.
    pub async fn start(settings: &Settings) -> Result<Self> {
        nudge_sidecar::private::make_folder(&settings.data)
            .with_context(|| format!("can't make {}", settings.data.display()))?;
        let manifest = Manifest::read(&settings.manifest)?;
        let sign_in = Arc::new(SignIn::open(
            &sign_in_folder(&settings.data),
            settings.demand_passphrases,
        )?);
        match &settings.dapr {
            Dapr::Within {
                components,
                allow_private,
            } => Self::within(settings, manifest, sign_in, components, *allow_private).await,
            Dapr::Beside {
                inner,
                socket_proxy,
                functions,
            } => {
                let beside = (*inner, socket_proxy, functions.clone());
                Self::beside(settings, manifest, sign_in, beside).await
            }
        }
    }

    async fn within(
        settings: &Settings,
        manifest: Manifest,
        sign_in: Arc<SignIn>,
        components: &Path,
        allow_private: bool,
    ) -> Result<Self> {
        let token = random_text();
        let grip_key = random_text();
        let calls = Arc::new(Calls::default());
        let gateway = Gateway::new(
            nudge_gateway::Settings {
                key: grip_key.clone().into_bytes(),
                issuer: "nudge-host".to_owned(),
                max_connections: limits::MAX_SOCKETS,
                max_per_client: limits::MAX_SOCKETS_PER_CLIENT,
                max_per_channel: limits::MAX_SOCKETS_PER_PERSON,
                max_strangers: limits::MAX_SOCKETS_OF_STRANGERS,
                max_message: limits::MAX_SOCKET_MESSAGE,
            },
            Arc::clone(&calls) as Arc<dyn Origin>,
        );
        let internal = InProcess {
            sign_in: Arc::clone(&sign_in),
            gateway: Arc::clone(&gateway),
        };
        let sidecar = Sidecar::open(
            nudge_sidecar::Settings {
                database: settings.data.join(DATABASE),
                components: components.to_owned(),
                app_ids: manifest.component.keys().cloned().collect(),
                app_api_token: token.clone(),
                allow_private,
                max_deliveries: MAX_DELIVERIES,
            },
            Arc::new(internal),
        )
        .await?;
        let mut own = own_variables(&settings.public_url, sign_in::JWKS_URL);
        own.extend(
            [
                ("app_api_token", token.as_str()),
                ("grip_key", grip_key.as_str()),
                (
                    "mail_available",
                    if sidecar.sends_mail() {
                        "true"
                    } else {
                        "false"
                    },
                ),
                ("pushpin_urls", PUSHPIN_URL),
            ]
            .map(|(name, value)| (name.to_owned(), value.to_owned())),
        );
        let port: Arc<dyn DaprPort> = Arc::new(Port(Arc::clone(&sidecar)));
        let functions = load(&manifest, &settings.data, own, port).await?;
        // Set once, here.
        calls.functions.set(Arc::downgrade(&functions)).ok();
        sidecar.start(&(Arc::clone(&calls) as Arc<dyn Apps>));
        // The sidecar keeps `calls`, which keeps only a weak reference: nothing holds itself.
        Ok(Self {
            router: Router::new(&manifest.trigger.http)?,
            functions: Runtime::Here(functions),
            sign_in,
            sockets: Sockets::Held(gateway),
            sidecar: Some(sidecar),
            app_api_token: token,
        })
    }

    async fn beside(
        settings: &Settings,
        manifest: Manifest,
        sign_in: Arc<SignIn>,
        (inner, socket_proxy, elsewhere): (SocketAddr, &Authority, Option<Authority>),
    ) -> Result<Self> {
        for (name, speaker) in [("APP_API_TOKEN", "Dapr"), ("GRIP_KEY", "Pushpin")] {
            let name = format!("SPIN_VARIABLE_{name}");
            if std::env::var(&name).is_ok_and(|value| !value.is_empty()) {
                continue;
            }
            bail!("set {name} to what {speaker} proves itself with");
        }
        let router = Router::new(&manifest.trigger.http)?;
        let functions = match elsewhere {
            Some(authority) => {
                let ids = manifest.component.into_keys().collect();
                Runtime::Elsewhere(Elsewhere::new(authority, ids))
            }
            None => {
                let own = own_variables(&settings.public_url, &jwks_url(inner));
                let port = Arc::new(Daprs::new());
                Runtime::Here(load(&manifest, &settings.data, own, port).await?)
            }
        };
        Ok(Self {
            router,
            functions,
            sign_in,
            sockets: Sockets::Passed(SocketProxy::new(socket_proxy.clone())),
            sidecar: None,
            app_api_token: std::env::var("SPIN_VARIABLE_APP_API_TOKEN").unwrap_or_default(),
        })
    }

    /// What Dapr proves itself with to the functions; whoever has it may ask them what only Dapr may.
    #[must_use]
    pub fn app_api_token(&self) -> &str {
        &self.app_api_token
    }

    /// Ends sockets, deliveries and instances, in this order, and closes the database.
    pub async fn stop(&self) {
        self.sockets.stop().await;
        if let Some(sidecar) = &self.sidecar {
            sidecar.stop().await;
        }
        if let Runtime::Here(functions) = &self.functions {
            let left = functions.finish_within(limits::FINISH_LIMIT).await;
            if left > 0 {
                tracing::warn!("{left} instances were still at work and were ended");
            }
        }
    }
}

/// Where daprd finds the key set of a host whose inner listener is `inner`.
fn jwks_url(inner: SocketAddr) -> String {
    format!("http://{inner}/sign-in/jwks.json")
}

/// The variables by which functions that run elsewhere trust the sign-in of a host whose inner listener is `inner`.
#[must_use]
pub fn variables_elsewhere(public_url: &str, inner: SocketAddr) -> HashMap<String, String> {
    own_variables(public_url, &jwks_url(inner))
}

/// The folder of keys and people.
#[must_use]
pub fn sign_in_folder(data: &Path) -> PathBuf {
    data.join(SIGN_IN)
}

/// What the host itself decides of the application's variables.
fn own_variables(public_url: &str, jwks_url: &str) -> HashMap<String, String> {
    [
        ("public_url", public_url),
        ("oidc_issuer", sign_in::ISSUER),
        ("oidc_audience", sign_in::AUDIENCE),
        ("oidc_jwks_url", jwks_url),
        ("oidc_client_id", sign_in::CLIENT_ID),
        ("oidc_authorize_url", "/sign-in/authorize"),
        ("oidc_token_url", "/sign-in/token"),
        ("oidc_revocation_url", "/sign-in/revoke"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

/// Compiles, or takes from the cache in `data`, the components of `manifest`. Their variables are `own` before those of the
/// environment; what they send to their Dapr goes to `port`.
///
/// # Errors
/// When a component is missing or can't be run, or a variable has no value.
pub async fn load(
    manifest: &Manifest,
    data: &Path,
    own: HashMap<String, String>,
    port: Arc<dyn DaprPort>,
) -> Result<Arc<Functions>> {
    let (manifest, data) = (manifest.clone(), data.to_owned());
    let load = move || load_blocking(&manifest, &data, &own, &port);
    Ok(Arc::new(tokio::task::spawn_blocking(load).await??))
}

fn load_blocking(
    manifest: &Manifest,
    data: &Path,
    own: &HashMap<String, String>,
    port: &Arc<dyn DaprPort>,
) -> Result<Functions> {
    let engine = engine::new()?;
    let cache = Cache::new(data.join("compiled"))?;
    let variables = Variables::resolve(manifest, own, |name| std::env::var(name).ok())?;
    let mut definitions = Vec::new();
    for (id, component) in &manifest.component {
        let expand = |template: &String| variables.expand(template);
        let values = component
            .variables
            .iter()
            .map(|(name, template)| Ok((name.clone(), expand(template)?)));
        let hosts = component
            .allowed_outbound_hosts
            .iter()
            .map(expand)
            .collect::<Result<Vec<_>>>()?;
        definitions.push(Definition {
            id: id.clone(),
            component: cache.load(&engine, id, component)?,
            variables: values.collect::<Result<_>>()?,
            allowed: AllowedHosts::parse(hosts.iter().map(String::as_str))?,
        });
    }
    Functions::new(&engine, definitions, port)
}

fn random_text() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}

/// How Dapr and the sockets reach the functions.
#[derive(Default)]
struct Calls {
    functions: OnceLock<Weak<Functions>>,
}

impl Calls {
    fn call(
        &self,
        id: &str,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, String>> {
        let functions = self.functions.get().and_then(Weak::upgrade);
        let id = id.to_owned();
        Box::pin(async move {
            let functions = functions.ok_or("the host is stopping")?;
            match functions.call(&id, request.map(Full::new)).await {
                Ok(response) => {
                    let (parts, body) = response.into_parts();
                    let body = http_body_util::Limited::new(body, MAX_ANSWER)
                        .collect()
                        .await;
                    let body = body.map_err(|error| format!("the answer broke off: {error}"))?;
                    Ok(Response::from_parts(parts, body.to_bytes()))
                }
                Err(error @ CallError::Busy) => {
                    Ok(refusal(StatusCode::SERVICE_UNAVAILABLE, &error))
                }
                Err(error @ CallError::TimedOut) => {
                    Ok(refusal(StatusCode::GATEWAY_TIMEOUT, &error))
                }
                Err(error) => Err(error.to_string()),
            }
        })
    }
}

impl Apps for Calls {
    fn call(
        &self,
        app_id: &str,
        mut request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, String>> {
        // An invocation has the chain of the function that makes it.
        match request.extensions().get::<Cause>() {
            Some(Cause::Delivery) => begin(&mut request, Source::Delivery),
            Some(Cause::Tick) => begin(&mut request, Source::Tick),
            None => {}
        }
        Self::call(self, app_id, request)
    }
}

impl Origin for Calls {
    fn call(
        &self,
        mut request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, String>> {
        begin(&mut request, Source::Socket);
        Self::call(self, GATEWAY_FUNCTION, request)
    }
}

fn begin<B>(request: &mut Request<B>, source: Source) {
    request.extensions_mut().insert(Chain::from(source));
}

/// A function's Dapr.
struct Port(Arc<Sidecar>);

impl DaprPort for Port {
    fn handle(
        &self,
        app_id: &str,
        request: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, wasmtime_wasi_http::Error>> {
        let (sidecar, app_id) = (Arc::clone(&self.0), app_id.to_owned());
        Box::pin(async move { Ok(sidecar.handle(&app_id, request).await) })
    }
}

/// Addresses that exist only in this process.
struct InProcess {
    sign_in: Arc<SignIn>,
    gateway: Arc<Gateway>,
}

impl Internal for InProcess {
    fn call(&self, request: &Request<Bytes>) -> Option<BoxFuture<'static, Response<Bytes>>> {
        let base = format!(
            "{}://{}",
            request.uri().scheme_str()?,
            request.uri().authority()?
        );
        if request.uri() == sign_in::JWKS_URL {
            let keys = self.sign_in.jwks();
            return Some(Box::pin(async move { keys }));
        }
        if base == PUSHPIN_URL {
            let answer = self.gateway.publish(request);
            return Some(Box::pin(async move { answer }));
        }
        None
    }
}
