use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use kernel::{Millis, contract::Cause};

use super::{Bound, Count, Size, Span, Watch, health::Health, trouble::Troubles};
use crate::metrics::{self, BOUNDS, CAUSES, COUNTS, Kind, MARKETS, OTHER, SIZES, SPANS};

mod exposition;

use exposition::{Family, parse};

/// `AsksInHand` as metrics name it.
fn snake(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// As long as the calls of a step may block.
const SILENT: Duration = Duration::from_secs(60);

#[test]
fn the_names_stand_in_the_order_of_what_they_name() {
    use {Bound::*, Count::*, Size::*, Span::*};
    let counts = [
        Commits,
        Aborts,
        Turns,
        Asked,
        Facts,
        Seen,
        Written,
        Rebalances,
        Stale,
        Lost,
        RidersRead,
        Count::RidersRemembered,
        RidersUnanswered,
    ];
    let found = counts.map(|count| (count as usize, format!("tripo_{}_total", snake(&format!("{count:?}")))));
    assert_eq!(found.to_vec(), COUNTS.iter().map(|metric| metric.name.to_owned()).enumerate().collect::<Vec<_>>());
    let bounds = [
        Polled,
        AsksInHand,
        FactsInHand,
        ParkedInHand,
        BytesInHand,
        AsksTaken,
        FactsTaken,
        ParkedTaken,
        ValueBytes,
        OutputBytes,
        Markets,
        View,
        PoisonGlobal,
        Patience,
        Halved,
        Bound::RidersRemembered,
        StoreDeadline,
    ];
    let found = bounds.map(|bound| (bound as usize, snake(&format!("{bound:?}"))));
    assert_eq!(found.to_vec(), BOUNDS.iter().map(|name| (*name).to_owned()).enumerate().collect::<Vec<_>>());
    let spans = [Decide, Commit, Restore, EndToEnd, Step, Store];
    let found = spans.map(|span| (span as usize, format!("tripo_{}_seconds", snake(&format!("{span:?}")))));
    assert_eq!(found.to_vec(), SPANS.iter().map(|metric| metric.name.to_owned()).enumerate().collect::<Vec<_>>());
    let sizes = [TurnAsks, TurnFacts, TurnOutputs, TransactionRecords, TransactionBytes];
    let found = sizes.map(|size| (size as usize, format!("tripo_{}", snake(&format!("{size:?}")))));
    assert_eq!(found.to_vec(), SIZES.iter().map(|metric| metric.name.to_owned()).enumerate().collect::<Vec<_>>());
}

#[test]
fn a_cause_is_counted_under_its_own_name() {
    use Cause::*;
    let causes = [
        Unknown,
        WrongMagic,
        UnknownSchema,
        Undecodable,
        OutOfRange,
        Misplaced,
        FromTheFuture,
        TooOld,
        Oversized,
        Panicked,
        Unencodable,
    ];
    let found = causes.map(|cause| (cause as usize, snake(&format!("{cause:?}"))));
    assert_eq!(found.to_vec(), CAUSES.iter().map(|name| (*name).to_owned()).enumerate().collect::<Vec<_>>());
}

/// A watch that was told something of every kind.
fn told() -> Watch {
    let watch = Watch::of("matching");
    watch.hire(1, SILENT);
    watch.add(Count::Commits, 3);
    watch.parked(Cause::TooOld, 2);
    watch.reached_bound(Bound::Halved);
    watch.steps(&["stale", "gap"]);
    watch.degraded("stale");
    [0.0005, 0.05, 100.0].iter().for_each(|s| watch.took(Span::Commit, Duration::from_secs_f64(*s)));
    watch.sized(Size::TurnAsks, 0);
    watch.lag("ride.requested", 2, 7);
    watch.in_hand(2, 1, 2, 3);
    watch.view("utopia", 5, Some(Millis(1_500)));
    watch.reached("utopia", Millis(2_500));
    watch.policy(4, "abc", Millis(60_000));
    watch.members(1);
    watch.owned(2);
    watch.live(1);
    watch
}

fn value(families: &[Family], name: &str, labels: &[(&str, &str)]) -> Option<f64> {
    let samples = families.iter().flat_map(|family| &family.samples);
    let mut found = samples.filter(|sample| {
        let has = |(label, value): &(&str, &str)| sample.labels.get(*label).is_some_and(|found| found == value);
        sample.name == name && labels.iter().all(has) && sample.labels.len() == labels.len() + 1
    });
    found.next().map(|sample| sample.value)
}

#[test]
fn what_was_told_is_exposed() {
    let families = parse(&told().render()).unwrap();
    let of = |name: &str, labels: &[(&str, &str)]| value(&families, name, labels);
    assert_eq!(of("tripo_commits_total", &[]), Some(3.0));
    assert_eq!(of("tripo_aborts_total", &[]), Some(0.0));
    assert_eq!(of("tripo_parked_total", &[("cause", "too_old")]), Some(2.0));
    assert_eq!(of("tripo_parked_total", &[("cause", "wrong_magic")]), Some(0.0));
    assert_eq!(of("tripo_bound_reached_total", &[("bound", "halved")]), Some(1.0));
    assert_eq!(of("tripo_degraded_total", &[("step", "stale")]), Some(1.0));
    assert_eq!(of("tripo_degraded_total", &[("step", "gap")]), Some(0.0));
    let buckets = ["0.001", "0.05", "60", "+Inf"].map(|le| of("tripo_commit_seconds_bucket", &[("le", le)]));
    assert_eq!(buckets, [1.0, 2.0, 2.0, 3.0].map(Some));
    assert_eq!(of("tripo_commit_seconds_count", &[]), Some(3.0));
    assert_eq!(of("tripo_turn_asks_bucket", &[("le", "0")]), Some(1.0));
    assert_eq!(of("tripo_lag_records", &[("topic", "ride.requested"), ("partition", "2")]), Some(7.0));
    assert_eq!(of("tripo_in_hand_records", &[("partition", "2"), ("kind", "parked")]), Some(3.0));
    assert_eq!(of("tripo_view_age_seconds", &[("market", "utopia")]), Some(1.5));
    assert_eq!(of("tripo_watermark_timestamp_seconds", &[("market", "utopia")]), Some(2.5));
    assert_eq!(of("tripo_policy_effective_timestamp_seconds", &[("version", "4"), ("hash", "abc")]), Some(60.0));
    assert_eq!((of("tripo_partitions_owned", &[]), of("tripo_partitions_live", &[])), (Some(2.0), Some(1.0)));
    assert_eq!(of("tripo_trouble", &[("side", "kafka")]), Some(0.0));
}

#[test]
fn the_table_is_exposed_whole_and_nothing_else_is() {
    let families = parse(&told().render()).unwrap();
    let mut names: Vec<&str> = families.iter().map(|family| family.name.as_str()).collect();
    let mut wanted: Vec<&str> = metrics::all().iter().map(|metric| metric.name).collect();
    names.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(names, wanted);
    for metric in metrics::all() {
        let family = families.iter().find(|family| family.name == metric.name).unwrap();
        let kind = match metric.kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram(_) => "histogram",
        };
        assert_eq!((family.kind.as_str(), family.help.as_str()), (kind, metric.help));
        for sample in &family.samples {
            let mut labels: Vec<&str> = sample.labels.keys().map(String::as_str).filter(|name| *name != "le").collect();
            let mut wanted: Vec<&str> = metric.labels.iter().map(|label| label.name).chain(["processor"]).collect();
            labels.sort_unstable();
            wanted.sort_unstable();
            assert_eq!(labels, wanted, "{}", sample.name);
            assert_eq!(sample.labels["processor"], "matching");
        }
        for label in metric.labels {
            for known in label.values {
                let there = family.samples.iter().any(|sample| sample.labels[label.name] == *known);
                assert!(there, "{} has no {} {known}", metric.name, label.name);
            }
        }
    }
}

#[test]
fn what_went_is_exposed_no_more() {
    let watch = told();
    watch.render();
    watch.no_lag("ride.requested", 2);
    watch.gone("utopia");
    let text = watch.render();
    for gone in ["tripo_lag_records", "tripo_in_hand_records", "utopia"] {
        assert!(!text.contains(gone), "{gone} is still there");
    }
    watch.lag("ride.requested", 3, 1);
    assert_eq!(
        value(
            &parse(&watch.render()).unwrap(),
            "tripo_lag_records",
            &[("topic", "ride.requested"), ("partition", "3")]
        ),
        Some(1.0)
    );
}

#[test]
fn hostile_markets_break_no_line_and_many_share_a_name() {
    let watch = Watch::of("matching");
    let hostile = "a\"} 1\n# evil \\";
    watch.view(hostile, 1, None);
    assert_eq!(value(&parse(&watch.render()).unwrap(), "tripo_view_entities", &[("market", hostile)]), Some(1.0));
    (0..MARKETS + 5).for_each(|n| watch.view(&format!("m{n:05}"), 1, None));
    let families = parse(&watch.render()).unwrap();
    let family = families.iter().find(|family| family.name == "tripo_view_entities").unwrap();
    assert_eq!(family.samples.len(), MARKETS + 1);
    assert_eq!(value(&families, "tripo_view_entities", &[("market", OTHER)]), Some(6.0));
}

#[test]
fn samples_that_nobody_asks_for_take_no_memory_for_ever() {
    let watch = Watch::of("matching");
    let many = 300_000;
    (0..many).for_each(|n| watch.sized(Size::TurnAsks, n % 3));
    let families = parse(&watch.render()).unwrap();
    assert_eq!(value(&families, "tripo_turn_asks_count", &[]), Some(many as f64));
    assert_eq!(Watch::default().render(), "");
}

#[test]
fn many_tell_while_one_reads_and_nothing_is_lost() {
    let watch = Arc::new(Watch::of("matching"));
    let tell = |watch: Arc<Watch>| {
        move || {
            (0..10_000).for_each(|_| {
                watch.add(Count::Turns, 1);
                watch.took(Span::Step, Duration::from_millis(1));
            });
        }
    };
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(tell(watch.clone()))).collect();
    while threads.iter().any(|thread| !thread.is_finished()) {
        parse(&watch.render()).unwrap();
    }
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(watch.total(Count::Turns), 40_000);
    assert_eq!(value(&parse(&watch.render()).unwrap(), "tripo_step_seconds_count", &[]), Some(40_000.0));
}

#[test]
fn a_process_is_ready_when_all_it_was_given_is_rebuilt() {
    let health = Health::default();
    let begun = Instant::now();
    let later = begun + Duration::from_secs(2);
    assert_eq!(health.ready(begun).unwrap_err(), "no worker has started");
    health.hire(2, SILENT, begun);
    health.members(1, begun);
    assert_eq!(health.ready(later).unwrap_err(), "1 of 2 workers are members of the group");
    health.members(1, begun);
    assert_eq!(health.ready(begun).unwrap_err(), "the group settles");
    health.owned(3, begun);
    health.live(2);
    assert_eq!(health.ready(later).unwrap_err(), "2 of 3 partitions are rebuilt");
    health.live(1);
    assert_eq!(health.ready(later), Ok(()));
    health.drain();
    assert_eq!(health.ready(later).unwrap_err(), "draining: told to end");
}

#[test]
fn a_worker_that_does_not_step_is_named() {
    let health = Health::default();
    let begun = Instant::now();
    health.hire(2, SILENT, begun);
    let later = begun + Duration::from_secs(61);
    health.beat(0, later);
    assert_eq!(health.alive(later).unwrap_err(), "worker 1 took no step for 61 s");
    health.rest(1);
    assert_eq!(health.alive(later), Ok(()));
}

#[test]
fn who_waits_for_partitions_is_not_quiet() {
    let (troubles, begun) = (Troubles::default(), Instant::now());
    let at = move |s: u64| begun + Duration::from_secs(s);
    troubles.lose("kafka", "no answer", at(0));
    troubles.calm(|| at(7), false);
    // He has them now, and the first that he asks fails.
    troubles.calm(|| at(8), true);
    assert!(troubles.of("kafka").1, "he was steady for a second");
    troubles.lose("kafka", "no leader", at(9));
    troubles.calm(|| at(11), true);
    assert_eq!(troubles.of("kafka"), (1, true));
    troubles.calm(|| at(12), true);
    assert_eq!(troubles.of("kafka"), (1, false));
}

#[test]
fn a_trouble_is_one_until_each_who_reported_it_is_well() {
    let troubles = Arc::new(Troubles::default());
    let begun = Instant::now();
    let at = move |s: u64| begun + Duration::from_secs(s);
    troubles.lose("kafka", "no answer", at(0));
    troubles.lose("kafka", "no offset", at(5));
    let other = troubles.clone();
    std::thread::spawn(move || {
        other.lose("kafka", "no answer", at(6));
        // One who reported something a moment ago does not end it.
        other.calm(|| at(7), true);
    })
    .join()
    .unwrap();
    assert_eq!((troubles.of("kafka"), troubles.of("registry")), ((1, true), (0, false)));
    assert_eq!(troubles.now().unwrap(), "kafka: no answer");
    troubles.calm(|| at(20), true);
    assert!(troubles.of("kafka").1, "the other one is not well");
    let alone = Troubles::default();
    alone.lose("registry", "gone", at(0));
    alone.calm(|| at(2), true);
    assert!(alone.of("registry").1);
    alone.calm(|| at(3), true);
    assert_eq!((alone.of("registry"), alone.now()), ((1, false), None));
    alone.lose("registry", "gone", at(9));
    alone.rest();
    assert_eq!(alone.of("registry"), (2, false));
}
