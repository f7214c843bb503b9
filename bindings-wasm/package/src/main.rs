//! Makes the npm package of what the compiler made for WebAssembly: `cargo xtask wasm` runs this.
//!
//! One file of WebAssembly, one glue for it, and small files beside them for each host. The glue's
//! own declarations are full of internal names, so `index.d.ts` is written by hand and those of the
//! operations are made of the packs.

mod glue;
mod types;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use clap::Parser;
use wasm_bindgen_cli_support::Bindgen;

/// Makes the npm package.
#[derive(Parser)]
struct Args {
    /// What the compiler made.
    #[arg(value_name = "WASM")]
    wasm: PathBuf,
    /// Where the package goes; what is there goes away.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// What the package holds besides what is made, from the folder `js`.
const FILES: &[&str] = &[
    "answer.js",
    "browser.js",
    "catalogue.js",
    "client.js",
    "errors.js",
    "index.d.ts",
    "index.js",
    "node-errors.js",
    "node-http.js",
    "node.js",
    "options.js",
    "send.js",
    "streams.js",
    "websocket.js",
    "workerd.js",
];

/// What it holds from the root of the workspace.
const LICENSES: &[&str] = &["LICENSE-APACHE", "LICENSE-MIT"];

fn main() -> ExitCode {
    match make(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn make(args: &Args) -> Result<(), Box<dyn Error>> {
    if args.out.exists() {
        fs::remove_dir_all(&args.out)?;
    }
    fs::create_dir_all(&args.out)?;
    bind(&args.wasm, &args.out).map_err(|error| format!("{}: {error}", args.wasm.display()))?;
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("no folder above")?;
    for file in FILES {
        copy(&here.join("js").join(file), &args.out.join(file))?;
    }
    copy(&here.join("README.md"), &args.out.join("README.md"))?;
    for file in LICENSES {
        copy(&here.join("..").join(file), &args.out.join(file))?;
    }
    let manifest = fs::read_to_string(here.join("js/package.json"))?;
    let version = env!("CARGO_PKG_VERSION");
    fs::write(
        args.out.join("package.json"),
        manifest.replace("\"0.0.0\"", &format!("{version:?}")),
    )?;
    fs::create_dir(args.out.join("types"))?;
    for engine in ["docker", "podman"] {
        let bytes = contajners_resources::pack(engine).ok_or("no such pack")?;
        let pack = contajners_core::Pack::open(bytes)?;
        fs::write(args.out.join(format!("types/{engine}.d.ts")), types::of(pack))?;
    }
    Ok(())
}

/// Writes `engine.js` and `engine_bg.wasm`.
fn bind(wasm: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("engine")
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        // With a path of its own, `init` without arguments finds the file beside the glue.
        .omit_default_module_path(false)
        .web(true)?;
    let mut output = bindgen.generate_output()?;
    let module = output.wasm_mut();
    let imported = module.imports.iter_mut().map(|import| &mut import.name);
    let exported = module.exports.iter_mut().map(|export| &mut export.name);
    let names = glue::names(imported.chain(exported));
    output.emit(out)?;
    let glue = out.join("engine.js");
    let text = glue::shortened(&fs::read_to_string(&glue)?, &names)?;
    Ok(fs::write(&glue, text)?)
}

fn copy(from: &Path, to: &Path) -> Result<(), Box<dyn Error>> {
    fs::copy(from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    Ok(())
}
