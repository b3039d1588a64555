//! Processes of `tripo run matching`, and what befalls them.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use kernel::Processor;
use matching::Matching;
use serde_json::Value;

use super::Args;
use super::chaos::{Chaos, Event};
use super::figures::minutes;
use super::group::{GROUP, Group};
use super::memory::Memory;
use super::traffic::DRAIN_SPEED;

/// Longest wait for a process that was asked to end.
const DRAIN_MAX: Duration = Duration::from_secs(60);

/// Lines of processes that wait to be shown; then who speaks waits.
const SAID_MAX: usize = 1_000;

/// What happened to the processes.
pub(super) struct Happened {
    /// One sentence.
    pub(super) line: String,
    /// Partitions of the work topic that a killed process owned, and when it was gone.
    pub(super) killed: Option<(Instant, Vec<i32>)>,
}

/// The processes.
pub(super) struct Flock {
    members: Vec<Member>,
    /// Asked to end, since when, and whether another takes the place.
    leaving: Vec<(Member, Instant, bool)>,
    /// When one is started in the place of one that was killed.
    later: Vec<Instant>,
    arguments: Vec<String>,
    count: usize,
    started: usize,
    begun: Instant,
    /// What the processes say on their standard error.
    said: (SyncSender<String>, Receiver<String>),
    chaos: Option<Chaos>,
    group: Group,
    gone: Vec<Value>,
    /// Started one by one, and not seen to own a partition yet.
    unproven: Vec<(String, Instant)>,
    pub(super) tally: Tally,
}

/// How often what happened.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    pub(super) kills: u64,
    pub(super) pauses: u64,
    pub(super) drains: u64,
    pub(super) added: u64,
    pub(super) removed: u64,
    /// From the start of a process beside others until it owned partitions, milliseconds.
    pub(super) joined_ms: Vec<u64>,
}

struct Member {
    name: String,
    process: Child,
    /// Stopped until then.
    paused: Option<Instant>,
    memory: Memory,
}

impl Flock {
    /// Starts them; each joins the group by itself.
    pub(super) fn start(args: &Args, count: u16, (brokers, registry): (&str, &str)) -> Result<Flock, String> {
        // The speed bounds how far ahead of its market a record may lie; open rides end at another speed than riders ask.
        let speed = args.speed.max(DRAIN_SPEED).to_string();
        let arguments = [
            "run",
            "matching",
            "--brokers",
            brokers,
            "--registry",
            registry,
            "--group",
            GROUP,
            "--replay-speed",
            &speed,
        ];
        let chaos = args.chaos.map(|span| Chaos::all(span, args.seed));
        let mut flock = Flock {
            members: Vec::new(),
            leaving: Vec::new(),
            later: Vec::new(),
            arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
            count: usize::from(count),
            started: 0,
            begun: Instant::now(),
            said: sync_channel(SAID_MAX),
            chaos: chaos.or(args.kill_every.map(Chaos::kills)),
            group: Group::watch(brokers, GROUP, Matching::WORK.name)?,
            gone: Vec::new(),
            unproven: Vec::new(),
            tally: Tally::default(),
        };
        for _ in 0..count {
            flock.spawn()?;
        }
        flock.unproven.clear();
        Ok(flock)
    }

    fn spawn(&mut self) -> Result<String, String> {
        let program = std::env::current_exe().map_err(|error| format!("cannot find this program: {error}"))?;
        self.started += 1;
        let name = format!("demo-{}", self.started);
        let mut command = Command::new(program);
        // A group of its own, so that Ctrl-C asks this process alone; the pipe ends the child should this process die.
        command
            .args(&self.arguments)
            .args(["--set", "http.address=", "--instance", &name, "--until-stdin-ends"])
            .process_group(0);
        let process = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
        let mut process = process.map_err(|error| format!("cannot start a process: {error}"))?;
        if let Some(lines) = process.stderr.take() {
            listen(&name, BufReader::new(lines), self.said.0.clone());
        }
        let memory = Memory::of(&name, process.id());
        self.members.push(Member { name: name.clone(), process, paused: None, memory });
        self.unproven.push((name.clone(), Instant::now()));
        Ok(name)
    }

    /// Lets happen what is due.
    pub(super) fn tend(&mut self) -> Result<Vec<Happened>, String> {
        let mut all: Vec<Happened> = self.said.1.try_iter().map(|line| Happened { line, killed: None }).collect();
        all.extend(self.go_on()?);
        if let Some(event) = self.chaos.as_mut().and_then(|chaos| chaos.due(Instant::now())) {
            all.extend(self.befall(event)?);
        }
        self.members.iter_mut().for_each(|member| member.memory.look());
        self.prove();
        let clock = minutes(self.begun.elapsed());
        all.iter_mut().for_each(|happened| happened.line = format!("{clock}  {}", happened.line));
        Ok(all)
    }

    /// What was begun before goes on: pauses end, successors start, those that were asked to end have ended.
    fn go_on(&mut self) -> Result<Vec<Happened>, String> {
        let now = Instant::now();
        let mut all = Vec::new();
        for member in self.members.iter_mut().filter(|member| member.paused.is_some_and(|until| until <= now)) {
            member.paused = None;
            signal("CONT", &member.process)?;
            all.push(told(format!("{} goes on", member.name)));
        }
        for index in (0..self.leaving.len()).rev() {
            let (member, since, replaced) = &mut self.leaving[index];
            let name = member.name.clone();
            match member.process.try_wait().map_err(|error| format!("cannot wait for {name}: {error}"))? {
                Some(ended) if !ended.success() => {
                    return Err(self.last_words(format!("{name} was asked to end and ended with {ended}")));
                }
                Some(_) => {
                    let (took, replaced) = (since.elapsed(), *replaced);
                    let (member, ..) = self.leaving.remove(index);
                    self.gone.push(member.memory.report());
                    all.push(told(format!("{name} has drained and ended after {} ms", took.as_millis())));
                    if replaced {
                        let next = self.spawn()?;
                        all.push(told(format!("{next} starts in its place")));
                    }
                }
                None if since.elapsed() > DRAIN_MAX => {
                    return Err(format!("{name} was asked to end and did not within {} s", DRAIN_MAX.as_secs()));
                }
                None => {}
            }
        }
        let due = self.later.iter().filter(|at| **at <= now).count();
        self.later.retain(|at| *at > now);
        for _ in 0..due {
            let next = self.spawn()?;
            all.push(told(format!("{next} starts in the place of one that was killed")));
        }
        for member in &mut self.members {
            let ended =
                member.process.try_wait().map_err(|error| format!("cannot wait for {}: {error}", member.name))?;
            if let Some(ended) = ended {
                let why = format!("{} ended by itself with {ended}", member.name);
                return Err(self.last_words(why));
            }
        }
        Ok(all)
    }

    fn befall(&mut self, event: Event) -> Result<Vec<Happened>, String> {
        let free: Vec<usize> = (0..self.members.len()).filter(|index| self.members[*index].paused.is_none()).collect();
        let event = match event {
            // From one to twice as many: at an end it goes the other way.
            Event::Add if self.members.len() >= 2 * self.count => Event::Remove,
            Event::Remove if self.members.len() <= 1 => Event::Add,
            event => event,
        };
        if event == Event::Add {
            self.tally.added += 1;
            let name = self.spawn()?;
            return Ok(vec![told(format!("{name} is added, {} now", self.members.len()))]);
        }
        let Some(chaos) = self.chaos.as_mut().filter(|_| !free.is_empty()) else { return Ok(Vec::new()) };
        let index = free[chaos.choose(free.len())];
        match event {
            Event::Kill(later) => self.kill(index, later),
            Event::Pause(span) => {
                self.tally.pauses += 1;
                let member = &mut self.members[index];
                member.paused = Some(Instant::now() + span);
                signal("STOP", &member.process)?;
                Ok(vec![told(format!("{} stands still for {:.1} s", member.name, span.as_secs_f64()))])
            }
            Event::Drain | Event::Remove | Event::Add => self.dismiss(index, event == Event::Drain),
        }
    }

    fn kill(&mut self, index: usize, later: Duration) -> Result<Vec<Happened>, String> {
        let mut member = self.members.remove(index);
        let name = &member.name;
        let partitions = self.group.of(name);
        let killed = member.process.kill().and_then(|()| member.process.wait());
        let at = Instant::now();
        killed.map_err(|error| format!("cannot kill {name}: {error}"))?;
        self.tally.kills += 1;
        self.gone.push(member.memory.report());
        let mut line = format!("{name} is killed, it owned {} partitions", partitions.len());
        // Where nobody is left to take over there is nothing to wait for.
        if later.is_zero() || self.members.is_empty() {
            line += &format!("; {} starts at once", self.spawn()?);
        } else {
            line += &format!("; another starts in {:.1} s", later.as_secs_f64());
            self.later.push(at + later);
        }
        Ok(vec![Happened { line, killed: Some((at, partitions)) }])
    }

    fn dismiss(&mut self, index: usize, replaced: bool) -> Result<Vec<Happened>, String> {
        let member = self.members.remove(index);
        if replaced {
            self.tally.drains += 1;
        } else {
            self.tally.removed += 1;
        }
        signal("TERM", &member.process)?;
        let place = if replaced { "another will take its place" } else { "none takes its place" };
        let line = format!("{} is asked to end, {place}", member.name);
        self.leaving.push((member, Instant::now(), replaced));
        Ok(vec![told(line)])
    }

    /// Load moves: who was started must own partitions soon.
    fn prove(&mut self) {
        let Flock { unproven, members, group, tally, .. } = self;
        unproven.retain(|(name, since)| {
            let owns = !group.of(name).is_empty();
            if owns {
                tally.joined_ms.push(since.elapsed().as_millis() as u64);
            }
            !owns && members.iter().any(|member| member.name == *name)
        });
    }

    /// Why it cannot go on, with what the processes said last.
    fn last_words(&self, why: String) -> String {
        const A_MOMENT: Duration = Duration::from_millis(100);
        std::thread::sleep(A_MOMENT);
        let said: Vec<String> = self.said.1.try_iter().collect();
        if said.is_empty() { why } else { format!("{why}; {}", said.join("; ")) }
    }

    /// Nothing befalls anybody any more.
    pub(super) fn spare(&mut self) {
        self.chaos = None;
    }

    /// What it is like, in few words.
    pub(super) fn describe(&self) -> String {
        let paused = self.members.iter().filter(|member| member.paused.is_some()).count();
        let paused = if paused > 0 { format!(", {paused} of them stopped") } else { String::new() };
        format!("{} processes{paused}, {} killed so far", self.members.len(), self.tally.kills)
    }

    /// Their pipes end, so they drain; the memory that each held.
    pub(super) fn stop(mut self) -> Result<Vec<Value>, String> {
        for member in self.members.iter_mut().chain(self.leaving.iter_mut().map(|(member, ..)| member)) {
            if member.paused.take().is_some() {
                signal("CONT", &member.process)?;
            }
            drop(member.process.stdin.take());
        }
        let mut memory = std::mem::take(&mut self.gone);
        memory.extend(self.members.iter().map(|member| member.memory.report()));
        for member in self.members.iter_mut().chain(self.leaving.iter_mut().map(|(member, ..)| member)) {
            let name = &member.name;
            let ended = member.process.wait().map_err(|error| format!("cannot wait for {name}: {error}"))?;
            if !ended.success() {
                let why = format!("{name} ended with {ended}");
                return Err(self.last_words(why));
            }
        }
        Ok(memory)
    }
}

impl Drop for Flock {
    fn drop(&mut self) {
        for member in self.members.iter_mut().chain(self.leaving.iter_mut().map(|(member, ..)| member)) {
            // Those that drained are gone already.
            let _ = member.process.kill();
            let _ = member.process.wait();
        }
    }
}

/// Hands on what a process says, but for the line by which it introduces itself.
fn listen(name: &str, lines: impl BufRead + Send + 'static, to: SyncSender<String>) {
    let name = name.to_owned();
    // It ends with the process's standard error, or when nobody listens any more.
    std::thread::spawn(move || {
        let lines = lines.lines().map_while(Result::ok).filter(|line| !line.contains(" joins group "));
        for line in lines {
            if to.send(format!("{name}: {line}")).is_err() {
                return;
            }
        }
    });
}

fn told(line: String) -> Happened {
    Happened { line, killed: None }
}

/// Sends a signal by the shell: the standard library only kills.
fn signal(name: &str, process: &Child) -> Result<(), String> {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", process.id())).status();
    match sent {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("kill -{name} {}: {status}", process.id())),
        Err(error) => Err(format!("kill -{name} {}: {error}", process.id())),
    }
}
