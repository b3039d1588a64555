//! What a processor relies on when it takes a partition over from another instance.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::{Offset, TopicPartitionList};

use super::clients::*;

/// A member that owns the only partition of a work topic, and a producer with an open transaction.
struct Owner {
    work: String,
    output: String,
    group: String,
    id: String,
    consumer: BaseConsumer,
    producer: BaseProducer,
}

impl Owner {
    fn new(broker: &str) -> Result<Owner, Fault> {
        let (work, output) = (topic(broker, 1, &[])?, topic(broker, 1, &[])?);
        let (group, id) = (unique("group"), unique("id"));
        let consumer = member(broker, &group, &work)?;
        assigned(&consumer)?;
        let producer = transactional(broker, &id)?;
        producer.begin_transaction()?;
        put(&producer, &output, Some("k"), Some("1"))?;
        producer.flush(WAIT)?;
        Ok(Owner { work, output, group, id, consumer, producer })
    }

    fn metadata(&self) -> Result<ConsumerGroupMetadata, Fault> {
        Ok(self.consumer.group_metadata().ok_or("no group metadata")?)
    }

    fn work(&self, offset: i64, metadata: &str) -> TopicPartitionList {
        let list = single(&self.work, Offset::Offset(offset));
        if let Some(mut element) = list.find_partition(&self.work, 0) {
            element.set_metadata(metadata);
        }
        list
    }

    /// Lets another member take the partition; the owner's metadata is stale from then on.
    fn replaced(&self, broker: &str) -> Result<BaseConsumer, Fault> {
        self.consumer.unsubscribe();
        let begun = Instant::now();
        while self.consumer.assignment()?.count() > 0 {
            ensure!(begun.elapsed() < WAIT, "the owner did not leave");
            self.consumer.poll(Duration::from_millis(20)).transpose()?;
        }
        let heir = member(broker, &self.group, &self.work)?;
        assigned(&heir)?;
        Ok(heir)
    }
}

pub(super) fn a_pending_offset_blocks_until_its_owner_is_fenced(broker: &str) -> Verdict {
    let owner = Owner::new(broker)?;
    let metadata = owner.metadata()?;
    owner.producer.send_offsets_to_transaction(&owner.work(5, "owner=first"), &metadata, WAIT)?;
    owner.producer.commit_transaction(WAIT)?;
    owner.producer.begin_transaction()?;
    put(&owner.producer, &owner.output, Some("k"), Some("2"))?;
    owner.producer.send_offsets_to_transaction(&owner.work(9, "owner=second"), &metadata, WAIT)?;

    let stable = consumer(broker, &owner.group, "read_committed")?;
    let dirty = consumer(broker, &owner.group, "read_uncommitted")?;
    let blocked = committed(&stable, &owner.work, Duration::from_secs(1));
    ensure!(blocked.is_err(), "a pending offset was passed over: {blocked:?}");
    let seen = committed(&dirty, &owner.work, WAIT)?;
    ensure!(seen == (Offset::Offset(5), "owner=first".to_owned()), "read uncommitted: {seen:?}");

    let begun = Instant::now();
    let heir = transactional(broker, &owner.id)?;
    let free = committed(&stable, &owner.work, WAIT)?;
    ensure!(free.0 == Offset::Offset(5), "after the fence: {free:?}");
    ensure!(begun.elapsed() < Duration::from_secs(10), "the fence took {:?}", begun.elapsed());
    ensure!(owner.producer.commit_transaction(WAIT).is_err(), "the fenced owner committed");
    drop(heir);
    Ok(())
}

/// The client waits half a second before it asks for the broker's second answer; whoever takes over does not.
pub(super) fn an_open_transaction_ends_though_its_heir_does_not_wait(broker: &str) -> Verdict {
    let owner = Owner::new(broker)?;
    owner.producer.send_offsets_to_transaction(&owner.work(9, "owner=first"), &owner.metadata()?, WAIT)?;
    let dirty = consumer(broker, &owner.group, "read_uncommitted")?;
    let end = dirty.fetch_watermarks(&owner.output, 0, WAIT)?.1;

    let heir = asking(broker, &owner.id)?;
    let (stable, begun) = (consumer(broker, &owner.group, "read_committed")?, Instant::now());
    let ended = || -> Result<bool, Fault> {
        let read = stable.fetch_watermarks(&owner.output, 0, WAIT)?.1;
        Ok(read >= end && committed(&stable, &owner.work, Duration::from_millis(100)).is_ok())
    };
    let mut asked = heir.init_transactions(Duration::from_millis(20));
    while asked.is_err() && !ended()? {
        // Whatever the broker said last, "not yet" too, the client tells what may be asked again.
        let again = matches!(&asked, Err(KafkaError::Transaction(error)) if error.is_retriable());
        ensure!(again && begun.elapsed() < WAIT, "still open: {asked:?}");
        asked = heir.init_transactions(Duration::from_millis(20));
    }
    drop(heir);
    ensure!(begun.elapsed() < Duration::from_secs(5), "the fence took {:?}", begun.elapsed());
    ensure!(ended()?, "the client has its answer, and the transaction is open");
    ensure!(owner.producer.commit_transaction(WAIT).is_err(), "the fenced owner committed");
    Ok(())
}

pub(super) fn the_last_stable_offset_lags_behind_the_end(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    let (first, second) = (transactional(broker, &unique("id"))?, transactional(broker, &unique("id"))?);
    first.begin_transaction()?;
    send(&first, &topic, 0..2)?;
    first.commit_transaction(WAIT)?; // Offsets 0 and 1, marker 2.
    first.begin_transaction()?;
    send(&first, &topic, 2..3)?;
    first.flush(WAIT)?;
    first.abort_transaction(WAIT)?; // Offset 3, marker 4.
    decided_end(broker, &topic)?; // Or the next record could come before the marker.
    second.begin_transaction()?;
    send(&second, &topic, 3..4)?;
    second.flush(WAIT)?; // Offset 5, open.

    let stable = consumer(broker, &unique("group"), "read_committed")?;
    let dirty = consumer(broker, &unique("group"), "read_uncommitted")?;
    for (consumer, end) in [(&stable, 5), (&dirty, 6)] {
        let watermarks = consumer.fetch_watermarks(&topic, 0, WAIT)?;
        ensure!(watermarks == (0, end), "watermarks {watermarks:?}, not {end}");
        let found = consumer.offsets_for_times(single(&topic, Offset::End), WAIT)?;
        let found = found.find_partition(&topic, 0).map(|element| element.offset());
        ensure!(found == Some(Offset::Offset(end)), "time -1 is at {found:?}, not {end}");
    }
    second.commit_transaction(WAIT)?;
    let end = decided_end(broker, &topic)?;
    ensure!(end == 7, "the end after the commit is {end}");
    Ok(())
}

/// Why every transaction must send an offset: one without is not checked against the group.
pub(super) fn an_empty_list_of_offsets_fences_nothing(broker: &str) -> Verdict {
    let owner = Owner::new(broker)?;
    let stale = owner.metadata()?;
    let _heir = owner.replaced(broker)?;
    owner.producer.send_offsets_to_transaction(&TopicPartitionList::new(), &stale, WAIT)?;
    owner.producer.commit_transaction(WAIT)?;
    Ok(())
}

pub(super) fn an_unchanged_offset_of_a_stale_generation_is_refused(broker: &str) -> Verdict {
    let owner = Owner::new(broker)?;
    let stale = owner.metadata()?;
    let _heir = owner.replaced(broker)?;
    let sent = owner.producer.send_offsets_to_transaction(&owner.work(0, ""), &stale, WAIT);
    ensure!(sent.is_err(), "a stale owner sent offsets");
    owner.producer.abort_transaction(WAIT)?;
    Ok(())
}

/// Why a processor must refuse it itself.
pub(super) fn metadata_of_no_member_is_let_through(broker: &str) -> Verdict {
    let owner = Owner::new(broker)?;
    let stranger: BaseConsumer = consumer_config(broker, &owner.group).create()?;
    let nobody = stranger.group_metadata().ok_or("no group metadata")?;
    owner.producer.send_offsets_to_transaction(&owner.work(3, ""), &nobody, WAIT)?;
    owner.producer.commit_transaction(WAIT)?;
    let (offset, _) = committed(&stranger, &owner.work, WAIT)?;
    ensure!(offset == Offset::Offset(3), "committed {offset:?}");
    Ok(())
}

pub(super) fn offsets_of_topics_not_subscribed_are_committed_too(broker: &str) -> Verdict {
    let owner = Owner::new(broker)?;
    let mut offsets = owner.work(1, "owner=me");
    offsets.add_partition_offset(&owner.output, 0, Offset::Offset(3))?;
    owner.producer.send_offsets_to_transaction(&offsets, &owner.metadata()?, WAIT)?;
    owner.producer.commit_transaction(WAIT)?;
    let work = committed(&owner.consumer, &owner.work, WAIT)?;
    let tail = committed(&owner.consumer, &owner.output, WAIT)?;
    ensure!(work == (Offset::Offset(1), "owner=me".to_owned()), "work topic: {work:?}");
    ensure!(tail.0 == Offset::Offset(3), "tail: {tail:?}");
    Ok(())
}
