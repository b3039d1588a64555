//! Which moves are worth it.

use super::flow::{Near, Sent, Total, play};
use super::{Action, Impact, Market, Unplayable, impact};

/// Sites from which, and to which, moves are looked at, most of each.
const LOOKED_AT: usize = 8;

/// Drivers who are moved by one proposal, most: each costs a few plays.
pub const MOVED_MAX: i64 = 1_000;

/// What a proposal may do, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Drivers who are moved, most; 0 to [`MOVED_MAX`].
    pub drivers: i64,
    /// Of a site's free drivers at most so many leave, basis points.
    pub share_bps: i64,
    /// To each who moves, minor units.
    pub pay: i64,
    /// What a minute of one rider's wait is worth beside the margin, minor units; who gets no driver waits for the whole patience.
    pub minute: i64,
    /// A move is made only if it is worth more than this, minor units.
    pub least: i64,
}

/// Moves, and what all of them together are expected to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Each pair of sites once, by their cells; empty: no move is worth it.
    pub moves: Vec<Action>,
    /// All together.
    pub impact: Impact,
}

/// Moves by marginal gain: the driver whose move is worth the most is moved first, then the next, until none is worth it or a bound is
/// reached. What each would be worth is looked at again only when it comes to the top (Minoux 1978); as moves to one site are worth less and less, little is
/// missed. Ties go to the lower cells.
///
/// # Errors
/// [`Unplayable::Action`] where a bound is negative, or more than [`MOVED_MAX`] may be moved.
pub fn propose(market: &Market, bounds: Bounds) -> Result<Proposal, Unplayable> {
    let Bounds { drivers, share_bps, pay, minute, least } = bounds;
    if drivers > MOVED_MAX || [drivers, share_bps, pay, minute, least].iter().any(|bound| *bound < 0) {
        return Err(Unplayable::Action);
    }
    let near = Near::of(market);
    let levels = vec![1.0; market.sites().len()];
    let asked = market.sites().iter().flat_map(|site| &site.asked).sum::<i64>() as f64 / 1e3;
    let worth = |sent: &Sent| {
        let Total { wait_ms, margin, .. } = play(market, &near, &levels, sent);
        margin - sent.paid - wait_ms / 60_000.0 * asked * minute as f64
    };
    let mut may: Vec<i64> = market.sites().iter().map(|site| site.free * share_bps.min(10_000) / 10_000).collect();
    let mut chosen: std::collections::BTreeMap<(usize, usize), i64> = Default::default();
    let (mut sent, mut left) = (Sent::default(), drivers);
    let mut now = worth(&sent);
    // Gain when it was looked at last, the pair, and after how many moves that was; what was never looked at may be worth anything.
    let mut pairs: Vec<(f64, (usize, usize), i64)> =
        pairs(market).into_iter().map(|pair| (f64::INFINITY, pair, -1)).collect();
    while left > 0 {
        pairs.retain(|(gain, (from, _), _)| may[*from] > 0 && *gain > least as f64);
        let top = pairs.iter().enumerate().max_by(|(_, a), (_, b)| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
        let Some((at, (gain, pair, seen))) = top.map(|(at, top)| (at, *top)) else { break };
        if seen == drivers - left {
            sent.send(market, pair, 1.0, pay as f64);
            (now, left) = (now + gain, left - 1);
            may[pair.0] -= 1;
            *chosen.entry(pair).or_insert(0) += 1;
        } else {
            let mut tried = sent.clone();
            tried.send(market, pair, 1.0, pay as f64);
            pairs[at] = (worth(&tried) - now, pair, drivers - left);
        }
    }
    let cell = |site: usize| market.sites()[site].cell;
    let of = |((from, to), drivers): (&(usize, usize), &i64)| Action::Move {
        from: cell(*from),
        to: cell(*to),
        drivers: *drivers,
        pay,
    };
    let moves: Vec<Action> = chosen.iter().map(of).collect();
    let impact = impact(market, &moves)?;
    Ok(Proposal { moves, impact })
}

/// From where most is left over to where most is lacking, by drivers against riders of the time looked ahead within reach.
fn pairs(market: &Market) -> Vec<(usize, usize)> {
    let asked = |site: usize| market.sites()[site].asked.iter().sum::<i64>();
    let all = 0..market.sites().len();
    let reach = |from: usize, to: usize| market.travel_ms(from, to) <= market.patience_ms / 2;
    let short = |site: usize| {
        let near = all.clone().filter(|other| reach(*other, site));
        near.map(|other| asked(other) - market.sites()[other].free * 1_000).sum::<i64>()
    };
    let mut order: Vec<(i64, usize)> = all.clone().map(|site| (short(site), site)).collect();
    order.sort_unstable();
    let from: Vec<usize> =
        order.iter().map(|(_, site)| *site).filter(|site| market.sites()[*site].free > 0).take(LOOKED_AT).collect();
    order.sort_unstable_by_key(|(short, site)| (-short, *site));
    let to: Vec<usize> = order.iter().map(|(_, site)| *site).take(LOOKED_AT).collect();
    let pair = |from: &usize| to.iter().filter(|to| *to != from).map(|to| (*from, *to)).collect::<Vec<_>>();
    from.iter().flat_map(pair).collect()
}
