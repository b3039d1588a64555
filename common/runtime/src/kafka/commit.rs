//! One transaction: records and offsets, both or neither. It is written by a thread of its own, so that the worker goes on
//! polling, and so that a call of the client that never returns costs a producer, not the worker.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use rdkafka::{
    TopicPartitionList,
    consumer::ConsumerGroupMetadata,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    producer::{BaseProducer, BaseRecord, Producer},
};

use super::{Calls, Quiet, flush::flush};
use crate::{
    log::{Fault, Outgoing, Transaction},
    trace::HEADER,
};

/// How much later than its bound a commit may come back; then the client is taken to hang.
const LATE: Duration = Duration::from_secs(1);

/// What is to be written.
pub(super) struct Job {
    pub(super) transaction: Arc<Transaction>,
    pub(super) offsets: TopicPartitionList,
    pub(super) member: ConsumerGroupMetadata,
}

/// A transactional producer and the thread that commits with it.
pub(super) struct Committer {
    jobs: Option<Sender<Job>>,
    done: Receiver<Result<(), Fault>>,
    outcome: Option<Result<(), Fault>>,
    /// When what is under way must have come back.
    due: Option<Instant>,
    most: Duration,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    /// Starts the thread; `producer` is initialised.
    ///
    /// # Errors
    /// [`Fault::Away`] when there is no thread to be had.
    pub(super) fn start(producer: BaseProducer<Quiet>, calls: Calls) -> Result<Committer, Fault> {
        let (jobs, taken) = channel::<Job>();
        let (told, done) = channel();
        let body = move || {
            // Kept until the next comes: a large transaction is let go of here, not by the worker.
            let mut last = None;
            while let Ok(job) = taken.recv() {
                drop(last.take());
                let outcome = transact(&producer, &job, calls);
                last = Some(job);
                if told.send(outcome).is_err() {
                    return;
                }
            }
        };
        let thread = Builder::new().name("commit".to_owned()).spawn(body);
        let thread = Some(thread.map_err(|error| Fault::Away(format!("no thread for commits: {error}")))?);
        Ok(Committer { jobs: Some(jobs), done, outcome: None, due: None, most: calls.commit + LATE, thread })
    }

    /// Begins to write; [`Committer::wait`] tells what came of it.
    pub(super) fn begin(&mut self, job: Job) {
        let sent = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        self.outcome = (!sent).then(|| Err(ended()));
        self.due = sent.then(|| Instant::now() + self.most);
    }

    /// Whether it is still being written.
    pub(super) fn underway(&mut self) -> bool {
        if self.outcome.is_none() && self.due.is_some_and(|due| Instant::now() < due) {
            self.outcome = match self.done.try_recv() {
                Ok(outcome) => Some(outcome),
                Err(TryRecvError::Empty) => return true,
                Err(TryRecvError::Disconnected) => Some(Err(ended())),
            };
        }
        false
    }

    /// Waits until it is written or is not. After [`Fault::Unknown`] this producer is of no more use.
    pub(super) fn wait(&mut self) -> Result<(), Fault> {
        let outcome = self.outcome.take().unwrap_or_else(|| {
            let left = self.due.map_or(Duration::ZERO, |due| due.saturating_duration_since(Instant::now()));
            match self.done.recv_timeout(left) {
                Ok(outcome) => outcome,
                Err(RecvTimeoutError::Disconnected) => Err(ended()),
                Err(RecvTimeoutError::Timeout) => {
                    // Its thread ends when the call returns, if ever; a new producer of the same id fences it.
                    drop(self.thread.take());
                    Err(Fault::Unknown(format!("no end of a commit after {} s", self.most.as_secs())))
                }
            }
        });
        self.due = None;
        outcome
    }
}

impl Drop for Committer {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take().filter(|_| self.due.is_none()) {
            // Its panic was printed.
            drop(thread.join());
        }
    }
}

fn ended() -> Fault {
    Fault::Unknown("the thread that commits has ended".to_owned())
}

/// Writes records and offsets. The offsets go when the records are there: the coordinator takes one change at a time, and who comes
/// between waits 20 ms.
fn transact(producer: &BaseProducer<Quiet>, job: &Job, calls: Calls) -> Result<(), Fault> {
    let due = Instant::now() + calls.commit;
    let left = || due.saturating_duration_since(Instant::now());
    let written = producer
        .begin_transaction()
        .and_then(|()| send_all(producer, &job.transaction.records))
        .and_then(|()| flush(producer, left()))
        .and_then(|()| producer.send_offsets_to_transaction(&job.offsets, &job.member, calls.call.min(left())));
    if let Err(error) = written {
        // Where nothing can be aborted the producer is of no more use.
        return Err(abort(producer, &error, calls));
    }
    producer.commit_transaction(left()).map_err(|error| match &error {
        KafkaError::Transaction(cause) if cause.txn_requires_abort() => abort(producer, &error, calls),
        _ => Fault::Unknown(error.to_string()),
    })
}

fn abort(producer: &BaseProducer<Quiet>, why: &KafkaError, calls: Calls) -> Fault {
    let fatal = matches!(why, KafkaError::Transaction(cause) if cause.is_fatal());
    if !fatal && producer.abort_transaction(calls.call).is_ok() {
        return Fault::Aborted(why.to_string());
    }
    Fault::Unknown(why.to_string())
}

/// Hands all records to the client.
fn send_all(producer: &BaseProducer<Quiet>, records: &[Outgoing]) -> Result<(), KafkaError> {
    for outgoing in records {
        let record = BaseRecord::<[u8], [u8]>::to(outgoing.topic.name).partition(outgoing.partition).key(&outgoing.key);
        let record = match &outgoing.trace {
            Some(trace) => record.headers(OwnedHeaders::new().insert(Header { key: HEADER, value: Some(trace) })),
            None => record,
        };
        let mut record = match &outgoing.value {
            Some(value) => record.payload(value),
            None => record,
        };
        while let Err((error, back)) = producer.send(record) {
            if error.rdkafka_error_code() != Some(RDKafkaErrorCode::QueueFull) {
                return Err(error);
            }
            producer.poll(Duration::from_millis(1));
            record = back;
        }
    }
    Ok(())
}
