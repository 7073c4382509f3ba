//! wasm-pack, from its own library crate: the program that crates.io publishes less its look for newer releases,
//! which would make every build wait on the network.

use clap::Parser;

fn main() -> std::process::ExitCode {
    let options = wasm_pack::Cli::parse();
    wasm_pack::PBAR.set_log_level(if options.quiet {
        wasm_pack::progressbar::LogLevel::Error
    } else {
        options.log_level
    });
    match wasm_pack::command::run_wasm_pack(options.cmd) {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wasm-pack failed: {error:#}");
            std::process::ExitCode::FAILURE
        }
    }
}
