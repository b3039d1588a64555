//! Law 3: what was decided is what the recorded turn says.

use std::collections::BTreeMap;

use kernel::Record;
use kernel::contract::{MatchDecided, Outcome, Place, Score, TurnTaken};

use super::certificate;
use super::fates::at;
use super::trimmed::Trimmed;
use super::verdict::{Law, Verdict};

/// Chunks of one turn that are put together; 256 KiB each.
const CHUNKS_MAX: i32 = 1024;

/// Turns being put together, and decisions that wait for theirs.
#[derive(Default)]
pub(super) struct Turns {
    claims: BTreeMap<(String, i64), Vec<Claim>>,
    waiting: usize,
    open: BTreeMap<String, TurnTaken>,
    /// By market: the first turn that is recorded, and the newest.
    recorded: BTreeMap<String, (i64, i64)>,
    /// By market: the first turn that a decision names.
    named: BTreeMap<String, i64>,
}

/// A decision, and where it lies.
struct Claim {
    place: Place,
    decided: MatchDecided,
}

impl Turns {
    /// A decision to be held against its turn.
    pub(super) fn claim(&mut self, place: &Place, decided: &MatchDecided) {
        let key = (decided.market.clone(), decided.turn);
        self.named.entry(key.0.clone()).or_insert(key.1);
        self.claims.entry(key).or_default().push(Claim { place: place.clone(), decided: decided.clone() });
        self.waiting += 1;
    }

    /// How much is held.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// Takes a chunk; the whole turn when it was the last one.
    pub(super) fn put_together(
        &mut self,
        place: &Place,
        chunk: TurnTaken,
        trimmed: &Trimmed,
        verdict: &mut Verdict,
    ) -> Option<TurnTaken> {
        let (market, turn) = (chunk.market.clone(), chunk.turn);
        if chunk.chunks < 1 || chunk.chunks > CHUNKS_MAX || chunk.chunk >= chunk.chunks {
            let sentence =
                format!("turn {turn} of {market} at {}: part {} of {}", at(place), chunk.chunk, chunk.chunks);
            verdict.blame(Law::Turn, sentence);
            return None;
        }
        let (number, of) = (chunk.chunk, chunk.chunks);
        if number == 0 {
            self.number(place, &chunk, verdict);
            self.open.insert(market.clone(), chunk);
        } else {
            match self.open.get_mut(&market) {
                Some(open) if open.turn == turn && open.chunk == number - 1 && open.chunks == of => join(open, chunk),
                _ if !self.recorded.contains_key(&market) && trimmed.at(&[TurnTaken::TOPIC.name], place.partition) => {
                    verdict.unjudged += 1;
                    return None;
                }
                _ => {
                    let sentence =
                        format!("turn {turn} of {market} at {}: part {number} follows no part before it", at(place));
                    verdict.blame(Law::Turn, sentence);
                    return None;
                }
            }
        }
        if number + 1 == of { self.open.remove(&market) } else { None }
    }

    /// Turns are numbered from 1 and only go up. A number that is not here was a turn without a decision: it only kept something.
    fn number(&mut self, place: &Place, chunk: &TurnTaken, verdict: &mut Verdict) {
        let (_, last) = self.recorded.entry(chunk.market.clone()).or_insert((chunk.turn, 0));
        if chunk.turn <= *last {
            let (market, turn) = (&chunk.market, chunk.turn);
            verdict.blame(Law::Turn, format!("turn {turn} of {market} at {} follows turn {last}", at(place)));
        }
        *last = (*last).max(chunk.turn);
    }

    /// Checks a whole turn: its certificate, and every decision that names it.
    pub(super) fn prove(&mut self, place: &Place, turn: &TurnTaken, trimmed: &Trimmed, verdict: &mut Verdict) {
        verdict.turns += 1;
        let name = format!("turn {} of {} at {}", turn.turn, turn.market, at(place));
        if !turn.rows.is_empty() {
            verdict.certificates_checked += 1;
            match certificate::check(turn) {
                Ok(()) => verdict.certificates_valid += 1,
                Err(fault) => return verdict.blame(Law::Certificate, format!("{name}: {fault}")),
            }
        }
        let claims = self.claims.remove(&(turn.market.clone(), turn.turn)).unwrap_or_default();
        self.waiting -= claims.len();
        let mut offered = vec![false; turn.rows.len()];
        for Claim { place, decided } in &claims {
            if let Err(fault) = follows(turn, decided, &mut offered) {
                let sentence =
                    format!("ride {}: decision {} at {}: {fault}", decided.ride, decided.decision, at(place));
                verdict.blame(Law::Turn, sentence);
            }
        }
        // Its decisions, or some of them, may be gone.
        let first = self.named.get(&turn.market).is_none_or(|first| turn.turn <= *first);
        if first && trimmed.at(&[MatchDecided::TOPIC.name], place.partition) {
            verdict.unjudged += 1;
            return;
        }
        for (row, _) in turn.rows.iter().zip(&offered).filter(|(row, offered)| row.column.is_some() && !**offered) {
            verdict.blame(Law::Turn, format!("{name}: ride {} got a driver, but no decision says so", row.ride));
        }
    }

    /// Blames what never found its turn, and turns of which a part is missing.
    pub(super) fn settle(&self, trimmed: &Trimmed, verdict: &mut Verdict) {
        for Claim { place, decided } in self.claims.values().flatten() {
            let first = self.recorded.get(&decided.market).is_none_or(|(first, _)| decided.turn < *first);
            if first && trimmed.at(&[TurnTaken::TOPIC.name], place.partition) {
                verdict.unjudged += 1;
                continue;
            }
            let MatchDecided { ride, decision, turn, .. } = decided;
            let sentence =
                format!("ride {ride}: decision {decision} at {} names turn {turn}, which is not recorded", at(place));
            verdict.blame(Law::Turn, sentence);
        }
        for (market, open) in &self.open {
            let sentence = format!("turn {} of {market}: {} of {} parts", open.turn, open.chunk + 1, open.chunks);
            verdict.blame(Law::Turn, sentence);
        }
    }
}

fn join(open: &mut TurnTaken, chunk: TurnTaken) {
    open.chunk = chunk.chunk;
    open.cut.extend(chunk.cut);
    open.asked.extend(chunk.asked);
    open.progressed.extend(chunk.progressed);
    open.rides.extend(chunk.rides);
    open.rows.extend(chunk.rows);
    open.columns.extend(chunk.columns);
    open.edges.extend(chunk.edges);
}

/// Whether a decision is what its turn says; marks the row whose driver it names.
fn follows(turn: &TurnTaken, decided: &MatchDecided, offered: &mut [bool]) -> Result<(), String> {
    if (decided.at, decided.policy_version, &decided.policy_hash, decided.stale)
        != (turn.now, turn.policy_version, &turn.policy_hash, turn.stale)
    {
        return Err("its time, policy or staleness is not the turn's".to_owned());
    }
    if let Some(cause) = decided.cause.as_ref().filter(|cause| !names(turn, cause)) {
        return Err(format!("answers {}, which its turn does not name", at(cause)));
    }
    let gives = matches!(decided.outcome, Outcome::Offered | Outcome::Reassigned) && decided.driver.is_some();
    let Some(index) = decided.row else {
        return if gives { Err("gives a driver, but names no row".to_owned()) } else { Ok(()) };
    };
    let row = turn.rows.get(index as usize).filter(|row| row.ride == decided.ride);
    let row = row.ok_or(format!("row {index} is not its ride's"))?;
    if decided.outcome == Outcome::Waiting && row.column.is_some() {
        return Err("waits, but its row has a driver".to_owned());
    }
    if !gives {
        return Ok(());
    }
    offered[index as usize] = true;
    let column = row.column.ok_or("gives a driver, but its row has none")?;
    let driver = turn.columns.get(column as usize).map(|column| column.driver.as_str());
    if driver != decided.driver.as_deref() {
        return Err(format!("names driver {:?}, but its row has {driver:?}", decided.driver));
    }
    scored(turn, decided, (index, column))
}

/// Whether the turn was decided from the record at `place`.
fn names(turn: &TurnTaken, place: &Place) -> bool {
    turn.asked.iter().any(|asked| asked.place == *place) || turn.progressed.iter().any(|told| told.place == *place)
}

/// Whether score, runner-up and margin are those of the row's edges.
fn scored(turn: &TurnTaken, decided: &MatchDecided, (row, chosen): (i32, i32)) -> Result<(), String> {
    let edges = || turn.edges.iter().filter(|edge| edge.row == row);
    let score = edges().find(|edge| edge.column == chosen).map(|edge| &edge.score);
    let Some(score) =
        score.filter(|score| decided.score.as_ref() == Some(score) && decided.eta_ms == Some(score.eta_ms))
    else {
        return Err(format!("states the score {:?}, but its edge has {score:?}", decided.score));
    };
    let driver = |column: i32| turn.columns.get(column as usize).map_or("", |column| column.driver.as_str());
    let best = edges()
        .filter(|edge| edge.column != chosen)
        .map(|edge| (certificate::cost(&edge.score), driver(edge.column), &edge.score))
        .min_by_key(|(cost, driver, _)| (*cost, *driver));
    let stated: Option<(&str, &Score)> = decided.runner_up.as_ref().map(|next| (next.driver.as_str(), &next.score));
    if best.map(|(_, driver, score)| (driver, score)) != stated {
        return Err(format!("names the runner-up {stated:?}, but the next best is {best:?}"));
    }
    let margin = best.map(|(cost, ..)| cost - certificate::cost(score));
    if margin != decided.margin_ms {
        return Err(format!("states the margin {:?}, but it is {margin:?}", decided.margin_ms));
    }
    Ok(())
}
