//! Embeds the built screen (`web/dist`): every file with its content type, its hash, and gzip where it pays.
//!
//! Without `web/dist` nothing is embedded, so that a clean checkout compiles without Node; the function then says what
//! to run.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Characters of a file's hash that go into its entity tag.
const TAG_LENGTH: usize = 22;

fn main() -> io::Result<()> {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    let dist = root.join("../../web/dist");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let mut files = Vec::new();
    if dist.is_dir() {
        collect(&dist, &mut files)?;
        files.sort();
    }
    let mut list = String::from("&[\n");
    for (number, file) in files.iter().enumerate() {
        list.push_str(&asset(&dist, file, &out, number)?);
    }
    list.push(']');
    fs::write(out.join("files.rs"), list)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

/// One element of the list, as Rust source. The bytes are copied first: a build of the screen that runs meanwhile must
/// not take them away.
fn asset(dist: &Path, file: &Path, out: &Path, number: usize) -> io::Result<String> {
    let bytes = fs::read(file)?;
    let hash = URL_SAFE_NO_PAD.encode(Sha256::digest(&bytes));
    let name = file
        .strip_prefix(dist)
        .map_err(io::Error::other)?
        .to_string_lossy()
        .replace('\\', "/");
    let copy = out.join(format!("{number}.bytes"));
    fs::write(&copy, &bytes)?;
    let mut gzip = "None".to_owned();
    let packed = compress(&bytes)?;
    // Under a tenth saved is not worth a second copy in the component.
    if packed.len() * 10 < bytes.len() * 9 {
        let path = out.join(format!("{number}.gz"));
        fs::write(&path, packed)?;
        gzip = format!("Some(include_bytes!({:?}))", path.display().to_string());
    }
    let mut source = String::new();
    writeln!(
        source,
        "File {{ path: {:?}, content_type: {:?}, tag: {:?}, bytes: include_bytes!({:?}), gzip: {gzip} }},",
        format!("/{name}"),
        content_type(&name),
        &hash[..TAG_LENGTH],
        copy.display().to_string(),
    )
    .map_err(io::Error::other)?;
    Ok(source)
}

fn compress(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// A type that is not in the list would be downloaded instead of shown: add it here.
fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
