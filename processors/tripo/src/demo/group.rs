//! Who owns which partitions, as the group's coordinator says.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};

/// The consumer group of the demonstration's matching: not that of a service which runs beside it.
pub(super) const GROUP: &str = "demo";
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(250);
/// Longest wait for an answer; then it is asked again.
const PATIENCE: Duration = Duration::from_secs(2);

/// Client id to the partitions of the work topic that it owned when the group was last settled.
type Owned = BTreeMap<String, Vec<i32>>;

/// A thread that asks again and again.
pub(super) struct Group {
    owned: Arc<Mutex<Owned>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Group {
    /// Watches `group` and its partitions of `topic`.
    pub(super) fn watch(brokers: &str, group: &'static str, topic: &'static str) -> Result<Group, String> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("log_level", "3")
            .create()
            .map_err(|error| format!("watch of the group: {error}"))?;
        let (owned, stop) = (Arc::<Mutex<Owned>>::default(), Arc::<AtomicBool>::default());
        let (told, ended) = (owned.clone(), stop.clone());
        let body = move || {
            while !ended.load(Relaxed) {
                if let Some(now) = settled(&consumer, group, topic) {
                    *told.lock().unwrap_or_else(PoisonError::into_inner) = now;
                }
                std::thread::sleep(PAUSE);
            }
        };
        let thread = std::thread::Builder::new().name("group".to_owned()).spawn(body);
        let thread = Some(thread.map_err(|error| format!("watch of the group: {error}"))?);
        Ok(Group { owned, stop, thread })
    }

    /// The partitions of the process `name`, as last known.
    pub(super) fn of(&self, name: &str) -> Vec<i32> {
        // A client is named by group, process and worker.
        let worker = format!(".{name}-");
        let owned = self.owned.lock().unwrap_or_else(PoisonError::into_inner);
        owned.iter().filter(|(client, _)| client.contains(&worker)).flat_map(|(_, parts)| parts.clone()).collect()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.stop.store(true, Relaxed);
        if let Some(thread) = self.thread.take() {
            // Its panic was printed.
            drop(thread.join());
        }
    }
}

/// Who owns what; `None` while the coordinator does not answer or the group is being rebalanced.
fn settled(consumer: &BaseConsumer, group: &str, topic: &str) -> Option<Owned> {
    let list = consumer.fetch_group_list(Some(group), PATIENCE).ok()?;
    let found = list.groups().iter().find(|found| found.name() == group && found.state() == "Stable")?;
    let of = |bytes: Option<&[u8]>| partitions(bytes.unwrap_or_default(), topic);
    let mut owned = Owned::new();
    for member in found.members() {
        owned.entry(member.client_id().to_owned()).or_default().extend(of(member.assignment()));
    }
    Some(owned)
}

/// The partitions of `topic` in a member's assignment (Kafka's consumer protocol: version, then topics with their partitions).
fn partitions(mut bytes: &[u8], topic: &str) -> Vec<i32> {
    fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
        let (head, rest) = bytes.split_first_chunk::<N>()?;
        *bytes = rest;
        Some(*head)
    }
    fn all(bytes: &mut &[u8], topic: &str) -> Option<Vec<i32>> {
        take::<2>(bytes)?;
        let mut found = Vec::new();
        for _ in 0..i32::from_be_bytes(take(bytes)?) {
            let length = usize::try_from(i16::from_be_bytes(take(bytes)?)).ok()?;
            let (name, rest) = bytes.split_at_checked(length)?;
            *bytes = rest;
            for _ in 0..i32::from_be_bytes(take(bytes)?) {
                let partition = i32::from_be_bytes(take(bytes)?);
                if name == topic.as_bytes() {
                    found.push(partition);
                }
            }
        }
        Some(found)
    }
    all(&mut bytes, topic).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assignment_is_read_and_a_broken_one_is_nobodys() {
        let bytes = [&[0, 1, 0, 0, 0, 1, 0, 1][..], b"t", &[0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 7, 0, 0, 0, 0]].concat();
        assert_eq!(partitions(&bytes, "t"), [3, 7]);
        assert!(partitions(&bytes, "u").is_empty());
        for end in 0..19 {
            assert!(partitions(&bytes[..end], "t").is_empty(), "{end}");
        }
    }
}
