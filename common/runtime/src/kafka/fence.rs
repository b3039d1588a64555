//! Ending what a predecessor that was killed left open: every reader of its partitions waits for it, by default for ten seconds.
//!
//! To initialise its transactional id ends it. The broker begins that at once, but answers "not yet", and the client asks again only
//! after half a second: no partition waits for what is answered of its own predecessor, for it shows itself when it is settled.

use std::time::{Duration, Instant};

use rdkafka::{
    TopicPartitionList,
    consumer::Consumer,
    error::KafkaError,
    producer::{BaseProducer, Producer},
};

use super::{KafkaLog, Quiet, takeover::LOOK};

/// How long one look for the answer waits: the live partitions wait meanwhile.
const SLICE: Duration = Duration::from_millis(50);

/// What became of something that was left open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Nothing is open any more.
    Yes,
    /// It was asked for.
    Soon,
    /// It was not, and it is tried again.
    No,
}

/// A transactional id that is being initialised.
pub(super) struct Fencing {
    id: String,
    producer: BaseProducer<Quiet>,
    since: Instant,
}

impl KafkaLog {
    /// Ends what predecessors left open in a partition, as far as they do not live.
    pub(super) fn fence(&mut self, partition: i32) -> Ended {
        if !self.look_round() {
            return Ended::No;
        }
        // Whose transaction it is may be another partition's concern: once it is done, this one's own are looked for.
        if let Some(fencing) = self.peers.fencing.take().filter(|fencing| !self.peers.lives(&fencing.id)) {
            match self.go_on_fencing(fencing) {
                Ended::Yes => {}
                other => return other,
            }
        }
        match self.fence_predecessor(partition) {
            Ended::Yes => self.fence_dead(),
            other => other,
        }
    }

    /// The transactional id stands in the metadata of the offsets that the predecessor committed. An owner that lives ends it by itself.
    fn fence_predecessor(&mut self, partition: i32) -> Ended {
        let mut list = TopicPartitionList::new();
        list.add_partition(self.work_topic, partition);
        let told: Result<TopicPartitionList, KafkaError> = self.uncommitted.committed_offsets(list, LOOK);
        let Ok(told) = told else { return Ended::No };
        let told = told.find_partition(self.work_topic, partition).filter(|told| told.error().is_ok());
        let Some(told) = told else { return Ended::No };
        let Some((_, id)) = told.metadata().split_once(' ') else { return Ended::Yes };
        if id == self.access.transactional_id() || self.peers.is_fenced(id) {
            return Ended::Yes;
        }
        if self.peers.lives(id) { Ended::No } else { self.initialise(id.to_owned()) }
    }

    /// Members that we saw and that are gone: who of them was killed before its first commit for a partition is named by no
    /// offset of it, and may have left a transaction open there all the same. One at a time, for the live partitions wait.
    fn fence_dead(&mut self) -> Ended {
        let Some(id) = self.peers.dead() else { return Ended::Yes };
        match self.initialise(id) {
            Ended::Yes if self.peers.dead().is_some() => Ended::No,
            other => other,
        }
    }

    fn initialise(&mut self, id: String) -> Ended {
        let config = self.access.producer(&id);
        match config.create_with_context(Quiet(self.reason.clone())) {
            Ok(producer) => self.go_on_fencing(Fencing { id, producer, since: Instant::now() }),
            Err(_) => Ended::No,
        }
    }

    fn go_on_fencing(&mut self, fencing: Fencing) -> Ended {
        let Fencing { id, producer, since } = &fencing;
        // What is answered after that, nobody asked for lately.
        let late = since.elapsed() >= self.access.calls.offsets;
        match producer.init_transactions(SLICE) {
            Ok(()) if !late => {
                self.peers.fenced(id);
                Ended::Yes
            }
            Err(KafkaError::Transaction(error)) if error.is_retriable() && !late => {
                self.peers.fencing = Some(fencing);
                Ended::Soon
            }
            // It is not tried for ever: its transaction ends by its time-out. Who is named by a partition's offsets is tried again.
            _ => {
                self.peers.forget(id);
                Ended::No
            }
        }
    }
}
