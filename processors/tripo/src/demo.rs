//! `tripo demo`: everything in one process, with traffic, watched and audited.

mod args;
mod chaos;
mod desk;
mod engine;
mod feed;
mod figures;
mod flock;
mod group;
mod listener;
mod litter;
mod memory;
mod recovery;
mod report;
mod screen;
mod source;
mod stage;
mod traffic;

use std::process::ExitCode;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use devkit::auditor::{self, Limits};

pub(crate) use args::Args;
use litter::{Litter, Swept};
use stage::Ground;
use traffic::Traffic;

/// Runs the demonstration; the exit code says whether every law was kept.
///
/// # Errors
/// One sentence when it cannot run.
pub(crate) fn run(args: Args) -> Result<ExitCode, String> {
    let started = Instant::now();
    let stop = crate::run::signals()?;
    if let Some(path) = &args.report {
        report::prepare(path)?;
    }
    let (world, settings) = source::world(&args)?;
    let ground = Ground::build(&args)?;
    let name = world.source().name(settings.markets.len());
    println!("{} Traffic: {name}.", ground.name());
    println!("Ctrl-C: no new riders, open rides end, then the summary. Twice: out at once.\n");
    let mut traffic = Traffic::open(&args, &ground, (world, settings), stop.clone())?;
    let start_ms = started.elapsed().as_millis();
    let ran = traffic.run();
    let stopped = traffic.end();
    ran?;
    stopped.map_err(|error| format!("a service ended: {error}"))?;
    let swept = traffic.litter.as_mut().map(Litter::count).transpose()?;
    let garbage = traffic.litter.as_ref().map(Litter::places).unwrap_or_default();
    let verdict = auditor::audit(&ground.brokers, Limits { garbage: Some(garbage), ..Limits::default() })?;
    let mut report = report::json(&args, &traffic, &verdict, start_ms);
    if let Some(swept) = &swept {
        report["garbage"] = swept.report();
    }
    report::print(&report);
    if let Some(path) = &args.report {
        report::write(&report, path)?;
    }
    if args.keep && !stop.load(Relaxed) {
        println!("\nThe topics stay on {} (registry {}) until Ctrl-C.", ground.brokers, ground.registry);
        while !stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    traffic.world.source().whole()?;
    if verdict.decided == 0 {
        return Err("nothing was decided, so there is no verdict: see --from, --to and the recordings".to_owned());
    }
    let clean = verdict.clean() && swept.as_ref().is_none_or(Swept::clean);
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
