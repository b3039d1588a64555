//! The thread that folds: step by step, each trouble said once.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use kernel::{
    Record, codec,
    contract::{RecordParked, RiderChanged},
    wire,
};

use super::{RIDERS, Settings};
use crate::{
    intake::resolve,
    kafka::Fold,
    log::{Fault, Raw},
    park::parked,
    schemas::Schemas,
    store::{self, Positions, Row, Store, row, wall},
    watch::{Count, Watch},
};

/// First and longest pause after a fault; it doubles between.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));
/// Within a pause, how often a look is taken at whether to stop.
const SLICE: Duration = Duration::from_millis(20);
/// How long a step waits for a record.
const WAIT: Duration = Duration::from_millis(100);
/// Between two looks at how far behind it is.
const LOOK: Duration = Duration::from_secs(2);
/// Bytes that are gathered for one write: so many large values are not held at a time, and a write ends before its deadline.
const BYTES: usize = 4 << 20;
/// What one step may wait for.
const SILENT: Duration = Duration::from_secs(120);

/// What the thread has.
pub(super) struct Hand {
    settings: Settings,
    store: Arc<dyn Store>,
    stop: Arc<AtomicBool>,
    caught_up: Arc<AtomicBool>,
    watch: Arc<Watch>,
    /// Next offset of each partition that is read.
    read: Positions,
    /// Where the partitions ended when they were first looked at.
    goal: Positions,
    partitions: i32,
    parks: i32,
    looked: Option<Instant>,
}

impl Hand {
    pub(super) fn new(
        settings: Settings,
        store: Arc<dyn Store>,
        (stop, caught_up): (Arc<AtomicBool>, Arc<AtomicBool>),
        watch: Arc<Watch>,
    ) -> Hand {
        let (read, goal) = (Positions::new(), Positions::new());
        Hand { settings, store, stop, caught_up, watch, read, goal, partitions: 0, parks: 0, looked: None }
    }

    /// Folds until told to stop.
    pub(super) fn work<S: Schemas>(mut self, schemas: &dyn Fn() -> Result<S, String>) -> Result<(), String> {
        if !self.settings.alone {
            self.watch.hire(1, SILENT);
        }
        let (mut pause, mut tools) = (PAUSE.0, None);
        while !self.stop.load(SeqCst) {
            if !self.settings.alone {
                self.watch.beat(0);
            }
            let stepped = match &mut tools {
                None => self.prepare(schemas).map(|made| tools = Some(made)),
                Some((fold, schemas)) => self.step(fold, schemas).inspect_err(|_| {
                    // What was read and not written is read again.
                    fold.forget();
                    self.read.clear();
                }),
            };
            match stepped {
                Ok(()) => {
                    pause = PAUSE.0;
                    self.watch.calm(true);
                }
                Err(fault) => {
                    self.watch.lose(fault.side(), &fault.to_string());
                    let until = Instant::now() + pause;
                    while Instant::now() < until && !self.stop.load(SeqCst) {
                        std::thread::sleep(SLICE);
                    }
                    pause = (pause * 2).min(PAUSE.1);
                }
            }
        }
        if let Some((fold, _)) = tools {
            fold.leave(Instant::now() + self.settings.grace / 2);
        }
        if !self.settings.alone {
            self.watch.rest(0);
        }
        Ok(())
    }

    fn prepare<S: Schemas>(&mut self, schemas: &dyn Fn() -> Result<S, String>) -> Result<(Fold, S), Fault> {
        let schemas = schemas().map_err(Fault::Registry)?;
        self.store.positions(store::RIDERS).map_err(Fault::Store)?;
        let fold = Fold::open(self.settings.access.clone(), RiderChanged::TOPIC, self.settings.alone)?;
        self.partitions = fold.partitions(RiderChanged::TOPIC)?;
        self.parks = fold.partitions(RecordParked::TOPIC)?;
        if !self.settings.alone {
            self.watch.members(1);
        }
        Ok((fold, schemas))
    }

    fn step<S: Schemas>(&mut self, fold: &mut Fold, schemas: &mut S) -> Result<(), Fault> {
        fold.begin();
        let mut raws: Vec<Raw> = fold.poll(WAIT)?.into_iter().collect();
        let mut bytes = raws.iter().map(Raw::weight).sum::<usize>();
        while !raws.is_empty() && raws.len() < self.settings.batch && bytes < BYTES {
            let Some(raw) = fold.poll(Duration::ZERO)? else { break };
            bytes += raw.weight();
            raws.push(raw);
        }
        let (came, went) = fold.moved()?;
        went.iter().for_each(|partition| self.watch.no_lag(RiderChanged::TOPIC.name, *partition));
        if came.is_empty() && went.is_empty() {
            if !raws.is_empty() {
                self.write(fold, schemas, &raws)?;
            }
            self.advance(fold)?;
        } else {
            // Some of what was gathered may be another's by now: all that is ours is read again from where the store says.
            fold.forget();
            self.read.clear();
            self.follow(fold)?;
        }
        self.look(fold)
    }

    /// What ends a partition may be no record: a marker, what was aborted, what compaction took. All that was polled is written by now.
    fn advance(&mut self, fold: &mut Fold) -> Result<(), Fault> {
        for (partition, position) in fold.positions()? {
            self.read.entry(partition).and_modify(|read| *read = (*read).max(position));
        }
        Ok(())
    }

    /// Reads what is ours on from where the store says.
    fn follow(&mut self, fold: &mut Fold) -> Result<(), Fault> {
        let (came, _) = fold.moved()?;
        if came.is_empty() {
            return Ok(());
        }
        let known = self.store.positions(store::RIDERS).map_err(Fault::Store)?;
        fold.adopt(&came, &known)?;
        for partition in came {
            let (first, end) = fold.ends(partition)?;
            self.read.insert(partition, known.get(&partition).copied().unwrap_or(0).max(first));
            self.goal.entry(partition).or_insert(end);
        }
        Ok(())
    }

    /// Writes what was read; first what cannot be read is parked, for how far was read is known to the store only after that.
    fn write<S: Schemas>(&mut self, fold: &mut Fold, schemas: &mut S, raws: &[Raw]) -> Result<(), Fault> {
        let (mut rows, mut poison, mut read): (Vec<Row>, Vec<RecordParked>, _) =
            (Vec::new(), Vec::new(), Positions::new());
        let now = wall();
        for raw in raws {
            let named = resolve(raw, schemas)?;
            match row(raw, named, (self.partitions, self.settings.value_bytes), (self.settings.keep, now)) {
                Ok(row) => rows.push(row),
                Err(_) if fold.dealt_with(raw) => {}
                Err(why) => poison.push(parked(RIDERS, raw, None, why.cause, &why.detail)),
            }
            read.insert(raw.partition, raw.offset + 1);
        }
        self.park(fold, schemas, (&poison, &read))?;
        self.store.write(store::RIDERS, &newest(rows), &read).map_err(Fault::Store)?;
        // Alone it is a guest of another's watch.
        if !self.settings.alone {
            self.watch.add(Count::Seen, raws.len());
            self.watch.add(Count::Commits, 1);
        }
        fold.commit(&read)?;
        self.read.extend(read);
        Ok(())
    }

    fn park<S: Schemas>(
        &mut self,
        fold: &mut Fold,
        schemas: &S,
        (poison, read): (&[RecordParked], &Positions),
    ) -> Result<(), Fault> {
        if poison.is_empty() {
            return Ok(());
        }
        if self.settings.alone {
            for record in poison {
                let place = &record.place;
                tracing::warn!(
                    side = "store",
                    "{}/{}@{} is no rider's record and is left out: {}",
                    place.topic,
                    place.partition,
                    place.offset,
                    record.detail
                );
            }
        } else {
            let topic = RecordParked::TOPIC.name;
            let id = schemas.id_of(topic);
            let id = id.ok_or_else(|| Fault::Registry(format!("the schema of {topic} is not registered")))?;
            let encode = |record: &RecordParked| {
                let mut value = Vec::new();
                wire::start(id, &mut value);
                codec::encode(record, &mut value).map_err(Fault::Halted)?;
                Ok((record.place.partition % self.parks, record.key().to_vec(), value))
            };
            fold.park(&poison.iter().map(encode).collect::<Result<Vec<_>, Fault>>()?, read)?;
        }
        poison.iter().for_each(|record| self.watch.parked(record.cause, 1));
        Ok(())
    }

    /// Tells how far behind it is, and whether it caught up.
    fn look(&mut self, fold: &Fold) -> Result<(), Fault> {
        let behind = |(partition, end): (&i32, &i64)| self.read.get(partition).copied().unwrap_or(0) < *end;
        let all = i32::try_from(self.read.len()).is_ok_and(|count| count == self.partitions) || !self.settings.alone;
        if all && !self.goal.iter().any(behind) {
            self.caught_up.store(true, SeqCst);
        }
        if self.looked.is_some_and(|looked| looked.elapsed() < LOOK) {
            return Ok(());
        }
        self.looked = Some(Instant::now());
        for partition in fold.adopted() {
            let (_, end) = fold.ends(partition)?;
            let read = self.read.get(&partition).copied().unwrap_or(0);
            self.watch.lag(RiderChanged::TOPIC.name, partition, (end - read).max(0));
        }
        Ok(())
    }
}

/// Of each key the newest row: what was overwritten within a batch need not be written.
fn newest(rows: Vec<Row>) -> Vec<Row> {
    let by_key: BTreeMap<String, Row> = rows.into_iter().map(|row| (row.key.clone(), row)).collect();
    by_key.into_values().collect()
}
