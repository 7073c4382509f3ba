//! wasm-bindgen for the one call that wasm-pack makes: `wasm-bindgen FILE --out-dir DIR --target web …`.
//! Built on the same library as wasm-bindgen-cli, without its test runner. Refuses every other target and option.

use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use wasm_bindgen_cli_support::Bindgen;

#[derive(Parser)]
#[command(name = "wasm-bindgen", version = wasm_bindgen_shared::version())]
struct Options {
    /// The .wasm file that rustc wrote.
    input: PathBuf,
    #[arg(long)]
    out_dir: PathBuf,
    /// Stem of the files written; the input's stem by default.
    #[arg(long)]
    out_name: Option<String>,
    #[arg(long, value_parser = ["web"])]
    target: String,
    #[arg(long)]
    typescript: bool,
    #[arg(long)]
    no_typescript: bool,
    #[arg(long)]
    debug: bool,
    #[arg(long)]
    no_demangle: bool,
    #[arg(long)]
    keep_debug: bool,
    #[arg(long)]
    omit_default_module_path: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    match generate(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm-bindgen failed on {}: {error:#}", options.input.display());
            ExitCode::FAILURE
        }
    }
}

fn generate(options: &Options) -> anyhow::Result<()> {
    let mut bindgen = Bindgen::new();
    bindgen
        .web(options.target == "web")?
        .input_path(&options.input)
        .typescript(options.typescript && !options.no_typescript)
        .debug(options.debug)
        .demangle(!options.no_demangle)
        .keep_debug(options.keep_debug)
        .omit_default_module_path(options.omit_default_module_path)
        // `__wbg_reset_state` makes a new instance: how ts/src/engine/wasm.ts goes on after a trap.
        .reset_state_function(true);
    if let Some(name) = &options.out_name {
        bindgen.out_name(name);
    }
    bindgen.generate(&options.out_dir)
}
