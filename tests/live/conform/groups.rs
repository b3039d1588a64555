//! Group membership.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance};

use super::clients::*;

/// Writes down what the client was told.
struct Witness(Arc<Mutex<Vec<String>>>);

impl ClientContext for Witness {}

impl ConsumerContext for Witness {
    fn post_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let told = match rebalance {
            Rebalance::Assign(list) => format!("+{}", list.count()),
            Rebalance::Revoke(list) => format!("-{}", list.count()),
            Rebalance::Error(error) => format!("error {error}"),
        };
        held(&self.0).push(told);
    }
}

type Member = BaseConsumer<Witness>;

fn owned(member: &Member) -> usize {
    member.assignment().map_or(0, |list| list.count())
}

/// Polls the members until they own these numbers of partitions.
fn until(members: &[&Member], wanted: &[usize]) -> Verdict {
    let begun = Instant::now();
    loop {
        for member in members {
            member.poll(Duration::from_millis(10)).transpose()?;
        }
        let now: Vec<usize> = members.iter().map(|member| owned(member)).collect();
        if now == wanted {
            return Ok(());
        }
        ensure!(begun.elapsed() < WAIT, "the members own {now:?}, not {wanted:?}");
    }
}

/// One member owns all, two share, the one that stays takes all again.
fn shares(broker: &str, settings: &[(&str, &str)]) -> Verdict {
    let (topic, group) = (topic(broker, 4, &[])?, unique("group"));
    let log = Arc::new(Mutex::new(Vec::new()));
    let join = || -> Result<Member, Fault> {
        let mut config = consumer_config(broker, &group);
        for (key, value) in settings {
            config.set(*key, *value);
        }
        let member: Member = config.create_with_context(Witness(log.clone()))?;
        member.subscribe(&[&topic])?;
        Ok(member)
    };
    let first = join()?;
    until(&[&first], &[4])?;
    let second = join()?;
    until(&[&first, &second], &[2, 2])?;
    drop(second);
    until(&[&first], &[4])?;
    let told = held(&log);
    ensure!(!told.iter().any(|told| told.starts_with("error")), "rebalances {told:?}");
    Ok(())
}

const SHORT: [(&str, &str); 2] = [("session.timeout.ms", "6000"), ("heartbeat.interval.ms", "300")];

pub(super) fn members_share_by_the_range_protocol(broker: &str) -> Verdict {
    shares(broker, &[SHORT[0], SHORT[1], ("partition.assignment.strategy", "range")])
}

pub(super) fn members_share_by_the_cooperative_protocol(broker: &str) -> Verdict {
    shares(broker, &[SHORT[0], SHORT[1], ("partition.assignment.strategy", "cooperative-sticky")])
}

pub(super) fn members_share_by_the_consumer_protocol(broker: &str) -> Verdict {
    shares(broker, &[("group.protocol", "consumer")])
}

pub(super) fn a_static_member_reads(broker: &str) -> Verdict {
    let topic = topic(broker, 1, &[])?;
    store(broker, &topic, 0..10)?;
    let mut config = consumer_config(broker, &unique("group"));
    let consumer: BaseConsumer = config.set("group.instance.id", "one").create()?;
    consumer.subscribe(&[&topic])?;
    let numbers = drain(&consumer, 10, WAIT)?;
    ensure!(numbers.len() == 10, "{} of 10", numbers.len());
    Ok(())
}

/// A member that stops without a word loses its partitions when its session is over.
pub(super) fn a_silent_member_is_replaced(broker: &str) -> Verdict {
    let (topic, group) = (topic(broker, 1, &[])?, unique("group"));
    let silent = {
        let mut config = consumer_config(broker, &group);
        // It heartbeats less often than its session allows.
        config
            .set("session.timeout.ms", "1500")
            .set("heartbeat.interval.ms", "1400")
            .set("max.poll.interval.ms", "1500");
        config.set("partition.assignment.strategy", "cooperative-sticky");
        let consumer: BaseConsumer = config.create()?;
        consumer.subscribe(&[&topic])?;
        consumer
    };
    assigned(&silent)?;
    let other = member(broker, &group, &topic)?; // `silent` is not polled any more, so it is out of the group soon.
    assigned(&other)
}
