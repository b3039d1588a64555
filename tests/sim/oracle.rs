//! Whether the laws held, by the log alone.

use std::collections::BTreeMap;

use devkit::{
    auditor::{Auditor, Verdict},
    sim::World,
};
use kernel::{
    Record, Rules,
    codec::Datum,
    contract::{
        Cause, DriverChanged, DriverReleased, MatchDecided, Place, RecordParked, RideProgressed, RideRequested,
        TurnTaken,
    },
    wire,
};
use matching::Policy;
use runtime::log::Raw;

/// What must be parked, with the cause, by place.
pub(crate) type Poison = BTreeMap<(String, i32, i64), Cause>;

/// Judges a log whose story has ended: every chain is closed.
///
/// # Errors
/// The first faults, one a line.
pub(crate) fn judge(world: &World, poison: &Poison, policies: &[Policy]) -> Result<Verdict, String> {
    let mut auditor = Auditor::default();
    each::<DriverChanged>(world, |_, read| read.into_iter().for_each(|driver| auditor.changed(&driver)));
    each::<DriverReleased>(world, |place, read| read.into_iter().for_each(|gone| auditor.released(place, &gone)));
    each::<RideRequested>(world, |place, read| match read {
        Some(request) => auditor.requested(place, &request),
        None => auditor.unreadable(place),
    });
    each::<RideProgressed>(world, |place, read| read.into_iter().for_each(|fact| auditor.progressed(place, &fact)));
    each::<RecordParked>(world, |_, read| read.into_iter().for_each(|parked| auditor.parked(&parked)));
    each::<MatchDecided>(world, |place, read| read.into_iter().for_each(|step| auditor.decided(place, &step)));
    each::<TurnTaken>(world, |place, read| read.into_iter().for_each(|turn| auditor.taken(place, turn)));
    let verdict = auditor.verdict();
    if !verdict.clean() {
        return Err(format!("the auditor found {} faults:\n{}", verdict.faults, verdict.sentences.join("\n")));
    }
    if verdict.closed != verdict.decided {
        return Err(format!("{} of {} rides were left undone", verdict.decided - verdict.closed, verdict.decided));
    }
    parked(world, poison)?;
    again(world, policies)?;
    Ok(verdict)
}

/// Every decision and every parked record, one a line, for who reads a failure.
pub(crate) fn chains(world: &World) -> String {
    let mut lines = Vec::new();
    each::<MatchDecided>(world, |place, read| {
        let Some(step) = read else { return };
        let (at, who) = (place.offset, step.driver.as_deref().unwrap_or("-"));
        let cause = step.cause.map(|cause| format!("{}@{}", cause.topic, cause.offset)).unwrap_or_default();
        let (ride, revision, outcome, reason) = (step.ride, step.revision, step.outcome, step.reason);
        let answer = step.answer_by.map(|by| by - step.at);
        lines.push(format!(
            "{}/{at} {} {ride} {revision:?} {outcome:?} {reason:?} {who} {answer:?} {cause}",
            place.partition, step.decision
        ));
    });
    each::<RecordParked>(world, |_, read| {
        let Some(RecordParked { place, cause, detail, .. }) = read else { return };
        lines.push(format!("{}/{}@{} parked {cause:?} {detail}", place.topic, place.partition, place.offset));
    });
    lines.join("\n")
}

/// What was parked is what is broken, each once and for its own cause.
fn parked(world: &World, poison: &Poison) -> Result<(), String> {
    let mut open = poison.clone();
    let mut fault = None;
    each::<RecordParked>(world, |_, read| {
        let Some(parked) = read else { return };
        let Place { topic, partition, offset } = parked.place;
        let expected = open.remove(&(topic.clone(), partition, offset));
        if expected != Some(parked.cause) {
            let (cause, detail) = (parked.cause, parked.detail);
            let why = format!("{topic}/{partition}@{offset} parked as {cause:?}, expected {expected:?}: {detail}");
            fault.get_or_insert(why);
        }
    });
    if let Some(((topic, partition, offset), cause)) = open.first_key_value() {
        fault.get_or_insert(format!("{topic}/{partition}@{offset} was not parked as {cause:?}"));
    }
    fault.map_or(Ok(()), Err)
}

/// Law 3: every recorded turn, decided again, gives the same decisions.
fn again(world: &World, policies: &[Policy]) -> Result<(), String> {
    let mut decided: BTreeMap<(String, i64), Vec<MatchDecided>> = BTreeMap::new();
    each::<MatchDecided>(world, |_, read| {
        read.into_iter().for_each(|step| decided.entry((step.market.clone(), step.turn)).or_default().push(step));
    });
    let mut turns: BTreeMap<(String, i64), Vec<TurnTaken>> = BTreeMap::new();
    each::<TurnTaken>(world, |_, read| {
        read.into_iter().for_each(|turn| turns.entry((turn.market.clone(), turn.turn)).or_default().push(turn));
    });
    for (name, chunks) in &turns {
        let hash = chunks.first().map(|chunk| chunk.policy_hash.as_str()).unwrap_or_default();
        let policy = policies.iter().find(|policy| policy.hash() == hash).ok_or("a policy that nobody published")?;
        let again = matching::redecide(chunks, policy)?;
        let first = decided.get(name).map_or(&[][..], Vec::as_slice);
        if again != first {
            return Err(format!("turn {} of {}, decided again, differs: {again:?} against {first:?}", name.1, name.0));
        }
    }
    Ok(())
}

/// Gives every visible record of a topic to `feed`; `None` where it cannot be read.
fn each<R: Record>(world: &World, mut feed: impl FnMut(&Place, Option<R>)) {
    for raw in world.committed(R::TOPIC.name) {
        let Raw { topic, partition, offset, value, .. } = raw;
        let place = Place { topic: topic.to_owned(), partition, offset };
        let value = value.unwrap_or_default();
        let read = wire::split(&value).ok().and_then(|(_, bytes)| Datum { bytes, schema: R::schema() }.read().ok());
        feed(&place, read);
    }
}
