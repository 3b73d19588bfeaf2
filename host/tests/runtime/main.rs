//! Components in the host: every function's real one, and bad ones that must be ended.

mod limits;
mod real;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use nudge_host::component::Cache;
use nudge_host::engine;
use nudge_host::function::{CallError, DaprPort, Definition, Functions};
use nudge_host::manifest::Manifest;
use nudge_host::outbound::AllowedHosts;
use nudge_host::variables::Variables;

/// A Dapr whose store is empty, and which counts what it is asked.
#[derive(Default)]
struct EmptyDapr {
    asked: AtomicUsize,
    by: Mutex<Vec<String>>,
}

impl DaprPort for EmptyDapr {
    fn handle(
        &self,
        app_id: &str,
        _: Request<Bytes>,
    ) -> BoxFuture<'static, Result<Response<Bytes>, wasmtime_wasi_http::Error>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.by.lock().expect("no panic").push(app_id.to_owned());
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::NO_CONTENT;
        Box::pin(async move { Ok(response) })
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The repository's manifest.
fn manifest() -> Manifest {
    Manifest::read(&root().join("spin.toml")).expect("spin.toml")
}

/// Compiled components are kept for the next run of the tests.
fn cache() -> Cache {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compiled");
    Cache::new(folder).expect("a cache")
}

/// The functions of `manifest`, in a fresh engine. With `allowed`, they may connect nowhere else.
fn functions(
    manifest: &Manifest,
    cache: &Cache,
    dapr: &Arc<EmptyDapr>,
    allowed: Option<&[&str]>,
) -> Result<Functions, String> {
    let engine = engine::new().map_err(|error| format!("{error:#}"))?;
    let variables = Variables::resolve(manifest, &HashMap::new(), |_| None).expect("defaults");
    let expand = |template: &String| variables.expand(template).expect("a template");
    let mut definitions = Vec::new();
    for (id, component) in &manifest.component {
        let hosts: Vec<String> = match allowed {
            Some(hosts) => hosts.iter().map(|&host| host.to_owned()).collect(),
            None => component
                .allowed_outbound_hosts
                .iter()
                .map(expand)
                .collect(),
        };
        definitions.push(Definition {
            id: id.clone(),
            component: cache
                .load(&engine, id, component)
                .map_err(|error| format!("{error:#}"))?,
            variables: component
                .variables
                .iter()
                .map(|(name, template)| (name.clone(), expand(template)))
                .collect(),
            allowed: AllowedHosts::parse(hosts.iter().map(String::as_str)).expect("hosts"),
        });
    }
    let port = Arc::clone(dapr) as Arc<dyn DaprPort>;
    Functions::new(&engine, definitions, &port).map_err(|error| format!("{error:#}"))
}

/// What the function `id` answers to `GET path`.
async fn get(functions: &Functions, id: &str, path: &str) -> Result<(u16, String), CallError> {
    let request = Request::get(format!("http://127.0.0.1{path}"))
        .body(Full::new(Bytes::new()))
        .expect("a request");
    let response = functions.call(id, request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await.expect("a body");
    Ok((
        status,
        String::from_utf8_lossy(&body.to_bytes()).into_owned(),
    ))
}
