//! A store that is slow, away or behind, as the seed has it; and what must hold of quotes all the same.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use devkit::sim::Rng;
use kernel::contract::{Consents, Loyalty, PriceQuoted, QuoteOutcome, RiderChanged, RiderFacts};
use runtime::store::{Positions, Reader, Reading, Row, Store};

mod waiting;

/// Who asks.
pub(super) const RIDERS: [&str; 4] = ["ann", "bob", "cy", "di"];

/// What a rider was, version by version; the offset of a version is its place here.
type History = BTreeMap<&'static str, Vec<RiderChanged>>;

/// The store.
pub(super) struct Shaky {
    state: Mutex<State>,
}

struct State {
    rng: Rng,
    history: History,
    /// Reads until it is otherwise, and how it is.
    mood: (usize, Mood),
    reads: usize,
}

#[derive(Clone, Copy, Debug)]
enum Mood {
    Well,
    Away,
    Behind,
}

impl Shaky {
    pub(super) fn new(seed: u64) -> Arc<Shaky> {
        let (rng, history) = (Rng::new(seed ^ 0x5707e), History::new());
        Arc::new(Shaky { state: Mutex::new(State { rng, history, mood: (0, Mood::Well), reads: 0 }) })
    }

    /// Something about a rider is another now.
    pub(super) fn change(&self, rng: &mut Rng) {
        let rider = *rng.pick(&RIDERS[..3]);
        let loyalty = *rng.pick(&[
            None,
            Some(Loyalty::Member),
            Some(Loyalty::Silver),
            Some(Loyalty::Gold),
            Some(Loyalty::Platinum),
        ]);
        let consents = Consents { personal_price: rng.chance(6_000), marketing: rng.chance(5_000) };
        self.becomes(rider, loyalty, consents);
    }

    /// A rider is otherwise now.
    pub(super) fn becomes(&self, rider: &'static str, loyalty: Option<Loyalty>, consents: Consents) {
        let changed = RiderChanged { rider: rider.to_owned(), at: 0, loyalty, points: 0, rides: 0, consents };
        self.state.lock().unwrap().history.entry(rider).or_default().push(changed);
    }

    /// From now on it answers, with the newest.
    pub(super) fn steady(&self) {
        self.state.lock().unwrap().mood = (usize::MAX, Mood::Well);
    }

    /// A worker's way to it: it forgets soon, and asks again soon.
    pub(super) fn reader(self: &Arc<Shaky>, cached: usize) -> Reader {
        let [deadline, pause, fresh] = [20, 300, 500].map(Duration::from_millis);
        Reader::new(self.clone(), Reading { deadline, pause, cached, fresh })
    }

    /// How often it was asked.
    pub(super) fn reads(&self) -> usize {
        self.state.lock().unwrap().reads
    }

    /// Whether what a quote says of its rider was ever so, and moved the price as the policy has it.
    pub(super) fn judge(&self, quoted: &PriceQuoted, tally: &mut Tally) -> Result<(), String> {
        let Some(inputs) = &quoted.inputs else { return Ok(()) };
        let place = inputs.rider_place.as_ref().map(|place| place.offset as usize);
        match (inputs.rider_facts, place) {
            (RiderFacts::Found, Some(offset)) => {
                let state = self.state.lock().unwrap();
                let mut known = state.history.values().filter_map(|versions| versions.get(offset));
                let agreed = |rider: &RiderChanged| rider.loyalty.filter(|_| rider.consents.personal_price);
                if !known.any(|rider| agreed(rider) == inputs.loyalty) {
                    return Err(format!("nobody ever was what {quoted:?} says"));
                }
                tally.found += 1;
            }
            (RiderFacts::Absent, None) => tally.absent += 1,
            (RiderFacts::Unanswered, None) => tally.unanswered += 1,
            (facts, place) => return Err(format!("{facts:?} at {place:?}: {quoted:?}")),
        }
        let bps = match inputs.loyalty {
            Some(Loyalty::Silver) => Some(200),
            Some(Loyalty::Gold) => Some(400),
            Some(Loyalty::Platinum) => Some(700),
            _ => None,
        };
        let lowered = quoted.price.as_ref().map_or(0, |price| -price.items.loyalty);
        let personal = quoted.price.as_ref().is_some_and(|price| price.personal);
        let sound = inputs.loyalty_bps == bps && (lowered > 0) == personal && (lowered == 0 || bps.is_some());
        if !sound || (quoted.outcome == QuoteOutcome::Quoted && bps.is_some() && lowered == 0) {
            return Err(format!("loyalty of {:?} takes off {lowered}: {quoted:?}", inputs.loyalty));
        }
        tally.lowered += usize::from(lowered > 0);
        Ok(())
    }
}

/// How often what was known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) priced: usize,
    pub(super) found: usize,
    pub(super) absent: usize,
    pub(super) unanswered: usize,
    pub(super) lowered: usize,
}

impl Tally {
    pub(super) fn add(&mut self, other: Tally) {
        self.priced += other.priced;
        self.found += other.found;
        self.absent += other.absent;
        self.unanswered += other.unanswered;
        self.lowered += other.lowered;
    }
}

impl Store for Shaky {
    fn name(&self) -> String {
        "the store of the simulation".to_owned()
    }

    fn read(&self, _: &'static str, keys: &[&str], _: Duration) -> Result<Vec<Option<Row>>, String> {
        let state = &mut *self.state.lock().unwrap();
        state.reads += 1;
        if state.mood.0 == 0 {
            let mood = *state.rng.pick(&[Mood::Well, Mood::Well, Mood::Away, Mood::Behind]);
            state.mood = (1 + state.rng.below(12), mood);
        }
        state.mood.0 -= 1;
        let State { rng, history, mood, .. } = state;
        let find = |key: &&str| {
            let versions = history.get(*key)?;
            let newest = versions.len() - 1;
            let version = if matches!(mood.1, Mood::Behind) { rng.below(newest + 1) } else { newest };
            let body = serde_json::to_string(&versions[version]).ok();
            Some(Row { key: (*key).to_owned(), partition: 0, offset: version as i64, body, expires: None })
        };
        match mood.1 {
            Mood::Away => Err("the store of the simulation does not answer within 20 ms".to_owned()),
            _ => Ok(keys.iter().map(find).collect()),
        }
    }

    fn write(&self, _: &'static str, _: &[Row], _: &Positions) -> Result<(), String> {
        Err("nobody projects in the simulation".to_owned())
    }

    fn positions(&self, _: &'static str) -> Result<Positions, String> {
        Ok(Positions::new())
    }
}

#[test]
fn every_quote_has_one_fate_whatever_the_store_does() {
    let mut sum = Tally::default();
    for seed in crate::seeds().step_by(4) {
        match super::play::<runtime::Sound>(seed, None, 0) {
            Ok(tally) => sum.add(tally),
            Err(_) => panic!("{}", super::play::<runtime::Sound>(seed, None, crate::trace()).err().unwrap_or_default()),
        }
    }
    println!("{sum:?}");
    let each = [sum.priced, sum.found, sum.absent, sum.unanswered, sum.lowered];
    assert!(crate::number("SIM_SEED").is_some() || each.iter().all(|count| *count > 0), "{sum:?}");
}
