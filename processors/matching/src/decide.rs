//! A turn: gathered from the view, decided from what was gathered alone, and kept.

use std::collections::{BTreeMap, BTreeSet};

use kernel::contract::{
    MatchDecided, Point, RideKept, RideProgressed, Tier, TurnAsked, TurnColumn, TurnEdge, TurnProgressed, TurnRow,
    TurnTaken, Vehicle,
};
use kernel::{Millis, Processor, Rules, Turn};

use crate::chain::{Change, Ride, Story, advance};
use crate::keep::keep;
use crate::output::Output;
use crate::record;
use crate::search::{Found, Search};
use crate::settle::settle;
use crate::view::{Market, Slot};
use crate::{Fact, Matching, Policy, View};

/// Decides a turn. The outputs come in this order: decisions, the turn's record, rides, drivers, hand-overs, what is forgotten.
pub(crate) fn decide(turn: &Turn<Matching>, view: &View, policy: &Policy) -> Vec<Output> {
    let market = view.market(&turn.market);
    let mut taken = gather(turn, market, policy);
    let mut story = advance(&taken, policy);
    if let Some(market) = market {
        look_around(&mut story, &mut taken, market, policy);
    }
    settle(&mut story, &mut taken, policy);
    let Story { rides, decided, drivers, .. } = story;
    let mut outputs: Vec<Output> = decided.into_iter().map(|decided| Output::Decided(Box::new(decided))).collect();
    if !outputs.is_empty() {
        outputs.extend(record::cut(taken).into_iter().map(|chunk| Output::Taken(Box::new(chunk))));
    }
    keep(turn, view, policy, (rides, drivers), &mut outputs);
    outputs
}

/// Decides a turn again from its records, in the order of their chunks: the same policy gives the same decisions to the byte.
///
/// # Errors
/// Says what is wrong with the records: a chunk is missing, or an edge leads nowhere.
pub fn redecide(chunks: &[TurnTaken], policy: &Policy) -> Result<Vec<MatchDecided>, String> {
    let mut taken = record::join(chunks)?;
    if taken.policy_hash != policy.hash() {
        let (market, turn, hash) = (&taken.market, taken.turn, &taken.policy_hash);
        return Err(format!("turn {market}/{turn} was decided by the policy {hash}, not by {}", policy.hash()));
    }
    check(&taken)?;
    let mut story = advance(&taken, policy);
    settle(&mut story, &mut taken, policy);
    Ok(story.decided)
}

/// A record that was not written by a turn must not lead astray.
fn check(taken: &TurnTaken) -> Result<(), String> {
    let inside = |number: i32, count: usize| usize::try_from(number).is_ok_and(|number| number < count);
    let sorted = taken.edges.is_sorted_by(|one, two| (one.row, one.column) < (two.row, two.column));
    let joined =
        taken.edges.iter().all(|edge| inside(edge.row, taken.rows.len()) && inside(edge.column, taken.columns.len()));
    match sorted && joined {
        true => Ok(()),
        false => Err(format!("the edges of turn {}/{} are not in order", taken.market, taken.turn)),
    }
}

/// The turn's record without an assignment: its facts, and the rides they and time are about.
fn gather(turn: &Turn<Matching>, market: Option<&Market>, policy: &Policy) -> TurnTaken {
    let asked: Vec<TurnAsked> =
        turn.asks.iter().map(|ask| TurnAsked { place: ask.place.into(), request: ask.body.clone() }).collect();
    let progressed = turn.facts.iter().filter_map(|fact| match &fact.body {
        Fact::Progressed(progress) => Some((fact.place, progress)),
        Fact::Released(_) => None,
    });
    let progressed: Vec<TurnProgressed> = progressed
        .map(|(place, progress)| TurnProgressed { place: place.into(), progress: RideProgressed::clone(progress) })
        .collect();
    let named = asked.iter().map(|asked| asked.request.ride.as_str());
    let named = named.chain(progressed.iter().map(|fact| fact.progress.ride.as_str()));
    let mut rides: BTreeMap<&str, &RideKept> = BTreeMap::new();
    if let Some(Market { agenda, .. }) = market {
        rides.extend(named.filter_map(|ride| agenda.ride(ride)).map(by_id));
        rides.extend(agenda.lapsed(turn.now, &policy.chain).take(policy.turn.sweep_max).map(by_id));
    }
    TurnTaken {
        processor: Matching::NAME.to_owned(),
        market: turn.market.clone(),
        turn: turn.number,
        chunk: 0,
        chunks: 1,
        now: turn.now.0,
        policy_version: policy.version(),
        policy_hash: policy.hash().to_owned(),
        stale: turn.stale,
        exact: true,
        gap_ms: 0,
        cut: turn.cut.clone(),
        rides: rides.into_values().cloned().collect(),
        asked,
        progressed,
        rows: Vec::new(),
        columns: Vec::new(),
        edges: Vec::new(),
        cells: Vec::new(),
    }
}

fn by_id(ride: &RideKept) -> (&str, &RideKept) {
    (ride.ride.as_str(), ride)
}

/// Searches for rides that look for a driver and makes them rows of the turn's problem, oldest request first.
///
/// A ride without a candidate is a row only if it must say so. After `rows_max` rides with candidates, or `searches_max` searches, the rest
/// waits for the next turn; see [`in_turn`] for who comes first.
fn look_around(story: &mut Story<'_>, taken: &mut TurnTaken, market: &Market, policy: &Policy) {
    let search = Search::new(&market.fleet, policy, (&taken.market, Millis(taken.now)), freed(story, market));
    let mut rows: Vec<(RideKept, Found)> = Vec::new();
    let mut full = 0;
    for ride in in_turn(story, taken, market).into_iter().take(policy.search.searches_max) {
        let Some(request) = &ride.request else { continue };
        let found = search.around(ride, request);
        let fits = !found.candidates.is_empty();
        if fits || story.rides.get(&ride.ride).is_some_and(Ride::must_say) {
            rows.push((ride.clone(), found));
        }
        full += usize::from(fits);
        if full >= policy.search.rows_max {
            break;
        }
    }
    rows.sort_unstable_by(|(one, _), (two, _)| (one.requested_at, &one.ride).cmp(&(two.requested_at, &two.ride)));
    problem(taken, &rows, &search, policy);
    for (ride, _) in rows {
        if !story.rides.contains_key(&ride.ride) {
            taken.rides.push(ride.clone());
            story.rides.insert(ride.ride.clone(), Ride::known(&ride));
        }
    }
    taken.rides.sort_unstable_by(|one, two| one.ride.cmp(&two.ride));
}

/// Rides that look for a driver, in the order in which they are searched for: those asked for in this turn, those whose driver it took, then
/// the others from another one on in each turn, so that riders for whom there is nobody do not keep the rest waiting.
fn in_turn<'a>(story: &'a Story<'_>, taken: &TurnTaken, market: &'a Market) -> Vec<&'a RideKept> {
    let mut own: Vec<&Ride> = story.rides.values().filter(|ride| ride.looks()).collect();
    own.sort_unstable_by_key(|ride| (!ride.must_say(), ride.kept.requested_at, &ride.kept.ride));
    let others = market.agenda.looking().filter(|ride| !story.rides.contains_key(&ride.ride) && !story.overdue(ride));
    let mut others: Vec<&RideKept> = others.collect();
    // A turn in which nothing was decided has no number of its own: seconds move on all the same.
    let first = start(taken.turn.wrapping_add(taken.now / 1_000), others.len());
    others.rotate_left(first);
    own.into_iter().map(|ride| &ride.kept).chain(others).collect()
}

/// Where the `turn`-th round among `count` begins: multiples of the golden ratio leave no gap that the next ones do not halve, whatever
/// `count` is (Steinhaus' three-gap theorem).
fn start(turn: i64, count: usize) -> usize {
    const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;
    let part = (turn as u64).wrapping_mul(GOLDEN);
    ((u128::from(part) * count as u128) >> 64) as usize
}

/// Slots of the drivers that the turn freed from the ride that the view says holds them.
fn freed(story: &Story<'_>, market: &Market) -> Vec<u32> {
    let freed = story.drivers.iter().filter(|step| step.change != Change::Held);
    let slots = freed.filter_map(|step| {
        let number = market.fleet.find(&step.driver)?;
        let kept = market.fleet.slot(number).kept.as_ref()?;
        (kept.ride.as_ref() == Some(&step.ride)).then_some(number)
    });
    slots.collect()
}

/// A driver as the turn saw him: all that his score was made from, but for what he earned.
fn column(name: &str, slot: &Slot) -> TurnColumn {
    let (ping, standing) = (slot.ping, slot.standing);
    TurnColumn {
        driver: name.to_owned(),
        cell: ping.map_or(0, |ping| ping.cell as i64),
        pinged_at: ping.map_or(0, |ping| ping.at),
        place: ping.map_or(Point { lat_e6: 0, lng_e6: 0 }, |ping| ping.place),
        tier: standing.map(|standing| standing.tier).filter(|tier| *tier != Tier::Unknown),
        vehicle: standing.map_or(Vehicle::Unknown, |standing| standing.vehicle),
        rating_bps: standing.map_or(0, |standing| standing.rating_bps),
        reliability_bps: standing.map_or(0, |standing| standing.reliability_bps),
        dual_ms: 0,
    }
}

/// Writes rows, columns and edges; columns by driver, edges by row and column, so that no order of arrival shows.
fn problem(taken: &mut TurnTaken, rows: &[(RideKept, Found)], search: &Search<'_>, policy: &Policy) {
    let slots: BTreeSet<u32> = rows.iter().flat_map(|(_, found)| &found.candidates).map(|fit| fit.slot).collect();
    let named: BTreeMap<&str, u32> = slots.into_iter().map(|slot| (&*search.fleet.slot(slot).name, slot)).collect();
    let columns: BTreeMap<u32, i32> = named.values().copied().zip(0..).collect();
    let column = |(name, slot): (&&str, &u32)| column(name, search.fleet.slot(*slot));
    taken.columns = named.iter().map(column).collect();
    for ((ride, found), row) in rows.iter().zip(0..) {
        taken.rows.push(TurnRow {
            ride: ride.ride.clone(),
            cell: found.cell as i64,
            component: 0,
            unserved_ms: policy.unserved_ms(),
            dual_ms: 0,
            column: None,
            considered: found.considered,
            barred: found.barred.clone(),
        });
        let edges = found.candidates.iter().filter_map(|fit| {
            let column = *columns.get(&fit.slot)?;
            Some(TurnEdge { row, column, distance_m: fit.distance_m, score: fit.score })
        });
        taken.edges.extend(edges);
    }
    taken.edges.sort_unstable_by_key(|edge| (edge.row, edge.column));
}
