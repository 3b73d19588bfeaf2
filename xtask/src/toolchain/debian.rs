//! Debian's Rust for WebAssembly, unpacked into the cache folder: nothing is installed, and no root is needed.
//!
//! Debian's std for WebAssembly fits Debian's compiler only, so that comes with it, and so does the libc that it was
//! linked with: the compiler is started through that libc's own loader.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use nudge_parts::cache;
use nudge_parts::programs::quietly;

use super::compiler::{TARGET, Toolchain};

/// The release whose Rust is new enough for spin-sdk.
const SUITE: &str = "forky";
const ARCHIVE_KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// The compiler, fetched if it is not there.
pub(super) fn toolchain() -> Result<Toolchain> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!("Debian's compiler is taken on 64-bit x86 Linux only");
    }
    if !Path::new(ARCHIVE_KEYS).exists() {
        bail!("this is no Debian with {ARCHIVE_KEYS}");
    }
    let folder = cache::once(&format!("debian-rust-{SUITE}"), fill)?;
    Ok(Toolchain::Debian {
        rustc: folder.join("bin/rustc"),
        linker: folder.join("bin/wasm-ld"),
    })
}

fn fill(draft: &Path) -> Result<()> {
    eprintln!("Getting Debian's compiler for {TARGET} (some 190 MB) …");
    let apt = Apt::new(&draft.join("apt"))?;
    apt.run(&["update"])?;
    // The standard libraries need the compiler's driver, its LLVM and a libc. The compiler and the linker themselves
    // would bring a C compiler along, so they are fetched without what they depend on.
    let libraries = ["libstd-rust-dev", "libstd-rust-dev-wasm32"];
    apt.run(&[&["install", "--download-only"], libraries.as_slice()].concat())?;
    let linker = format!("lld-{}", apt.llvm_version()?);
    apt.run(&["download", "rustc", &linker])?;
    let root = draft.join("root");
    fs::create_dir_all(&root)?;
    for package in apt.packages()? {
        quietly(Command::new("dpkg-deb").arg("-x").arg(&package).arg(&root))?;
    }
    fs::remove_dir_all(draft.join("apt"))?;
    wrap(draft)
}

/// An apt with lists, archive and (empty) package database of its own.
struct Apt {
    folder: PathBuf,
}

impl Apt {
    fn new(folder: &Path) -> Result<Self> {
        for part in ["lists/partial", "archives/partial", "etc"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let source = format!("deb [signed-by={ARCHIVE_KEYS}] {} {SUITE} main\n", mirror());
        fs::write(folder.join("etc/sources.list"), source)?;
        fs::write(folder.join("status"), "")?;
        let at = folder.display();
        // A mirror may lag behind its release file's dates; the signature is checked all the same.
        let settings = format!(
            r#"Dir::Etc "{at}/etc"; Dir::Etc::sourcelist "{at}/etc/sources.list"; Dir::Etc::sourceparts "-";
Dir::Etc::parts "{at}/etc"; Dir::Etc::preferencesparts "{at}/etc"; Dir::Etc::trustedparts "{at}/etc";
Dir::State "{at}"; Dir::State::lists "{at}/lists"; Dir::State::status "{at}/status";
Dir::Cache "{at}"; Dir::Cache::archives "{at}/archives"; Dir::Log "{at}";
APT::Architecture "amd64"; APT::Architectures {{ "amd64"; }}; APT::Sandbox::User "root";
APT::Install-Recommends "false"; Acquire::Languages "none"; Acquire::Retries "3";
Acquire::Check-Valid-Until "false";
Debug::NoLocking "1"; quiet "2";
"#
        );
        fs::write(folder.join("apt.conf"), settings)?;
        Ok(Self {
            folder: folder.to_owned(),
        })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("APT_CONFIG", self.folder.join("apt.conf"))
            .current_dir(self.folder.join("archives"));
        command
    }

    fn run(&self, arguments: &[&str]) -> Result<()> {
        quietly(self.command("apt-get").arg("--yes").args(arguments))
    }

    /// The LLVM that the compiler was built with, by what its library depends on.
    fn llvm_version(&self) -> Result<String> {
        let library = self.dependency("libstd-rust-dev", "libstd-rust-")?;
        let llvm = self.dependency(&library, "libllvm")?;
        Ok(llvm.trim_start_matches("libllvm").to_owned())
    }

    /// The package beginning with `prefix` that `package` depends on.
    fn dependency(&self, package: &str, prefix: &str) -> Result<String> {
        let output = self
            .command("apt-cache")
            .args(["depends", package])
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let named = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("Depends: "));
        let found = named
            .filter_map(|name| Some((name, name.strip_prefix(prefix)?)))
            .find(|(_, rest)| rest.starts_with(|c: char| c.is_ascii_digit()));
        found
            .map(|(name, _)| name.to_owned())
            .with_context(|| format!("{package} of Debian {SUITE} depends on no {prefix}"))
    }

    fn packages(&self) -> Result<Vec<PathBuf>> {
        let files = fs::read_dir(self.folder.join("archives"))?;
        let mut packages = Vec::new();
        for file in files {
            let path = file?.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                packages.push(path);
            }
        }
        Ok(packages)
    }
}

/// The mirror that this machine takes its own packages from.
fn mirror() -> String {
    let lists = [
        "/etc/apt/sources.list.d/debian.sources",
        "/etc/apt/sources.list",
    ];
    let words = lists
        .iter()
        .filter_map(|list| fs::read_to_string(list).ok())
        .flat_map(|text| {
            text.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>()
        });
    let is_mirror =
        |word: &String| word.starts_with("http") && word.trim_end_matches('/').ends_with("/debian");
    words
        .into_iter()
        .find(is_mirror)
        .unwrap_or_else(|| "http://deb.debian.org/debian".to_owned())
}

/// Scripts that start the compiler and the linker by their own loader. They find themselves, so that the folder can
/// be renamed.
fn wrap(draft: &Path) -> Result<()> {
    let root = draft.join("root");
    let loader = ["usr/lib64", LIBRARIES, "lib64"]
        .map(|folder| format!("{folder}/ld-linux-x86-64.so.2"))
        .into_iter()
        .find(|loader| root.join(loader).is_file())
        .context("Debian's libc has no loader")?;
    let llvm = fs::read_dir(root.join("usr/lib"))?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .find(|name| name.starts_with("llvm-"))
        .context("Debian's lld is not in its folder")?;
    let programs = [
        (
            "rustc",
            "usr/bin/rustc".to_owned(),
            r#"--sysroot "$root/usr""#,
        ),
        // rustc names the flavour itself; lld goes by it.
        ("wasm-ld", format!("usr/lib/{llvm}/bin/lld"), ""),
    ];
    fs::create_dir_all(draft.join("bin"))?;
    for (name, program, arguments) in programs {
        let script = format!(
            "#!/bin/sh\nroot=$(dirname \"$(dirname \"$(readlink -f \"$0\")\")\")/root\n\
            exec \"$root/{loader}\" --library-path \"$root/{LIBRARIES}\" \"$root/{program}\" {arguments} \"$@\"\n"
        );
        let path = draft.join("bin").join(name);
        fs::write(&path, script)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755))?;
    }
    quietly(Command::new(draft.join("bin/rustc")).arg("--version"))
}
