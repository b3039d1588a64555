//! `tripo fit forecast` on recorded pickups: days that it did not see are foretold better than by last week's same hour.

use std::path::{Path, PathBuf};
use std::process::Command;

use pricing::forecast::Forecast;

use crate::demo::tripo;

/// What it says on its standard output, or the sentence with which it refuses.
fn learned(pickups: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(tripo()).args(["fit", "forecast", "--pickups"]).arg(pickups).args(arguments).output();
    let output = output.unwrap();
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap()),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}

/// The deviance of a row of its table.
fn deviance(said: &str, row: &str) -> f64 {
    let line = said.lines().find(|line| line.starts_with(row)).unwrap_or_else(|| panic!("{row} in {said}"));
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).nth(1).unwrap().parse().unwrap()
}

#[test]
fn recorded_days_are_foretold_better_than_by_the_same_hour_a_week_before() {
    let Ok(data) = std::env::var("TRIPO_DATA") else {
        assert!(std::env::var("TRIPO_REQUIRE_DATA").is_err(), "TRIPO_DATA must name the recorded data");
        tests::not_run("recorded pickups", "TRIPO_DATA names no folder with uber_nyc_2014/ and sf_cabs_2008/");
        return;
    };
    let file = |name: &str| PathBuf::from(&data).join(name);
    let new_york = ["--only", "base=B02512"];
    let places = ["--time", "pickup_ts", "--lat", "pickup_lat", "--lng", "pickup_lng"];
    let cabs = [&places[..], &["--utc-offset-minutes", "-420", "--held-back", "3"]].concat();
    for (pickups, columns) in [
        (file("uber_nyc_2014/pickups_2014-04_to_07.csv.gz"), &new_york[..]),
        (file("sf_cabs_2008/trips_2008-05-18_to_2008-06-01_excl.csv.gz"), &cabs),
    ] {
        let said = learned(&pickups, columns).unwrap();
        let model = deviance(&said, "table and levels");
        for other in ["last week's same hour, ", "table alone", "each place's mean", "one mean of all places"] {
            assert!(model < deviance(&said, other), "{said}");
        }
    }
}

#[test]
fn a_table_is_learned_from_pickups_of_ones_own_and_what_is_wrong_is_said_in_a_sentence() {
    let folder = std::env::temp_dir().join(format!("tripo-forecast-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let write = |name: &str, days: u32| {
        // Two places; one is asked for at nine, the other at six in the evening, every day alike.
        let row = |day: u32, hour: u32, minute: u32, lat: &str| {
            format!("2014-04-{:02} {hour:02}:{minute:02}:00,{lat},-73.99\n", day + 1)
        };
        let day = |day: u32| {
            let at =
                |hour: u32, lat: &str| (0..60).step_by(5).map(|minute| row(day, hour, minute, lat)).collect::<String>();
            format!("{}{}{}{}", row(day, 0, 0, "40.75"), at(9, "40.75"), at(18, "40.80"), row(day, 23, 59, "40.80"))
        };
        let path = folder.join(name);
        std::fs::write(&path, format!("ts,lat,lng\n{}", (0..days).map(day).collect::<String>())).unwrap();
        path
    };
    let (good, short, out) = (write("good.csv", 28), write("short.csv", 12), folder.join("table.toml"));
    let said = learned(&good, &["--held-back", "7", "--out", out.to_str().unwrap()]).unwrap();
    assert!(deviance(&said, "table and levels") < deviance(&said, "each place's mean") / 2.0, "{said}");
    let table = Forecast::parse(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert!(table.source.contains("good.csv, Tue 2014-04-01 to Mon 2014-04-28, 728 requests"), "{}", table.source);
    let why = learned(&short, &["--held-back", "7"]).unwrap_err();
    assert!(why.contains("5 whole days are left to learn from, a forecast needs 10; 7 days are held back"), "{why}");
    assert_eq!(why.lines().count(), 1, "{why}");
    let why = learned(&good, &["--time", "when"]).unwrap_err();
    assert!(why.contains("names no column when"), "{why}");
    let why = learned(&good, &["--only", "base"]).unwrap_err();
    assert_eq!(why, "tripo: --only: write COLUMN=VALUE, such as base=B02512\n");
    std::fs::remove_dir_all(&folder).unwrap();
}
