//! One transaction: records and offsets, both or neither. It is written by a thread of its own, so that the worker goes on
//! polling, and so that a call of the client that never returns costs a producer, not the worker.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};

use rdkafka::{
    TopicPartitionList,
    consumer::ConsumerGroupMetadata,
    error::KafkaError,
    producer::{BaseProducer, Producer},
};

use super::{Calls, Quiet, flush::flush, send::Sender as Hand};
use crate::log::{Fault, Transaction};

/// How much later than its bound a call may come back; then the client is taken to hang.
const LATE: Duration = Duration::from_secs(1);

/// How long one call to abort lasts, and how long failures are then served.
const ABORT: Duration = Duration::from_millis(50);
const SERVE: Duration = Duration::from_millis(1);

/// What is to be written.
pub(super) struct Job {
    pub(super) transaction: Arc<Transaction>,
    pub(super) offsets: TopicPartitionList,
    pub(super) member: ConsumerGroupMetadata,
}

/// Until when the call that is under way must have returned.
#[derive(Clone)]
struct Due(Arc<(Instant, AtomicU64)>);

impl Due {
    /// The next call returns within `most`, if it keeps its word.
    fn within(&self, most: Duration) {
        let (begun, due) = &*self.0;
        due.store(u64::try_from((begun.elapsed() + most + LATE).as_millis()).unwrap_or(u64::MAX), SeqCst);
    }

    fn left(&self) -> Duration {
        let (begun, due) = &*self.0;
        Duration::from_millis(due.load(SeqCst)).saturating_sub(begun.elapsed())
    }
}

/// The thread that writes transactions with a producer of its own.
pub(super) struct Committer<J = Job> {
    jobs: Option<Sender<J>>,
    done: Receiver<Result<(), Fault>>,
    outcome: Option<Result<(), Fault>>,
    busy: bool,
    hangs: bool,
    due: Due,
    thread: Option<JoinHandle<()>>,
}

impl Committer {
    /// Starts the thread; `producer` is initialised.
    ///
    /// # Errors
    /// [`Fault::Away`] when there is no thread to be had.
    pub(super) fn of(producer: BaseProducer<Quiet>, calls: Calls) -> Result<Committer, Fault> {
        let mut hand = Hand::new(producer);
        Committer::start(move |job: &Job, due| transact(&mut hand, (job, due), calls))
    }
}

impl<J: Send + 'static> Committer<J> {
    /// A thread that does `write`, which says how long each of its calls may take.
    fn start(mut write: impl FnMut(&J, &Due) -> Result<(), Fault> + Send + 'static) -> Result<Committer<J>, Fault> {
        let (jobs, taken) = channel::<J>();
        let (told, done) = channel();
        let due = Due(Arc::new((Instant::now(), AtomicU64::new(0))));
        let shared = due.clone();
        let body = move || {
            // Kept until the next comes: a large transaction is let go of here, not by the worker.
            let mut last = None;
            while let Ok(job) = taken.recv() {
                drop(last.take());
                let outcome = write(&job, &shared);
                last = Some(job);
                if told.send(outcome).is_err() {
                    return;
                }
            }
        };
        let thread = Builder::new().name("commit".to_owned()).spawn(body);
        let thread = Some(thread.map_err(|error| Fault::Away(format!("no thread for commits: {error}")))?);
        Ok(Committer { jobs: Some(jobs), done, outcome: None, busy: false, hangs: false, due, thread })
    }

    /// Begins to write; [`Committer::wait`] tells what came of it.
    pub(super) fn begin(&mut self, job: J) {
        self.due.within(LATE);
        self.busy = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        self.outcome = (!self.busy).then(|| Err(ended()));
    }

    /// Whether it is still being written.
    pub(super) fn underway(&mut self) -> bool {
        if self.outcome.is_none() && self.busy {
            self.outcome = match self.done.try_recv() {
                Ok(outcome) => Some(outcome),
                Err(TryRecvError::Empty) => return !self.due.left().is_zero(),
                Err(TryRecvError::Disconnected) => Some(Err(ended())),
            };
        }
        false
    }

    /// Waits until it is written or is not. After [`Fault::Unknown`] this producer is of no more use.
    pub(super) fn wait(&mut self) -> Result<(), Fault> {
        while self.outcome.is_none() {
            // Each call moves the bound on.
            let left = self.due.left();
            self.outcome = match self.done.recv_timeout(left) {
                Ok(outcome) => Some(outcome),
                Err(RecvTimeoutError::Disconnected) => Some(Err(ended())),
                Err(RecvTimeoutError::Timeout) if left.is_zero() => {
                    self.hangs = true;
                    Some(Err(Fault::Unknown("a call of the kafka client does not return".to_owned())))
                }
                Err(RecvTimeoutError::Timeout) => None,
            };
        }
        self.busy = false;
        self.outcome.take().unwrap_or_else(|| Err(ended()))
    }

    /// Leaves the thread to itself: it ends when its call returns, if ever, and a new producer of the same id fences it. True:
    /// a call hangs.
    pub(super) fn leave(mut self) -> bool {
        drop(self.thread.take());
        self.hangs
    }
}

impl<J> Drop for Committer<J> {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take().filter(|_| !self.busy && !self.hangs) {
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
fn transact(hand: &mut Hand, (job, due): (&Job, &Due), calls: Calls) -> Result<(), Fault> {
    let end = Instant::now() + calls.commit;
    let within = |most: Duration| {
        let most = most.min(end.saturating_duration_since(Instant::now()));
        due.within(most);
        most
    };
    within(calls.commit);
    let written = hand
        .producer
        .begin_transaction()
        .and_then(|()| hand.send_all(&job.transaction.records, end))
        .and_then(|()| flush(&hand.producer, within(calls.commit)))
        .and_then(|()| hand.producer.send_offsets_to_transaction(&job.offsets, &job.member, within(calls.call)));
    let ended = match written {
        // Where nothing can be aborted the producer is of no more use.
        Err(error) if hand.spoilt => Err(Fault::Unknown(error.to_string())),
        Err(error) => Err(abort(&hand.producer, &error, (due, calls.call))),
        Ok(()) => hand.producer.commit_transaction(within(calls.commit)).map_err(|error| match &error {
            KafkaError::Transaction(cause) if cause.txn_requires_abort() => {
                abort(&hand.producer, &error, (due, calls.call))
            }
            _ => Fault::Unknown(error.to_string()),
        }),
    };
    match &ended {
        Ok(()) => hand.committed(),
        Err(_) => hand.failed(),
    }
    ended
}

/// Aborts. Records that were not sent yet are failed, and each failure must be served before the abort can go on: so it is called
/// again and again, for a moment each.
fn abort(producer: &BaseProducer<Quiet>, why: &KafkaError, (due, most): (&Due, Duration)) -> Fault {
    let fatal = matches!(why, KafkaError::Transaction(cause) if cause.is_fatal());
    let begun = Instant::now();
    due.within(most);
    while !fatal && begun.elapsed() < most {
        match producer.abort_transaction(ABORT) {
            Ok(()) => return Fault::Aborted(why.to_string()),
            Err(KafkaError::Transaction(cause)) if cause.is_retriable() => producer.poll(SERVE),
            Err(_) => break,
        }
    }
    Fault::Unknown(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: Duration = Duration::from_secs(600);

    #[test]
    fn what_came_of_a_job_is_told_once_and_the_next_follows() {
        let mut committer = Committer::start(|job: &u32, due| {
            due.within(NEVER);
            if *job == 1 { Ok(()) } else { Err(Fault::Aborted("refused".to_owned())) }
        })
        .unwrap();
        committer.begin(1);
        assert_eq!(committer.wait(), Ok(()));
        assert!(!committer.underway());
        committer.begin(2);
        while committer.underway() {
            std::thread::yield_now();
        }
        assert_eq!(committer.wait(), Err(Fault::Aborted("refused".to_owned())));
    }

    #[test]
    fn each_call_has_its_own_bound() {
        let mut committer = Committer::start(|(): &(), due| {
            for _ in 0..3 {
                due.within(LATE / 2);
                std::thread::sleep(LATE);
            }
            Ok(())
        })
        .unwrap();
        committer.begin(());
        assert_eq!(committer.wait(), Ok(()), "all together took longer than the first call might");
    }

    #[test]
    fn a_call_that_never_returns_is_given_up_and_nobody_waits_for_its_thread() {
        let mut committer = Committer::start(|(): &(), due| {
            due.within(Duration::ZERO);
            std::thread::sleep(NEVER);
            Ok(())
        })
        .unwrap();
        committer.begin(());
        assert!(committer.underway());
        let begun = Instant::now();
        assert!(matches!(committer.wait(), Err(Fault::Unknown(_))));
        assert!(!committer.underway() && committer.leave());
        assert!(begun.elapsed() < LATE * 10);
    }

    #[test]
    fn a_thread_that_panics_leaves_the_outcome_unknown() {
        let mut committer = Committer::start(|(): &(), _| panic!("planted")).unwrap();
        committer.begin(());
        assert!(matches!(committer.wait(), Err(Fault::Unknown(_))));
        committer.begin(());
        assert!(matches!(committer.wait(), Err(Fault::Unknown(_))));
    }
}
