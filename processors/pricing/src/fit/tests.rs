mod demand;
mod journal;
mod judged;

use super::{Linear, Ride, Table, Unfit, median_error};

/// A linear congruential generator (Knuth's MMIX constants).
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / (1_u64 << 24) as f64
    }
}

const GROUPS: [f64; 3] = [1.0, 1.5, 2.4];

/// Rides of base 300, 80 a kilometre, 25 a minute; a share of them pays anything.
fn rides(count: usize, wrong: f64, seed: u64) -> Vec<Ride> {
    let mut dice = Dice(seed);
    let mut ride = || {
        let km = 0.5 + 15.0 * dice.unit();
        let minutes = km * (1.5 + 3.0 * dice.unit());
        let group = (dice.unit() * 3.0) as usize;
        let noise = 0.98 + 0.04 * dice.unit();
        let sound = (300.0 + 80.0 * km + 25.0 * minutes) * GROUPS[group] * noise;
        // One in ten of the wrong ones is a cent.
        let any = if dice.unit() < 0.1 { 1.0 } else { 200.0 + 20_000.0 * dice.unit() };
        let price = if dice.unit() < wrong { any } else { sound };
        Ride { km, minutes, price, group }
    };
    (0..count).map(|_| ride()).collect()
}

#[test]
fn a_table_is_found_again_though_one_ride_in_ten_pays_anything() {
    for seed in 0..20 {
        let (seen, held) = (rides(2_000, 0.1, seed), rides(1_000, 0.1, seed + 1_000));
        let table = Table::fit(&seen, GROUPS.len()).unwrap();
        let near = |found: f64, truth: f64, within: f64| (found / truth - 1.0).abs() < within;
        assert!(near(table.base, 300.0, 0.05) && near(table.km, 80.0, 0.05), "seed {seed}: {table:?}");
        assert!(near(table.minute, 25.0, 0.05), "seed {seed}: {table:?}");
        assert!(
            table.groups.iter().zip(GROUPS).all(|(found, truth)| near(*found, truth, 0.01)),
            "seed {seed}: {table:?}"
        );
        let linear = Linear::fit(&seen, GROUPS.len()).unwrap();
        let (ours, theirs) = (
            median_error(&held, |ride| table.price(ride)).unwrap(),
            median_error(&held, |ride| linear.price(ride)).unwrap(),
        );
        assert!(ours < 0.015 && ours < theirs, "seed {seed}: {ours} against {theirs}");
    }
}

#[test]
fn no_number_of_a_table_is_below_zero() {
    // Dearer the shorter it takes: a minute would have to give money back.
    let mut dice = Dice(7);
    let mut ride = || {
        let (km, minutes) = (1.0 + 9.0 * dice.unit(), 1.0 + 30.0 * dice.unit());
        Ride { km, minutes, price: 1_000.0 + 100.0 * km - 20.0 * minutes, group: 0 }
    };
    let all: Vec<Ride> = (0..500).map(|_| ride()).collect();
    let table = Table::fit(&all, 1).unwrap();
    assert!(table.base > 0.0 && table.km > 0.0 && table.minute == 0.0, "{table:?}");
}

#[test]
fn too_few_rides_too_many_groups_and_rides_that_say_nothing_are_refused() {
    assert_eq!(Table::fit(&rides(99, 0.0, 1), 3), Err(Unfit::TooFew(99, 100)));
    assert_eq!(Table::fit(&rides(5_000, 0.0, 1), 63), Err(Unfit::TooMany(63, 62)));
    assert_eq!(Table::fit(&rides(500, 0.0, 1), 4), Err(Unfit::Alike), "a group without rides");
    assert_eq!(Table::fit(&[], 0), Err(Unfit::TooFew(0, 100)));
    let alike = vec![Ride { km: 5.0, minutes: 10.0, price: 900.0, group: 0 }; 200];
    assert_eq!(Table::fit(&alike, 1), Err(Unfit::Alike));
    let bound = |number: i32| Ride { km: f64::from(number), minutes: f64::from(2 * number), price: 900.0, group: 0 };
    assert_eq!(
        Table::fit(&(1..200).map(bound).collect::<Vec<_>>(), 1),
        Err(Unfit::Alike),
        "minutes say what kilometres do"
    );
}
