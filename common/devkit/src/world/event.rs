//! What the world tells the topics, and what it is told by a source.

use kernel::contract::{
    DriverChanged, DriverLocated, MarketTicked, Point, QuoteRequested, RideProgressed, RideRequested, RiderChanged,
    Service, Tier,
};
use kernel::{Millis, Record, Topic, codec};

/// A record to be published, and the event time at which it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// When; a record sent again carries an older time itself.
    pub at: Millis,
    /// What.
    pub body: Body,
}

/// A record of one of the topics that the world writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// A driver's profile.
    Changed(DriverChanged),
    /// What is known of a rider.
    Rider(RiderChanged),
    /// A rider asks to be forgotten: a key without a value.
    Forgotten(String),
    /// A ping.
    Located(DriverLocated),
    /// A rider asks what it costs.
    Asked(QuoteRequested),
    /// A rider asks for it.
    Requested(RideRequested),
    /// Something happened to a ride.
    Progressed(Box<RideProgressed>),
    /// Time passed.
    Ticked(MarketTicked),
}

impl Body {
    /// Where it belongs.
    pub fn topic(&self) -> &'static Topic {
        match self {
            Body::Changed(_) => DriverChanged::TOPIC,
            Body::Rider(_) | Body::Forgotten(_) => RiderChanged::TOPIC,
            Body::Located(_) => DriverLocated::TOPIC,
            Body::Asked(_) => QuoteRequested::TOPIC,
            Body::Requested(_) => RideRequested::TOPIC,
            Body::Progressed(_) => RideProgressed::TOPIC,
            Body::Ticked(_) => MarketTicked::TOPIC,
        }
    }

    /// Its Kafka key.
    pub fn key(&self) -> &[u8] {
        match self {
            Body::Changed(record) => record.key(),
            Body::Rider(record) => record.key(),
            Body::Forgotten(rider) => rider.as_bytes(),
            Body::Located(record) => record.key(),
            Body::Asked(record) => record.key(),
            Body::Requested(record) => record.key(),
            Body::Progressed(record) => record.key(),
            Body::Ticked(record) => record.key(),
        }
    }

    /// Appends it as an Avro datum; false: it has no value.
    ///
    /// # Errors
    /// What cannot be encoded.
    pub fn encode(&self, to: &mut Vec<u8>) -> Result<bool, String> {
        let encoded = match self {
            Body::Changed(record) => codec::encode(record, to),
            Body::Rider(record) => codec::encode(record, to),
            Body::Forgotten(_) => return Ok(false),
            Body::Located(record) => codec::encode(record, to),
            Body::Asked(record) => codec::encode(record, to),
            Body::Requested(record) => codec::encode(record, to),
            Body::Progressed(record) => codec::encode(record.as_ref(), to),
            Body::Ticked(record) => codec::encode(record, to),
        };
        encoded.map(|()| true)
    }
}

/// A ride that somebody will want, as its source knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trip {
    /// The ride's id.
    pub ride: String,
    /// Index of the market.
    pub market: usize,
    /// Where it starts.
    pub pickup: Point,
    /// Where it ends.
    pub dropoff: Point,
    /// How long the drive takes with the rider in the car.
    pub duration: Millis,
    /// What is asked for.
    pub service: Service,
    /// Lowest tier that the rider takes.
    pub tier: Option<Tier>,
}

/// A driver who appears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Newcomer {
    /// His id.
    pub driver: String,
    /// Index of the market.
    pub market: usize,
    /// Where he stands.
    pub place: Point,
    /// Whether the world moves him while he is free; else his pings are recorded ones.
    pub roams: bool,
}

/// A recorded ping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Whose.
    pub driver: String,
    /// Where.
    pub place: Point,
    /// Whether he has a fare that is none of our rides.
    pub busy: bool,
}

/// What comes from outside the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// A driver appears.
    Joined(Newcomer),
    /// A recorded driver was seen.
    Sighted(Sighting),
    /// A rider wants a ride.
    Asked(Trip),
    /// A driver goes to another market.
    Moved {
        /// Who.
        driver: String,
        /// Index of the market where he wants to be.
        market: usize,
        /// Where he will stand there.
        place: Point,
    },
}

/// Requests, drivers and recorded pings, in event-time order.
pub trait Source {
    /// When the next thing happens; `None`: nothing more.
    fn peek(&mut self) -> Option<Millis>;

    /// The next thing.
    fn next(&mut self) -> Option<(Millis, Happening)>;
}
