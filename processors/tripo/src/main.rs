//! Tripo04OS: the one binary.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

mod config;
mod demo;
mod fit;
mod project;
mod recommend;
mod recorded;
mod registry;
mod run;
mod schemas;
mod store;
mod table;
mod whatif;

/// The decision layer of a ride-hailing platform, over Kafka.
#[derive(Parser)]
#[command(name = "tripo", version, propagate_version = true)]
struct Tripo {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show every setting with its value, unit and origin; check them
    Config(config::Config),
    /// Everything in one process, with traffic: cities that are simulated, or recorded rides
    Demo(demo::Args),
    /// Learn parameters of a policy from what was recorded
    Fit(fit::Fit),
    /// Keep a store as a topic says, for those who ask for one key at a time
    Project(project::Project),
    /// What could be decided better, by what was: unmet demand, leakage, tiers, each with the policy that would be published
    Recommend(recommend::Args),
    /// Run a processor against a Kafka cluster
    Run(run::Run),
    /// Check the contract, register it, create its topics
    Schemas(schemas::Arguments),
    /// Judge another policy by what was recorded
    Whatif(whatif::Whatif),
}

fn main() -> ExitCode {
    let done = match Tripo::parse().command {
        Command::Config(args) => Ok(config::run(&args)),
        Command::Demo(args) => demo::run(args),
        Command::Fit(args) => fit::run(&args),
        Command::Project(args) => project::run(&args),
        Command::Recommend(args) => recommend::run(&args),
        Command::Run(args) => run::run(&args),
        Command::Schemas(args) => schemas::run(args),
        Command::Whatif(args) => whatif::run(&args),
    };
    done.unwrap_or_else(|why| {
        why.lines().for_each(|line| eprintln!("tripo: {line}"));
        ExitCode::FAILURE
    })
}
