//! `tripo fit fares` on recorded fares: half of the rows that it did not see are off by no more than with a linear model.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::demo::tripo;

/// What it says on its standard output, or the sentence with which it refuses.
fn fitted(arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(tripo()).args(["fit", "fares"]).args(arguments).output().unwrap();
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap()),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}

/// The two errors that it tells, percent.
fn errors(said: &str) -> (f64, f64) {
    let line = said.lines().find(|line| line.contains("held back")).unwrap_or_else(|| panic!("{said}"));
    let mut found = line.split(' ').filter_map(|word| word.parse::<f64>().ok()).skip(1);
    (found.next().unwrap(), found.next().unwrap())
}

fn number(said: &str, key: &str) -> i64 {
    let line = said.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = "));
    line.unwrap_or_else(|| panic!("{key} in {said}")).parse().unwrap()
}

#[test]
fn recorded_fares_are_met_better_than_by_a_linear_model() {
    let Ok(data) = std::env::var("TRIPO_DATA") else {
        assert!(std::env::var("TRIPO_REQUIRE_DATA").is_err(), "TRIPO_DATA must name the recorded data");
        tests::not_run(
            "recorded fares",
            "TRIPO_DATA names no folder with nyc_fares/, chicago_taxi/ and boston_uber_lyft_2018/",
        );
        return;
    };
    let file = |name: &str| PathBuf::from(&data).join(name).display().to_string();
    let (new_york, chicago) = (file("nyc_fares/fares_hash70.csv.gz"), file("chicago_taxi/trips_2013_2014.csv.gz"));
    let boston = file("boston_uber_lyft_2018/quotes_hash70.csv.gz");
    let taxi = ["--price", "fare", "--distance", "trip_miles:mi", "--duration", "trip_seconds:s"];
    let cabs = ["--price", "fare_amount", "--distance", "hav_m:m"];
    let quotes = [
        "--price",
        "price",
        "--distance",
        "distance_mi:mi",
        "--tier",
        "cab_type,tier",
        "--multiplier",
        "surge_multiplier",
    ];
    for (trips, columns) in [(&chicago, &taxi[..]), (&new_york, &cabs), (&boston, &quotes)] {
        let said = fitted(&[&["--trips", trips], columns].concat()).unwrap();
        let (ours, linear) = errors(&said);
        assert!(ours <= linear && ours < 25.0, "{said}");
        assert!(number(&said, "base") > 0 && number(&said, "km") > 0, "{said}");
    }
}

#[test]
fn a_table_is_found_in_trips_of_ones_own_and_what_is_wrong_is_said_in_a_sentence() {
    let folder = std::env::temp_dir().join(format!("tripo-fares-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, rows: &str| {
        let path = folder.join(name);
        std::fs::write(&path, format!("way,took,paid,class\n{rows}")).unwrap();
        path
    };
    // 2 for getting in, 1.5 a kilometre, 0.25 a minute; half as much again for the other class.
    let row = |number: u32| {
        let (km, minutes) = (1 + number % 17, 3 + number % 41);
        let (share, class) = if number.is_multiple_of(3) { (1.5, "large") } else { (1.0, "plain") };
        format!("{km},{minutes},{},{class}\n", (2.0 + 1.5 * f64::from(km) + 0.25 * f64::from(minutes)) * share)
    };
    let good = write("good.csv", &(0..600).map(row).collect::<String>());
    let columns = ["--price", "paid", "--distance", "way:km", "--duration", "took:min", "--tier", "class"];
    let with = |trips: &Path, columns: &[&str]| fitted(&[&["--trips", trips.to_str().unwrap()], columns].concat());
    let said = with(&good, &columns).unwrap();
    let found = ["base", "km", "minute"].map(|key| number(&said, key));
    assert_eq!(found, [200, 150_000, 25_000], "{said}");
    assert!(said.contains("# large = 15000 ("), "{said}");
    let refused = with(&good, &["--price", "fare", "--distance", "way:km"]).unwrap_err();
    assert!(refused.contains("names no column fare"), "{refused}");
    let refused = with(&good, &["--price", "paid", "--distance", "took:min"]).unwrap_err();
    assert_eq!(refused, "tripo: --distance takes m, km or mi, --duration takes s or min\n");
    let few = write("few.csv", &(0..50).map(row).collect::<String>());
    let refused = with(&few, &columns).unwrap_err();
    assert!(
        refused.contains("rides are left to learn from, a table needs 100") && refused.lines().count() == 1,
        "{refused}"
    );
    let dollars = write("dollars.csv", &"5,9,$12.50,plain\n".repeat(300));
    let refused = with(&dollars, &columns).unwrap_err();
    assert!(refused.contains("300 whose price is no plain number above zero"), "{refused}");
    std::fs::remove_dir_all(&folder).unwrap();
}
