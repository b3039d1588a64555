//! What decides: the matching service in this process, or processes of their own that are killed while they work.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use kernel::Millis;
use runtime::{Service, Watch};

use super::Args;
use super::feed::Sent;

/// A request that waits longer holds the world back while processes are killed.
const UNANSWERED: Duration = Duration::from_millis(500);

/// What decides.
pub(super) enum Engine {
    /// In this process.
    Here(Service, Arc<Watch>),
    /// In processes of their own.
    There(Flock),
}

impl Engine {
    /// How far it is in the market where it is furthest behind; `None` while it lacks one.
    pub(super) fn reached(&self, markets: &[String], now: Millis, sent: &Sent) -> Option<Millis> {
        match self {
            Engine::Here(_, watch) => {
                let reached = watch.now();
                markets.iter().map(|market| reached.get(market).copied()).min().flatten()
            }
            Engine::There(_) => {
                let waits = sent.values().any(|since| since.elapsed() > UNANSWERED);
                Some(if waits { Millis(0) } else { now })
            }
        }
    }

    /// Whether every one of these requests has its answer.
    pub(super) fn answered(&self, requests: u64, sent: &Sent) -> bool {
        match self {
            Engine::Here(_, watch) => watch.asked.load(Relaxed) >= requests,
            Engine::There(_) => sent.is_empty(),
        }
    }

    /// Records parked, as far as this process can know.
    pub(super) fn parked(&self) -> u64 {
        match self {
            Engine::Here(_, watch) => watch.parked.load(Relaxed),
            Engine::There(_) => 0,
        }
    }

    /// What is wrong at the moment.
    pub(super) fn trouble(&self) -> Option<String> {
        match self {
            Engine::Here(_, watch) => watch.trouble(),
            Engine::There(flock) => flock.killed.then(|| format!("{} processes killed", flock.kills)),
        }
    }

    /// Processes killed so far.
    pub(super) fn kills(&self) -> u64 {
        match self {
            Engine::Here(..) => 0,
            Engine::There(flock) => flock.kills,
        }
    }

    /// Kills the next process when it is time, and starts another in its place.
    pub(super) fn tend(&mut self) -> Result<(), String> {
        match self {
            Engine::Here(..) => Ok(()),
            Engine::There(flock) => flock.tend(),
        }
    }

    /// No process is killed any more.
    pub(super) fn spare(&mut self) {
        if let Engine::There(flock) = self {
            flock.every = None;
        }
    }

    /// Drains and ends it.
    pub(super) fn stop(self) -> Result<(), String> {
        match self {
            Engine::Here(service, _) => service.stop(),
            Engine::There(flock) => flock.stop(),
        }
    }
}

/// Processes of `tripo run matching`, one of them killed every so often.
pub(super) struct Flock {
    processes: Vec<Child>,
    arguments: Vec<String>,
    every: Option<Duration>,
    last: Instant,
    kills: u64,
    killed: bool,
}

impl Flock {
    /// Starts them; each joins the group by itself.
    pub(super) fn start(args: &Args, count: u16, brokers: &str, registry: &str) -> Result<Flock, String> {
        let speed = args.speed.to_string();
        let arguments = ["run", "matching", "--brokers", brokers, "--registry", registry, "--replay-speed", &speed];
        let mut flock = Flock {
            processes: Vec::new(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            every: args.kill_every,
            last: Instant::now(),
            kills: 0,
            killed: args.kill_every.is_some(),
        };
        for _ in 0..count {
            let process = flock.spawn()?;
            flock.processes.push(process);
        }
        Ok(flock)
    }

    fn spawn(&self) -> Result<Child, String> {
        let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        let mut command = Command::new(program);
        // A group of its own, so that Ctrl-C asks this process alone; the pipe ends the child should this process die.
        command.args(&self.arguments).arg("--until-stdin-ends").process_group(0);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn();
        child.map_err(|error| format!("cannot start a process: {error}"))
    }

    fn tend(&mut self) -> Result<(), String> {
        if self.every.is_none_or(|every| self.last.elapsed() < every) {
            return Ok(());
        }
        self.last = Instant::now();
        let number = (self.kills % self.processes.len().max(1) as u64) as usize;
        if let Some(process) = self.processes.get_mut(number) {
            process.kill().and_then(|()| process.wait()).map_err(|error| format!("cannot kill a process: {error}"))?;
        }
        self.kills += 1;
        self.processes[number] = self.spawn()?;
        Ok(())
    }

    /// Their pipes end, so they drain.
    fn stop(mut self) -> Result<(), String> {
        self.processes.iter_mut().for_each(|process| drop(process.stdin.take()));
        for process in &mut self.processes {
            let ended = process.wait().map_err(|error| format!("cannot wait for a process: {error}"))?;
            if !ended.success() {
                return Err(format!("a process ended with {ended}"));
            }
        }
        Ok(())
    }
}

impl Drop for Flock {
    fn drop(&mut self) {
        for process in &mut self.processes {
            // Those that drained are gone already.
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}
