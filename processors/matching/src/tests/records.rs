//! `turn.taken` in pieces.

use std::collections::BTreeMap;

use kernel::Rules;
use kernel::codec::encode;
use kernel::contract::TurnTaken;

use super::{POLICY, Say, Stage, decisions, near, ping, profile, records, request};
use crate::{Output, Policy, Seen, certify, record, redecide};

/// A turn of 600 rides from one place, around 40 drivers: each ride sees the 20 that are best for it, which are the same.
fn crowded() -> Vec<Output> {
    let mut stage = Stage::with(&[]);
    for number in 0..40 {
        let driver = format!("driver {number:02}");
        stage.see(Seen::Changed(Box::new(profile(&driver))));
        stage.see(Seen::Located(ping(&driver, super::START, near(number % 7))));
    }
    let long = "x".repeat(56);
    let says: Vec<Say> = (0..600).map(|ride| Say::Ask(request(&format!("{long} {ride:03}"), 0))).collect();
    stage.play(0, &says)
}

#[test]
fn a_large_turn_is_cut_into_records_that_fit_and_put_together_again() {
    let outputs = crowded();
    let chunks = records(&outputs);
    assert!(chunks.len() > 1, "{}", chunks.len());
    for chunk in &chunks {
        let mut bytes = Vec::new();
        encode(chunk, &mut bytes).unwrap();
        assert!(bytes.len() <= 256 * 1024, "{}", bytes.len());
    }
    let whole = record::join(&chunks).unwrap();
    assert_eq!((whole.asked.len(), whole.rows.len(), whole.columns.len()), (600, 256, 20));
    assert_eq!(certify(&whole.rows, &whole.columns, &whole.edges, whole.gap_ms), Ok(()));
    let decided: Vec<_> = decisions(&outputs).cloned().collect();
    assert_eq!(redecide(&chunks, &POLICY), Ok(decided));
}

#[test]
fn a_ride_beyond_the_limits_of_a_turn_waits_and_says_why() {
    let outputs = crowded();
    let mut told = BTreeMap::new();
    for decided in decisions(&outputs) {
        let beyond = decided.barred.iter().any(|barred| barred.drivers == 0);
        *told.entry((decided.outcome, decided.row.is_some(), beyond)).or_insert(0) += 1;
    }
    use kernel::contract::Outcome::{Offered, Waiting};
    let expected = [((Waiting, false, true), 344), ((Waiting, true, false), 236), ((Offered, true, false), 20)];
    assert_eq!(told, BTreeMap::from(expected));
}

#[test]
fn a_record_that_misses_a_part_or_has_another_policy_is_not_decided_again() {
    let chunks = records(&crowded());
    let error = |chunks: &[TurnTaken], policy: &Policy| redecide(chunks, policy).map(|_| ()).unwrap_err();
    assert_eq!(error(&[], &POLICY), "a turn has at least one record");
    assert!(error(&chunks[1..], &POLICY).starts_with("place 0 of "));
    let other = Policy::parse(&crate::BUILT_IN.replace("answer_s = 20", "answer_s = 21")).unwrap();
    assert!(error(&chunks, &other).starts_with("turn sf/1 was decided by the policy "));
    let mut astray = chunks.clone();
    if let Some(edge) = astray.iter_mut().flat_map(|chunk| &mut chunk.edges).next() {
        edge.column = 1_000;
    }
    assert_eq!(error(&astray, &POLICY), "the edges of turn sf/1 are not in order");
}
