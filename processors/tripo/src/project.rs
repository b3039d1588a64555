//! `tripo project riders`: keeps a CQL store as `rider.changed` says.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use clap::{Args, ValueEnum};
use runtime::projection::{self, Projection};
use runtime::store::{Cql, RIDERS};
use runtime::{Watch, http, logs};

use crate::config::{self, Flags, Instance};
use crate::run::{host, signals};
use crate::store::{fold, registered};

/// What can be projected.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum What {
    /// `rider.changed`
    Riders,
}

/// What `tripo project` takes.
#[derive(Args)]
pub(crate) struct Project {
    /// What is projected
    what: What,
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    instance: Instance,
}

/// Projects until told to stop by SIGINT or SIGTERM, then drains.
///
/// # Errors
/// One sentence when it cannot start, or did not end well. Wrong settings are said here.
pub(crate) fn run(project: &Project) -> Result<ExitCode, String> {
    let What::Riders = project.what;
    let settings = match config::load(&project.flags, &project.instance, None) {
        Ok(settings) => settings,
        Err(problems) => return Ok(config::refuse(&problems)),
    };
    let kind = settings.text("store.kind");
    if kind != "cql" {
        let origin = settings.origin("store.kind").map(ToString::to_string).unwrap_or_default();
        let why = "take cql; memory and redb are filled by the process that reads them";
        return Ok(config::refuse(&[format!("store.kind is \"{kind}\" ({origin}): {why}")]));
    }
    logs::start(settings.text("log.level"), settings.text("log.format"))?;
    let instance = match settings.text("run.instance") {
        "" => format!("{}-{}", host(), std::process::id()),
        named => named.to_owned(),
    };
    let access = settings.access(projection::RIDERS, &instance);
    let line = format!("riders: instance {instance} joins group {} at {}", access.group, access.brokers);
    let stop = signals()?;
    let (watch, registry) = (Arc::new(Watch::of(projection::RIDERS)), settings.registry());
    let store = Arc::new(Cql::open(settings.cql(true), &[RIDERS])?);
    let fold = fold(access, false, &settings);
    let projection = Projection::start(fold, store, move || registered(&registry), watch.clone())?;
    let http = match settings.text("http.address") {
        "" => None,
        address => Some(http::serve(address, watch.clone())?),
    };
    let line = line + &http.as_ref().map(|http| format!(", http://{}", http.address())).unwrap_or_default();
    match settings.text("log.format") {
        // Who reads JSON gets nothing else.
        "json" => tracing::info!("{line}"),
        _ => eprintln!("{line}"),
    }
    while !stop.load(Relaxed) && !projection.ended() {
        std::thread::sleep(Duration::from_millis(50));
    }
    watch.draining();
    let drained = projection.stop();
    drop(http);
    drained.map(|()| ExitCode::SUCCESS)
}
