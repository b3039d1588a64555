//! What a person may have meant.

/// The candidate that goes on where `word` ends, the shortest of several; else the nearest, if it is near enough: at most a third of
/// its letters differ.
pub(super) fn near<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody types a name of such length; the distance costs its square.
    if word.len() > 100 {
        return None;
    }
    let candidates: Vec<&str> = candidates.collect();
    let goes_on = |candidate: &&&str| candidate.strip_prefix(word).is_some_and(|rest| rest.starts_with('_'));
    if let Some(longer) = candidates.iter().filter(goes_on).min_by_key(|candidate| candidate.len()) {
        return Some(longer);
    }
    let scored = candidates.into_iter().map(|candidate| (distance(word, candidate), candidate));
    let (distance, candidate) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance <= (candidate.len() / 3).max(1)).then_some(candidate)
}

/// Letters to add, drop, change or swap with their neighbour to come from one word to the other (optimal string alignment;
/// Damerau, 1964).
fn distance(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for at in 1..=from.len() {
        let mut row = vec![at];
        for column in 1..=to.len() {
            let changed = rows[at - 1][column - 1] + usize::from(from[at - 1] != to[column - 1]);
            let mut least = changed.min(rows[at - 1][column] + 1).min(row[column - 1] + 1);
            if at > 1 && column > 1 && from[at - 1] == to[column - 2] && from[at - 2] == to[column - 1] {
                least = least.min(rows[at - 2][column - 2] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood_and_another_word_is_not() {
        let names = || ["kafka.brokers", "kafka.group", "run.workers"].into_iter();
        for (word, meant) in
            [("kafka.broker", "kafka.brokers"), ("kafka.gruop", "kafka.group"), ("run.worker", "run.workers")]
        {
            assert_eq!(near(word, names()), Some(meant));
        }
        let limits = ["limits.asks_in_hand", "limits.asks_taken", "limits.markets"];
        assert_eq!(near("limits.asks", limits.into_iter()), Some("limits.asks_taken"));
        assert_eq!(near("colour", names()), None);
        assert_eq!(near(&"k".repeat(1_000), names()), None);
        assert_eq!((distance("", "abc"), distance("abc", ""), distance("wran", "warn")), (3, 3, 1));
    }
}
