//! A view that is folded from the log alone, to hold a worker's against (law 10).

use std::collections::{BTreeMap, BTreeSet};

use kernel::{Processor, Reach, Read, Record, codec::Datum, contract::StateKept, wire};

use super::{SimSchemas, World, world::At};

/// What the log alone says of one partition.
pub(super) struct Shadow<P: Processor> {
    view: P::View,
    next: i64,
    global: BTreeMap<At, i64>,
    markets: BTreeSet<String>,
}

impl<P: Processor> Default for Shadow<P> {
    fn default() -> Self {
        Shadow { view: P::View::default(), next: 0, global: BTreeMap::new(), markets: BTreeSet::new() }
    }
}

impl<P: Processor> Shadow<P> {
    pub(super) fn view(&self) -> &P::View {
        &self.view
    }

    pub(super) fn markets(&self) -> &BTreeSet<String> {
        &self.markets
    }

    /// Folds what is kept to its end, and the global tails to where a worker's positions stand. False: he stands behind us.
    pub(super) fn follow(
        &mut self,
        world: &World,
        partition: i32,
        positions: &[(&'static str, i32, i64)],
    ) -> Result<bool, String> {
        let global = |topic: &str| P::TAILS.iter().any(|tail| tail.topic.name == topic && tail.reach == Reach::Global);
        for (topic, other, position) in positions.iter().filter(|(topic, ..)| global(topic)) {
            let next = self.global.entry((topic, *other)).or_insert(0);
            if *next > *position {
                return Ok(false);
            }
            while *next < *position {
                let (raw, after) = world.next(topic, *other, *next);
                *next = after.min(*position);
                let raw = raw.filter(|raw| raw.offset < *position);
                if let Some(value) = raw.and_then(|raw| raw.value) {
                    observe::<P>(&mut self.view, topic, &value);
                }
            }
        }
        self.follow_kept(world, partition)?;
        Ok(true)
    }

    fn follow_kept(&mut self, world: &World, partition: i32) -> Result<(), String> {
        loop {
            let (raw, next) = world.next(StateKept::TOPIC.name, partition, self.next);
            self.next = next;
            let Some(raw) = raw else { return Ok(()) };
            let key = String::from_utf8_lossy(raw.key.as_deref().unwrap_or_default()).into_owned();
            let Some(market) = key.split('/').nth(1).map(str::to_owned) else { continue };
            let kept: Option<StateKept> = match raw.value.as_deref().map(wire::split) {
                None => None,
                Some(Ok((_, bytes))) => Some(Datum { bytes, schema: StateKept::schema() }.read()?),
                Some(Err(why)) => return Err(format!("kept record at {}: {why:?}", raw.offset)),
            };
            if kept.as_ref().is_none_or(|kept| kept.clock.is_none()) {
                P::restore(&mut self.view, &market, &key, kept.as_ref());
            }
            self.markets.insert(market);
        }
    }
}

/// What cannot be read is parked by the worker, and seen by nobody.
fn observe<P: Processor>(view: &mut P::View, topic: &str, value: &[u8]) {
    let Ok((id, bytes)) = wire::split(value) else { return };
    let Some(schema) = SimSchemas::known(id) else { return };
    if let Ok((_, _, Read::Seen(seen))) = P::read(topic, Datum { bytes, schema: &schema }) {
        P::observe(view, "", seen, usize::MAX);
    }
}
