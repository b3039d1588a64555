//! Garbage of every kind, for every topic that matching reads: each piece must be parked once with its cause, and cost nothing else.
//!
//! Pure and seeded: [`Maker`] makes the pieces, whoever calls publishes them.

mod sound;

use std::collections::BTreeMap;

use kernel::contract::{
    Cause, DriverChanged, DriverLocated, DriverReleased, MarketTicked, PolicyChanged, RideProgressed, RideRequested,
};
use kernel::{Millis, PlacedBy, Record, Topic, partition, wire};

use crate::world::Draw;

/// The topics that get garbage: all that matching reads and others may write.
pub const TARGETS: [&Topic; 7] = [
    RideRequested::TOPIC,
    RideProgressed::TOPIC,
    DriverReleased::TOPIC,
    MarketTicked::TOPIC,
    DriverLocated::TOPIC,
    DriverChanged::TOPIC,
    PolicyChanged::TOPIC,
];

/// Schemas of nobody's topics that a hostile client registers: a datum of a few bytes that says it is endless.
pub const HOSTILE: [&Topic; 2] = [&ENDLESS, &NESTED];

/// Records whose first field is a list.
const ENDLESS: Topic = hostile(
    "garbage.endless",
    r#"{"type":"record","name":"Endless","namespace":"garbage","fields":[{"name":"all","type":{"type":"array","items":"long"}}]}"#,
);

/// Records that hold themselves.
const NESTED: Topic = hostile(
    "garbage.nested",
    r#"{"type":"record","name":"Nested","namespace":"garbage","fields":[{"name":"inner","type":["null","Nested"]}]}"#,
);

const fn hostile(name: &'static str, schema: &'static str) -> Topic {
    Topic {
        name,
        schema,
        partitions: 1,
        placed_by: PlacedBy::Key,
        cleanup: "delete",
        retention_ms: 86_400_000,
        max_message_bytes: 1_048_576,
        compression: None,
    }
}

/// Larger than any value that a worker reads, bytes.
const OVERSIZED: usize = 257 * 1024;
/// One piece in so many is oversized: they would be most of the bytes.
const SELDOM: u64 = 100;
const HOUR: i64 = 3_600_000;

/// What is wrong with a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Text where the wire format should be.
    Text,
    /// Shorter than the wire header.
    Short,
    /// No bytes at all.
    Empty,
    /// A key without a value.
    Tombstone,
    /// A schema id that the registry does not know.
    UnknownId,
    /// A schema id that no registry can give.
    ImpossibleId,
    /// Another topic's record, named by its own schema.
    ForeignSchema,
    /// The wire header and nothing behind it.
    NoDatum,
    /// A string that says it is 2^62 bytes long.
    EndlessString,
    /// A string of negative length.
    NegativeString,
    /// A list that says it has 2^62 entries.
    EndlessList,
    /// A record within itself, 20,000 deep.
    Nested,
    /// The first half of a sound record.
    Truncated,
    /// A sound record and a byte more.
    Trailing,
    /// More bytes than anybody reads.
    Oversized,
    /// Well formed, and a value that the contract forbids.
    OutOfRange,
    /// A sound record under a key that is not its own.
    OtherKey,
    /// A sound record in a partition that is not its own.
    OtherPartition,
    /// A sound record of a year ahead.
    FromTheFuture,
    /// A sound record of two days ago.
    TooOld,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Kind; 20] = [
        Kind::Text,
        Kind::Short,
        Kind::Empty,
        Kind::Tombstone,
        Kind::UnknownId,
        Kind::ImpossibleId,
        Kind::ForeignSchema,
        Kind::NoDatum,
        Kind::EndlessString,
        Kind::NegativeString,
        Kind::EndlessList,
        Kind::Nested,
        Kind::Truncated,
        Kind::Trailing,
        Kind::Oversized,
        Kind::OutOfRange,
        Kind::OtherKey,
        Kind::OtherPartition,
        Kind::FromTheFuture,
        Kind::TooOld,
    ];

    /// Why it must be parked.
    pub fn cause(self) -> Cause {
        match self {
            Kind::Text | Kind::Short | Kind::Empty => Cause::WrongMagic,
            Kind::UnknownId | Kind::ImpossibleId => Cause::UnknownSchema,
            Kind::Tombstone
            | Kind::ForeignSchema
            | Kind::NoDatum
            | Kind::EndlessString
            | Kind::NegativeString
            | Kind::EndlessList
            | Kind::Nested
            | Kind::Truncated
            | Kind::Trailing => Cause::Undecodable,
            Kind::Oversized => Cause::Oversized,
            Kind::OutOfRange => Cause::OutOfRange,
            Kind::OtherKey | Kind::OtherPartition => Cause::Misplaced,
            Kind::FromTheFuture => Cause::FromTheFuture,
            Kind::TooOld => Cause::TooOld,
        }
    }

    /// Whether a record of `topic` can be wrong in this way.
    pub fn fits(self, topic: &Topic) -> bool {
        let is = |topics: &[&Topic]| topics.iter().any(|other| other.name == topic.name);
        match self {
            // Where all lie in one partition none is wrong.
            Kind::OtherPartition => topic.placed_by == PlacedBy::Market || topic.partitions > 1,
            // A profile or a policy belongs to no market's time; what a market wrote itself was decided, and is not judged by its time.
            Kind::FromTheFuture => !is(&[DriverReleased::TOPIC, DriverChanged::TOPIC, PolicyChanged::TOPIC]),
            // What is only seen may be old: it has expired.
            Kind::TooOld => is(&[RideRequested::TOPIC, RideProgressed::TOPIC]),
            _ => true,
        }
    }
}

/// A piece of garbage, and where it goes.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where to.
    pub topic: &'static Topic,
    /// Which partition.
    pub partition: i32,
    /// Its key.
    pub key: Vec<u8>,
    /// Its bytes; `None`: a tombstone.
    pub value: Option<Vec<u8>>,
    /// What is wrong with it.
    pub kind: Kind,
}

/// Makes garbage.
pub struct Maker {
    /// Topic to the id of its schema, the hostile ones too.
    ids: BTreeMap<&'static str, u32>,
    /// Partitions of the topics that are placed by market.
    partitions: i32,
    seed: u64,
    made: u64,
}

impl Maker {
    /// A maker for topics whose schemas have these ids; [`HOSTILE`] must be among them.
    pub fn new(ids: &[(&'static Topic, u32)], partitions: i32, seed: u64) -> Maker {
        Maker { ids: ids.iter().map(|(topic, id)| (topic.name, *id)).collect(), partitions, seed, made: 0 }
    }

    /// A piece of a drawn kind for `topic`, at the event time `at` of `market`.
    ///
    /// # Errors
    /// A schema that is not registered.
    pub fn any(&mut self, topic: &'static Topic, market: &str, at: Millis) -> Result<Piece, String> {
        let draw = Draw::of(self.seed, &self.made.to_string(), topic.name);
        let common = |kind: &Kind| kind.fits(topic) && *kind != Kind::Oversized;
        let kinds: Vec<Kind> = Kind::ALL.into_iter().filter(common).collect();
        let kind = match draw.below(SELDOM) {
            0 => Kind::Oversized,
            _ => kinds[draw.next().below(kinds.len() as u64) as usize],
        };
        self.piece(kind, topic, market, at)
    }

    /// A piece of this kind; no two have the same key where the topic is compacted, and no two sound ones are about the same.
    ///
    /// # Errors
    /// A schema that is not registered.
    pub fn piece(&mut self, kind: Kind, topic: &'static Topic, market: &str, at: Millis) -> Result<Piece, String> {
        self.made += 1;
        let name = format!("garbage-{}", self.made);
        let at = match kind {
            Kind::FromTheFuture => at.plus(Millis(365 * 24 * HOUR)),
            Kind::TooOld => at.plus(Millis(-48 * HOUR)),
            _ => at,
        };
        let own = if topic.placed_by == PlacedBy::Market { market.to_owned() } else { sound::key(topic, &name) };
        let partitions = if topic.placed_by == PlacedBy::Market { self.partitions } else { topic.partitions };
        let key = if kind == Kind::OtherKey { format!("{name}-elsewhere") } else { own };
        let home = partition::of(key.as_bytes(), partitions);
        let partition = if kind == Kind::OtherPartition { (home + 1) % partitions } else { home };
        let value = self.value(kind, topic, (market, &name, at))?;
        Ok(Piece { topic, partition, key: key.into_bytes(), value, kind })
    }

    fn value(&self, kind: Kind, topic: &'static Topic, about: (&str, &str, Millis)) -> Result<Option<Vec<u8>>, String> {
        let framed = |topic: &Topic, datum: &[u8]| {
            let id = self.ids.get(topic.name).ok_or(format!("{} is not registered", topic.name))?;
            Ok::<_, String>(header(*id, datum))
        };
        let sound = || sound::datum(topic, about);
        Ok(Some(match kind {
            Kind::Text => b"{\"json\":true}".to_vec(),
            Kind::Short => vec![0, 0],
            Kind::Empty => Vec::new(),
            Kind::Tombstone => return Ok(None),
            // Few of them: whoever reads asks the registry for each.
            Kind::UnknownId => header(i32::MAX as u32 - (self.made % 4) as u32, &sound()?),
            Kind::ImpossibleId => header(u32::MAX, &sound()?),
            Kind::ForeignSchema => {
                let policies = topic.name == PolicyChanged::TOPIC.name;
                let other = if policies { MarketTicked::TOPIC } else { PolicyChanged::TOPIC };
                framed(other, &sound::datum(other, about)?)?
            }
            Kind::NoDatum => framed(topic, &[])?,
            Kind::EndlessString => framed(topic, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])?,
            Kind::NegativeString => framed(topic, &[0x09])?,
            Kind::EndlessList => framed(&ENDLESS, &[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 2])?,
            Kind::Nested => framed(&NESTED, &vec![2; 20_000])?,
            Kind::Truncated => {
                let datum = sound()?;
                framed(topic, &datum[..datum.len() / 2])?
            }
            Kind::Trailing => framed(topic, &[sound()?, vec![7]].concat())?,
            Kind::Oversized => vec![0; OVERSIZED],
            Kind::OutOfRange => framed(topic, &sound::breach(topic, about, self.made)?)?,
            Kind::OtherKey | Kind::OtherPartition | Kind::FromTheFuture | Kind::TooOld => framed(topic, &sound()?)?,
        }))
    }
}

fn header(id: u32, datum: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(wire::HEADER + datum.len());
    wire::start(id, &mut value);
    value.extend_from_slice(datum);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_can_be_made_for_every_topic_that_it_fits() {
        let ids: Vec<(&'static Topic, u32)> = TARGETS.into_iter().chain(HOSTILE).zip(1..).collect();
        let mut maker = Maker::new(&ids, 12, 7);
        let mut keys = std::collections::BTreeSet::new();
        for topic in TARGETS {
            for kind in Kind::ALL.into_iter().filter(|kind| kind.fits(topic)) {
                let piece = maker.piece(kind, topic, "aldport", Millis(1_780_704_000_000)).unwrap();
                assert_eq!(piece.value.is_none(), kind == Kind::Tombstone, "{kind:?}");
                assert!(topic.cleanup != "compact" || keys.insert(piece.key), "{} {kind:?}", topic.name);
            }
        }
        let drawn: Vec<Kind> =
            (0..2_000).map(|_| maker.any(RideRequested::TOPIC, "aldport", Millis(0)).unwrap().kind).collect();
        assert!(Kind::ALL.iter().all(|kind| drawn.contains(kind)));
        assert!(drawn.iter().filter(|kind| **kind == Kind::Oversized).count() < 60);
    }
}
