use kernel::contract::Point;
use proptest::prelude::*;

use super::*;

fn cell(lat_e6: i32) -> u64 {
    geo::cell(Point { lat_e6, lng_e6: -122_430_000 })
}

fn table(places: &[(u64, i64)]) -> Forecast {
    let place = |share_ppm| Place { share_ppm, shape_bps: vec![10_000; HOURS] };
    Forecast {
        source: "made".to_owned(),
        utc_offset_minutes: -420,
        profile: vec![8_000; QUARTERS],
        places: places.iter().map(|(cell, share)| (*cell, place(*share))).collect(),
        memory: Memory { market_days: 288, market_hours: 4, place_days: 672, market_prior: 20, place_prior: 20 },
    }
}

#[test]
fn the_week_begins_on_a_monday_of_local_time() {
    let table = table(&[]);
    // Monday 26 May 2008, 0:00 in San Francisco, and a moment before.
    let monday = 1_211_785_200_000;
    assert_eq!(of_week(table.quarter(monday)), 0);
    assert_eq!(of_week(table.quarter(monday - 1)), QUARTERS - 1);
    assert_eq!((hour(table.quarter(monday)), hour(table.quarter(monday - 1))), (0, 47));
}

#[test]
fn a_coarse_place_is_spread_over_its_cells_that_are_none_of_their_own() {
    let own = cell(37_770_000);
    let around = geo::parent(own, 7);
    let mut near = Vec::new();
    geo::ring(own, 1, &mut near);
    let sibling = near.into_iter().find(|near| geo::parent(*near, 7) == around).unwrap();
    let table = table(&[(own, 500_000), (around, 300_000), (0, 200_000)]);
    let levels = Levels::new();
    assert_eq!(table.expected(own, 0, &levels), 4_000);
    assert_eq!(table.expected(sibling, 0, &levels), 2_400 / 6);
    assert_eq!(table.expected(cell(37_000_000), 0, &levels), 0, "nobody knows where the rest lies");
}

#[test]
fn a_level_follows_what_is_counted_and_only_where_it_is() {
    let (busy, calm) = (cell(37_770_000), cell(37_900_000));
    let table = table(&[(busy, 500_000), (calm, 500_000), (0, 0)]);
    let mut levels = Levels::new();
    for quarter in 0..2_000 {
        levels.learn(&table, quarter, &BTreeMap::from([(busy, 8), (calm, 4)]));
    }
    assert!((levels.of(busy) / 2.0 - 1.0).abs() < 0.03, "{}", levels.of(busy));
    assert!((levels.of(calm) - 1.0).abs() < 0.03, "{}", levels.of(calm));
}

#[test]
fn what_is_wrong_with_a_text_is_said_in_one_line() {
    let text = table(&[(cell(37_770_000), 500_000), (0, 1)]).text();
    let wrong = text
        .replace("share_ppm = 1,", "share_ppm = -1,")
        .replace("utc_offset_minutes = -420", "utc_offset_minutes = 900");
    let why = Forecast::parse(&wrong).unwrap_err();
    assert!(
        why.contains("places.0.share_ppm is -1")
            && why.contains("utc_offset_minutes is 900")
            && why.lines().count() == 1,
        "{why}"
    );
    let why = Forecast::parse(&text.replace("\n0 = ", "\nffff = ")).unwrap_err();
    assert!(why.contains("places.ffff is no H3 cell of resolution 5 to 8 in hex, nor 0"), "{why}");
    assert!(Forecast::parse(&"#".repeat(TEXT_MAX + 1)).unwrap_err().contains("at most"));
}

#[test]
fn the_largest_table_fits_its_text() {
    let mut cells = Vec::new();
    (0..20).for_each(|ring| geo::ring(cell(37_770_000), ring, &mut cells));
    cells.truncate(PLACES_MAX);
    let mut table = table(&cells.iter().map(|cell| (*cell, 1_000_000)).collect::<Vec<_>>());
    table.places.values_mut().for_each(|place| place.shape_bps = vec![10_000_000; HOURS]);
    table.profile = vec![1_000_000_000; QUARTERS];
    assert!(table.text().len() <= TEXT_MAX, "{}", table.text().len());
    assert_eq!(Forecast::parse(&table.text()), Ok(table));
}

proptest! {
    #[test]
    fn a_table_is_read_as_it_was_written(
        shares in proptest::collection::btree_map(37_000_000..38_000_000, 0_i64..=1_000_000, 1..6),
        source in "[ -~]{1,40}",
        shape in proptest::collection::vec(0_i64..=30_000, HOURS),
    ) {
        let mut table = table(&shares.iter().map(|(lat, share)| (cell(*lat), *share)).collect::<Vec<_>>());
        table.source = source;
        table.places.values_mut().for_each(|place| place.shape_bps = shape.clone());
        prop_assert_eq!(Forecast::parse(&table.text()), Ok(table));
    }
}
