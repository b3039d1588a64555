//! What a developer of the project runs: `cargo run --release -p devkit --bin dev -- contract`.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use devkit::contract;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["contract"] => rewrite_contract(),
        _ => Err("usage: dev contract (rewrites the types of the contract, from the repository's root)".to_owned()),
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
