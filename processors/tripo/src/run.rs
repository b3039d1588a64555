//! `tripo run`: a processor against a Kafka cluster and a schema registry.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::Duration,
};

use clap::Args;
use kernel::{
    Processor, Record, Topic,
    contract::{RecordParked, StateKept},
};
use runtime::{Pace, Service, Settings, Time, kafka::Access, registry::Registry};

use crate::registry::PROCESSORS;

/// What `tripo run` takes.
#[derive(Args, Clone, Debug)]
pub(crate) struct Run {
    /// Which processor: matching
    pub(crate) processor: String,
    /// Kafka bootstrap servers, `host:port` with commas between
    #[arg(long, default_value = "127.0.0.1:9092")]
    pub(crate) brokers: String,
    /// Schema registry's address
    #[arg(long, default_value = "http://127.0.0.1:8081")]
    pub(crate) registry: String,
    /// Consumer group; default: the processor's name
    #[arg(long)]
    pub(crate) group: Option<String>,
    /// Name of this instance, unique among the living ones of the group; default: host and process
    #[arg(long)]
    pub(crate) instance: Option<String>,
    /// Workers: threads, each a member of the group
    #[arg(long, default_value_t = 1)]
    pub(crate) workers: usize,
    /// File with the policy; default: the built-in one
    #[arg(long)]
    pub(crate) policy: Option<PathBuf>,
    /// End when the standard input does: for a process that must not outlive the one that started it
    #[arg(long, hide = true)]
    pub(crate) until_stdin_ends: bool,
    /// Time moves with records alone, at this many seconds of event time a second: for replay
    #[arg(long)]
    pub(crate) replay_speed: Option<u32>,
}

/// Runs until told to stop by SIGINT or SIGTERM, then drains.
pub(crate) fn run(run: &Run) -> Result<(), String> {
    let known = PROCESSORS.iter().find(|(name, _)| *name == run.processor);
    let Some((_, serve)) = known else {
        let names: Vec<&str> = PROCESSORS.iter().map(|(name, _)| *name).collect();
        return Err(format!("no processor `{}`: choose one of {}", run.processor, names.join(", ")));
    };
    serve(run)
}

/// The text of the policy file, or the built-in one.
pub(crate) fn policy_text(run: &Run, built_in: &str) -> Result<String, String> {
    match &run.policy {
        None => Ok(built_in.to_owned()),
        Some(path) => std::fs::read_to_string(path).map_err(|error| format!("--policy {}: {error}", path.display())),
    }
}

/// Topics that a processor writes, and whose schemas it registers.
pub(crate) fn written<P: Processor>() -> Vec<&'static Topic> {
    let mut topics = vec![StateKept::TOPIC, RecordParked::TOPIC];
    topics.extend(P::OUTPUTS.iter().filter(|topic| topic.name != StateKept::TOPIC.name));
    topics
}

/// Runs one processor.
pub(crate) fn serve<P: Processor>(run: &Run, policy: P::Policy) -> Result<(), String> {
    let instance = run.instance.clone().unwrap_or_else(|| format!("{}-{}", host(), std::process::id()));
    let time = run.replay_speed.map_or(Time::Live, |speed| Time::Log { speed });
    let settings = Settings {
        access: Access {
            brokers: run.brokers.clone(),
            group: run.group.clone().unwrap_or_else(|| P::NAME.to_owned()),
            instance,
            session: Duration::from_secs(6),
            transaction: Duration::from_secs(10),
        },
        workers: run.workers,
        pace: Pace { time, ..Pace::default() },
    };
    let url = run.registry.clone();
    let schemas = move || {
        let mut registry = Registry::new(&url)?;
        registry.register(&written::<P>()).map_err(|failure| failure.to_string())?;
        Ok(registry)
    };
    let Access { brokers, group, instance, .. } = &settings.access;
    eprintln!("{}: instance {instance} joins group {group} at {brokers}", P::NAME);
    let service = Service::start::<P, _, _>(&settings, Arc::new(policy), schemas)?;
    let stop = signals()?;
    if run.until_stdin_ends {
        let told = stop.clone();
        let listen = move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            told.store(true, Relaxed);
        };
        std::thread::Builder::new()
            .spawn(listen)
            .map_err(|error| format!("cannot watch the standard input: {error}"))?;
    }
    while !stop.load(Relaxed) && !service.ended() {
        std::thread::sleep(Duration::from_millis(50));
    }
    service.stop()
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

fn host() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name: String = name.trim().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
    if name.is_empty() { "host".to_owned() } else { name }
}
