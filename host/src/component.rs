//! From a `.wasm` file to machine code: componentised as Spin does it, composed with its dependencies, compiled once and
//! kept in a cache.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use sha2::{Digest, Sha256};
use wac_graph::types::Package;
use wac_graph::{CompositionGraph, EncodeOptions};
use wasi_preview1_component_adapter_provider::{
    WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME, WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
};
use wasmtime::Engine;
use wasmtime::component::Component;
use wit_component::ComponentEncoder;

use crate::manifest;

/// How a module begins; a component has another version behind `\0asm`.
const MODULE_HEADER: &[u8] = b"\0asm\x01\0\0\0";

/// Where compiled components are kept, by the hash of their bytes and of the engine that compiled them.
#[derive(Debug, Clone)]
pub struct Cache {
    folder: PathBuf,
}

impl Cache {
    /// A cache in `folder`, which is made if need be. Whoever may write there decides what machine code runs.
    ///
    /// # Errors
    /// When the folder can't be made.
    pub fn new(folder: PathBuf) -> Result<Self> {
        nudge_sidecar::private::make_own_folder(&folder)
            .with_context(|| format!("can't make {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// The component of `manifest`, compiled; from the cache if it was compiled before.
    ///
    /// # Errors
    /// When a file is missing, is no WebAssembly, or imports what its dependencies don't export.
    pub fn load(
        &self,
        engine: &Engine,
        id: &str,
        manifest: &manifest::Component,
    ) -> Result<Component> {
        let (source, dependencies) = read_all(id, manifest)?;
        let path = self.folder.join(format!(
            "{id}-{}.cwasm",
            key(engine, &source, &dependencies)
        ));
        if path.exists() {
            // SAFETY: the file was written by `keep` below, under a name that holds the hash of what it was made from
            // and of this engine's settings; the folder belongs to the person who runs the host.
            if let Ok(component) = unsafe { Component::deserialize_file(engine, &path) } {
                return Ok(component);
            }
        }
        eprintln!("Compiling {id} for this machine …");
        let bytes = compose(id, componentize(&source)?, &dependencies)?;
        let compiled = engine
            .precompile_component(&bytes)
            .map_err(|error| anyhow!("{id} does not compile: {error:#}"))?;
        self.keep(id, &path, &compiled)?;
        // SAFETY: as above.
        unsafe { Component::deserialize_file(engine, &path) }
            .map_err(|error| anyhow!("{id} does not load: {error:#}"))
    }

    /// Writes beside and renames, so that a crash leaves no half file; drops what older versions of `id` left.
    fn keep(&self, id: &str, path: &Path, compiled: &[u8]) -> Result<()> {
        let describe = || format!("can't write {}", path.display());
        let mut file = tempfile::NamedTempFile::new_in(&self.folder).with_context(describe)?;
        file.write_all(compiled).with_context(describe)?;
        file.persist(path).with_context(describe)?;
        for entry in fs::read_dir(&self.folder)?.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_older = name
                .strip_prefix(id)
                .is_some_and(|rest| rest.len() == "-.cwasm".len() + 32)
                && entry.path() != path;
            if is_older {
                // Another process may still be loading it, or have dropped it: neither matters.
                fs::remove_file(entry.path()).ok();
            }
        }
        Ok(())
    }
}

/// The component of `manifest` in one piece, as an image carries it: composed with its dependencies, not compiled.
///
/// # Errors
/// As [`Cache::load`].
pub fn composed(id: &str, manifest: &manifest::Component) -> Result<Vec<u8>> {
    let (source, dependencies) = read_all(id, manifest)?;
    compose(id, componentize(&source)?, &dependencies)
}

/// A dependency's interface and its file's content.
type Dependencies<'a> = Vec<(&'a str, Vec<u8>)>;

fn read_all<'a>(
    id: &str,
    manifest: &'a manifest::Component,
) -> Result<(Vec<u8>, Dependencies<'a>)> {
    let source = read(&manifest.source, id)?;
    let mut dependencies = Vec::new();
    for (interface, dependency) in &manifest.dependencies {
        dependencies.push((interface.as_str(), read(&dependency.path, id)?));
    }
    Ok((source, dependencies))
}

fn read(path: &Path, id: &str) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| {
        format!(
            "the component {id} needs {}; run cargo xtask build",
            path.display()
        )
    })
}

fn key(engine: &Engine, source: &[u8], dependencies: &[(&str, Vec<u8>)]) -> String {
    let mut settings = DefaultHasher::new();
    engine.precompile_compatibility_hash().hash(&mut settings);
    let mut digest = Sha256::new();
    digest.update(settings.finish().to_be_bytes());
    for (name, bytes) in std::iter::once(&("", source.to_vec())).chain(dependencies) {
        digest.update((name.len() as u64).to_be_bytes());
        digest.update(name);
        digest.update((bytes.len() as u64).to_be_bytes());
        digest.update(bytes);
    }
    digest.finalize()[..16]
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// A component, of a component or of a wasip1 module.
fn componentize(bytes: &[u8]) -> Result<Vec<u8>> {
    if !bytes.starts_with(MODULE_HEADER) {
        return Ok(bytes.to_vec());
    }
    ComponentEncoder::default()
        .module(bytes)?
        .adapter(
            WASI_SNAPSHOT_PREVIEW1_ADAPTER_NAME,
            WASI_SNAPSHOT_PREVIEW1_REACTOR_ADAPTER,
        )?
        .encode()
}

/// Fills the imports of `socket` with the exports of its dependencies. What a dependency imports itself (clocks, random
/// numbers of its adapter) becomes an import of the whole.
fn compose(id: &str, socket: Vec<u8>, dependencies: &[(&str, Vec<u8>)]) -> Result<Vec<u8>> {
    if dependencies.is_empty() {
        return Ok(socket);
    }
    let mut graph = CompositionGraph::new();
    let package = Package::from_bytes(id, None, socket, graph.types_mut())?;
    let socket = graph.register_package(package)?;
    let instance = graph.instantiate(socket);
    for (interface, bytes) in dependencies {
        let package =
            Package::from_bytes(interface, None, componentize(bytes)?, graph.types_mut())?;
        let plug = graph.register_package(package)?;
        let plug_instance = graph.instantiate(plug);
        let is_wanted = |name: &&String| is_interface(name, interface);
        let exported = graph.types()[graph[plug].ty()]
            .exports
            .keys()
            .find(is_wanted)
            .cloned();
        let imported = graph.types()[graph[socket].ty()]
            .imports
            .keys()
            .find(is_wanted)
            .cloned();
        let (Some(exported), Some(imported)) = (exported, imported) else {
            bail!(
                "{id} and the component of its dependency {interface} don't both know that interface"
            );
        };
        let export = graph.alias_instance_export(plug_instance, &exported)?;
        graph.set_instantiation_argument(instance, &imported, export)?;
    }
    let exports: Vec<String> = graph.types()[graph[socket].ty()]
        .exports
        .keys()
        .cloned()
        .collect();
    for name in exports {
        let export = graph.alias_instance_export(instance, &name)?;
        graph.export(export, &name)?;
    }
    Ok(graph.encode(EncodeOptions::default())?)
}

/// Whether `name` (`nudge:channels/email@0.1.0`) is the interface that a manifest calls `wanted`
/// (`nudge:channels/email`, with or without a version).
fn is_interface(name: &str, wanted: &str) -> bool {
    name == wanted || name.split('@').next() == Some(wanted)
}
