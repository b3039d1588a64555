use super::*;

fn point(lat_e6: i32, lng_e6: i32) -> Point {
    Point { lat_e6, lng_e6 }
}

/// Places all over the globe, both sides of the date line among them.
fn globe() -> Vec<Point> {
    let latitudes = [-64_900_000, -33_868_800, 0, 19_076_000, 37_774_900, 51_507_400, 64_147_000];
    let longitudes = [-179_999_000, -122_419_400, -58_000_000, 11_000, 72_877_700, 151_209_300, 179_999_000];
    latitudes.iter().flat_map(|lat| longitudes.iter().map(|lng| point(*lat, *lng))).collect()
}

/// Degrees that lie about `metres` north and `east` of a place.
fn moved(from: Point, north: f64, east: f64) -> Point {
    let latitude = f64::from(from.lat_e6) * MICRO;
    let lat = f64::from(from.lat_e6) + north / EARTH_M / MICRO;
    let lng = f64::from(from.lng_e6) + east / (EARTH_M * libm::cos(latitude)) / MICRO;
    point(lat as i32, (lng + 180e6).rem_euclid(360e6) as i32 - 180_000_000)
}

#[test]
fn a_known_distance_is_met() {
    // San Francisco to Los Angeles, city hall to city hall: 559.0 km on the sphere of radius R1.
    let metres = great_circle_m(point(37_779_300, -122_419_200), point(34_053_700, -118_242_700));
    assert!((metres - 558_900.0).abs() < 500.0, "{metres}");
    // A degree of latitude.
    assert!((great_circle_m(point(0, 0), point(1_000_000, 0)) - 111_195.08).abs() < 0.1);
}

#[test]
fn the_plane_agrees_with_the_great_circle() {
    for origin in globe() {
        let plane = Plane::at(origin);
        for (reach, tolerance) in [(2_000.0, 1e-4), (20_000.0, 1e-4), (60_000.0, 5e-4)] {
            for (north, east) in [(0.0, 1.0), (1.0, 0.0), (0.7, 0.7), (-0.7, 0.7), (-0.2, -0.9)] {
                let to = moved(origin, north * reach, east * reach);
                let (flat, round) = (plane.distance_m(to), great_circle_m(origin, to));
                assert!((flat - round).abs() <= round * tolerance, "{origin:?} {to:?}: {flat} for {round}");
            }
        }
    }
}

#[test]
fn rings_are_disjoint_and_six_cells_longer_each() {
    for origin in globe() {
        let mut cells = Vec::new();
        for k in 0..6 {
            ring(cell(origin), k, &mut cells);
        }
        let count = cells.len();
        cells.sort_unstable();
        cells.dedup();
        assert_eq!(cells.len(), count);
        assert_eq!(count, 91, "no pentagon near {origin:?}");
    }
}

#[test]
fn rings_close_around_a_pentagon() {
    let pentagon = u64::from(Resolution::Eight.pentagons().next().expect("there are twelve"));
    let mut cells = Vec::new();
    ring(pentagon, 1, &mut cells);
    assert_eq!(cells.len(), 5);
    cells.clear();
    ring(0, 1, &mut cells);
    assert_eq!(cells.len(), 0, "zero is no cell");
}

/// The bound that the candidate search stops by: no place of ring `k` is nearer than [`nearest_of_ring`] says.
#[test]
fn a_ring_is_never_nearer_than_its_bound() {
    for origin in globe() {
        for direction in 0..24 {
            let (sin, cos) = (libm::sin(f64::from(direction) * 0.261_8), libm::cos(f64::from(direction) * 0.261_8));
            for start in [(0.0, 0.0), (300.0, 0.0), (-200.0, 300.0)] {
                let from = moved(origin, start.0, start.1);
                let mut k = 0;
                let mut members = vec![cell(from)];
                for step in 1..60 {
                    let reach = f64::from(step) * 100.0;
                    let to = moved(from, reach * sin, reach * cos);
                    while !members.contains(&cell(to)) {
                        k += 1;
                        ring(cell(from), k, &mut members);
                        assert!(k < 20);
                    }
                    let metres = great_circle_m(from, to);
                    let own = (0..=k).find(|k| {
                        let mut cells = Vec::new();
                        ring(cell(from), *k, &mut cells);
                        cells.contains(&cell(to))
                    });
                    let bound = nearest_of_ring(own.unwrap_or(k));
                    assert!(metres >= bound, "{from:?} ring {own:?}: {metres} < {bound}");
                }
            }
        }
    }
}

#[test]
fn a_place_off_the_earth_has_no_cell() {
    assert!(!on_earth(point(90_000_001, 0)) && !on_earth(point(0, i32::MIN)));
    assert_eq!(cell(point(i32::MIN, 0)), 0);
    assert_ne!(cell(point(90_000_000, 180_000_000)), 0);
}

#[test]
fn a_cell_lies_in_its_parents_and_its_middle_in_the_cell() {
    for place in globe() {
        let own = cell(place);
        assert_eq!((parent(own, 8), resolution(own)), (own, Some(8)));
        assert_eq!(cell(centre(own).unwrap()), own, "{place:?}");
        let coarse = parent(own, 6);
        assert_eq!((resolution(coarse), parent(parent(own, 7), 6)), (Some(6), coarse));
        assert_eq!(parent(coarse, 8), 0, "a parent is never finer");
    }
    assert_eq!((parent(0, 7), resolution(1), centre(0)), (0, None, None), "what is no cell has none");
}
