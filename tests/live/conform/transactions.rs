//! Transactions: what they show, hide and fence.

use std::time::{Duration, Instant};

use rdkafka::Offset;
use rdkafka::consumer::Consumer;
use rdkafka::producer::Producer;

use super::clients::*;

fn numbers(broker: &str, topic: &str, isolation: &str, end: i64) -> Result<Vec<u32>, Fault> {
    let read = read(broker, topic, isolation, end)?;
    Ok(read.iter().filter_map(|record| record.value.as_ref()?.parse().ok()).collect())
}

pub(super) fn an_abort_is_hidden_from_read_committed(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    let producer = transactional(broker, &unique("id"))?;
    for (numbers, commit) in [(0..10, true), (10..20, false), (20..30, true)] {
        producer.begin_transaction()?;
        send(&producer, &topic, numbers)?;
        if commit {
            producer.commit_transaction(WAIT)?;
        } else {
            producer.flush(WAIT)?;
            producer.abort_transaction(WAIT)?;
        }
    }
    let committed = numbers(broker, &topic, "read_committed", 33)?;
    let all = numbers(broker, &topic, "read_uncommitted", 33)?;
    ensure!(committed.iter().copied().eq((0..10).chain(20..30)), "read_committed saw {committed:?}");
    ensure!(all.iter().copied().eq(0..30), "read_uncommitted saw {all:?}");
    Ok(())
}

pub(super) fn an_open_transaction_is_hidden(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    let producer = transactional(broker, &unique("id"))?;
    producer.begin_transaction()?;
    send(&producer, &topic, 0..10)?;
    producer.flush(WAIT)?;
    let consumer = consumer(broker, &unique("group"), "read_committed")?;
    consumer.assign(&single(&topic, Offset::Beginning))?;
    let early = drain(&consumer, 1, Duration::from_secs(1))?;
    ensure!(early.is_empty(), "a dirty read of {early:?}");
    producer.commit_transaction(WAIT)?;
    let committed = Instant::now();
    let late = drain(&consumer, 10, WAIT)?;
    ensure!(late.len() == 10, "{} of 10 after the commit", late.len());
    ensure!(committed.elapsed() < Duration::from_secs(5), "visible only after {:?}", committed.elapsed());
    Ok(())
}

pub(super) fn offsets_and_output_are_one(broker: &str) -> Verdict {
    let (input, output) = (topic(broker, 1, &[])?, topic(broker, 1, &[])?);
    let (group, id) = (unique("group"), unique("id"));
    store(broker, &input, 0..300)?;
    // The first run commits a hundred and dies before it commits the second hundred; the second run does the rest.
    for dies in [true, false] {
        let consumer = consumer(broker, &group, "read_committed")?;
        let producer = transactional(broker, &id)?;
        consumer.subscribe(&[&input])?;
        for batch in 0..2 {
            let read = drain(&consumer, 100, WAIT)?;
            ensure!(read.len() == 100, "batch {batch}: {} of 100", read.len());
            producer.begin_transaction()?;
            for number in read {
                put(&producer, &output, Some("k"), Some(&(number * 2).to_string()))?;
            }
            if dies && batch == 1 {
                producer.flush(WAIT)?;
                break;
            }
            let metadata = consumer.group_metadata().ok_or("no group metadata")?;
            producer.send_offsets_to_transaction(&consumer.position()?, &metadata, WAIT)?;
            producer.commit_transaction(WAIT)?;
        }
    }
    let mut read = numbers(broker, &output, "read_committed", decided_end(broker, &output)?)?;
    read.sort_unstable();
    ensure!(read.iter().copied().eq((0..300).map(|number| number * 2)), "{} outputs for 300 inputs", read.len());
    let reader = consumer(broker, &group, "read_committed")?;
    let (offset, _) = committed(&reader, &input, WAIT)?;
    ensure!(offset == Offset::Offset(300), "committed {offset:?}");
    Ok(())
}

pub(super) fn a_zombie_is_fenced(broker: &str) -> Verdict {
    let (topic, id) = (topic(broker, 1, &[])?, unique("id"));
    let zombie = transactional(broker, &id)?;
    zombie.begin_transaction()?;
    send(&zombie, &topic, 0..1)?;
    zombie.flush(WAIT)?;
    let heir = transactional(broker, &id)?;
    heir.begin_transaction()?;
    send(&heir, &topic, 1..2)?;
    heir.commit_transaction(WAIT)?;
    ensure!(zombie.commit_transaction(WAIT).is_err(), "the zombie committed");
    let read = numbers(broker, &topic, "read_committed", decided_end(broker, &topic)?)?;
    ensure!(read == [1], "saw {read:?}");
    Ok(())
}

/// What a fenced producer still sends is refused, so it can leave nothing open behind.
pub(super) fn a_zombie_cannot_write(broker: &str) -> Verdict {
    let (topic, id) = (topic(broker, 1, &[])?, unique("id"));
    let zombie = transactional(broker, &id)?;
    zombie.begin_transaction()?;
    send(&zombie, &topic, 0..1)?;
    zombie.flush(WAIT)?;
    let _heir = transactional(broker, &id)?; // It writes nothing: the fence alone must hold.
    let before = decided_end(broker, &topic)?;
    let _ = send(&zombie, &topic, 1..3);
    let _ = zombie.flush(Duration::from_secs(3));
    let after = decided_end(broker, &topic)?;
    ensure!(before == after, "the zombie moved the end from {before:?} to {after:?}");
    ensure!(zombie.commit_transaction(WAIT).is_err(), "the zombie committed");
    Ok(())
}

pub(super) fn a_transaction_that_takes_too_long_is_aborted(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    let settings = [("transactional.id", &*unique("id")), ("transaction.timeout.ms", "1500")];
    let slow = producer(broker, &[settings[0], settings[1], ("message.timeout.ms", "1500")])?;
    slow.init_transactions(WAIT)?;
    slow.begin_transaction()?;
    send(&slow, &topic, 0..5)?;
    slow.flush(WAIT)?;
    let reader = consumer(broker, &unique("group"), "read_committed")?;
    let begun = Instant::now();
    // Once aborted, the last stable offset passes the five records and their marker.
    while reader.fetch_watermarks(&topic, 0, WAIT)?.1 < 6 {
        ensure!(begun.elapsed() < WAIT, "still open after {:?}", begun.elapsed());
        std::thread::sleep(Duration::from_millis(50));
    }
    ensure!(slow.commit_transaction(WAIT).is_err(), "committed after its time");
    let read = numbers(broker, &topic, "read_committed", 6)?;
    ensure!(read.is_empty(), "saw {read:?}");
    Ok(())
}
