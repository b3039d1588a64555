//! Tripo04OS: the one binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod demo;
mod registry;
mod run;
mod schemas;

/// The decision layer of a ride-hailing platform, over Kafka.
#[derive(Parser)]
#[command(name = "tripo", version, propagate_version = true)]
struct Tripo {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Everything in one process, with traffic: cities that are simulated, or recorded rides
    Demo(demo::Args),
    /// Run a processor against a Kafka cluster
    Run(run::Run),
    /// Check the contract, register it, create its topics
    Schemas(schemas::Arguments),
}

fn main() -> ExitCode {
    let done = match Tripo::parse().command {
        Command::Demo(args) => demo::run(args),
        Command::Run(args) => run::run(&args).map(|()| ExitCode::SUCCESS),
        Command::Schemas(args) => schemas::run(args).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|why| {
        eprintln!("tripo: {why}");
        ExitCode::FAILURE
    })
}
