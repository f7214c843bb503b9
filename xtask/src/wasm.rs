//! `cargo xtask wasm`: the npm package, and what its tests need.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

use crate::Outcome;
use crate::cross::{Builder, builder};
use crate::packages::{CHROMIUM, Missing, NODE, WASM_LINKER, are_there, ensure};
use crate::steps::{self, command, program, root};

/// Builds the npm package into `target/npm`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Installs the target with rustup, or a compiler that can build it with apt-get; and Node, npm
    /// and Chromium for what needs them.
    #[arg(long)]
    install: bool,
    /// Makes the WebAssembly smaller with `wasm-opt`, which comes with npm.
    #[arg(long)]
    optimise: bool,
    /// Packs the package, smaller as with `--optimise`, and installs it into an empty project
    /// beside it, where the tests run.
    #[arg(long)]
    pack: bool,
}

const TARGET: &str = "wasm32-unknown-unknown";
/// What of the standard library the distribution's compiler has to make.
const LIBRARY: &str = "std,panic_abort";

pub(crate) fn run(args: &Args) -> Outcome {
    let missing = Missing::from_flag(args.install);
    let package = root().join("target/npm/contajners");
    if !args.optimise && !args.pack {
        return make(&package, &[], missing);
    }
    ensure(&[NODE], missing)?;
    beside(install_tools, || make(&package, &[], missing))?;
    if !args.pack {
        return optimise(&package);
    }
    ensure(&[CHROMIUM], missing)?;
    // A second one without packs, which only its size is asked of.
    let bare = root().join("target/npm/bare");
    beside(
        || optimise(&package),
        || {
            make(&bare, &["--no-default-features"], missing)?;
            optimise(&bare)
        },
    )?;
    pack(&package)
}

/// Does two things at a time: most of each takes a single core, or the network.
fn beside(other: impl FnOnce() -> Outcome + Send, own: impl FnOnce() -> Outcome) -> Outcome {
    thread::scope(|scope| {
        let other = scope.spawn(|| other().map_err(|error| error.to_string()));
        let own = own();
        let other = other.join().expect("it does not panic").map_err(Into::into);
        own.and(other)
    })
}

/// Makes what the tests of the package need, where this machine can; where it cannot, they skip.
///
/// # Errors
///
/// If something is there and does not work.
pub(crate) fn prepare(missing: Missing) -> Outcome {
    let installed = project().join("node_modules/contajners");
    if installed.exists() {
        // An old package must not pass for this one.
        fs::remove_dir_all(installed)?;
    }
    ensure(&[NODE, CHROMIUM], missing)?;
    if !are_there(NODE) {
        return Ok(());
    }
    let version = node_version();
    if version < OLDEST_NODE {
        let (major, minor) = version;
        eprintln!("node {major}.{minor} is older than the package wants; its tests are skipped");
        return Ok(());
    }
    if let Err(error) = builder(TARGET, LIBRARY, missing) {
        eprintln!("{error}; the tests of the npm package are skipped");
        return Ok(());
    }
    run(&Args { install: missing == Missing::Install, optimise: false, pack: true })
}

/// What `engines` of the package says.
const OLDEST_NODE: (u32, u32) = (20, 19);

/// Major and minor number; zeroes when `node` does not say them.
fn node_version() -> (u32, u32) {
    let said = command("node", &["--version"]).output().map(|output| output.stdout);
    let said = String::from_utf8(said.unwrap_or_default()).unwrap_or_default();
    let mut numbers = said.trim().trim_start_matches('v').split('.').map(|part| part.parse().ok());
    let mut next = || numbers.next().flatten().unwrap_or(0);
    (next(), next())
}

/// Compiles, and makes a package of what comes out.
fn make(out: &Path, features: &[&str], missing: Missing) -> Outcome {
    let builder = builder(TARGET, LIBRARY, missing)?;
    let mut words = vec!["build", "-p", "contajners-wasm", "--profile", "wasm", "--target", TARGET];
    words.extend(features);
    let mut build = builder.cargo(&words);
    if matches!(builder, Builder::Distribution { .. }) {
        ensure(&[WASM_LINKER], missing)?;
        build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld-22");
    }
    // Panics carry the paths of sources: where they lie here is of no use to a page.
    build.env("CARGO_ENCODED_RUSTFLAGS", remapping().join("\u{1f}"));
    steps::run(&mut build)?;
    let wasm = builder.target_dir().join(TARGET).join("wasm/contajners_wasm.wasm");
    let mut package = command(program("contajners-package")?, &[]);
    package.arg(wasm).arg("--out").arg(out);
    steps::run(&mut package)
}

fn remapping() -> Vec<String> {
    let home = env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo")));
    let mut flags = Vec::new();
    let sources = home.map(|home| home.join("registry/src"));
    for folder in sources.iter().filter_map(|at| fs::read_dir(at).ok()).flatten().flatten() {
        flags.push(format!("--remap-path-prefix={}=", folder.path().display()));
    }
    flags.push(format!("--remap-path-prefix={}=", root().display()));
    flags
}

/// The tools of the tests, as their lock file has them.
fn install_tools() -> Outcome {
    let source = root().join("bindings-wasm/tests");
    let project = project();
    fs::create_dir_all(&project)?;
    // The measurements among them are run from there.
    for entry in fs::read_dir(&source)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "mjs") {
            fs::copy(&path, project.join(path.file_name().unwrap_or_default()))?;
        }
    }
    let stamp = project.join("node_modules/.installed");
    let lock = fs::read(source.join("package-lock.json"))?;
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    for file in ["package.json", "package-lock.json", ".npmrc"] {
        fs::copy(source.join(file), project.join(file))?;
    }
    steps::run(npm(&["ci", "--no-audit", "--no-fund"]).current_dir(&project))?;
    Ok(fs::write(stamp, lock)?)
}

/// Where the packed package is installed and tested.
fn project() -> PathBuf {
    root().join("target/npm/project")
}

fn npm(words: &[&str]) -> Command {
    command("npm", words)
}

/// Makes the package's WebAssembly smaller in place. Which features it uses is in the file; naming
/// more of them would make one that nothing loads.
fn optimise(package: &Path) -> Outcome {
    let wasm = package.join("engine_bg.wasm");
    let tool = project().join("node_modules/binaryen/bin/wasm-opt");
    // The compiler's control flow, made anew in the middle of it, compresses better: 1 % with gzip.
    // Once more gains another permille; in the same run it would not.
    for passes in [&["-Oz"][..], &[]] {
        let mut command = command("node", &[]);
        command.arg(&tool).args(passes).args(["--flatten", "--rereloop", "-Oz", "-Oz"]);
        // The first KiB holds the end of a stack that has overflown, and nothing else.
        command.arg("--low-memory-unused");
        steps::run(command.arg(&wasm).arg("-o").arg(&wasm))?;
    }
    Ok(())
}

fn pack(package: &Path) -> Outcome {
    let folder = root().join("target/npm");
    let archive = format!("contajners-{}.tgz", env!("CARGO_PKG_VERSION"));
    let mut pack = npm(&["pack", "--silent"]);
    pack.arg(package).arg("--pack-destination").arg(&folder);
    steps::run(&mut pack)?;
    // Not as a dependency of the project, whose lock file would have to know it.
    let into = project().join("node_modules/contajners");
    if into.exists() {
        fs::remove_dir_all(&into)?;
    }
    let words = ["install", "--no-save", "--offline", "--no-audit", "--no-fund"];
    let mut install = npm(&words);
    install.arg(folder.join(archive)).current_dir(project());
    steps::run(&mut install)
}
