//! Retention has taken the beginning of the topics: what is left is judged, what hangs on the rest is not, and the verdict says so.

use super::{Log, correct, parked};

/// The correct log without what lies before these offsets.
fn trimmed(begins: &[(&'static str, i64)]) -> Log {
    let mut log = correct();
    log.begins = begins.to_vec();
    for (topic, first) in begins {
        let left = |place: &kernel::contract::Place| place.topic != *topic || place.offset >= *first;
        log.released.retain(|(place, _)| left(place));
        log.requested.retain(|(place, _)| left(place));
        log.progressed.retain(|(place, _)| left(place));
        log.decided.retain(|(place, _)| left(place));
        log.taken.retain(|(place, _)| left(place));
    }
    log
}

#[test]
fn whatever_was_trimmed_is_no_fault_and_is_told() {
    for topic in ["driver.released", "ride.requested", "ride.progressed", "match.decided", "turn.taken"] {
        for first in 1..=10 {
            let verdict = trimmed(&[(topic, first)]).audit();
            assert_eq!(verdict.sentences, Vec::<String>::new(), "{topic} from {first}");
            assert_eq!(verdict.notes.len(), 1, "{topic} from {first}");
            let note = format!("{topic} was trimmed in 1 partitions, before {first} offsets in all");
            assert!(verdict.notes[0].starts_with(&note), "{:?}", verdict.notes);
        }
    }
    assert_eq!(correct().audit().notes, Vec::<String>::new());
}

#[test]
fn several_topics_may_be_trimmed_each_as_far_as_it_likes() {
    for case in 0..6_usize.pow(4) {
        let first = |digit: u32| (case / 6_usize.pow(digit) % 6) as i64;
        let begins = [
            ("ride.requested", first(0)),
            ("ride.progressed", first(1)),
            ("match.decided", first(2) * 2),
            ("turn.taken", first(3)),
        ];
        let verdict = trimmed(&begins).audit();
        assert_eq!(verdict.sentences, Vec::<String>::new(), "{begins:?}");
    }
}

#[test]
fn what_is_left_is_judged_all_the_same() {
    let begins = [("ride.requested", 1), ("match.decided", 1), ("turn.taken", 1)];
    let found = |break_it: &dyn Fn(&mut Log)| {
        let mut log = trimmed(&begins);
        break_it(&mut log);
        log.audit().sentences.join("\n")
    };
    assert_eq!(found(&|_| ()), "");
    // The request of ride three, in market b.
    let lost = found(&|log| log.decided.retain(|(_, decided)| decided.ride != "three"));
    assert!(lost.contains("ride three: the acceptance at ride.progressed/0@2 led to nothing"), "{lost}");
    let wrong = found(&|log| log.decided.last_mut().unwrap().1.revision = Some(2));
    assert!(wrong.contains("revision 2 follows 0"), "{wrong}");
    let twice = found(&|log| log.parked = vec![parked("ride.progressed", 2)]);
    assert!(twice.contains("ride three: the acceptance at ride.progressed/0@2 led to 2 decisions"), "{twice}");
}
