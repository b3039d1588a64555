//! Surge by cell: what demand beyond supply adds to a fare, smooth in time and in space.
//!
//! For each cell `x = demand / (supply + 1)` from counts that are shrunk to the neighbourhood, the target is `k ln x` of the base
//! fare where `x > 1`, averaged exponentially by event time. The wish is the least field above those averages in which neighbours differ
//! by `step_bps` at most: what is high fades out over its neighbours, and a rider gains nothing by crossing a street. What is asked is the
//! wish, held within `step_bps` of what was asked a minute before. So both bounds hold always, and exactly: the lesser and the greater
//! of two fields whose neighbours differ by a bound at most are such fields themselves. Surge is added, not multiplied (Garg and
//! Nazerzadeh, Driver Surge Pricing, 2019).

use std::collections::{BTreeMap, BinaryHeap};

use kernel::geo;

/// A minute, milliseconds.
const MINUTE_MS: i64 = 60_000;
/// Parts of a basis point in which averages are kept.
const FINE: i64 = 1_000;

/// How surge follows demand.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pace {
    /// Basis points of the base fare for each unit of the logarithm.
    pub gain_bps: i64,
    /// After so long half of the way to the target is gone, milliseconds.
    pub half_life_ms: i64,
    /// Most change of a cell a minute, and most difference of neighbours, basis points.
    pub step_bps: i64,
    /// Most surge, basis points.
    pub most_bps: i64,
    /// So many imagined requests and drivers of the neighbourhood stand beside a cell's own.
    pub prior: i64,
    /// Cells whose demand is averaged, most, and half of those that may wish for surge: beyond it all wish for less, by as much for each.
    pub cells: usize,
}

/// Requests and free drivers of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that wait or came lately.
    pub demand: i64,
    /// Drivers who are free.
    pub supply: i64,
}

/// Rings over which surge fades out, most: 1,261 cells around one.
const RINGS: i64 = 20;

/// So many times the cells that are counted may wish for surge, with those over which it fades out, and so many may have some while
/// earlier wishes fade.
const SPREAD: usize = 2;
const FADING: usize = 4;

/// What surge a cell has, basis points of the base fare; a cell that is not named has none.
pub type Field = BTreeMap<u64, i64>;

/// The surge of a market, at an event time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surge {
    /// Up to here minutes are stepped; what is left of one waits, so that no minute has more than one step.
    at: Option<i64>,
    /// The targets' averages, thousandths of a basis point.
    averages: Field,
    field: Field,
}

impl Surge {
    /// Surge of a cell, basis points of the base fare.
    pub fn of(&self, cell: u64) -> i64 {
        self.field.get(&cell).copied().unwrap_or(0)
    }

    /// Up to where minutes were stepped; `None`: nothing began yet.
    pub fn at(&self) -> Option<i64> {
        self.at
    }

    /// Whether no cell has any, nor will have soon.
    pub fn is_quiet(&self) -> bool {
        self.field.is_empty() && self.averages.is_empty()
    }

    /// All that is known of each cell: its average in thousandths of a basis point, and what is asked.
    pub fn cells(&self) -> impl Iterator<Item = (u64, i64, i64)> {
        let cells: std::collections::BTreeSet<u64> = self.averages.keys().chain(self.field.keys()).copied().collect();
        let of = |field: &Field, cell: &u64| field.get(cell).copied().unwrap_or(0);
        cells.into_iter().map(move |cell| (cell, of(&self.averages, &cell), of(&self.field, &cell)))
    }

    /// The surge that [`Surge::at`] and [`Surge::cells`] told.
    pub fn restored(at: i64, cells: impl Iterator<Item = (u64, i64, i64)>) -> Surge {
        let mut surge = Surge { at: Some(at), ..Surge::default() };
        for (cell, average, asked) in cells {
            if average > 0 {
                surge.averages.insert(cell, average);
            }
            if asked > 0 {
                surge.field.insert(cell, asked);
            }
        }
        surge
    }

    /// All cells that have any.
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// Moves on to the event time `now`, milliseconds, one step for each whole minute since the last; more than two hours are two. True:
    /// more cells wished for surge than may, or had some, so all have less.
    pub fn pass(&mut self, now: i64, counts: &BTreeMap<u64, Counts>, pace: &Pace) -> bool {
        let at = *self.at.get_or_insert(now);
        let minutes = now.saturating_sub(at).div_euclid(MINUTE_MS);
        if minutes <= 0 {
            return false;
        }
        let mut many = false;
        self.at = Some(at.saturating_add(minutes.saturating_mul(MINUTE_MS)));
        let targets = targets(counts, pace);
        for _ in 0..minutes.min(120) {
            let averages = averaged(&self.averages, &targets, pace);
            many |= averages.len() > pace.cells;
            self.averages = most(averages, pace.cells);
            let averages = self.averages.iter().map(|(cell, average)| (*cell, average / FINE));
            let room = SPREAD * pace.cells.max(1);
            let wish = spread(averages, pace.step_bps, room);
            many |= wish.len() > room;
            let wish = thin(wish, room);
            // What is left of earlier wishes fades step by step; where too much of it is left, all of it fades at once.
            let field = step(&self.field, &wish, pace.step_bps);
            many |= field.len() > FADING * pace.cells.max(1);
            self.field = thin(field, FADING * pace.cells.max(1));
        }
        many
    }

    /// An emergency, or a cap, overrides steps: no cell has more than `most_bps` from now on.
    pub fn cut(&mut self, most_bps: i64) {
        self.field.values_mut().for_each(|surge| *surge = (*surge).min(most_bps.max(0)));
        self.field.retain(|_, surge| *surge > 0);
        self.averages.values_mut().for_each(|average| *average = (*average).min(most_bps.max(0) * FINE));
    }
}

/// The target of each cell that was counted.
fn targets(counts: &BTreeMap<u64, Counts>, pace: &Pace) -> Field {
    let mut ring = Vec::new();
    let mut targets = Field::new();
    for (cell, own) in counts {
        ring.clear();
        geo::ring(*cell, 1, &mut ring);
        let around = ring.iter().filter_map(|other| counts.get(other));
        let (mut demand, mut supply, mut cells) = (own.demand, own.supply, 1);
        for other in around {
            (demand, supply, cells) = (demand + other.demand, supply + other.supply, cells + 1);
        }
        // A few requests say little: so many as if the neighbourhood's mean had been seen `prior` times stand beside them.
        let prior = pace.prior.max(0) as f64;
        let mixed = |own: i64, all: i64| (own as f64 + prior * all as f64 / f64::from(cells)) / (1.0 + prior);
        let ratio = mixed(own.demand, demand) / (mixed(own.supply, supply) + 1.0);
        if ratio > 1.0 {
            let target = (pace.gain_bps as f64 * libm::log(ratio)).round_ties_even() as i64;
            targets.insert(*cell, target.clamp(0, pace.most_bps.max(0)));
        }
    }
    targets
}

/// At most `cells` of a field: of all the same is taken off, so neighbours differ by no more than before.
fn thin(mut field: Field, cells: usize) -> Field {
    if field.len() > cells {
        let mut all: Vec<i64> = field.values().copied().collect();
        let (_, off, _) = all.select_nth_unstable_by(cells, |one, other| other.cmp(one));
        let off = *off;
        field.values_mut().for_each(|surge| *surge -= off);
        field.retain(|_, surge| *surge > 0);
    }
    field
}

/// The `cells` highest of a field, of equal ones the first.
fn most(field: Field, cells: usize) -> Field {
    if field.len() <= cells {
        return field;
    }
    let mut all: Vec<(u64, i64)> = field.into_iter().collect();
    all.sort_unstable_by_key(|(cell, value)| (-value, *cell));
    all.truncate(cells);
    all.into_iter().collect()
}

/// A minute of the exponential average.
fn averaged(from: &Field, targets: &Field, pace: &Pace) -> Field {
    let share = 1.0 - libm::exp2(-(MINUTE_MS as f64) / pace.half_life_ms.max(1) as f64);
    let moved = |cell: &u64| {
        let was = from.get(cell).copied().unwrap_or(0);
        let target = targets.get(cell).copied().unwrap_or(0) * FINE;
        (*cell, was + ((target - was) as f64 * share).round_ties_even() as i64)
    };
    // What is left of a tenth of a basis point is forgotten.
    from.keys().chain(targets.keys()).map(moved).filter(|(_, average)| *average > FINE / 10).collect()
}

/// The least field above `wishes` in which neighbours differ by `bound` at most; no wish is more than so many bounds as it may fade
/// out over rings. One more than `cells`, the highest, are enough to know how much is too much.
fn spread(wishes: impl Iterator<Item = (u64, i64)>, bound: i64, cells: usize) -> Field {
    let bound = bound.max(1);
    let mut field = Field::new();
    let mut open: BinaryHeap<(i64, u64)> = wishes.map(|(cell, wish)| (wish.min(bound * RINGS), cell)).collect();
    let mut ring = Vec::new();
    while let Some((surge, cell)) = open.pop() {
        if surge <= 0 || field.contains_key(&cell) {
            continue;
        }
        field.insert(cell, surge);
        if field.len() > cells {
            break;
        }
        ring.clear();
        geo::ring(cell, 1, &mut ring);
        open.extend(ring.iter().filter(|other| !field.contains_key(other)).map(|other| (surge - bound, *other)));
    }
    field
}

/// A minute's step from what is asked towards the wish.
fn step(from: &Field, wish: &Field, bound: i64) -> Field {
    let bound = bound.max(1);
    let moved = |cell: &u64| {
        let (was, wish) = (from.get(cell).copied().unwrap_or(0), wish.get(cell).copied().unwrap_or(0));
        (*cell, wish.clamp(was - bound, was + bound))
    };
    from.keys().chain(wish.keys()).map(moved).filter(|(_, surge)| *surge > 0).collect()
}
