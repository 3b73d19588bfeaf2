//! One function: a compiled component, and a fresh instance of it for every request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use hyper::body::Body;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;
use tracing::{error, warn};
use wasmtime::component::{Component, Linker, ResourceTable};
use wasmtime::{Engine, Store, StoreLimits, StoreLimitsBuilder};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::Scheme;
use wasmtime_wasi_http::{
    Error as HttpError, RequestOptions, WasiBody, WasiHttpCtx, WasiHttpCtxView, WasiHttpHooks,
    WasiHttpView,
};

use crate::allowance::{Allowances, Chain, Source};
use crate::engine::MAX_MEMORY;
use crate::limits::QUEUE_LIMIT;
use crate::outbound::AllowedHosts;

/// How long a request may take in all, work after the answer included, unless it is set otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// Spin's variables, as a component imports them.
mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package fermyon:spin@2.0.0;
            interface variables {
                variant error { invalid-name(string), undefined(string), provider(string), other(string) }
                get: func(name: string) -> result<string, error>;
            }
            world functions { import variables; }
        ",
    });
}
use bindings::fermyon::spin::variables;

/// Answers what a function sends to its own Dapr.
pub trait DaprPort: Send + Sync + 'static {
    /// The answer to a request of the function `app_id`; an error when there was none.
    fn handle(
        &self,
        app_id: &str,
        request: Request<Bytes>,
    ) -> futures::future::BoxFuture<'static, Result<Response<Bytes>, HttpError>>;
}

/// Why a function gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no such function.
    #[error("there is no function {0}")]
    Unknown(String),
    /// All instances are at work.
    #[error("too many requests at once")]
    Busy,
    /// Functions called each other in a circle.
    #[error("functions call each other too deep")]
    TooDeep,
    /// It trapped, or ended without an answer.
    #[error("the function failed: {0}")]
    Failed(String),
    /// It took longer than it may.
    #[error("the function took too long")]
    TimedOut,
}

/// All functions of the application.
pub struct Functions {
    functions: HashMap<String, Function>,
    allowances: Allowances,
    tasks: TaskTracker,
    time_limit: Duration,
}

struct Function {
    pre: ProxyPre<Instance>,
    shared: Arc<Shared>,
}

/// What all instances of a function have in common.
struct Shared {
    id: String,
    variables: HashMap<String, String>,
    allowed: AllowedHosts,
    /// The authority of its own Dapr.
    dapr: Option<http::uri::Authority>,
    port: Arc<dyn DaprPort>,
}

/// One function to be.
pub struct Definition {
    /// Component id and Dapr app-id.
    pub id: String,
    /// Compiled.
    pub component: Component,
    /// Its variables.
    pub variables: HashMap<String, String>,
    /// Where it may connect to.
    pub allowed: AllowedHosts,
}

impl Functions {
    /// Links the functions. What they send to their variable `dapr_url` goes to `port`.
    ///
    /// # Errors
    /// When a component imports what the host does not have.
    pub fn new(
        engine: &Engine,
        definitions: Vec<Definition>,
        port: &Arc<dyn DaprPort>,
    ) -> Result<Self> {
        let mut linker: Linker<Instance> = Linker::new(engine);
        wasmtime_wasi::p2::add_to_linker_async(&mut linker)?;
        wasmtime_wasi_http::p2::add_only_http_to_linker_async(&mut linker)?;
        variables::add_to_linker::<_, HasVariables>(&mut linker, |instance| instance)?;
        let mut functions = HashMap::new();
        for definition in definitions {
            let pre = linker
                .instantiate_pre(&definition.component)
                .and_then(ProxyPre::new)
                .map_err(|error| {
                    anyhow::anyhow!("the component {} can't be linked: {error:#}", definition.id)
                })?;
            let dapr_url = definition
                .variables
                .get("dapr_url")
                .and_then(|url| url.parse::<http::Uri>().ok());
            let shared = Shared {
                id: definition.id.clone(),
                variables: definition.variables,
                allowed: definition.allowed,
                dapr: dapr_url.and_then(|url| url.authority().cloned()),
                port: Arc::clone(port),
            };
            functions.insert(
                definition.id,
                Function {
                    pre,
                    shared: Arc::new(shared),
                },
            );
        }
        Ok(Self {
            functions,
            allowances: Allowances::new(),
            tasks: TaskTracker::new(),
            time_limit: TIME_LIMIT,
        })
    }

    /// With another limit on how long a request may take in all.
    #[must_use]
    pub fn with_time_limit(mut self, time_limit: Duration) -> Self {
        self.time_limit = time_limit;
        self
    }

    /// Sends `request` to a fresh instance of the function `id`. The instance may go on after its answer. A request without
    /// a [`Chain`] among its extensions came from outside.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer.
    pub async fn call<B>(
        &self,
        id: &str,
        request: Request<B>,
    ) -> Result<Response<WasiBody>, CallError>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<HttpError>,
    {
        let function = self
            .functions
            .get(id)
            .ok_or_else(|| CallError::Unknown(id.to_owned()))?;
        let chain = request.extensions().get::<Chain>().copied();
        let chain = chain.unwrap_or(Chain::from(Source::Outside));
        let permit = match tokio::time::timeout(QUEUE_LIMIT, self.allowances.take(chain)).await {
            Ok(Some(permit)) => permit,
            Ok(None) => return Err(CallError::TooDeep),
            Err(_) => return Err(CallError::Busy),
        };
        let (sender, receiver) = oneshot::channel();
        let mut store = function.store(chain);
        let failed = |error: wasmtime::Error| CallError::Failed(format!("{error:#}"));
        let request = store
            .data_mut()
            .http()
            .new_incoming_request(Scheme::Http, request)
            .map_err(failed)?;
        let out = store
            .data_mut()
            .http()
            .new_response_outparam(sender)
            .map_err(failed)?;
        let pre = function.pre.clone();
        let time_limit = self.time_limit;
        let id = id.to_owned();
        let task = self.tasks.spawn(async move {
            // The slot is free before the permit is: locals are dropped in reverse order.
            let _permit = permit;
            let mut store = store;
            let run = async {
                let proxy = pre.instantiate_async(&mut store).await?;
                proxy
                    .wasi_http_incoming_handler()
                    .call_handle(&mut store, request, out)
                    .await
            };
            match tokio::time::timeout(time_limit, run).await {
                Ok(Ok(())) => Ok(()),
                Ok(Err(trap)) => {
                    error!(function = id, "trapped: {trap:#}");
                    Err(CallError::Failed(format!("{trap:#}")))
                }
                Err(_) => {
                    warn!(
                        function = id,
                        "took over {} s and was ended",
                        time_limit.as_secs()
                    );
                    Err(CallError::TimedOut)
                }
            }
        });
        match receiver.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(code)) => Err(CallError::Failed(format!("{code:?}"))),
            Err(_) => match task.await {
                Ok(Err(error)) => Err(error),
                _ => Err(CallError::Failed("it ended without an answer".to_owned())),
            },
        }
    }

    /// Whether there is a function `id`.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        self.functions.contains_key(id)
    }

    /// Waits until all instances have come to their end.
    pub async fn finish(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// As [`finish`](Self::finish), but no longer than `limit`. Says how many are still at work.
    pub async fn finish_within(&self, limit: Duration) -> usize {
        // Those that are left are counted.
        tokio::time::timeout(limit, self.finish()).await.ok();
        self.tasks.len()
    }
}

impl Function {
    fn store(&self, chain: Chain) -> Store<Instance> {
        let instance = Instance {
            shared: Arc::clone(&self.shared),
            wasi: WasiCtx::builder().inherit_stderr().inherit_stdout().build(),
            http: WasiHttpCtx::new(),
            table: ResourceTable::new(),
            hooks: Hooks {
                shared: Arc::clone(&self.shared),
                chain,
            },
            limits: StoreLimitsBuilder::new().memory_size(MAX_MEMORY).build(),
        };
        let mut store = Store::new(self.pre.engine(), instance);
        store.limiter(|instance| &mut instance.limits);
        // A busy guest gives way at every tick; the time limit ends it.
        store.set_epoch_deadline(1);
        store.epoch_deadline_async_yield_and_update(1);
        store
    }
}

/// The host's side of one instance.
struct Instance {
    shared: Arc<Shared>,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    hooks: Hooks,
    limits: StoreLimits,
}

impl WasiView for Instance {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView {
            ctx: &mut self.wasi,
            table: &mut self.table,
        }
    }
}

impl WasiHttpView for Instance {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView {
            ctx: &mut self.http,
            table: &mut self.table,
            hooks: &mut self.hooks,
        }
    }
}

struct HasVariables;

impl wasmtime::component::HasData for HasVariables {
    type Data<'a> = &'a mut Instance;
}

impl variables::Host for Instance {
    fn get(&mut self, name: String) -> Result<String, variables::Error> {
        self.shared
            .variables
            .get(&name)
            .cloned()
            .ok_or(variables::Error::Undefined(name))
    }
}

/// Where outgoing requests go: to the function's own Dapr, to an allowed host, or nowhere.
struct Hooks {
    shared: Arc<Shared>,
    chain: Chain,
}

type Sent = Result<
    (
        Response<WasiBody>,
        Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ),
    HttpError,
>;

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        options: Option<RequestOptions>,
        _: Box<dyn Future<Output = Result<(), HttpError>> + Send>,
    ) -> Box<dyn Future<Output = Sent> + Send> {
        let (shared, chain) = (Arc::clone(&self.shared), self.chain);
        Box::new(async move {
            if !shared.allowed.allows(request.uri()) {
                warn!(
                    function = shared.id,
                    "{} is not in allowed_outbound_hosts",
                    request.uri()
                );
                return Err(HttpError::HttpRequestDenied);
            }
            if request.uri().authority() != shared.dapr.as_ref() {
                let (response, io) =
                    wasmtime_wasi_http::default_send_request(request, options).await?;
                return Ok((response.map(BodyExt::boxed_unsync), Box::new(io) as Box<_>));
            }
            let (mut parts, body) = request.into_parts();
            if goes_in_chunks(&parts.headers, &body) {
                let chunked = HeaderValue::from_static("chunked");
                parts.headers.insert(header::TRANSFER_ENCODING, chunked);
            }
            let body = body.collect().await?.to_bytes();
            // What Dapr calls for it is the next call of the same chain.
            parts.extensions.insert(chain.deeper());
            let response = shared
                .port
                .handle(&shared.id, Request::from_parts(parts, body))
                .await?;
            let response = response.map(|body| {
                Full::new(body)
                    .map_err(|never| match never {})
                    .boxed_unsync()
            });
            Ok((response, Box::new(async { Ok(()) }) as Box<_>))
        })
    }
}

/// Whether Spin would send this body in chunks: it passes a guest's body on as it comes, so that only a length that the guest
/// gave is known.
fn goes_in_chunks(headers: &HeaderMap, body: &WasiBody) -> bool {
    !headers.contains_key(header::CONTENT_LENGTH)
        && !body.is_end_stream()
        && body.size_hint().exact().is_none()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::Mutex;

    use futures::future::BoxFuture;
    use futures::stream;
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;
    use crate::body::full;

    /// Keeps what requests say of their bodies.
    #[derive(Default)]
    struct Said(Mutex<Vec<[Option<HeaderValue>; 2]>>);

    impl DaprPort for Said {
        fn handle(
            &self,
            _: &str,
            request: Request<Bytes>,
        ) -> BoxFuture<'static, Result<Response<Bytes>, HttpError>> {
            let names = [header::CONTENT_LENGTH, header::TRANSFER_ENCODING];
            let said = names.map(|name| request.headers().get(name).cloned());
            self.0.lock().expect("no panic").push(said);
            Box::pin(async { Ok(Response::new(Bytes::new())) })
        }
    }

    /// A body as a guest writes it: whoever passes it on does not know its length.
    fn written(pieces: &[&'static str]) -> WasiBody {
        let frames = pieces
            .iter()
            .map(|piece| Bytes::from_static(piece.as_bytes()));
        let frames: Vec<_> = frames
            .map(|piece| Ok::<_, Infallible>(Frame::data(piece)))
            .collect();
        StreamBody::new(stream::iter(frames))
            .map_err(|never| match never {})
            .boxed_unsync()
    }

    /// Only what a guest says of its body's length is known of it, as on Spin.
    ///
    /// Seen to fail: without `goes_in_chunks`.
    #[tokio::test]
    async fn a_body_without_a_length_goes_in_chunks() {
        let port = Arc::new(Said::default());
        let shared = Arc::new(Shared {
            id: "a".to_owned(),
            variables: HashMap::new(),
            allowed: AllowedHosts::parse(["http://127.0.0.1:3500"]).expect("a host"),
            dapr: Some("127.0.0.1:3500".parse().expect("an authority")),
            port: Arc::clone(&port) as Arc<dyn DaprPort>,
        });
        let chain = Chain::from(Source::Outside);
        let mut hooks = Hooks { shared, chain };
        for (body, length) in [
            (written(&["ab", "c"]), None),
            (written(&["ab", "c"]), Some("3")),
            (full(Bytes::new()), None),
        ] {
            let mut request = Request::post("http://127.0.0.1:3500/v1.0/state/statestore");
            if let Some(length) = length {
                request = request.header(header::CONTENT_LENGTH, length);
            }
            let request = request.body(body).expect("a request");
            let io = Box::new(async { Ok(()) });
            let sent = Box::into_pin(hooks.send_request(request, None, io)).await;
            assert!(sent.is_ok());
        }
        let said = port.0.lock().expect("no panic");
        let header = |text| Some(HeaderValue::from_static(text));
        let expected = [[None, header("chunked")], [header("3"), None], [None, None]];
        assert_eq!(*said, expected);
    }
}
