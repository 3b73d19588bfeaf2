//! Stands in for the Spin shim in a container: serves components of a Spin application as the shim does, by the host's
//! library.
//!
//! What it has of the shim's: the application in a folder of the image, the choice of components by
//! `SPIN_COMPONENTS_TO_RETAIN`, variables by `SPIN_VARIABLE_…` before the manifest's defaults, port 80 of every address, and
//! Spin's health path. The rest is Nudge's host: limits, outgoing requests and how a component is run. `tests/spin` says what
//! that has in common with Spin, and asks Spin itself the same.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use nudge_host::app;
use nudge_host::beside::Daprs;
use nudge_host::function::Functions;
use nudge_host::manifest::Manifest;
use nudge_host::route::Router;
use nudge_host::server::{accept, answer_by, whole};
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use wasmtime_wasi_http::WasiBody;

const HEALTH: &str = "/.well-known/spin/health";
const RETAIN: &str = "SPIN_COMPONENTS_TO_RETAIN";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["compile", folder] => Application::load(Path::new(folder)).await.map(drop),
        ["serve", folder] => serve(Path::new(folder), "0.0.0.0:80").await,
        ["serve", folder, address] => serve(Path::new(folder), address).await,
        _ => {
            bail!("usage: shim compile FOLDER | serve FOLDER [ADDRESS], a folder with a spin.toml")
        }
    }
}

/// The components that are served.
struct Application {
    router: Router,
    functions: Arc<Functions>,
}

impl Application {
    /// Loads the application in `folder`, where what it compiles stays.
    async fn load(folder: &Path) -> Result<Self> {
        let mut manifest = Manifest::read(&folder.join("spin.toml"))?;
        if let Ok(retained) = std::env::var(RETAIN) {
            retain(&mut manifest, &retained)?;
        }
        let router = Router::new(&manifest.trigger.http)?;
        let port = Arc::new(Daprs::new());
        let functions = app::load(&manifest, folder, HashMap::new(), port).await?;
        Ok(Self { router, functions })
    }

    async fn answer(&self, request: Request<Incoming>) -> Response<WasiBody> {
        if request.uri().path() == HEALTH {
            return whole(Response::new(Bytes::from_static(b"OK")));
        }
        answer_by(&self.functions, &self.router, request).await
    }
}

/// Leaves in `manifest` what `retained` names, with commas between, and its triggers.
fn retain(manifest: &mut Manifest, retained: &str) -> Result<()> {
    let retained: BTreeSet<&str> = retained.split(',').collect();
    for id in &retained {
        if !manifest.component.contains_key(*id) {
            bail!("{RETAIN} names {id:?}, which the application does not have");
        }
    }
    manifest
        .component
        .retain(|id, _| retained.contains(id.as_str()));
    manifest
        .trigger
        .http
        .retain(|trigger| retained.contains(trigger.component.as_str()));
    Ok(())
}

async fn serve(folder: &Path, address: &str) -> Result<()> {
    let application = Arc::new(Application::load(folder).await?);
    let listener = TcpListener::bind(address).await;
    let mut terminate = signal(SignalKind::terminate())?;
    let stop = async move {
        terminate.recv().await;
    };
    let answering = Arc::clone(&application);
    let answer = move |request| {
        let application = Arc::clone(&answering);
        async move { application.answer(request).await }
    };
    let connections = accept(listener.with_context(|| address.to_owned())?, answer, stop).await?;
    connections.end().await;
    application.functions.finish().await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn manifest() -> Manifest {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../spin.toml");
        Manifest::read(&path).expect("Nudge's manifest")
    }

    #[test]
    fn only_what_is_retained_is_served() {
        let mut manifest = manifest();
        retain(&mut manifest, "chatbot,audit-service").expect("components");
        let left: Vec<&str> = manifest.component.keys().map(String::as_str).collect();
        assert_eq!(left, ["audit-service", "chatbot"]);
        let router = Router::new(&manifest.trigger.http).expect("routes");
        assert_eq!(router.find("/api/chat"), Some("chatbot"));
        assert_eq!(router.find("/api/tasks"), None);
    }

    #[test]
    fn what_is_not_there_is_not_retained() {
        let refused = retain(&mut manifest(), "chatbot,chatbox").expect_err("no chatbox");
        assert!(refused.to_string().contains("chatbox"), "{refused}");
    }
}
