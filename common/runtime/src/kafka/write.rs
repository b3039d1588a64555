//! What a transaction is made of: the producer, and the offsets with what a successor must know.

use std::sync::Arc;

use rdkafka::{
    Offset, TopicPartitionList,
    consumer::ConsumerGroupMetadata,
    error::KafkaError,
    producer::{BaseProducer, Producer},
};

use super::{
    KafkaLog, Quiet, away,
    commit::{Committer, Job},
};
use crate::log::{Fault, Transaction};

impl KafkaLog {
    /// Makes the producer when there is none; what an earlier one of the same id left open is aborted.
    pub(super) fn committer(&mut self) -> Result<&mut Committer, Fault> {
        if self.committer.is_none() {
            let config = self.access.producer(&self.access.transactional_id());
            let producer: BaseProducer<Quiet> = config.create_with_context(Quiet(self.reason.clone())).map_err(away)?;
            producer.init_transactions(self.access.calls.call).map_err(away)?;
            self.committer = Some(Committer::of(producer, self.access.calls)?);
        }
        self.committer.as_mut().ok_or_else(|| Fault::Away("no producer".to_owned()))
    }

    pub(super) fn begin(&mut self, transaction: &Arc<Transaction>, member: ConsumerGroupMetadata) -> Result<(), Fault> {
        let offsets = self.offsets_of(transaction)?;
        self.committer()?.begin(Job { transaction: transaction.clone(), offsets, member });
        Ok(())
    }

    /// The offsets with, on those of the work topic, what a successor needs to know of us.
    fn offsets_of(&self, transaction: &Transaction) -> Result<TopicPartitionList, Fault> {
        let mut list = TopicPartitionList::new();
        for cut in &transaction.offsets {
            let bad = |error: KafkaError| Fault::Aborted(error.to_string());
            list.add_partition_offset(&cut.topic, cut.partition, Offset::Offset(cut.offset)).map_err(bad)?;
            if cut.topic == self.work_topic
                && let Some((_, newest)) = transaction.newest.iter().find(|(partition, _)| *partition == cut.partition)
                && let Some(mut element) = list.find_partition(&cut.topic, cut.partition)
            {
                element.set_metadata(format!("{} {}", newest.0, self.access.transactional_id()));
            }
        }
        Ok(list)
    }
}
