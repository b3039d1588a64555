//! `tripo run`: a processor against a Kafka cluster and a schema registry.

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use clap::Args;
use kernel::{
    Processor, Record, Rules, Topic,
    contract::{RecordParked, StateKept},
};
use runtime::{
    Pace, Service, Time, Watch,
    http::{self, Http},
    kafka::Access,
    logs,
    registry::Registry,
    service,
    settings::Settings,
};

use crate::config::{self, Flags, Instance};
use crate::store::Shelf;

/// What `tripo run` takes.
#[derive(Args, Clone)]
pub(crate) struct Run {
    /// Which processor: matching, quoting, capturing
    pub(crate) processor: String,
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    instance: Instance,
    /// End when the standard input does: for a process that must not outlive the one that started it
    #[arg(long, hide = true)]
    until_stdin_ends: bool,
    /// Time moves with records alone, at this many seconds of event time a second: for replay
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    replay_speed: Option<u32>,
}

/// Runs until told to stop by SIGINT or SIGTERM, then drains.
///
/// # Errors
/// One sentence when it cannot start, or did not end well. Wrong settings are said here.
pub(crate) fn run(run: &Run) -> Result<ExitCode, String> {
    let entry = match config::processor(&run.processor) {
        Ok(entry) => entry,
        Err(why) => return Ok(config::refuse(&[why])),
    };
    let settings = match config::load(&run.flags, &run.instance, Some(entry)) {
        Ok(settings) => settings,
        Err(problems) => return Ok(config::refuse(&problems)),
    };
    logs::start(settings.text("log.level"), settings.text("log.format"))?;
    (entry.serve)(run, &settings).map(|()| ExitCode::SUCCESS)
}

/// Topics that a processor writes, and whose schemas it registers.
pub(crate) fn written<P: Processor>() -> Vec<&'static Topic> {
    let mut topics = vec![StateKept::TOPIC, RecordParked::TOPIC];
    topics.extend(P::OUTPUTS.iter().filter(|topic| topic.name != StateKept::TOPIC.name));
    topics
}

/// Runs one processor.
pub(crate) fn serve<P: Processor>(run: &Run, settings: &Settings) -> Result<(), String> {
    let policy = match config::policy(settings, config::processor(P::NAME)?)? {
        Some(text) => P::Policy::parse(&text)?,
        None => P::Policy::parse(P::Policy::BUILT_IN)?,
    };
    let instance = match settings.text("run.instance") {
        "" => format!("{}-{}", host(), std::process::id()),
        named => named.to_owned(),
    };
    let time = run.replay_speed.map_or(Time::Live, |speed| Time::Log { speed });
    let (wait, interval) = (settings.span("run.wait_ms"), settings.span("run.commit_interval_ms"));
    let of_service = service::Settings {
        access: settings.access(P::NAME, &instance),
        workers: settings.size("run.workers"),
        pace: Pace { time, wait, interval, limits: settings.limits() },
        grace: settings.span("run.grace_ms"),
    };
    let registry = settings.registry();
    let schemas = move || {
        let mut registry = Registry::open(&registry)?;
        registry.register(&written::<P>()).map_err(|failure| failure.to_string())?;
        Ok(registry)
    };
    let stop = signals()?;
    let watch = Arc::new(Watch::of(P::NAME));
    let shelf = match P::READS_RIDERS {
        true => Shelf::open(settings, &of_service.access, watch.clone())?,
        false => None,
    };
    let store = shelf.as_ref().map(|shelf| (shelf.store.clone(), settings.reading()));
    let service = Service::watched::<P, _, _>(&of_service, (Arc::new(policy), store), schemas, watch)?;
    let http = match listen(settings, &service) {
        Ok(http) => http,
        Err(why) => {
            // What it was started for cannot be watched; what a worker says to that is of no interest any more.
            let _ = service.stop();
            return Err(why);
        }
    };
    introduce::<P>(settings, &of_service.access, http.as_ref().map(Http::address));
    if run.until_stdin_ends {
        stop_with_stdin(stop.clone())?;
    }
    // A store that nobody fills any more would go on answering with what was: the process ends, and says why.
    let unfilled = || shelf.as_ref().is_some_and(Shelf::ended);
    while !stop.load(Relaxed) && !service.ended() && !unfilled() {
        std::thread::sleep(Duration::from_millis(50));
    }
    // Prometheus and the orchestrator may look on until the end.
    let drained = service.stop();
    drop(http);
    drained.and(shelf.map_or(Ok(()), Shelf::close))
}

/// Serves what an operator's tools ask for, if it is to.
fn listen(settings: &Settings, service: &Service) -> Result<Option<Http>, String> {
    match settings.text("http.address") {
        "" => Ok(None),
        address => http::serve(address, service.watch()).map(Some),
    }
}

/// The one line of a normal run.
fn introduce<P: Processor>(settings: &Settings, access: &Access, http: Option<SocketAddr>) {
    let Access { brokers, group, instance, .. } = access;
    let http = http.map(|address| format!(", http://{address}")).unwrap_or_default();
    let line = format!("{}: instance {instance} joins group {group} at {brokers}{http}", P::NAME);
    match settings.text("log.format") {
        // Who reads JSON gets nothing else.
        "json" => tracing::info!("{line}"),
        _ => eprintln!("{line}"),
    }
}

/// Tells to stop when the standard input ends.
fn stop_with_stdin(told: Arc<AtomicBool>) -> Result<(), String> {
    let listen = move || {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        told.store(true, Relaxed);
    };
    let thread = std::thread::Builder::new().name("stdin".to_owned()).spawn(listen);
    thread.map(drop).map_err(|error| format!("cannot watch the standard input: {error}"))
}

/// Set when the process is told to stop, by SIGINT or SIGTERM.
pub(crate) fn signals() -> Result<Arc<AtomicBool>, String> {
    let stop = Arc::new(AtomicBool::new(false));
    let told = stop.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| format!("cannot listen for signals: {error}"))?;
    let listen = move || {
        runtime.block_on(async {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
            told.store(true, Relaxed);
            // The second one means it.
            tokio::select! { _ = interrupt.recv() => (), _ = terminate.recv() => () }
            std::process::exit(130);
        });
    };
    let thread = std::thread::Builder::new().name("signals".to_owned()).spawn(listen);
    thread.map_err(|error| format!("cannot listen for signals: {error}"))?;
    Ok(stop)
}

pub(crate) fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if name.is_empty() { "host".to_owned() } else { name }
}
