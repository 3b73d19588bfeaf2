//! An OCI image of a Spin application in a folder: what `spin registry push` puts into a registry, without Spin.
//!
//! One layer a component, and one with the locked application, which names the components by their digests. Spin's shim
//! does not compose, so what goes in here is composed.

pub(super) mod container;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::manifest::Manifest;
use super::objects::{items, text};
use super::tools::output;

pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(super) const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const COMPONENT: &str = "application/vnd.wasm.content.layer.v1+wasm";
const APPLICATION: &str = "application/vnd.fermyon.spin.application.v1+config";
/// Spin reads it to tell images apart that hold the same layers.
const LOCKED_APPLICATION_LABEL: &str = "com.fermyon.spin.lockedAppDigest";
pub(super) const REFERENCE: &str = "org.opencontainers.image.ref.name";
/// How a WebAssembly component begins; a module has another version.
const COMPONENT_HEADER: &[u8] = b"\0asm\x0d\0\x01\0";

/// Writes the image of `manifest` with its composed `components` into `folder`, under `tag`; returns its digest.
pub(super) fn write(
    folder: &Path,
    tag: &str,
    manifest: &Manifest,
    components: &BTreeMap<String, Vec<u8>>,
) -> Result<String> {
    let blobs = Blobs::new(folder)?;
    let mut layers: Vec<Value> = Vec::new();
    let mut digests = BTreeMap::new();
    for (id, wasm) in components {
        let layer = blobs.put(COMPONENT, wasm)?;
        digests.insert(id.as_str(), text(&layer["digest"]).to_owned());
        if !layers.contains(&layer) {
            layers.push(layer);
        }
    }
    let locked = blobs.put(
        APPLICATION,
        &serde_json::to_vec(&locked_application(manifest, &digests)?)?,
    )?;
    let config = json!({
        "architecture": "wasm",
        "os": "Wasip1",
        "config": { "Labels": { LOCKED_APPLICATION_LABEL: locked["digest"] } },
        "rootfs": { "type": "layers", "diff_ids": [] },
    });
    layers.push(locked);
    let image = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": blobs.put(CONFIG, &serde_json::to_vec(&config)?)?,
        "layers": layers,
        "annotations": {
            "org.opencontainers.image.title": manifest.application["name"],
            "org.opencontainers.image.version": manifest.application["version"],
            "org.opencontainers.image.description": manifest.application["description"],
        },
    });
    let mut image = blobs.put(MANIFEST, &serde_json::to_vec(&image)?)?;
    let digest = text(&image["digest"]).to_owned();
    image["annotations"] = json!({ REFERENCE: tag });
    write_index(folder, &[image])?;
    Ok(digest)
}

/// Makes `folder` a layout of the images whose manifests are described.
pub(super) fn write_index(folder: &Path, images: &[Value]) -> Result<()> {
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": images });
    fs::write(folder.join("index.json"), serde_json::to_vec(&index)?)?;
    fs::write(
        folder.join("oci-layout"),
        br#"{"imageLayoutVersion":"1.0.0"}"#,
    )?;
    Ok(())
}

/// The application as Spin locks it: everything resolved, components by digest, nothing left to compose.
fn locked_application(manifest: &Manifest, digests: &BTreeMap<&str, String>) -> Result<Value> {
    let mut metadata = manifest.application.clone();
    if let [only] = manifest.trigger.keys().collect::<Vec<_>>().as_slice() {
        metadata.insert("trigger".to_owned(), json!({ "type": only }));
    }
    let variables: Map<String, Value> = manifest
        .variables
        .iter()
        .map(|(name, variable)| {
            let mut locked = Map::new();
            locked.extend(
                variable
                    .default
                    .as_ref()
                    .map(|default| ("default".to_owned(), json!(default))),
            );
            locked.extend(variable.secret.then(|| ("secret".to_owned(), json!(true))));
            (name.clone(), Value::Object(locked))
        })
        .collect();
    let mut components = Vec::new();
    for (id, component) in &manifest.component {
        if !component.files.is_empty() || !component.environment.is_empty() {
            bail!("{id} has files or environment variables; push it with the spin CLI");
        }
        let digest = digests
            .get(id.as_str())
            .with_context(|| format!("there is no component {id}"))?;
        components.push(json!({
            "id": id,
            "metadata": {
                "description": component.description.clone().unwrap_or_default(),
                "allowed_outbound_hosts": component.allowed_outbound_hosts,
            },
            "source": { "content_type": "application/wasm", "digest": digest },
            "config": component.variables,
        }));
    }
    Ok(json!({
        "spin_lock_version": 0,
        "metadata": metadata,
        "variables": variables,
        "triggers": locked_triggers(manifest),
        "components": components,
    }))
}

/// The triggers, with the ids that Spin gives those that have none.
fn locked_triggers(manifest: &Manifest) -> Vec<Value> {
    let mut taken = BTreeSet::new();
    let mut locked = Vec::new();
    for (kind, triggers) in &manifest.trigger {
        let mut number = 0;
        for trigger in triggers {
            let mut id = format!("{}-{kind}-trigger", trigger.component);
            while !taken.insert(id.clone()) {
                number += 1;
                id = format!("{kind}-trigger{number}");
            }
            let mut settings = trigger.settings.clone();
            settings.insert("component".to_owned(), json!(trigger.component));
            locked.push(json!({ "id": id, "trigger_type": kind, "trigger_config": settings }));
        }
    }
    locked
}

/// Where an image's parts are, by their digests.
pub(super) struct Blobs {
    folder: PathBuf,
}

impl Blobs {
    /// Those of the layout in the folder `image`.
    pub(super) fn new(image: &Path) -> Result<Self> {
        let folder = image.join("blobs/sha256");
        fs::create_dir_all(&folder).with_context(|| format!("can't make {}", folder.display()))?;
        Ok(Self { folder })
    }

    /// Adds a part, and describes it.
    pub(super) fn put(&self, media_type: &str, content: &[u8]) -> Result<Value> {
        let digest = digest(content);
        fs::write(self.folder.join(&digest), content)?;
        Ok(
            json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": content.len() }),
        )
    }

    /// Adds a file that may be large, and describes it.
    pub(super) fn put_file(&self, media_type: &str, file: &Path) -> Result<Value> {
        let told = output(Command::new("sha256sum").arg("--binary").arg(file))?;
        let digest = told.split_whitespace().next().context("no digest")?;
        let blob = self.folder.join(digest);
        if !blob.exists() {
            fs::copy(file, &blob).with_context(|| format!("can't copy {}", file.display()))?;
        }
        let size = fs::metadata(file)?.len();
        Ok(json!({ "mediaType": media_type, "digest": format!("sha256:{digest}"), "size": size }))
    }

    /// What a descriptor describes, when it is what the descriptor says.
    fn get(&self, descriptor: &Value, media_type: &str) -> Result<Vec<u8>> {
        ensure!(
            descriptor["mediaType"] == media_type,
            "{descriptor} is no {media_type}"
        );
        let named = text(&descriptor["digest"])
            .strip_prefix("sha256:")
            .context("a digest that is not SHA-256")?;
        let content = fs::read(self.folder.join(named))
            .with_context(|| format!("the image lacks {named}"))?;
        ensure!(digest(&content) == named, "{named} has other content");
        ensure!(
            descriptor["size"] == content.len(),
            "{named} has {} bytes",
            content.len()
        );
        Ok(content)
    }
}

fn digest(content: &[u8]) -> String {
    Sha256::digest(content)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// What an image holds.
pub(super) struct Image {
    /// The locked application.
    pub(super) application: Value,
    /// Bytes of each component, by id.
    pub(super) components: BTreeMap<String, usize>,
}

/// Reads an image back the way a shim does, and checks every part of it.
pub(super) fn read(folder: &Path) -> Result<Image> {
    let index: Value = serde_json::from_slice(&fs::read(folder.join("index.json"))?)?;
    let blobs = Blobs::new(folder)?;
    let image: Value = serde_json::from_slice(&blobs.get(&index["manifests"][0], MANIFEST)?)?;
    let config: Value = serde_json::from_slice(&blobs.get(&image["config"], CONFIG)?)?;
    let layers = items(&image["layers"]);
    let locked = layers
        .iter()
        .find(|layer| layer["mediaType"] == APPLICATION)
        .context("no locked application")?;
    ensure!(
        config["config"]["Labels"][LOCKED_APPLICATION_LABEL] == locked["digest"],
        "the label names another application"
    );
    let application: Value = serde_json::from_slice(&blobs.get(locked, APPLICATION)?)?;
    let mut components = BTreeMap::new();
    for component in items(&application["components"]) {
        let id = text(&component["id"]);
        let layer = layers
            .iter()
            .find(|layer| layer["digest"] == component["source"]["digest"]);
        let wasm = blobs.get(
            layer.with_context(|| format!("no layer holds {id}"))?,
            COMPONENT,
        )?;
        ensure!(wasm.starts_with(COMPONENT_HEADER), "{id} is no component");
        ensure!(component["dependencies"].is_null(), "{id} is not composed");
        components.insert(id.to_owned(), wasm.len());
    }
    Ok(Image {
        application,
        components,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest() -> Manifest {
        toml::from_str(
            r#"
            [application]
            name = "x"
            version = "1.0.0"
            description = ""
            [variables]
            a_url = { default = "http://127.0.0.1:1" }
            key = { default = "", secret = true }
            [[trigger.http]]
            route = "/a/..."
            component = "a"
            [[trigger.http]]
            route = "/api/a/..."
            component = "a"
            [component.a]
            source = "a.wasm"
            allowed_outbound_hosts = ["{{ a_url }}"]
            [component.a.dependencies]
            "n:m/o" = { path = "o.wasm" }
            "#,
        )
        .expect("is a manifest")
    }

    fn scratch(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("nudge-oci-{name}-{}", std::process::id()));
        fs::remove_dir_all(&folder).ok();
        folder
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = scratch("round");
        let wasm = [COMPONENT_HEADER, b"rest"].concat();
        let digest = write(
            &folder,
            "1",
            &manifest(),
            &BTreeMap::from([("a".to_owned(), wasm.clone())]),
        )
        .expect("is written");
        let image = read(&folder).expect("is whole");
        assert!(digest.starts_with("sha256:"));
        assert_eq!(
            image.components,
            BTreeMap::from([("a".to_owned(), wasm.len())])
        );
        let application = &image.application;
        assert_eq!(
            application["variables"]["key"],
            json!({"default": "", "secret": true})
        );
        assert_eq!(
            application["components"][0]["metadata"]["allowed_outbound_hosts"],
            json!(["{{ a_url }}"])
        );
        assert_eq!(application["triggers"][0]["id"], "a-http-trigger");
        assert_eq!(application["triggers"][1]["id"], "http-trigger1");
        assert_eq!(
            application["triggers"][1]["trigger_config"],
            json!({"route": "/api/a/...", "component": "a"})
        );
        fs::remove_dir_all(folder).expect("is removed");
    }

    #[test]
    fn the_same_application_is_the_same_image() {
        let (one, other) = (scratch("one"), scratch("other"));
        let components = BTreeMap::from([("a".to_owned(), COMPONENT_HEADER.to_vec())]);
        let digests = [&one, &other]
            .map(|folder| write(folder, "1", &manifest(), &components).expect("is written"));
        assert_eq!(digests[0], digests[1]);
        for folder in [one, other] {
            fs::remove_dir_all(folder).expect("is removed");
        }
    }

    #[test]
    fn a_changed_part_and_a_module_are_found() {
        let folder = scratch("changed");
        write(
            &folder,
            "1",
            &manifest(),
            &BTreeMap::from([("a".to_owned(), b"\0asm\x01\0\0\0".to_vec())]),
        )
        .expect("is written");
        assert!(
            read(&folder)
                .err()
                .expect("a module")
                .to_string()
                .contains("no component")
        );
        for blob in fs::read_dir(folder.join("blobs/sha256")).expect("blobs") {
            fs::write(blob.expect("a blob").path(), b"other").expect("is changed");
        }
        assert!(
            read(&folder)
                .err()
                .expect("changed")
                .to_string()
                .contains("other content")
        );
        fs::remove_dir_all(folder).expect("is removed");
    }
}
