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

/// Places along the edges of the icosahedron's faces: from each of its corners, the pentagons, to its neighbours.
fn edges() -> Vec<Point> {
    let corners: Vec<Point> = Resolution::Eight.pentagons().filter_map(|cell| centre(cell.into())).collect();
    let vector = |place: &Point| {
        let (lat, lng) = (f64::from(place.lat_e6) * MICRO, f64::from(place.lng_e6) * MICRO);
        [libm::cos(lat) * libm::cos(lng), libm::cos(lat) * libm::sin(lng), libm::sin(lat)]
    };
    let pairs = corners.iter().flat_map(|from| corners.iter().map(move |to| (from, to)));
    let near = pairs.filter(|(from, to)| (1.0..8_000_000.0).contains(&great_circle_m(**from, **to)));
    near.flat_map(|(from, to)| {
        let (from, to) = (vector(from), vector(to));
        (0..=200).map(move |step| {
            // Dense near the corners, where the kinks are the largest.
            let share = f64::from(step * step) / 80_000.0;
            let [x, y, z] = [0, 1, 2].map(|axis| from[axis] * (1.0 - share) + to[axis] * share);
            let length = (x * x + y * y + z * z).sqrt();
            point((libm::asin(z / length) / MICRO) as i32, (libm::atan2(y, x) / MICRO) as i32)
        })
    })
    .collect()
}

#[test]
fn what_is_remembered_of_a_tile_changes_no_cell() {
    let mut seed = 7_u64;
    let mut draw = |below: i32| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((seed >> 33) % below as u64) as i32
    };
    let edges = edges();
    assert_eq!(edges.len(), 60 * 201);
    let globe = globe();
    let (mut remembered, mut looked) = (0, 0);
    for number in 0..40_000 {
        let from = if number % 2 == 0 { edges[number / 2 % edges.len()] } else { globe[number % globe.len()] };
        let around = moved(from, f64::from(draw(4_000) - 2_000), f64::from(draw(4_000) - 2_000));
        for _ in 0..6 {
            let near = point(around.lat_e6 / 512 * 512 + draw(512), around.lng_e6 / 512 * 512 + draw(512));
            if on_earth(near) {
                assert_eq!(cell(near), whole(near), "{near:?}");
                remembered += i32::from(tiles::remembered(near));
                looked += 1;
            }
        }
    }
    assert!(remembered * 2 > looked, "{remembered} of {looked}: the tiles are of no use");
}

#[test]
fn the_edge_of_the_earth_is_on_it() {
    for place in
        [point(90_000_000, 0), point(-90_000_000, 180_000_000), point(0, -180_000_000), point(65_999_999, 180_000_000)]
    {
        assert_eq!([cell(place), cell(place), cell(place)], [whole(place); 3]);
    }
}
