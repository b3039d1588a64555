//! The loop between the world and the engine: hear decisions, let the world react, publish, and keep pace.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use devkit::world::{Settings, World};
use kernel::contract::MatchDecided;
use kernel::{Millis, Record};
use pricing::{Capturing, Quoting};
use serde_json::Value;

use super::Args;
use super::desk::Desk;
use super::engine::Engine;
use super::feed::{Feed, Sent};
use super::figures::Figures;
use super::flock::Tally;
use super::listener::{Heard, Listener, Said};
use super::litter::Litter;
use super::recovery::Recovery;
use super::screen::{Screen, Status};
use super::source::Told;
use super::stage::Ground;

/// Event time by which the engine may be behind the world, at most; drivers have 20 s to answer and take up to 12.
const LAG_MAX: Millis = Millis(6_000);
const LAG_MIN: Millis = Millis(2_000);
/// When nobody asks any more, time runs at least this fast.
pub(super) const DRAIN_SPEED: u32 = 600;
/// Longest wait for the service to take its partitions.
const START_MAX: Duration = Duration::from_secs(60);
/// Longest time without any progress when all rides shall end.
const STUCK: Duration = Duration::from_secs(60);

/// All that runs while riders ask.
pub(super) struct Traffic {
    pub(super) world: World<Told>,
    pub(super) settings: Settings,
    pub(super) figures: Figures,
    /// When the first record was published.
    pub(super) begun: Instant,
    /// When the engine had every market.
    pub(super) live: Instant,
    /// How long riders asked, and how much event time passed by then.
    pub(super) asked_for: (Duration, Millis),
    /// Pings published by then.
    pub(super) pings_asked: u64,
    speed: u32,
    span: Option<Duration>,
    feed: Feed,
    listener: Listener,
    engine: Option<Engine>,
    desk: Option<Desk>,
    till: Option<Desk>,
    /// How often what befell the processes.
    pub(super) upheavals: Tally,
    pub(super) recovery: Recovery,
    pub(super) litter: Option<Litter>,
    /// What each process held, once they have ended.
    pub(super) memory: Vec<Value>,
    /// The partition of each market.
    homes: Vec<(String, i32)>,
    sent: Sent,
    stop: Arc<AtomicBool>,
    screen: Screen,
    /// The clock was at this event time at this moment.
    anchor: (Millis, Instant),
    /// How far the engine was, and since when.
    reached: (Option<Millis>, Instant),
}

impl Traffic {
    pub(super) fn open(
        args: &Args,
        ground: &Ground,
        (world, settings): (World<Told>, Settings),
        stop: Arc<AtomicBool>,
    ) -> Result<Traffic, String> {
        let now = Instant::now();
        let recorded = args.rides.is_some();
        let home = |market: &String| (market.clone(), ground.partition(MatchDecided::TOPIC, market.as_bytes()));
        let homes = settings.markets.iter().map(home).collect();
        let garbage = (args.garbage > 0.0).then(|| Litter::open(ground, args.garbage, args.seed));
        Ok(Traffic {
            anchor: (world.now(), now),
            reached: (None, now),
            world,
            settings,
            figures: Figures::default(),
            begun: now,
            live: now,
            asked_for: (Duration::ZERO, Millis(0)),
            pings_asked: 0,
            speed: args.speed,
            span: args.span.or((!recorded).then_some(Duration::from_secs(120))),
            feed: Feed::open(ground)?,
            listener: Listener::open(ground)?,
            engine: Some(ground.engine(args)?),
            desk: Some(Desk::open::<Quoting>(ground, args.speed, "demo-quotes")?),
            till: Some(Desk::open::<Capturing>(ground, args.speed, "demo-fares")?),
            upheavals: Tally::default(),
            recovery: Recovery::default(),
            litter: garbage.transpose()?,
            memory: Vec::new(),
            homes,
            sent: Sent::new(),
            stop,
            screen: Screen::new(),
        })
    }

    /// Runs it all: the start, the riders, the rides that are still open, and the last answers.
    pub(super) fn run(&mut self) -> Result<(), String> {
        self.start()?;
        let begun = Instant::now();
        self.live = begun;
        self.anchor = (self.world.now(), begun);
        while !self.world.spent() {
            if self.stop.load(Relaxed) || self.span.is_some_and(|span| begun.elapsed() >= span) {
                break;
            }
            self.advance(self.speed)?;
            self.show(false, "");
        }
        self.asked_for = (begun.elapsed(), self.world.now().since(self.settings.start));
        self.pings_asked = self.world.tally().pings;
        self.drain()?;
        self.settle()?;
        self.show(true, "all rides have ended");
        Ok(())
    }

    /// Publishes the first records and waits until the engine has every market.
    fn start(&mut self) -> Result<(), String> {
        let published = self.world.step(self.settings.start, &[]);
        self.feed.send(&published, &mut self.sent)?;
        while self.reached().is_none() {
            if self.begun.elapsed() > START_MAX {
                let trouble = self.trouble().unwrap_or("it says nothing".to_owned());
                return Err(format!("the services did not start within {} s: {trouble}", START_MAX.as_secs()));
            }
            self.feed.full();
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    /// One round: what was decided goes to the world, and its time moves on as far as the clock and the engine allow.
    fn advance(&mut self, speed: u32) -> Result<(), String> {
        self.tend()?;
        let decisions = self.hear(Duration::ZERO)?;
        let (since, at) = self.anchor;
        let target = since.plus(Millis(at.elapsed().as_millis() as i64 * i64::from(speed)));
        let lag = Millis((i64::from(speed) * 300).clamp(LAG_MIN.0, LAG_MAX.0));
        let engine = self.reached();
        self.moves(engine)?;
        let behind = engine.unwrap_or(self.settings.start).plus(lag);
        let now = self.world.now();
        let to = if self.feed.full() { now } else { target.min(behind).max(now) };
        // A step is worth 2 ms of the clock, and less is waited for; but not where the engine waits for the next tick.
        let worth = if target <= behind { 2 * i64::from(speed) } else { 1 };
        if decisions.is_empty() && to.since(now).0 < worth {
            std::thread::sleep(Duration::from_micros(500));
        } else {
            let published = self.world.step(to, &decisions);
            self.feed.send(&published, &mut self.sent)?;
            if let Some(litter) = &mut self.litter {
                litter.beside(&published, to)?;
            }
        }
        // Time that was lost to waiting is not caught up.
        if target.since(self.world.now()).0 > i64::from(speed) * 250 {
            self.anchor = (self.world.now(), Instant::now());
        }
        Ok(())
    }

    /// Lets happen to the processes what is due, tells of it, and asks again in the markets of one that was killed.
    fn tend(&mut self) -> Result<(), String> {
        let Some(engine) = &mut self.engine else { return Ok(()) };
        let all = engine.tend()?;
        self.upheavals = engine.tally();
        self.recovery.silenced(self.upheavals.kills + self.upheavals.pauses);
        for happened in all {
            self.screen.say(&happened.line);
            let Some((at, partitions)) = happened.killed else { continue };
            let owned = self.homes.iter().filter(|(_, home)| partitions.contains(home));
            let newest = owned.filter_map(|(market, _)| self.feed.newest.get(market).cloned()).collect();
            let again = self.recovery.killed(at, self.world.now(), newest);
            self.feed.send(&again, &mut self.sent)?;
        }
        Ok(())
    }

    /// An engine that stands still ends the demonstration, instead of making it wait for ever.
    fn moves(&mut self, engine: Option<Millis>) -> Result<(), String> {
        if engine != self.reached.0 {
            self.reached = (engine, Instant::now());
        } else if self.reached.1.elapsed() > STUCK {
            let trouble = self.trouble().unwrap_or("it says nothing".to_owned());
            return Err(format!("a service stood still for {} s: {trouble}", STUCK.as_secs()));
        }
        Ok(())
    }

    /// No new riders; time runs fast until every ride has ended.
    fn drain(&mut self) -> Result<(), String> {
        self.world.drain();
        if let Some(engine) = &mut self.engine {
            engine.spare();
        }
        self.anchor = (self.world.now(), Instant::now());
        let (mut open, mut since) = (usize::MAX, Instant::now());
        while !self.world.idle() {
            self.advance(self.speed.max(DRAIN_SPEED))?;
            let open_rides = self.world.open();
            self.show(false, &format!("nobody asks any more, rides still open: {open_rides}"));
            if self.world.open() != open {
                (open, since) = (self.world.open(), Instant::now());
            } else if since.elapsed() > STUCK {
                let trouble = self.trouble().map(|trouble| format!(": {trouble}")).unwrap_or_default();
                eprintln!("tripo: {open} rides did not end{trouble}");
                break;
            }
        }
        Ok(())
    }

    /// Waits until the engine has answered all that was said.
    fn settle(&mut self) -> Result<(), String> {
        const QUIET: Duration = Duration::from_millis(500);
        const LONGEST: Duration = Duration::from_secs(15);
        self.feed.settle(LONGEST)?;
        let begun = Instant::now();
        while begun.elapsed() < LONGEST {
            let decisions = self.hear(Duration::from_millis(20))?;
            let to = self.world.now().plus(self.settings.tick);
            let published = self.world.step(to, &decisions);
            self.feed.send(&published, &mut self.sent)?;
            self.tend()?;
            let answered = self.engine.as_ref().is_some_and(|engine| engine.answered(self.feed.requests, &self.sent));
            let priced = self.desk.as_ref().is_some_and(|desk| desk.answered(self.feed.quotes));
            let priced = priced && self.till.as_ref().is_some_and(|till| till.answered(self.feed.ends));
            let heard = self.figures.last_heard.is_none_or(|last| last.elapsed() > QUIET);
            if answered && priced && heard && begun.elapsed() > QUIET {
                break;
            }
        }
        self.feed.settle(LONGEST)?;
        self.litter.as_mut().map_or(Ok(()), Litter::settle)
    }

    fn hear(&mut self, patience: Duration) -> Result<Vec<MatchDecided>, String> {
        let heard = self.listener.take(patience)?;
        let mut decisions = Vec::with_capacity(heard.len());
        for Heard { said, at } in heard {
            match said {
                Said::Matched(decided) => {
                    self.figures.hear(&decided, at, &mut self.sent);
                    self.recovery.hear(&decided, at);
                    self.litter.iter_mut().for_each(|litter| litter.heard(&decided.market));
                    decisions.push(*decided);
                }
                Said::Priced(quoted) => self.world.priced(*quoted),
            }
        }
        Ok(decisions)
    }

    /// Drains and ends what decides.
    pub(super) fn end(&mut self) -> Result<(), String> {
        if let Some(engine) = self.engine.take() {
            self.memory = engine.stop()?;
        }
        self.desk.take().map_or(Ok(()), Desk::stop)?;
        self.till.take().map_or(Ok(()), Desk::stop)
    }

    /// How far engine, desk and till are in the market where they are furthest behind; `None` while one of them lacks one.
    fn reached(&self) -> Option<Millis> {
        let engine = self.engine.as_ref()?.reached(&self.settings.markets, self.world.now(), &self.sent)?;
        // Who prices must keep up as well: what lies ahead of his time he would park.
        let priced = self.desk.as_ref()?.reached(&self.settings.markets)?;
        Some(engine.min(priced).min(self.till.as_ref()?.reached(&self.settings.markets)?))
    }

    /// What is worth telling beside the figures.
    fn note(&self, note: &str) -> String {
        if let Some(trouble) = self.trouble() {
            return trouble;
        }
        let engine = self.engine.as_ref().map(Engine::describe).unwrap_or_default();
        let waiting = self.recovery.waiting();
        let waiting = if waiting > 0 { format!("{waiting} markets of a killed process wait") } else { String::new() };
        let pieces = self.litter.as_ref().map_or(0, |litter| litter.published);
        let garbage = if pieces > 0 { format!("{pieces} pieces of garbage") } else { String::new() };
        let quotes = self.desk.as_ref().map_or(0, Desk::count);
        let quotes = if quotes > 0 { format!("{quotes} quotes") } else { String::new() };
        let fares = self.till.as_ref().map_or(0, Desk::count);
        let fares = if fares > 0 { format!("{fares} fares") } else { String::new() };
        let parts = [quotes, fares, engine, waiting, garbage, note.to_owned()];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("   ")
    }

    fn trouble(&self) -> Option<String> {
        let desks = || [&self.desk, &self.till].into_iter().flatten().find_map(Desk::trouble);
        self.engine.as_ref().and_then(Engine::trouble).or_else(desks)
    }

    fn show(&mut self, last: bool, note: &str) {
        if !self.screen.due(last) {
            return;
        }
        let status = Status {
            now: self.world.now(),
            utc_offset_minutes: self.settings.utc_offset_minutes,
            elapsed: self.begun.elapsed(),
            tally: self.world.tally(),
            figures: &self.figures,
            parked: self.engine.as_ref().and_then(Engine::parked),
            speed: self.speed,
            note: self.note(note),
        };
        self.screen.show(&status);
    }
}
