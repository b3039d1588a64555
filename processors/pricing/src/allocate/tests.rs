use kernel::contract::Point;
use kernel::geo;
use proptest::prelude::*;

use super::flow::{Near, Sent, play};
use super::*;

const RESPONSE: Response = Response { whole: 600, minute: 30, error_bps: 2_000 };

/// Sites on a line, three minutes from one to the next, one and a half within one.
fn line(free: &[i64], asked: &[i64]) -> Market {
    let cells = cells(free.len());
    let site = |(at, cell): (usize, &u64)| Site {
        cell: *cell,
        free: free[at],
        asked: vec![asked[at]; 2],
        ends_ppm: 1_000_000 / free.len() as i64,
        margin: 300,
    };
    let sites = cells.iter().enumerate().map(site).collect();
    let travel = (0..free.len() as i64)
        .flat_map(|from| (0..free.len() as i64).map(move |to| 90_000 + 180_000 * (from - to).abs()));
    let terms = Terms { busy: 4, trip_ms: 600_000, patience_ms: 600_000, error_bps: 2_000, response: RESPONSE };
    Market::new(sites, travel.collect(), terms).unwrap()
}

fn cells(count: usize) -> Vec<u64> {
    let centre = geo::cell(Point { lat_e6: 37_770_000, lng_e6: -122_430_000 });
    let mut cells = Vec::new();
    (0..4).for_each(|ring| geo::ring(centre, ring, &mut cells));
    cells.truncate(count);
    cells.sort_unstable();
    cells
}

fn moved(market: &Market, from: usize, to: usize, drivers: i64) -> Action {
    Action::Move { from: market.sites()[from].cell, to: market.sites()[to].cell, drivers, pay: 0 }
}

#[test]
fn drivers_who_stand_where_nobody_asks_do_good_where_many_do_and_harm_the_other_way() {
    let market = line(&[8, 0, 0, 0, 0, 0], &[0, 0, 0, 0, 0, 4_000]);
    let good = impact(&market, &[moved(&market, 0, 5, 6)]).unwrap();
    assert!(good.served.mid > 1_000 && good.wait_ms.mid < -30_000 && good.margin.mid > 300, "{good:?}");
    let market = line(&[0, 0, 0, 0, 0, 8], &[0, 0, 0, 0, 0, 4_000]);
    let bad = impact(&market, &[moved(&market, 5, 0, 6)]).unwrap();
    assert!(bad.served.mid < -1_000 && bad.wait_ms.mid > 30_000 && bad.margin.mid < -300, "{bad:?}");
    assert_eq!((good.moved, bad.moved), (6_000, 6_000));
}

#[test]
fn pay_draws_those_who_are_near_and_is_counted() {
    let market = line(&[0, 4, 0, 0, 0, 4], &[4_000, 0, 0, 0, 0, 0]);
    let to = market.sites()[0].cell;
    // Four and a half minutes: 0.275 of four come; from five sites on the way takes more than the pay.
    let impact = impact(&market, &[Action::Incentive { to, pay: 300 }]).unwrap();
    assert_eq!(impact.moved, 1_100);
    let dear = super::impact(&market, &[Action::Incentive { to, pay: 3_000 }]).unwrap();
    assert!(dear.margin.high < 0 && dear.moved == 8_000, "all come, for 24,000: {dear:?}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let market = line(&[2, 0], &[1_000, 1_000]);
    let cell = |at: usize| market.sites()[at].cell;
    for action in [
        moved(&market, 0, 1, 3),
        moved(&market, 0, 0, 1),
        moved(&market, 0, 1, -1),
        Action::Move { from: 7, to: cell(1), drivers: 1, pay: 0 },
        Action::Incentive { to: 7, pay: 10 },
        Action::Incentive { to: cell(0), pay: -1 },
    ] {
        assert_eq!(impact(&market, &[action]), Err(Unplayable::Action), "{action:?}");
    }
    // Two moves together may not take more than there are.
    let twice = [moved(&market, 0, 1, 1), moved(&market, 0, 1, 2)];
    assert_eq!(impact(&market, &twice), Err(Unplayable::Action));
    let terms = Terms { busy: 0, trip_ms: 600_000, patience_ms: 600_000, error_bps: 0, response: RESPONSE };
    let mut sites = market.sites().to_vec();
    assert_eq!(Market::new(sites.clone(), vec![1; 3], terms), Err(Unplayable::Travel));
    assert_eq!(Market::new(sites.clone(), vec![1; 4], Terms { patience_ms: 1, ..terms }), Err(Unplayable::Number));
    sites.reverse();
    assert_eq!(Market::new(sites, vec![1; 4], terms), Err(Unplayable::Sites));
}

#[test]
fn a_proposal_takes_from_where_too_many_stand_and_ends_when_nothing_is_gained() {
    let market = line(&[9, 0, 0, 0, 0, 1], &[100, 0, 0, 0, 0, 4_000]);
    let bounds = Bounds { drivers: 20, share_bps: 5_000, pay: 50, minute: 30, least: 10 };
    let found = propose(&market, bounds).unwrap();
    let sent: i64 =
        found.moves.iter().map(|one| if let Action::Move { drivers, .. } = one { *drivers } else { 0 }).sum();
    assert!((1..=4).contains(&sent), "at most half of nine: {found:?}");
    assert!(found.moves.iter().all(|one| matches!(one, Action::Move { from, .. } if *from == market.sites()[0].cell)));
    assert!(found.impact.margin.mid > 0 && found.impact.wait_ms.mid < 0, "{found:?}");
    // Where all is well nothing is proposed, and what is proposed says that it does nothing.
    let calm = line(&[5, 5, 5, 5, 5, 5], &[300; 6]);
    let none = propose(&calm, Bounds { least: 100, ..bounds }).unwrap();
    assert_eq!((none.moves, none.impact), (Vec::new(), Impact::default()));
    assert_eq!(propose(&calm, Bounds { pay: -1, ..bounds }), Err(Unplayable::Action));
}

proptest! {
    /// Few distinct values, so that sites are alike and ties occur.
    #[test]
    fn more_drivers_never_serve_fewer_and_nobody_is_served_who_did_not_ask(
        free in proptest::collection::vec(0_i64..4, 5),
        asked in proptest::collection::vec(prop_oneof![Just(0_i64), Just(1_000), Just(4_000)], 5),
        at in 0_usize..5,
    ) {
        let few = line(&free, &asked);
        let mut free = free;
        free[at] += 1;
        let many = line(&free, &asked);
        let total = |market: &Market| play(market, &Near::of(market), &[1.0; 5], &Sent::default());
        let (few, many) = (total(&few), total(&many));
        let all = asked.iter().sum::<i64>() as f64 * 2.0 / 1e3;
        prop_assert!(many.served >= few.served - 1e-3, "{few:?} {many:?}");
        prop_assert!(many.served <= all + 1e-6 && few.served >= 0.0, "{many:?} of {all}");
        // Nobody is served by more drivers than there are, each at most three times in half an hour of trips of ten minutes.
        let drivers = (free.iter().sum::<i64>() + 4) as f64;
        prop_assert!(many.served <= drivers * 3.0, "{many:?}");
        prop_assert!((0.0..=600_000.0).contains(&many.wait_ms), "{many:?}");
    }

    #[test]
    fn a_proposal_keeps_its_bounds_and_is_the_same_again(
        free in proptest::collection::vec(0_i64..5, 6),
        asked in proptest::collection::vec(prop_oneof![Just(0_i64), Just(2_000), Just(5_000)], 6),
        drivers in 0_i64..6,
        share_bps in prop_oneof![Just(0_i64), Just(5_000), Just(10_000)],
    ) {
        let market = line(&free, &asked);
        let bounds = Bounds { drivers, share_bps, pay: 0, minute: 30, least: 0 };
        let found = propose(&market, bounds).unwrap();
        prop_assert_eq!(&propose(&market, bounds).unwrap(), &found);
        let mut left = vec![0; 6];
        for one in &found.moves {
            let Action::Move { from, drivers, .. } = one else { panic!("{one:?}") };
            left[market.place(*from).unwrap()] += *drivers;
        }
        prop_assert!(left.iter().sum::<i64>() <= drivers);
        prop_assert!(left.iter().zip(&free).all(|(left, free)| *left <= free * share_bps / 10_000), "{left:?} {free:?}");
        prop_assert_eq!(impact(&market, &found.moves).unwrap(), found.impact);
    }

    #[test]
    fn to_send_nobody_changes_nothing(free in proptest::collection::vec(1_i64..4, 4), to in 1_usize..4) {
        let market = line(&free, &[1_000; 4]);
        prop_assert_eq!(impact(&market, &[]).unwrap(), Impact::default());
        prop_assert_eq!(impact(&market, &[moved(&market, 0, to, 0)]).unwrap(), Impact::default());
    }
}
