//! `tripo demo`: everything in one process, with traffic, watched and audited.

mod args;
mod engine;
mod feed;
mod figures;
mod listener;
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
use stage::Stage;
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
    let stage = Stage::build(&args)?;
    let name = world.source().name(settings.markets.len());
    println!(
        "Kafka on {}, schema registry on {}: any client may read along. Traffic: {name}.",
        stage.broker.address(),
        stage.registry.url()
    );
    println!("Ctrl-C: no new riders, open rides end, then the summary. Twice: out at once.\n");
    let Stage { engine, broker, registry, ids } = stage;
    let mut traffic = Traffic::open(&args, (broker.address(), &ids), engine, (world, settings), stop.clone())?;
    let start_ms = started.elapsed().as_millis();
    let ran = traffic.run();
    let stopped = traffic.end();
    ran?;
    stopped.map_err(|error| format!("the matching service ended: {error}"))?;
    let verdict = auditor::audit(broker.address(), Limits::default())?;
    let report = report::json(&args, &traffic, &verdict, start_ms);
    report::print(&report);
    if let Some(path) = &args.report {
        report::write(&report, path)?;
    }
    if args.keep && !stop.load(Relaxed) {
        println!("\nThe topics stay on {} (registry {}) until Ctrl-C.", broker.address(), registry.url());
        while !stop.load(Relaxed) {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    traffic.world.source().whole()?;
    if verdict.decided == 0 {
        return Err("nothing was decided, so there is no verdict: see --from, --to and the recordings".to_owned());
    }
    Ok(if verdict.clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
