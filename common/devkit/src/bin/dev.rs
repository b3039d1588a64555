//! What a developer of the project runs, from the repository's root: `cargo run --release -p devkit --bin dev -- contract`.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use devkit::contract::{self, frozen};

const USAGE: &str = "usage: dev contract           rewrites the types of the contract
       dev freeze VERSION     freezes the schemas as a released version, with a fixture for each topic
both from the repository's root";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["contract"] => rewrite_contract(),
        ["freeze", version] => freeze(version),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(sentence) => {
            eprintln!("{sentence}");
            ExitCode::FAILURE
        }
    }
}

fn rewrite_contract() -> Result<(), String> {
    let sources = contract::read(Path::new(contract::SCHEMAS))?;
    let text = contract::generate(&sources)?;
    fs::write(contract::GENERATED, text).map_err(|error| format!("{}: {error}", contract::GENERATED))?;
    println!("{}: {} schemas", contract::GENERATED, sources.len());
    Ok(())
}

fn freeze(version: &str) -> Result<(), String> {
    match frozen::freeze(Path::new("."), version)? {
        0 => println!("{}/{version} was frozen before, and is the same", frozen::FROZEN),
        files => println!("{}/{version} and {}/{version}: {files} files", frozen::FROZEN, frozen::FIXTURES),
    }
    Ok(())
}
