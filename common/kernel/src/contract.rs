//! Generated from `schemas/*.avsc` by `cargo run --release -p devkit --bin dev -- contract`: change those, not this.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_avro_fast::Schema;

use crate::avro::{self, Put};
use crate::record::{PlacedBy, Record, Topic};

/// Every topic of the contract, by name.
pub const TOPICS: [&Topic; 16] = [
    DriverChanged::TOPIC,
    DriverLocated::TOPIC,
    DriverReleased::TOPIC,
    FareCaptured::TOPIC,
    MarketSampled::TOPIC,
    MarketTicked::TOPIC,
    MatchDecided::TOPIC,
    PolicyChanged::TOPIC,
    PriceQuoted::TOPIC,
    QuoteRequested::TOPIC,
    RecordParked::TOPIC,
    RideProgressed::TOPIC,
    RideRequested::TOPIC,
    RiderChanged::TOPIC,
    StateKept::TOPIC,
    TurnTaken::TOPIC,
];

/// Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Tier {
    /// `BRONZE`
    Bronze = 1,
    /// `SILVER`
    Silver = 2,
    /// `GOLD`
    Gold = 3,
    /// `PLATINUM`
    Platinum = 4,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Tier {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// What the driver drives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Vehicle {
    /// `SEDAN`
    Sedan = 1,
    /// `XL`
    Xl = 2,
    /// `ACCESSIBLE`
    Accessible = 3,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Vehicle {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// A driver's profile; the newest record of a driver is the whole profile.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DriverChanged {
    /// Who, 1 to 64 bytes; the record's key.
    pub driver: String,
    /// Event time.
    pub at: i64,
    /// City in which he was first registered. For life: to move him, change `market`.
    pub registered_market: String,
    /// City in which he wants to drive now; his current owner hands him over when he is free.
    pub market: String,
    /// False: suspended, gets no rides.
    pub active: bool,
    /// Highest tier that he serves; null: none.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// What he drives.
    pub vehicle: Vehicle,
    /// Rating as a share of five stars, 0 to 10000 basis points.
    pub rating_bps: i32,
    /// Share of accepted rides that he did not give back, 0 to 10000 basis points.
    pub reliability_bps: i32,
}

impl Put for DriverChanged {
    fn put(&self, to: &mut Vec<u8>) {
        self.driver.put(to);
        self.at.put(to);
        self.registered_market.put(to);
        self.market.put(to);
        self.active.put(to);
        self.tier.put(to);
        self.vehicle.put(to);
        self.rating_bps.put(to);
        self.reliability_bps.put(to);
    }
}

impl Record for DriverChanged {
    const TOPIC: &'static Topic = &Topic {
        name: "driver.changed",
        schema: r#"{"type":"record","name":"DriverChanged","namespace":"tripo","doc":"A driver's profile; the newest record of a driver is the whole profile.","topic":{"name":"driver.changed","key":"driver","partitions":12,"placed_by":"key","cleanup":"compact","retention_ms":-1,"max_message_bytes":1048576},"fields":[{"name":"driver","type":"string","doc":"Who, 1 to 64 bytes; the record's key."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"registered_market","type":"string","doc":"City in which he was first registered. For life: to move him, change `market`."},{"name":"market","type":"string","doc":"City in which he wants to drive now; his current owner hands him over when he is free."},{"name":"active","type":"boolean","doc":"False: suspended, gets no rides."},{"name":"tier","type":["null",{"type":"enum","name":"Tier","namespace":"tripo","doc":"Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.","symbols":["UNKNOWN","BRONZE","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Highest tier that he serves; null: none."},{"name":"vehicle","type":{"type":"enum","name":"Vehicle","namespace":"tripo","doc":"What the driver drives.","symbols":["UNKNOWN","SEDAN","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"What he drives."},{"name":"rating_bps","type":"int","doc":"Rating as a share of five stars, 0 to 10000 basis points."},{"name":"reliability_bps","type":"int","doc":"Share of accepted rides that he did not give back, 0 to 10000 basis points."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Key,
        cleanup: "compact",
        retention_ms: -1,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(DriverChanged::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.driver.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// A place on earth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Point {
    /// Latitude in micro-degrees, -90000000 to 90000000.
    pub lat_e6: i32,
    /// Longitude in micro-degrees, -180000000 to 180000000.
    pub lng_e6: i32,
}

impl Put for Point {
    fn put(&self, to: &mut Vec<u8>) {
        self.lat_e6.put(to);
        self.lng_e6.put(to);
    }
}

/// What the driver's app says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DriverStatus {
    /// `OFFLINE`
    Offline = 1,
    /// `FREE`
    Free = 2,
    /// `BUSY`
    Busy = 3,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for DriverStatus {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// A ping.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DriverLocated {
    /// Who.
    pub driver: String,
    /// Event time.
    pub at: i64,
    /// City; the record's key. It moves no ownership.
    pub market: String,
    /// Where.
    pub place: Point,
    /// Direction of travel, 0 to 359 degrees from north.
    #[serde(default)]
    pub heading_deg: Option<i32>,
    /// Speed, kilometres an hour.
    #[serde(default)]
    pub speed_kmh: Option<i32>,
    /// What his app says.
    pub status: DriverStatus,
}

impl Put for DriverLocated {
    fn put(&self, to: &mut Vec<u8>) {
        self.driver.put(to);
        self.at.put(to);
        self.market.put(to);
        self.place.put(to);
        self.heading_deg.put(to);
        self.speed_kmh.put(to);
        self.status.put(to);
    }
}

impl Record for DriverLocated {
    const TOPIC: &'static Topic = &Topic {
        name: "driver.located",
        schema: r#"{"type":"record","name":"DriverLocated","namespace":"tripo","doc":"A ping.","topic":{"name":"driver.located","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":21600000,"max_message_bytes":1048576},"fields":[{"name":"driver","type":"string","doc":"Who."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"market","type":"string","doc":"City; the record's key. It moves no ownership."},{"name":"place","type":{"type":"record","name":"Point","namespace":"tripo","doc":"A place on earth.","fields":[{"name":"lat_e6","type":"int","doc":"Latitude in micro-degrees, -90000000 to 90000000."},{"name":"lng_e6","type":"int","doc":"Longitude in micro-degrees, -180000000 to 180000000."}]},"doc":"Where."},{"name":"heading_deg","type":["null","int"],"default":null,"doc":"Direction of travel, 0 to 359 degrees from north."},{"name":"speed_kmh","type":["null","int"],"default":null,"doc":"Speed, kilometres an hour."},{"name":"status","type":{"type":"enum","name":"DriverStatus","namespace":"tripo","doc":"What the driver's app says.","symbols":["UNKNOWN","OFFLINE","FREE","BUSY"],"default":"UNKNOWN"},"doc":"What his app says."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 21_600_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(DriverLocated::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// The owner of a driver hands him to another market, in the transaction that ended his eligibility there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DriverReleased {
    /// Who.
    pub driver: String,
    /// The turn's `now` in the market that he leaves.
    pub at: i64,
    /// City that may offer him from now on; the record's key.
    pub market: String,
    /// City that he leaves.
    pub from: String,
    /// How often he changed markets, this time included.
    pub hop: i32,
    /// Turn of the market that he leaves.
    pub turn: i64,
}

impl Put for DriverReleased {
    fn put(&self, to: &mut Vec<u8>) {
        self.driver.put(to);
        self.at.put(to);
        self.market.put(to);
        self.from.put(to);
        self.hop.put(to);
        self.turn.put(to);
    }
}

impl Record for DriverReleased {
    const TOPIC: &'static Topic = &Topic {
        name: "driver.released",
        schema: r#"{"type":"record","name":"DriverReleased","namespace":"tripo","doc":"The owner of a driver hands him to another market, in the transaction that ended his eligibility there.","topic":{"name":"driver.released","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":604800000,"max_message_bytes":1048576},"fields":[{"name":"driver","type":"string","doc":"Who."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The turn's `now` in the market that he leaves."},{"name":"market","type":"string","doc":"City that may offer him from now on; the record's key."},{"name":"from","type":"string","doc":"City that he leaves."},{"name":"hop","type":"int","doc":"How often he changed markets, this time included."},{"name":"turn","type":"long","doc":"Turn of the market that he leaves."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 604_800_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(DriverReleased::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// What became of the end of a ride. DUPLICATE: its fare was captured before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaptureOutcome {
    /// `CAPTURED`
    Captured = 1,
    /// `REFUSED`
    Refused = 2,
    /// `DUPLICATE`
    Duplicate = 3,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for CaptureOutcome {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// Why there is no fare; a corrected fact may follow. BY_DRIVER: he gave the ride back, nothing is due and it may go
/// on. CURRENCY: amounts without one, or not the market's. AMOUNT: an amount below zero, or beyond all that a ride can
/// cost. BILL: more promotions than may be. NOTHING: neither distance nor duration, and no request to estimate them
/// from. SERVICE, TIER: none of the market's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaptureRefusal {
    /// `BY_DRIVER`
    ByDriver = 1,
    /// `CURRENCY`
    Currency = 2,
    /// `AMOUNT`
    Amount = 3,
    /// `BILL`
    Bill = 4,
    /// `DISTANCE`
    Distance = 5,
    /// `DURATION`
    Duration = 6,
    /// `TOLLS`
    Tolls = 7,
    /// `WAIT`
    Wait = 8,
    /// `NOTHING`
    Nothing = 9,
    /// `SERVICE`
    Service = 10,
    /// `TIER`
    Tier = 11,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for CaptureRefusal {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// What happened on the way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Progress {
    /// `ACCEPTED`
    Accepted = 1,
    /// `DECLINED`
    Declined = 2,
    /// `ARRIVED`
    Arrived = 3,
    /// `STARTED`
    Started = 4,
    /// `COMPLETED`
    Completed = 5,
    /// `CANCELLED`
    Cancelled = 6,
    /// `NO_SHOW`
    NoShow = 7,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Progress {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// Who did it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Party {
    /// `RIDER`
    Rider = 1,
    /// `DRIVER`
    Driver = 2,
    /// `OPERATOR`
    Operator = 3,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Party {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// What kind of ride is asked for. UNKNOWN stands for a symbol that the reader does not know and is parked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Service {
    /// `STANDARD`
    Standard = 1,
    /// `XL`
    Xl = 2,
    /// `ACCESSIBLE`
    Accessible = 3,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Service {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// How a rider pays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Payment {
    /// `CARD`
    Card = 1,
    /// `WALLET`
    Wallet = 2,
    /// `CASH`
    Cash = 3,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Payment {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// A promotion on a bill.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct BillPromotion {
    /// Its id.
    pub promotion: String,
    /// What it took off, minor units.
    pub minor: i64,
}

impl Put for BillPromotion {
    fn put(&self, to: &mut Vec<u8>) {
        self.promotion.put(to);
        self.minor.put(to);
    }
}

/// What the edge billed, item by item, minor units of the record's currency. The items, less loyalty and promotions,
/// are what the rider was charged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Bill {
    /// Service that was billed.
    pub service: Service,
    /// Tier that was billed; null: the plain service.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// The fare: what driver and platform share, loyalty and promotions not taken off.
    pub fare: i64,
    /// What loyalty took off, zero or above.
    pub loyalty: i64,
    /// Booking fee.
    pub booking: i64,
    /// Fee for waiting at the pickup.
    pub wait: i64,
    /// Fee for a ride that was cancelled, or to which nobody came.
    pub cancel: i64,
    /// Fee for paying online.
    pub online: i64,
    /// Tax.
    pub tax: i64,
    /// Tolls.
    pub tolls: i64,
    /// Promotions, at most 32.
    pub promotions: Vec<BillPromotion>,
    /// What the platform kept of fare and fees for waiting and cancelling.
    pub commission: i64,
    /// What the driver was paid, tolls not counted.
    pub driver: i64,
}

impl Put for Bill {
    fn put(&self, to: &mut Vec<u8>) {
        self.service.put(to);
        self.tier.put(to);
        self.fare.put(to);
        self.loyalty.put(to);
        self.booking.put(to);
        self.wait.put(to);
        self.cancel.put(to);
        self.online.put(to);
        self.tax.put(to);
        self.tolls.put(to);
        self.promotions.put(to);
        self.commission.put(to);
        self.driver.put(to);
    }
}

/// A fare item by item, minor units. Their sum is what the rider is charged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FareItems {
    /// For getting in.
    pub base: i64,
    /// Kilometres.
    pub distance: i64,
    /// Minutes.
    pub time: i64,
    /// Service and tier, less or more than the plain ride.
    pub tier: i64,
    /// What is missing to the least fare.
    pub least: i64,
    /// Surge.
    pub surge: i64,
    /// Competitors' prices, up or down.
    pub competitor: i64,
    /// The choice among prices, exploration with it.
    pub optimum: i64,
    /// Loyalty, zero or below.
    pub loyalty: i64,
    /// What caps took off, or a floor put on.
    pub capped: i64,
    /// Booking fee.
    pub booking: i64,
    /// Tax.
    pub tax: i64,
    /// Tolls.
    pub tolls: i64,
}

impl Put for FareItems {
    fn put(&self, to: &mut Vec<u8>) {
        self.base.put(to);
        self.distance.put(to);
        self.time.put(to);
        self.tier.put(to);
        self.least.put(to);
        self.surge.put(to);
        self.competitor.put(to);
        self.optimum.put(to);
        self.loyalty.put(to);
        self.capped.put(to);
        self.booking.put(to);
        self.tax.put(to);
        self.tolls.put(to);
    }
}

/// Who gets what, minor units: charged = driver + fees + tax + tolls - promotion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FareSplit {
    /// The driver, tolls not counted.
    pub driver: i64,
    /// The platform: booking fee and its share of the fare.
    pub fees: i64,
    /// The state.
    pub tax: i64,
    /// Whoever keeps the road.
    pub tolls: i64,
    /// What the platform gives: it is taken off the charge, not off the driver's pay.
    pub promotion: i64,
}

impl Put for FareSplit {
    fn put(&self, to: &mut Vec<u8>) {
        self.driver.put(to);
        self.fees.put(to);
        self.tax.put(to);
        self.tolls.put(to);
        self.promotion.put(to);
    }
}

/// What a quote promised: its price, while it holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Promise {
    /// Event time of the quote.
    pub at: i64,
    /// Until then a ride asked for with it has this price.
    pub expires_at: i64,
    /// ISO 4217 code of its amounts.
    pub currency: String,
    /// Item by item.
    pub items: FareItems,
    /// Who gets what.
    pub split: FareSplit,
    /// Metres on the road that it was made for.
    pub distance_m: i64,
    /// Service.
    pub service: Service,
    /// Tier; null: the plain service.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// Surge of the pickup's cell, basis points of the surge base.
    pub surge_bps: i32,
}

impl Put for Promise {
    fn put(&self, to: &mut Vec<u8>) {
        self.at.put(to);
        self.expires_at.put(to);
        self.currency.put(to);
        self.items.put(to);
        self.split.put(to);
        self.distance_m.put(to);
        self.service.put(to);
        self.tier.put(to);
        self.surge_bps.put(to);
    }
}

/// All that a fare was captured from beside the policy: the same inputs and policy give the same fare to the byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CaptureInputs {
    /// How the ride ended.
    pub progress: Progress,
    /// Who cancelled, or who did not show.
    #[serde(default)]
    pub by: Option<Party>,
    /// Event time of the end.
    pub ended_at: i64,
    /// Event time of the request; null: it was never seen.
    #[serde(default)]
    pub requested_at: Option<i64>,
    /// What was asked for; of a ride that was never seen what was billed, or STANDARD.
    pub service: Service,
    /// Lowest tier asked for; null: the plain service.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// Whether a driver was named.
    pub assigned: bool,
    /// Metres driven with the rider.
    #[serde(default)]
    pub distance_m: Option<i32>,
    /// Seconds driven with the rider.
    #[serde(default)]
    pub duration_s: Option<i32>,
    /// Metres on the road between the places asked for, estimated from the straight line.
    #[serde(default)]
    pub road_m: Option<i64>,
    /// Tolls that were passed, minor units.
    #[serde(default)]
    pub tolls_minor: Option<i64>,
    /// Seconds that the driver waited at the pickup.
    #[serde(default)]
    pub wait_s: Option<i32>,
    /// How the rider pays.
    #[serde(default)]
    pub payment: Option<Payment>,
    /// ISO 4217 code of what was billed.
    #[serde(default)]
    pub currency: Option<String>,
    /// What the rider was charged, minor units.
    #[serde(default)]
    pub charged_minor: Option<i64>,
    /// What the driver earned, minor units.
    #[serde(default)]
    pub paid_minor: Option<i64>,
    /// What was billed, item by item.
    #[serde(default)]
    pub bill: Option<Bill>,
    /// Quote that the rider accepted.
    #[serde(default)]
    pub quote: Option<String>,
    /// What it promised; null: it was never seen, or had no price.
    #[serde(default)]
    pub promise: Option<Promise>,
    /// Whether the market had its peak when the ride was asked for; of one that was never seen, when it was captured.
    pub peak: bool,
    /// Whether the market surged when it was captured.
    pub surge: bool,
    /// Whether an emergency held when it was captured.
    pub emergency: bool,
}

impl Put for CaptureInputs {
    fn put(&self, to: &mut Vec<u8>) {
        self.progress.put(to);
        self.by.put(to);
        self.ended_at.put(to);
        self.requested_at.put(to);
        self.service.put(to);
        self.tier.put(to);
        self.assigned.put(to);
        self.distance_m.put(to);
        self.duration_s.put(to);
        self.road_m.put(to);
        self.tolls_minor.put(to);
        self.wait_s.put(to);
        self.payment.put(to);
        self.currency.put(to);
        self.charged_minor.put(to);
        self.paid_minor.put(to);
        self.bill.put(to);
        self.quote.put(to);
        self.promise.put(to);
        self.peak.put(to);
        self.surge.put(to);
        self.emergency.put(to);
    }
}

/// What a fare was made by. QUOTE: the price that was promised. TABLE: the fare table. CANCELLATION: there was no ride.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FareBasis {
    /// `QUOTE`
    Quote = 1,
    /// `TABLE`
    Table = 2,
    /// `CANCELLATION`
    Cancellation = 3,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for FareBasis {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// Why no quote was honoured. NO_QUOTE: none was named. QUOTE_UNSEEN: nobody knows it, or it had no price. RIDE_UNSEEN:
/// nobody knows the request. EXPIRED: the ride was asked for too late. OTHER_ROUTE: more or less was driven than the
/// policy lets pass. OTHER_SERVICE: another service or tier was asked for. OTHER_CURRENCY: the market's is another one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Unlocked {
    /// `NO_QUOTE`
    NoQuote = 1,
    /// `QUOTE_UNSEEN`
    QuoteUnseen = 2,
    /// `RIDE_UNSEEN`
    RideUnseen = 3,
    /// `EXPIRED`
    Expired = 4,
    /// `OTHER_ROUTE`
    OtherRoute = 5,
    /// `OTHER_SERVICE`
    OtherService = 6,
    /// `OTHER_CURRENCY`
    OtherCurrency = 7,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Unlocked {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// What a rider owes, item by item, minor units. Their sum is the total.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CapturedFees {
    /// For getting in.
    pub base: i64,
    /// Kilometres.
    pub distance: i64,
    /// Minutes.
    pub time: i64,
    /// Service and tier, less or more than the plain ride.
    pub service: i64,
    /// What is missing to the least fare.
    pub least: i64,
    /// Peak.
    pub peak: i64,
    /// Surge.
    pub surge: i64,
    /// Competitors' prices, up or down, as quoted.
    pub competitor: i64,
    /// The choice among prices, as quoted.
    pub optimum: i64,
    /// What caps took off, or a floor put on.
    pub capped: i64,
    /// Loyalty, zero or below.
    pub loyalty: i64,
    /// The promotion that counts, zero or below.
    pub promotion: i64,
    /// Waiting at the pickup.
    pub wait: i64,
    /// A ride that was cancelled, or to which nobody came.
    pub cancel: i64,
    /// Paying online.
    pub online: i64,
    /// Booking fee.
    pub booking: i64,
    /// Tax.
    pub tax: i64,
    /// Tolls.
    pub tolls: i64,
}

impl Put for CapturedFees {
    fn put(&self, to: &mut Vec<u8>) {
        self.base.put(to);
        self.distance.put(to);
        self.time.put(to);
        self.service.put(to);
        self.least.put(to);
        self.peak.put(to);
        self.surge.put(to);
        self.competitor.put(to);
        self.optimum.put(to);
        self.capped.put(to);
        self.loyalty.put(to);
        self.promotion.put(to);
        self.wait.put(to);
        self.cancel.put(to);
        self.online.put(to);
        self.booking.put(to);
        self.tax.put(to);
        self.tolls.put(to);
    }
}

/// A cap that held a fare back, or up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cap {
    /// `FLOOR`
    Floor = 1,
    /// `CEILING`
    Ceiling = 2,
    /// `MOST`
    Most = 3,
    /// `EMERGENCY`
    Emergency = 4,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Cap {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// What went wrong. QUOTE_BROKEN: the quote held, and another price was billed. TOLL_UNBILLED, WAIT_UNBILLED,
/// CANCEL_UNBILLED: less than was due. WRONG_TIER: another service or tier was billed. PROMOTION_STACKED: more than the
/// one promotion that counts. COMMISSION_ON_TAX: the platform took its share of the tax, too. PAY_BELOW_FLOOR: the
/// driver was paid less than his least share. CASH_ONLINE_FEE: who paid in cash was billed for paying online.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum LeakageKind {
    /// `QUOTE_BROKEN`
    QuoteBroken = 1,
    /// `TOLL_UNBILLED`
    TollUnbilled = 2,
    /// `WAIT_UNBILLED`
    WaitUnbilled = 3,
    /// `CANCEL_UNBILLED`
    CancelUnbilled = 4,
    /// `WRONG_TIER`
    WrongTier = 5,
    /// `PROMOTION_STACKED`
    PromotionStacked = 6,
    /// `COMMISSION_ON_TAX`
    CommissionOnTax = 7,
    /// `PAY_BELOW_FLOOR`
    PayBelowFloor = 8,
    /// `CASH_ONLINE_FEE`
    CashOnlineFee = 9,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for LeakageKind {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// Money that is lost between what was due and what was billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Leakage {
    /// What.
    pub kind: LeakageKind,
    /// What was due, minor units.
    pub expected_minor: i64,
    /// What was billed, paid or kept.
    pub charged_minor: i64,
    /// What the platform lost by it; below zero: what the rider or the driver lost.
    pub lost_minor: i64,
}

impl Put for Leakage {
    fn put(&self, to: &mut Vec<u8>) {
        self.kind.put(to);
        self.expected_minor.put(to);
        self.charged_minor.put(to);
        self.lost_minor.put(to);
    }
}

/// What a ride comes to, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CapturedFare {
    /// What it was made by.
    pub basis: FareBasis,
    /// TABLE: why no quote was honoured.
    #[serde(default)]
    pub unlocked: Option<Unlocked>,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// What the rider owes.
    pub total_minor: i64,
    /// Item by item.
    pub fees: CapturedFees,
    /// Who gets what of it.
    pub split: FareSplit,
    /// Whether distance or duration was estimated, for they were not told.
    pub estimated: bool,
    /// The caps that held the fare.
    pub caps: Vec<Cap>,
    /// Whether the market had its peak when the ride was asked for.
    pub peak: bool,
    /// Whether the market surged when it was captured.
    pub surge: bool,
    /// What the rider was billed; null: not told.
    #[serde(default)]
    pub billed_minor: Option<i64>,
    /// What went wrong, each kind once.
    pub leakages: Vec<Leakage>,
    /// Sum of what the platform lost by them.
    pub lost_minor: i64,
    /// What the platform lost by a bill that differs from the total for none of these reasons; below zero: what it won.
    /// null: no bill was told.
    #[serde(default)]
    pub unexplained_minor: Option<i64>,
    /// Net revenue: fees of the split less promotion, less what was lost.
    pub net_minor: i64,
}

impl Put for CapturedFare {
    fn put(&self, to: &mut Vec<u8>) {
        self.basis.put(to);
        self.unlocked.put(to);
        self.currency.put(to);
        self.total_minor.put(to);
        self.fees.put(to);
        self.split.put(to);
        self.estimated.put(to);
        self.caps.put(to);
        self.peak.put(to);
        self.surge.put(to);
        self.billed_minor.put(to);
        self.leakages.put(to);
        self.lost_minor.put(to);
        self.unexplained_minor.put(to);
        self.net_minor.put(to);
    }
}

/// Where a record lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
}

impl Put for Place {
    fn put(&self, to: &mut Vec<u8>) {
        self.topic.put(to);
        self.partition.put(to);
        self.offset.put(to);
    }
}

/// What became of a fact that ends a ride: its fare, with what was lost of it; or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FareCaptured {
    /// The ride.
    pub ride: String,
    /// Id of the fact that ends it.
    pub event: String,
    /// Event time of the decision.
    pub at: i64,
    /// City; the record's key.
    pub market: String,
    /// What was decided.
    pub outcome: CaptureOutcome,
    /// REFUSED: why.
    #[serde(default)]
    pub refusal: Option<CaptureRefusal>,
    /// All that it was made from; null for DUPLICATE.
    #[serde(default)]
    pub inputs: Option<CaptureInputs>,
    /// CAPTURED: the fare.
    #[serde(default)]
    pub fare: Option<CapturedFare>,
    /// Fact that led to it.
    #[serde(default)]
    pub cause: Option<Place>,
    /// Turn of the market in which it was decided.
    pub turn: i64,
    /// Its place among the turn's fares, from 0.
    pub row: i32,
    /// Version of the policy.
    pub policy_version: i32,
    /// First 16 hex digits of the SHA-256 of the policy's text.
    pub policy_hash: String,
    /// Whether a tail that must be read was not read to its end.
    pub stale: bool,
}

impl Put for FareCaptured {
    fn put(&self, to: &mut Vec<u8>) {
        self.ride.put(to);
        self.event.put(to);
        self.at.put(to);
        self.market.put(to);
        self.outcome.put(to);
        self.refusal.put(to);
        self.inputs.put(to);
        self.fare.put(to);
        self.cause.put(to);
        self.turn.put(to);
        self.row.put(to);
        self.policy_version.put(to);
        self.policy_hash.put(to);
        self.stale.put(to);
    }
}

impl Record for FareCaptured {
    const TOPIC: &'static Topic = &Topic {
        name: "fare.captured",
        schema: r#"{"type":"record","name":"FareCaptured","namespace":"tripo","doc":"What became of a fact that ends a ride: its fare, with what was lost of it; or why there is none.","topic":{"name":"fare.captured","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":2592000000,"max_message_bytes":1048576},"fields":[{"name":"ride","type":"string","doc":"The ride."},{"name":"event","type":"string","doc":"Id of the fact that ends it."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the decision."},{"name":"market","type":"string","doc":"City; the record's key."},{"name":"outcome","type":{"type":"enum","name":"CaptureOutcome","namespace":"tripo","doc":"What became of the end of a ride. DUPLICATE: its fare was captured before.","symbols":["UNKNOWN","CAPTURED","REFUSED","DUPLICATE"],"default":"UNKNOWN"},"doc":"What was decided."},{"name":"refusal","type":["null",{"type":"enum","name":"CaptureRefusal","namespace":"tripo","doc":"Why there is no fare; a corrected fact may follow. BY_DRIVER: he gave the ride back, nothing is due and it may go on. CURRENCY: amounts without one, or not the market's. AMOUNT: an amount below zero, or beyond all that a ride can cost. BILL: more promotions than may be. NOTHING: neither distance nor duration, and no request to estimate them from. SERVICE, TIER: none of the market's.","symbols":["UNKNOWN","BY_DRIVER","CURRENCY","AMOUNT","BILL","DISTANCE","DURATION","TOLLS","WAIT","NOTHING","SERVICE","TIER"],"default":"UNKNOWN"}],"default":null,"doc":"REFUSED: why."},{"name":"inputs","type":["null",{"type":"record","name":"CaptureInputs","namespace":"tripo","doc":"All that a fare was captured from beside the policy: the same inputs and policy give the same fare to the byte.","fields":[{"name":"progress","type":{"type":"enum","name":"Progress","namespace":"tripo","doc":"What happened on the way.","symbols":["UNKNOWN","ACCEPTED","DECLINED","ARRIVED","STARTED","COMPLETED","CANCELLED","NO_SHOW"],"default":"UNKNOWN"},"doc":"How the ride ended."},{"name":"by","type":["null",{"type":"enum","name":"Party","namespace":"tripo","doc":"Who did it.","symbols":["UNKNOWN","RIDER","DRIVER","OPERATOR"],"default":"UNKNOWN"}],"default":null,"doc":"Who cancelled, or who did not show."},{"name":"ended_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the end."},{"name":"requested_at","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Event time of the request; null: it was never seen."},{"name":"service","type":{"type":"enum","name":"Service","namespace":"tripo","doc":"What kind of ride is asked for. UNKNOWN stands for a symbol that the reader does not know and is parked.","symbols":["UNKNOWN","STANDARD","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"What was asked for; of a ride that was never seen what was billed, or STANDARD."},{"name":"tier","type":["null",{"type":"enum","name":"Tier","namespace":"tripo","doc":"Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.","symbols":["UNKNOWN","BRONZE","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Lowest tier asked for; null: the plain service."},{"name":"assigned","type":"boolean","doc":"Whether a driver was named."},{"name":"distance_m","type":["null","int"],"default":null,"doc":"Metres driven with the rider."},{"name":"duration_s","type":["null","int"],"default":null,"doc":"Seconds driven with the rider."},{"name":"road_m","type":["null","long"],"default":null,"doc":"Metres on the road between the places asked for, estimated from the straight line."},{"name":"tolls_minor","type":["null","long"],"default":null,"doc":"Tolls that were passed, minor units."},{"name":"wait_s","type":["null","int"],"default":null,"doc":"Seconds that the driver waited at the pickup."},{"name":"payment","type":["null",{"type":"enum","name":"Payment","namespace":"tripo","doc":"How a rider pays.","symbols":["UNKNOWN","CARD","WALLET","CASH"],"default":"UNKNOWN"}],"default":null,"doc":"How the rider pays."},{"name":"currency","type":["null","string"],"default":null,"doc":"ISO 4217 code of what was billed."},{"name":"charged_minor","type":["null","long"],"default":null,"doc":"What the rider was charged, minor units."},{"name":"paid_minor","type":["null","long"],"default":null,"doc":"What the driver earned, minor units."},{"name":"bill","type":["null",{"type":"record","name":"Bill","namespace":"tripo","doc":"What the edge billed, item by item, minor units of the record's currency. The items, less loyalty and promotions, are what the rider was charged.","fields":[{"name":"service","type":"tripo.Service","doc":"Service that was billed."},{"name":"tier","type":["null","tripo.Tier"],"default":null,"doc":"Tier that was billed; null: the plain service."},{"name":"fare","type":"long","doc":"The fare: what driver and platform share, loyalty and promotions not taken off."},{"name":"loyalty","type":"long","doc":"What loyalty took off, zero or above."},{"name":"booking","type":"long","doc":"Booking fee."},{"name":"wait","type":"long","doc":"Fee for waiting at the pickup."},{"name":"cancel","type":"long","doc":"Fee for a ride that was cancelled, or to which nobody came."},{"name":"online","type":"long","doc":"Fee for paying online."},{"name":"tax","type":"long","doc":"Tax."},{"name":"tolls","type":"long","doc":"Tolls."},{"name":"promotions","type":{"type":"array","items":{"type":"record","name":"BillPromotion","namespace":"tripo","doc":"A promotion on a bill.","fields":[{"name":"promotion","type":"string","doc":"Its id."},{"name":"minor","type":"long","doc":"What it took off, minor units."}]}},"doc":"Promotions, at most 32."},{"name":"commission","type":"long","doc":"What the platform kept of fare and fees for waiting and cancelling."},{"name":"driver","type":"long","doc":"What the driver was paid, tolls not counted."}]}],"default":null,"doc":"What was billed, item by item."},{"name":"quote","type":["null","string"],"default":null,"doc":"Quote that the rider accepted."},{"name":"promise","type":["null",{"type":"record","name":"Promise","namespace":"tripo","doc":"What a quote promised: its price, while it holds.","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the quote."},{"name":"expires_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Until then a ride asked for with it has this price."},{"name":"currency","type":"string","doc":"ISO 4217 code of its amounts."},{"name":"items","type":{"type":"record","name":"FareItems","namespace":"tripo","doc":"A fare item by item, minor units. Their sum is what the rider is charged.","fields":[{"name":"base","type":"long","doc":"For getting in."},{"name":"distance","type":"long","doc":"Kilometres."},{"name":"time","type":"long","doc":"Minutes."},{"name":"tier","type":"long","doc":"Service and tier, less or more than the plain ride."},{"name":"least","type":"long","doc":"What is missing to the least fare."},{"name":"surge","type":"long","doc":"Surge."},{"name":"competitor","type":"long","doc":"Competitors' prices, up or down."},{"name":"optimum","type":"long","doc":"The choice among prices, exploration with it."},{"name":"loyalty","type":"long","doc":"Loyalty, zero or below."},{"name":"capped","type":"long","doc":"What caps took off, or a floor put on."},{"name":"booking","type":"long","doc":"Booking fee."},{"name":"tax","type":"long","doc":"Tax."},{"name":"tolls","type":"long","doc":"Tolls."}]},"doc":"Item by item."},{"name":"split","type":{"type":"record","name":"FareSplit","namespace":"tripo","doc":"Who gets what, minor units: charged = driver + fees + tax + tolls - promotion.","fields":[{"name":"driver","type":"long","doc":"The driver, tolls not counted."},{"name":"fees","type":"long","doc":"The platform: booking fee and its share of the fare."},{"name":"tax","type":"long","doc":"The state."},{"name":"tolls","type":"long","doc":"Whoever keeps the road."},{"name":"promotion","type":"long","doc":"What the platform gives: it is taken off the charge, not off the driver's pay."}]},"doc":"Who gets what."},{"name":"distance_m","type":"long","doc":"Metres on the road that it was made for."},{"name":"service","type":"tripo.Service","doc":"Service."},{"name":"tier","type":["null","tripo.Tier"],"default":null,"doc":"Tier; null: the plain service."},{"name":"surge_bps","type":"int","doc":"Surge of the pickup's cell, basis points of the surge base."}]}],"default":null,"doc":"What it promised; null: it was never seen, or had no price."},{"name":"peak","type":"boolean","doc":"Whether the market had its peak when the ride was asked for; of one that was never seen, when it was captured."},{"name":"surge","type":"boolean","doc":"Whether the market surged when it was captured."},{"name":"emergency","type":"boolean","doc":"Whether an emergency held when it was captured."}]}],"default":null,"doc":"All that it was made from; null for DUPLICATE."},{"name":"fare","type":["null",{"type":"record","name":"CapturedFare","namespace":"tripo","doc":"What a ride comes to, and what became of it.","fields":[{"name":"basis","type":{"type":"enum","name":"FareBasis","namespace":"tripo","doc":"What a fare was made by. QUOTE: the price that was promised. TABLE: the fare table. CANCELLATION: there was no ride.","symbols":["UNKNOWN","QUOTE","TABLE","CANCELLATION"],"default":"UNKNOWN"},"doc":"What it was made by."},{"name":"unlocked","type":["null",{"type":"enum","name":"Unlocked","namespace":"tripo","doc":"Why no quote was honoured. NO_QUOTE: none was named. QUOTE_UNSEEN: nobody knows it, or it had no price. RIDE_UNSEEN: nobody knows the request. EXPIRED: the ride was asked for too late. OTHER_ROUTE: more or less was driven than the policy lets pass. OTHER_SERVICE: another service or tier was asked for. OTHER_CURRENCY: the market's is another one.","symbols":["UNKNOWN","NO_QUOTE","QUOTE_UNSEEN","RIDE_UNSEEN","EXPIRED","OTHER_ROUTE","OTHER_SERVICE","OTHER_CURRENCY"],"default":"UNKNOWN"}],"default":null,"doc":"TABLE: why no quote was honoured."},{"name":"currency","type":"string","doc":"ISO 4217 code of all amounts."},{"name":"total_minor","type":"long","doc":"What the rider owes."},{"name":"fees","type":{"type":"record","name":"CapturedFees","namespace":"tripo","doc":"What a rider owes, item by item, minor units. Their sum is the total.","fields":[{"name":"base","type":"long","doc":"For getting in."},{"name":"distance","type":"long","doc":"Kilometres."},{"name":"time","type":"long","doc":"Minutes."},{"name":"service","type":"long","doc":"Service and tier, less or more than the plain ride."},{"name":"least","type":"long","doc":"What is missing to the least fare."},{"name":"peak","type":"long","doc":"Peak."},{"name":"surge","type":"long","doc":"Surge."},{"name":"competitor","type":"long","doc":"Competitors' prices, up or down, as quoted."},{"name":"optimum","type":"long","doc":"The choice among prices, as quoted."},{"name":"capped","type":"long","doc":"What caps took off, or a floor put on."},{"name":"loyalty","type":"long","doc":"Loyalty, zero or below."},{"name":"promotion","type":"long","doc":"The promotion that counts, zero or below."},{"name":"wait","type":"long","doc":"Waiting at the pickup."},{"name":"cancel","type":"long","doc":"A ride that was cancelled, or to which nobody came."},{"name":"online","type":"long","doc":"Paying online."},{"name":"booking","type":"long","doc":"Booking fee."},{"name":"tax","type":"long","doc":"Tax."},{"name":"tolls","type":"long","doc":"Tolls."}]},"doc":"Item by item."},{"name":"split","type":"tripo.FareSplit","doc":"Who gets what of it."},{"name":"estimated","type":"boolean","doc":"Whether distance or duration was estimated, for they were not told."},{"name":"caps","type":{"type":"array","items":{"type":"enum","name":"Cap","namespace":"tripo","doc":"A cap that held a fare back, or up.","symbols":["UNKNOWN","FLOOR","CEILING","MOST","EMERGENCY"],"default":"UNKNOWN"}},"doc":"The caps that held the fare."},{"name":"peak","type":"boolean","doc":"Whether the market had its peak when the ride was asked for."},{"name":"surge","type":"boolean","doc":"Whether the market surged when it was captured."},{"name":"billed_minor","type":["null","long"],"default":null,"doc":"What the rider was billed; null: not told."},{"name":"leakages","type":{"type":"array","items":{"type":"record","name":"Leakage","namespace":"tripo","doc":"Money that is lost between what was due and what was billed.","fields":[{"name":"kind","type":{"type":"enum","name":"LeakageKind","namespace":"tripo","doc":"What went wrong. QUOTE_BROKEN: the quote held, and another price was billed. TOLL_UNBILLED, WAIT_UNBILLED, CANCEL_UNBILLED: less than was due. WRONG_TIER: another service or tier was billed. PROMOTION_STACKED: more than the one promotion that counts. COMMISSION_ON_TAX: the platform took its share of the tax, too. PAY_BELOW_FLOOR: the driver was paid less than his least share. CASH_ONLINE_FEE: who paid in cash was billed for paying online.","symbols":["UNKNOWN","QUOTE_BROKEN","TOLL_UNBILLED","WAIT_UNBILLED","CANCEL_UNBILLED","WRONG_TIER","PROMOTION_STACKED","COMMISSION_ON_TAX","PAY_BELOW_FLOOR","CASH_ONLINE_FEE"],"default":"UNKNOWN"},"doc":"What."},{"name":"expected_minor","type":"long","doc":"What was due, minor units."},{"name":"charged_minor","type":"long","doc":"What was billed, paid or kept."},{"name":"lost_minor","type":"long","doc":"What the platform lost by it; below zero: what the rider or the driver lost."}]}},"doc":"What went wrong, each kind once."},{"name":"lost_minor","type":"long","doc":"Sum of what the platform lost by them."},{"name":"unexplained_minor","type":["null","long"],"default":null,"doc":"What the platform lost by a bill that differs from the total for none of these reasons; below zero: what it won. null: no bill was told."},{"name":"net_minor","type":"long","doc":"Net revenue: fees of the split less promotion, less what was lost."}]}],"default":null,"doc":"CAPTURED: the fare."},{"name":"cause","type":["null",{"type":"record","name":"Place","namespace":"tripo","doc":"Where a record lies.","fields":[{"name":"topic","type":"string","doc":"Topic."},{"name":"partition","type":"int","doc":"Partition."},{"name":"offset","type":"long","doc":"Offset."}]}],"default":null,"doc":"Fact that led to it."},{"name":"turn","type":"long","doc":"Turn of the market in which it was decided."},{"name":"row","type":"int","doc":"Its place among the turn's fares, from 0."},{"name":"policy_version","type":"int","doc":"Version of the policy."},{"name":"policy_hash","type":"string","doc":"First 16 hex digits of the SHA-256 of the policy's text."},{"name":"stale","type":"boolean","doc":"Whether a tail that must be read was not read to its end."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 2_592_000_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(FareCaptured::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// Weather at the place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Weather {
    /// `CLEAR`
    Clear = 1,
    /// `RAIN`
    Rain = 2,
    /// `SNOW`
    Snow = 3,
    /// `STORM`
    Storm = 4,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Weather {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// A signal from outside about a market.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MarketSampled {
    /// City; the record's key.
    pub market: String,
    /// Event time.
    pub at: i64,
    /// H3 cell of resolution 8 that it is about; null: the whole market.
    #[serde(default)]
    pub cell: Option<i64>,
    /// Competitors' price against our metered fare, basis points, 0 to 1000000.
    #[serde(default)]
    pub competitor_bps: Option<i32>,
    /// Travel time against the model's, basis points.
    #[serde(default)]
    pub traffic_bps: Option<i32>,
    /// Weather.
    #[serde(default)]
    pub weather: Option<Weather>,
    /// A gathering that draws riders, at most 128 bytes.
    #[serde(default)]
    pub event: Option<String>,
    /// True engages the emergency caps of the whole market, whatever the cell; false ends them.
    #[serde(default)]
    pub emergency: Option<bool>,
}

impl Put for MarketSampled {
    fn put(&self, to: &mut Vec<u8>) {
        self.market.put(to);
        self.at.put(to);
        self.cell.put(to);
        self.competitor_bps.put(to);
        self.traffic_bps.put(to);
        self.weather.put(to);
        self.event.put(to);
        self.emergency.put(to);
    }
}

impl Record for MarketSampled {
    const TOPIC: &'static Topic = &Topic {
        name: "market.sampled",
        schema: r#"{"type":"record","name":"MarketSampled","namespace":"tripo","doc":"A signal from outside about a market.","topic":{"name":"market.sampled","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":604800000,"max_message_bytes":1048576},"fields":[{"name":"market","type":"string","doc":"City; the record's key."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"cell","type":["null","long"],"default":null,"doc":"H3 cell of resolution 8 that it is about; null: the whole market."},{"name":"competitor_bps","type":["null","int"],"default":null,"doc":"Competitors' price against our metered fare, basis points, 0 to 1000000."},{"name":"traffic_bps","type":["null","int"],"default":null,"doc":"Travel time against the model's, basis points."},{"name":"weather","type":["null",{"type":"enum","name":"Weather","namespace":"tripo","doc":"Weather at the place.","symbols":["UNKNOWN","CLEAR","RAIN","SNOW","STORM"],"default":"UNKNOWN"}],"default":null,"doc":"Weather."},{"name":"event","type":["null","string"],"default":null,"doc":"A gathering that draws riders, at most 128 bytes."},{"name":"emergency","type":["null","boolean"],"default":null,"doc":"True engages the emergency caps of the whole market, whatever the cell; false ends them."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 604_800_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(MarketSampled::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// Time passed in a market: moves the watermark where no clock may (replay, benches, demonstration).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MarketTicked {
    /// City; the record's key.
    pub market: String,
    /// Event time that was reached.
    pub at: i64,
}

impl Put for MarketTicked {
    fn put(&self, to: &mut Vec<u8>) {
        self.market.put(to);
        self.at.put(to);
    }
}

impl Record for MarketTicked {
    const TOPIC: &'static Topic = &Topic {
        name: "market.ticked",
        schema: r#"{"type":"record","name":"MarketTicked","namespace":"tripo","doc":"Time passed in a market: moves the watermark where no clock may (replay, benches, demonstration).","topic":{"name":"market.ticked","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":86400000,"max_message_bytes":1048576},"fields":[{"name":"market","type":"string","doc":"City; the record's key."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time that was reached."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 86_400_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(MarketTicked::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// What was decided. WAITING, OFFERED, WITHDRAWN, ASSIGNED, REASSIGNED and CLOSED make the ride's chain; DUPLICATE and
/// REFUSED answer one record and have no revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Outcome {
    /// `WAITING`
    Waiting = 1,
    /// `OFFERED`
    Offered = 2,
    /// `WITHDRAWN`
    Withdrawn = 3,
    /// `ASSIGNED`
    Assigned = 4,
    /// `REASSIGNED`
    Reassigned = 5,
    /// `CLOSED`
    Closed = 6,
    /// `DUPLICATE`
    Duplicate = 7,
    /// `REFUSED`
    Refused = 8,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Outcome {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// Why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// `BEST`
    Best = 1,
    /// `NOBODY`
    Nobody = 2,
    /// `DECLINED`
    Declined = 3,
    /// `UNANSWERED`
    Unanswered = 4,
    /// `UNREACHABLE`
    Unreachable = 5,
    /// `ACCEPTED`
    Accepted = 6,
    /// `COMPLETED`
    Completed = 7,
    /// `CANCELLED_BY_RIDER`
    CancelledByRider = 8,
    /// `CANCELLED_BY_DRIVER`
    CancelledByDriver = 9,
    /// `CANCELLED_BY_OPERATOR`
    CancelledByOperator = 10,
    /// `RIDER_NO_SHOW`
    RiderNoShow = 11,
    /// `DRIVER_NO_SHOW`
    DriverNoShow = 12,
    /// `EXPIRED`
    Expired = 13,
    /// `ABANDONED`
    Abandoned = 14,
    /// `SAME_REQUEST`
    SameRequest = 15,
    /// `SAME_ACCEPTANCE`
    SameAcceptance = 16,
    /// `LATE`
    Late = 17,
    /// `UNKNOWN_RIDE`
    UnknownRide = 18,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Reason {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// The parts of a cost, all in milliseconds of waiting; less is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Score {
    /// Travel time to the pickup.
    pub eta_ms: i32,
    /// What the rating falls short of five stars.
    pub rating_ms: i32,
    /// What the reliability falls short of one.
    pub reliability_ms: i32,
    /// What the vehicle and the tier are more than asked for.
    pub vehicle_ms: i32,
    /// Less for a driver who earns below the market's mean; zero while too little is known of him.
    pub fairness_ms: i32,
}

impl Put for Score {
    fn put(&self, to: &mut Vec<u8>) {
        self.eta_ms.put(to);
        self.rating_ms.put(to);
        self.reliability_ms.put(to);
        self.vehicle_ms.put(to);
        self.fairness_ms.put(to);
    }
}

/// The best candidate of this ride that was not chosen.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RunnerUp {
    /// Who.
    pub driver: String,
    /// The parts.
    pub score: Score,
}

impl Put for RunnerUp {
    fn put(&self, to: &mut Vec<u8>) {
        self.driver.put(to);
        self.score.put(to);
    }
}

/// Why a driver near the pickup was not a candidate. RESERVED: held by a ride here; BUSY: his app says so;
/// BEYOND_LIMIT: better ones fill the list of candidates, or, with no drivers, the turn was full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Barrier {
    /// `RESERVED`
    Reserved = 1,
    /// `BUSY`
    Busy = 2,
    /// `STALE_PING`
    StalePing = 3,
    /// `OTHER_MARKET`
    OtherMarket = 4,
    /// `SUSPENDED`
    Suspended = 5,
    /// `TIER`
    Tier = 6,
    /// `VEHICLE`
    Vehicle = 7,
    /// `TOO_FAR`
    TooFar = 8,
    /// `REFUSED_BEFORE`
    RefusedBefore = 9,
    /// `NO_PROFILE`
    NoProfile = 10,
    /// `BEYOND_LIMIT`
    BeyondLimit = 11,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Barrier {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// How many drivers were barred for one reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Barred {
    /// Why.
    pub barrier: Barrier,
    /// How many.
    pub drivers: i32,
}

impl Put for Barred {
    fn put(&self, to: &mut Vec<u8>) {
        self.barrier.put(to);
        self.drivers.put(to);
    }
}

/// One step of a ride's match chain, or the answer to a record that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct MatchDecided {
    /// Id: market, turn and place in the turn.
    pub decision: String,
    /// City; the record's key.
    pub market: String,
    /// The turn's `now`, event time.
    pub at: i64,
    /// The ride.
    pub ride: String,
    /// Who asked; null when the ride is unknown.
    #[serde(default)]
    pub rider: Option<String>,
    /// Place in the chain, from 0 without gaps; null for DUPLICATE and REFUSED.
    #[serde(default)]
    pub revision: Option<i32>,
    /// What.
    pub outcome: Outcome,
    /// Why.
    pub reason: Reason,
    /// The driver concerned: asked, assigned, or let go.
    #[serde(default)]
    pub driver: Option<String>,
    /// OFFERED: accept before this event time.
    #[serde(default)]
    pub answer_by: Option<i64>,
    /// OFFERED, REASSIGNED: travel time to the pickup, milliseconds.
    #[serde(default)]
    pub eta_ms: Option<i32>,
    /// OFFERED, REASSIGNED: the parts of the chosen driver's cost.
    #[serde(default)]
    pub score: Option<Score>,
    /// OFFERED, REASSIGNED: the next best candidate; null: there was none.
    #[serde(default)]
    pub runner_up: Option<RunnerUp>,
    /// Runner-up's cost less the chosen one's; below zero when the turn as a whole is better off.
    #[serde(default)]
    pub margin_ms: Option<i64>,
    /// Drivers looked at around the pickup in this turn.
    pub considered: i32,
    /// Why drivers around the pickup were no candidates, in the order of the symbols.
    pub barred: Vec<Barred>,
    /// DUPLICATE: id of the decision that answered the first one; REFUSED LATE: none.
    #[serde(default)]
    pub of: Option<String>,
    /// The record that led to this; null when time alone did.
    #[serde(default)]
    pub cause: Option<Place>,
    /// The quote named by the request.
    #[serde(default)]
    pub quote: Option<String>,
    /// Number of the turn in its market, ascending; `turn.taken` with the same number says what it was decided from.
    pub turn: i64,
    /// Row of the ride in that turn's problem; null: no assignment was involved.
    #[serde(default)]
    pub row: Option<i32>,
    /// Version of the policy.
    pub policy_version: i32,
    /// First 16 hex digits of the SHA-256 of the policy's text.
    pub policy_hash: String,
    /// Whether it was decided before a tail that must be read was read to its end.
    pub stale: bool,
}

impl Put for MatchDecided {
    fn put(&self, to: &mut Vec<u8>) {
        self.decision.put(to);
        self.market.put(to);
        self.at.put(to);
        self.ride.put(to);
        self.rider.put(to);
        self.revision.put(to);
        self.outcome.put(to);
        self.reason.put(to);
        self.driver.put(to);
        self.answer_by.put(to);
        self.eta_ms.put(to);
        self.score.put(to);
        self.runner_up.put(to);
        self.margin_ms.put(to);
        self.considered.put(to);
        self.barred.put(to);
        self.of.put(to);
        self.cause.put(to);
        self.quote.put(to);
        self.turn.put(to);
        self.row.put(to);
        self.policy_version.put(to);
        self.policy_hash.put(to);
        self.stale.put(to);
    }
}

impl Record for MatchDecided {
    const TOPIC: &'static Topic = &Topic {
        name: "match.decided",
        schema: r#"{"type":"record","name":"MatchDecided","namespace":"tripo","doc":"One step of a ride's match chain, or the answer to a record that changes nothing.","topic":{"name":"match.decided","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":2592000000,"max_message_bytes":1048576},"fields":[{"name":"decision","type":"string","doc":"Id: market, turn and place in the turn."},{"name":"market","type":"string","doc":"City; the record's key."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The turn's `now`, event time."},{"name":"ride","type":"string","doc":"The ride."},{"name":"rider","type":["null","string"],"default":null,"doc":"Who asked; null when the ride is unknown."},{"name":"revision","type":["null","int"],"default":null,"doc":"Place in the chain, from 0 without gaps; null for DUPLICATE and REFUSED."},{"name":"outcome","type":{"type":"enum","name":"Outcome","namespace":"tripo","doc":"What was decided. WAITING, OFFERED, WITHDRAWN, ASSIGNED, REASSIGNED and CLOSED make the ride's chain; DUPLICATE and REFUSED answer one record and have no revision.","symbols":["UNKNOWN","WAITING","OFFERED","WITHDRAWN","ASSIGNED","REASSIGNED","CLOSED","DUPLICATE","REFUSED"],"default":"UNKNOWN"},"doc":"What."},{"name":"reason","type":{"type":"enum","name":"Reason","namespace":"tripo","doc":"Why.","symbols":["UNKNOWN","BEST","NOBODY","DECLINED","UNANSWERED","UNREACHABLE","ACCEPTED","COMPLETED","CANCELLED_BY_RIDER","CANCELLED_BY_DRIVER","CANCELLED_BY_OPERATOR","RIDER_NO_SHOW","DRIVER_NO_SHOW","EXPIRED","ABANDONED","SAME_REQUEST","SAME_ACCEPTANCE","LATE","UNKNOWN_RIDE"],"default":"UNKNOWN"},"doc":"Why."},{"name":"driver","type":["null","string"],"default":null,"doc":"The driver concerned: asked, assigned, or let go."},{"name":"answer_by","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"OFFERED: accept before this event time."},{"name":"eta_ms","type":["null","int"],"default":null,"doc":"OFFERED, REASSIGNED: travel time to the pickup, milliseconds."},{"name":"score","type":["null",{"type":"record","name":"Score","namespace":"tripo","doc":"The parts of a cost, all in milliseconds of waiting; less is better.","fields":[{"name":"eta_ms","type":"int","doc":"Travel time to the pickup."},{"name":"rating_ms","type":"int","doc":"What the rating falls short of five stars."},{"name":"reliability_ms","type":"int","doc":"What the reliability falls short of one."},{"name":"vehicle_ms","type":"int","doc":"What the vehicle and the tier are more than asked for."},{"name":"fairness_ms","type":"int","doc":"Less for a driver who earns below the market's mean; zero while too little is known of him."}]}],"default":null,"doc":"OFFERED, REASSIGNED: the parts of the chosen driver's cost."},{"name":"runner_up","type":["null",{"type":"record","name":"RunnerUp","namespace":"tripo","doc":"The best candidate of this ride that was not chosen.","fields":[{"name":"driver","type":"string","doc":"Who."},{"name":"score","type":"tripo.Score","doc":"The parts."}]}],"default":null,"doc":"OFFERED, REASSIGNED: the next best candidate; null: there was none."},{"name":"margin_ms","type":["null","long"],"default":null,"doc":"Runner-up's cost less the chosen one's; below zero when the turn as a whole is better off."},{"name":"considered","type":"int","doc":"Drivers looked at around the pickup in this turn."},{"name":"barred","type":{"type":"array","items":{"type":"record","name":"Barred","namespace":"tripo","doc":"How many drivers were barred for one reason.","fields":[{"name":"barrier","type":{"type":"enum","name":"Barrier","namespace":"tripo","doc":"Why a driver near the pickup was not a candidate. RESERVED: held by a ride here; BUSY: his app says so; BEYOND_LIMIT: better ones fill the list of candidates, or, with no drivers, the turn was full.","symbols":["UNKNOWN","RESERVED","BUSY","STALE_PING","OTHER_MARKET","SUSPENDED","TIER","VEHICLE","TOO_FAR","REFUSED_BEFORE","NO_PROFILE","BEYOND_LIMIT"],"default":"UNKNOWN"},"doc":"Why."},{"name":"drivers","type":"int","doc":"How many."}]}},"doc":"Why drivers around the pickup were no candidates, in the order of the symbols."},{"name":"of","type":["null","string"],"default":null,"doc":"DUPLICATE: id of the decision that answered the first one; REFUSED LATE: none."},{"name":"cause","type":["null",{"type":"record","name":"Place","namespace":"tripo","doc":"Where a record lies.","fields":[{"name":"topic","type":"string","doc":"Topic."},{"name":"partition","type":"int","doc":"Partition."},{"name":"offset","type":"long","doc":"Offset."}]}],"default":null,"doc":"The record that led to this; null when time alone did."},{"name":"quote","type":["null","string"],"default":null,"doc":"The quote named by the request."},{"name":"turn","type":"long","doc":"Number of the turn in its market, ascending; `turn.taken` with the same number says what it was decided from."},{"name":"row","type":["null","int"],"default":null,"doc":"Row of the ride in that turn's problem; null: no assignment was involved."},{"name":"policy_version","type":"int","doc":"Version of the policy."},{"name":"policy_hash","type":"string","doc":"First 16 hex digits of the SHA-256 of the policy's text."},{"name":"stale","type":"boolean","doc":"Whether it was decided before a tail that must be read was read to its end."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 2_592_000_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(MatchDecided::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PolicyChanged {
    /// Processor and version as `processor@version`; the record's key.
    pub policy: String,
    /// Whose policy.
    pub processor: String,
    /// Version, greater than all before.
    pub version: i32,
    /// Event time from which it holds, at least 30 seconds ahead.
    pub effective_from: i64,
    /// Who.
    pub author: String,
    /// Why.
    pub reason: String,
    /// The policy as TOML.
    pub text: String,
    /// First 16 hex digits of the SHA-256 of the text.
    pub hash: String,
}

impl Put for PolicyChanged {
    fn put(&self, to: &mut Vec<u8>) {
        self.policy.put(to);
        self.processor.put(to);
        self.version.put(to);
        self.effective_from.put(to);
        self.author.put(to);
        self.reason.put(to);
        self.text.put(to);
        self.hash.put(to);
    }
}

impl Record for PolicyChanged {
    const TOPIC: &'static Topic = &Topic {
        name: "policy.changed",
        schema: r#"{"type":"record","name":"PolicyChanged","namespace":"tripo","doc":"A version of a policy.","topic":{"name":"policy.changed","key":"policy","partitions":1,"placed_by":"key","cleanup":"delete","retention_ms":-1,"max_message_bytes":1048576},"fields":[{"name":"policy","type":"string","doc":"Processor and version as `processor@version`; the record's key."},{"name":"processor","type":"string","doc":"Whose policy."},{"name":"version","type":"int","doc":"Version, greater than all before."},{"name":"effective_from","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time from which it holds, at least 30 seconds ahead."},{"name":"author","type":"string","doc":"Who."},{"name":"reason","type":"string","doc":"Why."},{"name":"text","type":"string","doc":"The policy as TOML."},{"name":"hash","type":"string","doc":"First 16 hex digits of the SHA-256 of the text."}]}"#,
        partitions: 1,
        placed_by: PlacedBy::Key,
        cleanup: "delete",
        retention_ms: -1,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(PolicyChanged::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.policy.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// What became of a quote. DUPLICATE: it was answered before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum QuoteOutcome {
    /// `QUOTED`
    Quoted = 1,
    /// `REFUSED`
    Refused = 2,
    /// `DUPLICATE`
    Duplicate = 3,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for QuoteOutcome {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// Why there is no price. NOTHING: neither distance nor duration. AMOUNT: beyond all that a ride can cost. LATE: asked
/// for too long ago for a lock. SERVICE, TIER: none of the market's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Refusal {
    /// `DISTANCE`
    Distance = 1,
    /// `DURATION`
    Duration = 2,
    /// `TOLLS`
    Tolls = 3,
    /// `NOTHING`
    Nothing = 4,
    /// `AMOUNT`
    Amount = 5,
    /// `LATE`
    Late = 6,
    /// `SERVICE`
    Service = 7,
    /// `TIER`
    Tier = 8,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Refusal {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// A price that was compared, and what it brings to four who want different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Price {
    /// Fare, minor units.
    pub fare_minor: i64,
    /// Share of riders who would accept it, millionths.
    pub accepts_ppm: i32,
    /// What the platform keeps, millionths of the best on the grid.
    pub profit_ppm: i32,
    /// What riders pay, millionths of the best on the grid.
    pub revenue_ppm: i32,
    /// What the choice is worth to riders, millionths of the best on the grid.
    pub riders_ppm: i32,
    /// Drivers' pay an hour, and how many are put to use, millionths of the best on the grid.
    pub operations_ppm: i32,
}

impl Put for Price {
    fn put(&self, to: &mut Vec<u8>) {
        self.fare_minor.put(to);
        self.accepts_ppm.put(to);
        self.profit_ppm.put(to);
        self.revenue_ppm.put(to);
        self.riders_ppm.put(to);
        self.operations_ppm.put(to);
    }
}

/// A price, with its reasons.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QuotePrice {
    /// What the rider is charged, minor units of `currency`.
    pub total_minor: i64,
    /// ISO 4217 code of all amounts.
    pub currency: String,
    /// Until then a ride asked for with this quote has this price.
    pub expires_at: i64,
    /// Item by item.
    pub items: FareItems,
    /// Who gets what.
    pub split: FareSplit,
    /// The chosen price before exploration and loyalty.
    pub chosen: Price,
    /// The next best by the weights; null: there was one price only.
    #[serde(default)]
    pub runner_up: Option<Price>,
    /// How much worse it is, millionths of the chosen one's score.
    #[serde(default)]
    pub margin_ppm: Option<i32>,
    /// At most five prices of which none is better for all four, by fare, the chosen one among them.
    pub alternatives: Vec<Price>,
    /// What would be chosen if demand were as steep as it may be, or as flat: the lesser fare.
    pub low_minor: i64,
    /// The greater one.
    pub high_minor: i64,
    /// Share of what demand may be for which the chosen price comes within a hundredth of the best score, basis points.
    pub confidence_bps: i32,
    /// No price inside was best: the end of the grid decided, a cap or the band.
    pub bound: bool,
    /// Caps that were reached.
    pub caps: Vec<Cap>,
    /// How far the price is off on purpose, basis points of the chosen fare, before caps: where one is named in `caps`,
    /// the fare may have moved less, or not at all.
    pub explored_bps: i32,
    /// How likely that was, basis points.
    pub propensity_bps: i32,
    /// A datum about the rider lowered the price: he must be told.
    pub personal: bool,
}

impl Put for QuotePrice {
    fn put(&self, to: &mut Vec<u8>) {
        self.total_minor.put(to);
        self.currency.put(to);
        self.expires_at.put(to);
        self.items.put(to);
        self.split.put(to);
        self.chosen.put(to);
        self.runner_up.put(to);
        self.margin_ppm.put(to);
        self.alternatives.put(to);
        self.low_minor.put(to);
        self.high_minor.put(to);
        self.confidence_bps.put(to);
        self.bound.put(to);
        self.caps.put(to);
        self.explored_bps.put(to);
        self.propensity_bps.put(to);
        self.personal.put(to);
    }
}

/// What the store of riders' facts said. UNASKED: there is no store. FOUND, ABSENT: it knows him, or not. UNANSWERED:
/// it did not answer in time, so nothing about him was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RiderFacts {
    /// `UNASKED`
    Unasked = 1,
    /// `FOUND`
    Found = 2,
    /// `ABSENT`
    Absent = 3,
    /// `UNANSWERED`
    Unanswered = 4,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for RiderFacts {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// Tier of the loyalty programme, lowest first. What each is worth is the policy's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Loyalty {
    /// `MEMBER`
    Member = 1,
    /// `SILVER`
    Silver = 2,
    /// `GOLD`
    Gold = 3,
    /// `PLATINUM`
    Platinum = 4,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Loyalty {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// All that a price was made from beside the policy: the same inputs and policy give the same quote to the byte.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QuoteInputs {
    /// Metres on the road.
    pub distance_m: i64,
    /// Seconds on the way.
    pub duration_s: i64,
    /// Tolls, minor units.
    pub tolls_minor: i64,
    /// Whether distance or duration was estimated, for the request had none.
    pub estimated: bool,
    /// What is asked for.
    pub service: Service,
    /// Tier; null: the plain service.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// H3 cell of the pickup, resolution 8.
    pub cell: i64,
    /// Requests in the cell and around it within the policy's window.
    pub demand: i32,
    /// Free drivers in the cell and around it.
    pub supply: i32,
    /// Expected time until a driver is there, by the nearest ring of cells with a free one.
    pub wait_ms: i32,
    /// Surge of the cell, basis points of the surge base.
    pub surge_bps: i32,
    /// Competitors' price against our metered fare, basis points; null: not known.
    #[serde(default)]
    pub competitor_bps: Option<i32>,
    /// Ceiling of an emergency that holds, basis points of the metered fare; null: none holds.
    #[serde(default)]
    pub emergency_bps: Option<i32>,
    /// Whether facts about the rider were known.
    pub rider_facts: RiderFacts,
    /// FOUND: the `rider.changed` record that they come from.
    #[serde(default)]
    pub rider_place: Option<Place>,
    /// FOUND: his tier, where he agreed to personal prices; null: no member, or he did not agree.
    #[serde(default)]
    pub loyalty: Option<Loyalty>,
    /// What loyalty may take off by the policy, basis points of the fare; the tier is the only datum about a person.
    /// Null: nothing.
    #[serde(default)]
    pub loyalty_bps: Option<i32>,
    /// Log odds of acceptance at the start price without a wait, millionths.
    pub odds_e6: i64,
    /// How much they fall for each unit of the price's logarithm, millionths.
    pub slope_e6: i64,
    /// Standard error of that slope, millionths.
    pub error_e6: i64,
    /// How much they fall for each minute of waiting, millionths.
    pub wait_e6: i64,
}

impl Put for QuoteInputs {
    fn put(&self, to: &mut Vec<u8>) {
        self.distance_m.put(to);
        self.duration_s.put(to);
        self.tolls_minor.put(to);
        self.estimated.put(to);
        self.service.put(to);
        self.tier.put(to);
        self.cell.put(to);
        self.demand.put(to);
        self.supply.put(to);
        self.wait_ms.put(to);
        self.surge_bps.put(to);
        self.competitor_bps.put(to);
        self.emergency_bps.put(to);
        self.rider_facts.put(to);
        self.rider_place.put(to);
        self.loyalty.put(to);
        self.loyalty_bps.put(to);
        self.odds_e6.put(to);
        self.slope_e6.put(to);
        self.error_e6.put(to);
        self.wait_e6.put(to);
    }
}

/// The answer to a `quote.requested`: a price with its reasons, or why there is none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PriceQuoted {
    /// Id of the quote, as it was asked for.
    pub quote: String,
    /// Event time of the decision.
    pub at: i64,
    /// City; the record's key.
    pub market: String,
    /// What was decided.
    pub outcome: QuoteOutcome,
    /// REFUSED: why.
    #[serde(default)]
    pub refusal: Option<Refusal>,
    /// QUOTED: the price.
    #[serde(default)]
    pub price: Option<QuotePrice>,
    /// What it was made from; null: DUPLICATE, and REFUSED as LATE.
    #[serde(default)]
    pub inputs: Option<QuoteInputs>,
    /// The record that asked.
    #[serde(default)]
    pub cause: Option<Place>,
    /// Turn of the market in which it was decided.
    pub turn: i64,
    /// Its place among the turn's quotes, from 0.
    pub row: i32,
    /// Version of the policy.
    pub policy_version: i32,
    /// First 16 hex digits of the SHA-256 of the policy's text.
    pub policy_hash: String,
    /// Whether a tail that must be read was not read to its end.
    pub stale: bool,
}

impl Put for PriceQuoted {
    fn put(&self, to: &mut Vec<u8>) {
        self.quote.put(to);
        self.at.put(to);
        self.market.put(to);
        self.outcome.put(to);
        self.refusal.put(to);
        self.price.put(to);
        self.inputs.put(to);
        self.cause.put(to);
        self.turn.put(to);
        self.row.put(to);
        self.policy_version.put(to);
        self.policy_hash.put(to);
        self.stale.put(to);
    }
}

impl Record for PriceQuoted {
    const TOPIC: &'static Topic = &Topic {
        name: "price.quoted",
        schema: r#"{"type":"record","name":"PriceQuoted","namespace":"tripo","doc":"The answer to a `quote.requested`: a price with its reasons, or why there is none.","topic":{"name":"price.quoted","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":2592000000,"max_message_bytes":1048576},"fields":[{"name":"quote","type":"string","doc":"Id of the quote, as it was asked for."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the decision."},{"name":"market","type":"string","doc":"City; the record's key."},{"name":"outcome","type":{"type":"enum","name":"QuoteOutcome","namespace":"tripo","doc":"What became of a quote. DUPLICATE: it was answered before.","symbols":["UNKNOWN","QUOTED","REFUSED","DUPLICATE"],"default":"UNKNOWN"},"doc":"What was decided."},{"name":"refusal","type":["null",{"type":"enum","name":"Refusal","namespace":"tripo","doc":"Why there is no price. NOTHING: neither distance nor duration. AMOUNT: beyond all that a ride can cost. LATE: asked for too long ago for a lock. SERVICE, TIER: none of the market's.","symbols":["UNKNOWN","DISTANCE","DURATION","TOLLS","NOTHING","AMOUNT","LATE","SERVICE","TIER"],"default":"UNKNOWN"}],"default":null,"doc":"REFUSED: why."},{"name":"price","type":["null",{"type":"record","name":"QuotePrice","namespace":"tripo","doc":"A price, with its reasons.","fields":[{"name":"total_minor","type":"long","doc":"What the rider is charged, minor units of `currency`."},{"name":"currency","type":"string","doc":"ISO 4217 code of all amounts."},{"name":"expires_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Until then a ride asked for with this quote has this price."},{"name":"items","type":{"type":"record","name":"FareItems","namespace":"tripo","doc":"A fare item by item, minor units. Their sum is what the rider is charged.","fields":[{"name":"base","type":"long","doc":"For getting in."},{"name":"distance","type":"long","doc":"Kilometres."},{"name":"time","type":"long","doc":"Minutes."},{"name":"tier","type":"long","doc":"Service and tier, less or more than the plain ride."},{"name":"least","type":"long","doc":"What is missing to the least fare."},{"name":"surge","type":"long","doc":"Surge."},{"name":"competitor","type":"long","doc":"Competitors' prices, up or down."},{"name":"optimum","type":"long","doc":"The choice among prices, exploration with it."},{"name":"loyalty","type":"long","doc":"Loyalty, zero or below."},{"name":"capped","type":"long","doc":"What caps took off, or a floor put on."},{"name":"booking","type":"long","doc":"Booking fee."},{"name":"tax","type":"long","doc":"Tax."},{"name":"tolls","type":"long","doc":"Tolls."}]},"doc":"Item by item."},{"name":"split","type":{"type":"record","name":"FareSplit","namespace":"tripo","doc":"Who gets what, minor units: charged = driver + fees + tax + tolls - promotion.","fields":[{"name":"driver","type":"long","doc":"The driver, tolls not counted."},{"name":"fees","type":"long","doc":"The platform: booking fee and its share of the fare."},{"name":"tax","type":"long","doc":"The state."},{"name":"tolls","type":"long","doc":"Whoever keeps the road."},{"name":"promotion","type":"long","doc":"What the platform gives: it is taken off the charge, not off the driver's pay."}]},"doc":"Who gets what."},{"name":"chosen","type":{"type":"record","name":"Price","namespace":"tripo","doc":"A price that was compared, and what it brings to four who want different things.","fields":[{"name":"fare_minor","type":"long","doc":"Fare, minor units."},{"name":"accepts_ppm","type":"int","doc":"Share of riders who would accept it, millionths."},{"name":"profit_ppm","type":"int","doc":"What the platform keeps, millionths of the best on the grid."},{"name":"revenue_ppm","type":"int","doc":"What riders pay, millionths of the best on the grid."},{"name":"riders_ppm","type":"int","doc":"What the choice is worth to riders, millionths of the best on the grid."},{"name":"operations_ppm","type":"int","doc":"Drivers' pay an hour, and how many are put to use, millionths of the best on the grid."}]},"doc":"The chosen price before exploration and loyalty."},{"name":"runner_up","type":["null","tripo.Price"],"default":null,"doc":"The next best by the weights; null: there was one price only."},{"name":"margin_ppm","type":["null","int"],"default":null,"doc":"How much worse it is, millionths of the chosen one's score."},{"name":"alternatives","type":{"type":"array","items":"tripo.Price"},"doc":"At most five prices of which none is better for all four, by fare, the chosen one among them."},{"name":"low_minor","type":"long","doc":"What would be chosen if demand were as steep as it may be, or as flat: the lesser fare."},{"name":"high_minor","type":"long","doc":"The greater one."},{"name":"confidence_bps","type":"int","doc":"Share of what demand may be for which the chosen price comes within a hundredth of the best score, basis points."},{"name":"bound","type":"boolean","doc":"No price inside was best: the end of the grid decided, a cap or the band."},{"name":"caps","type":{"type":"array","items":{"type":"enum","name":"Cap","namespace":"tripo","doc":"A cap that held a fare back, or up.","symbols":["UNKNOWN","FLOOR","CEILING","MOST","EMERGENCY"],"default":"UNKNOWN"}},"doc":"Caps that were reached."},{"name":"explored_bps","type":"int","doc":"How far the price is off on purpose, basis points of the chosen fare, before caps: where one is named in `caps`, the fare may have moved less, or not at all."},{"name":"propensity_bps","type":"int","doc":"How likely that was, basis points."},{"name":"personal","type":"boolean","doc":"A datum about the rider lowered the price: he must be told."}]}],"default":null,"doc":"QUOTED: the price."},{"name":"inputs","type":["null",{"type":"record","name":"QuoteInputs","namespace":"tripo","doc":"All that a price was made from beside the policy: the same inputs and policy give the same quote to the byte.","fields":[{"name":"distance_m","type":"long","doc":"Metres on the road."},{"name":"duration_s","type":"long","doc":"Seconds on the way."},{"name":"tolls_minor","type":"long","doc":"Tolls, minor units."},{"name":"estimated","type":"boolean","doc":"Whether distance or duration was estimated, for the request had none."},{"name":"service","type":{"type":"enum","name":"Service","namespace":"tripo","doc":"What kind of ride is asked for. UNKNOWN stands for a symbol that the reader does not know and is parked.","symbols":["UNKNOWN","STANDARD","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"What is asked for."},{"name":"tier","type":["null",{"type":"enum","name":"Tier","namespace":"tripo","doc":"Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.","symbols":["UNKNOWN","BRONZE","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Tier; null: the plain service."},{"name":"cell","type":"long","doc":"H3 cell of the pickup, resolution 8."},{"name":"demand","type":"int","doc":"Requests in the cell and around it within the policy's window."},{"name":"supply","type":"int","doc":"Free drivers in the cell and around it."},{"name":"wait_ms","type":"int","doc":"Expected time until a driver is there, by the nearest ring of cells with a free one."},{"name":"surge_bps","type":"int","doc":"Surge of the cell, basis points of the surge base."},{"name":"competitor_bps","type":["null","int"],"default":null,"doc":"Competitors' price against our metered fare, basis points; null: not known."},{"name":"emergency_bps","type":["null","int"],"default":null,"doc":"Ceiling of an emergency that holds, basis points of the metered fare; null: none holds."},{"name":"rider_facts","type":{"type":"enum","name":"RiderFacts","namespace":"tripo","doc":"What the store of riders' facts said. UNASKED: there is no store. FOUND, ABSENT: it knows him, or not. UNANSWERED: it did not answer in time, so nothing about him was known.","symbols":["UNKNOWN","UNASKED","FOUND","ABSENT","UNANSWERED"],"default":"UNKNOWN"},"doc":"Whether facts about the rider were known."},{"name":"rider_place","type":["null",{"type":"record","name":"Place","namespace":"tripo","doc":"Where a record lies.","fields":[{"name":"topic","type":"string","doc":"Topic."},{"name":"partition","type":"int","doc":"Partition."},{"name":"offset","type":"long","doc":"Offset."}]}],"default":null,"doc":"FOUND: the `rider.changed` record that they come from."},{"name":"loyalty","type":["null",{"type":"enum","name":"Loyalty","namespace":"tripo","doc":"Tier of the loyalty programme, lowest first. What each is worth is the policy's.","symbols":["UNKNOWN","MEMBER","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"FOUND: his tier, where he agreed to personal prices; null: no member, or he did not agree."},{"name":"loyalty_bps","type":["null","int"],"default":null,"doc":"What loyalty may take off by the policy, basis points of the fare; the tier is the only datum about a person. Null: nothing."},{"name":"odds_e6","type":"long","doc":"Log odds of acceptance at the start price without a wait, millionths."},{"name":"slope_e6","type":"long","doc":"How much they fall for each unit of the price's logarithm, millionths."},{"name":"error_e6","type":"long","doc":"Standard error of that slope, millionths."},{"name":"wait_e6","type":"long","doc":"How much they fall for each minute of waiting, millionths."}]}],"default":null,"doc":"What it was made from; null: DUPLICATE, and REFUSED as LATE."},{"name":"cause","type":["null","tripo.Place"],"default":null,"doc":"The record that asked."},{"name":"turn","type":"long","doc":"Turn of the market in which it was decided."},{"name":"row","type":"int","doc":"Its place among the turn's quotes, from 0."},{"name":"policy_version","type":"int","doc":"Version of the policy."},{"name":"policy_hash","type":"string","doc":"First 16 hex digits of the SHA-256 of the policy's text."},{"name":"stale","type":"boolean","doc":"Whether a tail that must be read was not read to its end."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 2_592_000_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(PriceQuoted::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// A rider asks what a ride would cost. Sent again with the same `quote` while it is remembered it is answered
/// `DUPLICATE`, later, with its own `at`, `REFUSED` as `LATE`: so no id is priced twice that is not used again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct QuoteRequested {
    /// Id of the quote, chosen by the sender, 1 to 64 bytes, never used again: the name by which a ride is asked for at
    /// this price.
    pub quote: String,
    /// Event time: when the rider asked.
    pub at: i64,
    /// City, 1 to 64 bytes; the record's key.
    pub market: String,
    /// Who asks, 1 to 64 bytes; a pseudonym. It has no part in the price but by the loyalty that it leads to.
    pub rider: String,
    /// Where the ride starts.
    pub pickup: Point,
    /// Where the ride ends.
    pub dropoff: Point,
    /// What is asked for.
    pub service: Service,
    /// Tier; null: the plain service.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// Metres on the road, by the sender's router, 0 to 1000000; null: estimated from the straight line.
    #[serde(default)]
    pub distance_m: Option<i32>,
    /// Seconds on the way, by the sender's router, 0 to 86400; null: estimated from the distance.
    #[serde(default)]
    pub duration_s: Option<i32>,
    /// Tolls on the way, minor units, at most the most that the policy lets a fare be; null: none.
    #[serde(default)]
    pub tolls_minor: Option<i64>,
}

impl Put for QuoteRequested {
    fn put(&self, to: &mut Vec<u8>) {
        self.quote.put(to);
        self.at.put(to);
        self.market.put(to);
        self.rider.put(to);
        self.pickup.put(to);
        self.dropoff.put(to);
        self.service.put(to);
        self.tier.put(to);
        self.distance_m.put(to);
        self.duration_s.put(to);
        self.tolls_minor.put(to);
    }
}

impl Record for QuoteRequested {
    const TOPIC: &'static Topic = &Topic {
        name: "quote.requested",
        schema: r#"{"type":"record","name":"QuoteRequested","namespace":"tripo","doc":"A rider asks what a ride would cost. Sent again with the same `quote` while it is remembered it is answered `DUPLICATE`, later, with its own `at`, `REFUSED` as `LATE`: so no id is priced twice that is not used again.","topic":{"name":"quote.requested","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":604800000,"max_message_bytes":1048576},"fields":[{"name":"quote","type":"string","doc":"Id of the quote, chosen by the sender, 1 to 64 bytes, never used again: the name by which a ride is asked for at this price."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time: when the rider asked."},{"name":"market","type":"string","doc":"City, 1 to 64 bytes; the record's key."},{"name":"rider","type":"string","doc":"Who asks, 1 to 64 bytes; a pseudonym. It has no part in the price but by the loyalty that it leads to."},{"name":"pickup","type":{"type":"record","name":"Point","namespace":"tripo","doc":"A place on earth.","fields":[{"name":"lat_e6","type":"int","doc":"Latitude in micro-degrees, -90000000 to 90000000."},{"name":"lng_e6","type":"int","doc":"Longitude in micro-degrees, -180000000 to 180000000."}]},"doc":"Where the ride starts."},{"name":"dropoff","type":"tripo.Point","doc":"Where the ride ends."},{"name":"service","type":{"type":"enum","name":"Service","namespace":"tripo","doc":"What kind of ride is asked for. UNKNOWN stands for a symbol that the reader does not know and is parked.","symbols":["UNKNOWN","STANDARD","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"What is asked for."},{"name":"tier","type":["null",{"type":"enum","name":"Tier","namespace":"tripo","doc":"Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.","symbols":["UNKNOWN","BRONZE","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Tier; null: the plain service."},{"name":"distance_m","type":["null","int"],"default":null,"doc":"Metres on the road, by the sender's router, 0 to 1000000; null: estimated from the straight line."},{"name":"duration_s","type":["null","int"],"default":null,"doc":"Seconds on the way, by the sender's router, 0 to 86400; null: estimated from the distance."},{"name":"tolls_minor","type":["null","long"],"default":null,"doc":"Tolls on the way, minor units, at most the most that the policy lets a fare be; null: none."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 604_800_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(QuoteRequested::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// Why a record was parked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Cause {
    /// `WRONG_MAGIC`
    WrongMagic = 1,
    /// `UNKNOWN_SCHEMA`
    UnknownSchema = 2,
    /// `UNDECODABLE`
    Undecodable = 3,
    /// `OUT_OF_RANGE`
    OutOfRange = 4,
    /// `MISPLACED`
    Misplaced = 5,
    /// `FROM_THE_FUTURE`
    FromTheFuture = 6,
    /// `TOO_OLD`
    TooOld = 7,
    /// `OVERSIZED`
    Oversized = 8,
    /// `PANICKED`
    Panicked = 9,
    /// `UNENCODABLE`
    Unencodable = 10,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for Cause {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// A header of a record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Header {
    /// Name.
    pub name: String,
    /// Value.
    #[serde(with = "serde_bytes", default)]
    pub value: Option<Vec<u8>>,
}

impl Put for Header {
    fn put(&self, to: &mut Vec<u8>) {
        self.name.put(to);
        avro::some_bytes(self.value.as_deref(), to);
    }
}

/// A record that cost only itself. Identity: processor, topic, partition and offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RecordParked {
    /// Who parked it.
    pub processor: String,
    /// Why.
    pub cause: Cause,
    /// What exactly, one line.
    pub detail: String,
    /// Where it lies.
    pub place: Place,
    /// When the broker stored it.
    pub appended_at: i64,
    /// City, as far as it could be read.
    #[serde(default)]
    pub market: Option<String>,
    /// Its key; over 64 KiB the first 64 KiB.
    #[serde(with = "serde_bytes", default)]
    pub key: Option<Vec<u8>>,
    /// Its bytes; over 512 KiB the first 64 KiB. None: it had no value.
    #[serde(with = "serde_bytes", default)]
    pub value: Option<Vec<u8>>,
    /// Size of the whole value, bytes.
    pub size: i32,
    /// SHA-256 of the whole value, hex, when `value` is cut.
    #[serde(default)]
    pub hash: Option<String>,
    /// Its headers, the first 32 of them that fit in 16 KiB together.
    #[serde(default)]
    pub headers: Vec<Header>,
}

impl Put for RecordParked {
    fn put(&self, to: &mut Vec<u8>) {
        self.processor.put(to);
        self.cause.put(to);
        self.detail.put(to);
        self.place.put(to);
        self.appended_at.put(to);
        self.market.put(to);
        avro::some_bytes(self.key.as_deref(), to);
        avro::some_bytes(self.value.as_deref(), to);
        self.size.put(to);
        self.hash.put(to);
        self.headers.put(to);
    }
}

impl Record for RecordParked {
    const TOPIC: &'static Topic = &Topic {
        name: "record.parked",
        schema: r#"{"type":"record","name":"RecordParked","namespace":"tripo","doc":"A record that cost only itself. Identity: processor, topic, partition and offset.","topic":{"name":"record.parked","key":"key","partitions":12,"placed_by":"origin","cleanup":"delete","retention_ms":2592000000,"max_message_bytes":1048576},"fields":[{"name":"processor","type":"string","doc":"Who parked it."},{"name":"cause","type":{"type":"enum","name":"Cause","namespace":"tripo","doc":"Why a record was parked.","symbols":["UNKNOWN","WRONG_MAGIC","UNKNOWN_SCHEMA","UNDECODABLE","OUT_OF_RANGE","MISPLACED","FROM_THE_FUTURE","TOO_OLD","OVERSIZED","PANICKED","UNENCODABLE"],"default":"UNKNOWN"},"doc":"Why."},{"name":"detail","type":"string","doc":"What exactly, one line."},{"name":"place","type":{"type":"record","name":"Place","namespace":"tripo","doc":"Where a record lies.","fields":[{"name":"topic","type":"string","doc":"Topic."},{"name":"partition","type":"int","doc":"Partition."},{"name":"offset","type":"long","doc":"Offset."}]},"doc":"Where it lies."},{"name":"appended_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the broker stored it."},{"name":"market","type":["null","string"],"default":null,"doc":"City, as far as it could be read."},{"name":"key","type":["null","bytes"],"default":null,"doc":"Its key; over 64 KiB the first 64 KiB."},{"name":"value","type":["null","bytes"],"default":null,"doc":"Its bytes; over 512 KiB the first 64 KiB. None: it had no value."},{"name":"size","type":"int","doc":"Size of the whole value, bytes."},{"name":"hash","type":["null","string"],"default":null,"doc":"SHA-256 of the whole value, hex, when `value` is cut."},{"name":"headers","type":{"type":"array","items":{"type":"record","name":"Header","namespace":"tripo","doc":"A header of a record.","fields":[{"name":"name","type":"string","doc":"Name."},{"name":"value","type":["null","bytes"],"default":null,"doc":"Value."}]}},"default":[],"doc":"Its headers, the first 32 of them that fit in 16 KiB together."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Origin,
        cleanup: "delete",
        retention_ms: 2_592_000_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(RecordParked::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.key.as_deref().unwrap_or_default()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// What happened to a ride, told by the driver's or the rider's app.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RideProgressed {
    /// Id of this fact, 1 to 64 bytes.
    pub event: String,
    /// Event time.
    pub at: i64,
    /// City; the record's key.
    pub market: String,
    /// The ride.
    pub ride: String,
    /// The decision that is answered; needed by ACCEPTED and DECLINED.
    #[serde(default)]
    pub revision: Option<i32>,
    /// The driver concerned; needed by ACCEPTED, DECLINED, ARRIVED and STARTED. CANCELLED by a rider: who was on the
    /// way; null: nobody.
    #[serde(default)]
    pub driver: Option<String>,
    /// What happened.
    pub progress: Progress,
    /// Who cancelled, or who did not show.
    #[serde(default)]
    pub by: Option<Party>,
    /// Reason in the app's words, at most 256 bytes; no personal data.
    #[serde(default)]
    pub why: Option<String>,
    /// What the rider was charged, in minor units.
    #[serde(default)]
    pub charged_minor: Option<i64>,
    /// COMPLETED: what the driver earns, in minor units.
    #[serde(default)]
    pub paid_minor: Option<i64>,
    /// ISO 4217 code of all amounts.
    #[serde(default)]
    pub currency: Option<String>,
    /// COMPLETED: metres driven with the rider.
    #[serde(default)]
    pub distance_m: Option<i32>,
    /// COMPLETED: seconds driven with the rider.
    #[serde(default)]
    pub duration_s: Option<i32>,
    /// COMPLETED: tolls that were passed, minor units; null: those of the quote, or none.
    #[serde(default)]
    pub tolls_minor: Option<i64>,
    /// COMPLETED, CANCELLED, NO_SHOW: seconds that the driver waited at the pickup.
    #[serde(default)]
    pub wait_s: Option<i32>,
    /// How the rider pays; null: not told.
    #[serde(default)]
    pub payment: Option<Payment>,
    /// What was billed; null: not told.
    #[serde(default)]
    pub bill: Option<Bill>,
}

impl Put for RideProgressed {
    fn put(&self, to: &mut Vec<u8>) {
        self.event.put(to);
        self.at.put(to);
        self.market.put(to);
        self.ride.put(to);
        self.revision.put(to);
        self.driver.put(to);
        self.progress.put(to);
        self.by.put(to);
        self.why.put(to);
        self.charged_minor.put(to);
        self.paid_minor.put(to);
        self.currency.put(to);
        self.distance_m.put(to);
        self.duration_s.put(to);
        self.tolls_minor.put(to);
        self.wait_s.put(to);
        self.payment.put(to);
        self.bill.put(to);
    }
}

impl Record for RideProgressed {
    const TOPIC: &'static Topic = &Topic {
        name: "ride.progressed",
        schema: r#"{"type":"record","name":"RideProgressed","namespace":"tripo","doc":"What happened to a ride, told by the driver's or the rider's app.","topic":{"name":"ride.progressed","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":604800000,"max_message_bytes":1048576},"fields":[{"name":"event","type":"string","doc":"Id of this fact, 1 to 64 bytes."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"market","type":"string","doc":"City; the record's key."},{"name":"ride","type":"string","doc":"The ride."},{"name":"revision","type":["null","int"],"default":null,"doc":"The decision that is answered; needed by ACCEPTED and DECLINED."},{"name":"driver","type":["null","string"],"default":null,"doc":"The driver concerned; needed by ACCEPTED, DECLINED, ARRIVED and STARTED. CANCELLED by a rider: who was on the way; null: nobody."},{"name":"progress","type":{"type":"enum","name":"Progress","namespace":"tripo","doc":"What happened on the way.","symbols":["UNKNOWN","ACCEPTED","DECLINED","ARRIVED","STARTED","COMPLETED","CANCELLED","NO_SHOW"],"default":"UNKNOWN"},"doc":"What happened."},{"name":"by","type":["null",{"type":"enum","name":"Party","namespace":"tripo","doc":"Who did it.","symbols":["UNKNOWN","RIDER","DRIVER","OPERATOR"],"default":"UNKNOWN"}],"default":null,"doc":"Who cancelled, or who did not show."},{"name":"why","type":["null","string"],"default":null,"doc":"Reason in the app's words, at most 256 bytes; no personal data."},{"name":"charged_minor","type":["null","long"],"default":null,"doc":"What the rider was charged, in minor units."},{"name":"paid_minor","type":["null","long"],"default":null,"doc":"COMPLETED: what the driver earns, in minor units."},{"name":"currency","type":["null","string"],"default":null,"doc":"ISO 4217 code of all amounts."},{"name":"distance_m","type":["null","int"],"default":null,"doc":"COMPLETED: metres driven with the rider."},{"name":"duration_s","type":["null","int"],"default":null,"doc":"COMPLETED: seconds driven with the rider."},{"name":"tolls_minor","type":["null","long"],"default":null,"doc":"COMPLETED: tolls that were passed, minor units; null: those of the quote, or none."},{"name":"wait_s","type":["null","int"],"default":null,"doc":"COMPLETED, CANCELLED, NO_SHOW: seconds that the driver waited at the pickup."},{"name":"payment","type":["null",{"type":"enum","name":"Payment","namespace":"tripo","doc":"How a rider pays.","symbols":["UNKNOWN","CARD","WALLET","CASH"],"default":"UNKNOWN"}],"default":null,"doc":"How the rider pays; null: not told."},{"name":"bill","type":["null",{"type":"record","name":"Bill","namespace":"tripo","doc":"What the edge billed, item by item, minor units of the record's currency. The items, less loyalty and promotions, are what the rider was charged.","fields":[{"name":"service","type":{"type":"enum","name":"Service","namespace":"tripo","doc":"What kind of ride is asked for. UNKNOWN stands for a symbol that the reader does not know and is parked.","symbols":["UNKNOWN","STANDARD","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"Service that was billed."},{"name":"tier","type":["null",{"type":"enum","name":"Tier","namespace":"tripo","doc":"Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.","symbols":["UNKNOWN","BRONZE","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Tier that was billed; null: the plain service."},{"name":"fare","type":"long","doc":"The fare: what driver and platform share, loyalty and promotions not taken off."},{"name":"loyalty","type":"long","doc":"What loyalty took off, zero or above."},{"name":"booking","type":"long","doc":"Booking fee."},{"name":"wait","type":"long","doc":"Fee for waiting at the pickup."},{"name":"cancel","type":"long","doc":"Fee for a ride that was cancelled, or to which nobody came."},{"name":"online","type":"long","doc":"Fee for paying online."},{"name":"tax","type":"long","doc":"Tax."},{"name":"tolls","type":"long","doc":"Tolls."},{"name":"promotions","type":{"type":"array","items":{"type":"record","name":"BillPromotion","namespace":"tripo","doc":"A promotion on a bill.","fields":[{"name":"promotion","type":"string","doc":"Its id."},{"name":"minor","type":"long","doc":"What it took off, minor units."}]}},"doc":"Promotions, at most 32."},{"name":"commission","type":"long","doc":"What the platform kept of fare and fees for waiting and cancelling."},{"name":"driver","type":"long","doc":"What the driver was paid, tolls not counted."}]}],"default":null,"doc":"What was billed; null: not told."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 604_800_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(RideProgressed::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// A rider asks for a ride. Sent again with the same `ride` within 24 hours it is answered `DUPLICATE`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RideRequested {
    /// Request id, chosen by the sender, 1 to 64 bytes; the ride's name in every topic.
    pub ride: String,
    /// Event time: when the rider asked.
    pub at: i64,
    /// City, 1 to 64 bytes; the record's key.
    pub market: String,
    /// Who asks, 1 to 64 bytes; a pseudonym.
    pub rider: String,
    /// Where the ride starts.
    pub pickup: Point,
    /// Where the ride ends.
    pub dropoff: Point,
    /// What is asked for.
    pub service: Service,
    /// Lowest tier that the rider takes; null: any driver.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// Quote that the rider accepted; matching carries it, never reads it.
    #[serde(default)]
    pub quote: Option<String>,
}

impl Put for RideRequested {
    fn put(&self, to: &mut Vec<u8>) {
        self.ride.put(to);
        self.at.put(to);
        self.market.put(to);
        self.rider.put(to);
        self.pickup.put(to);
        self.dropoff.put(to);
        self.service.put(to);
        self.tier.put(to);
        self.quote.put(to);
    }
}

impl Record for RideRequested {
    const TOPIC: &'static Topic = &Topic {
        name: "ride.requested",
        schema: r#"{"type":"record","name":"RideRequested","namespace":"tripo","doc":"A rider asks for a ride. Sent again with the same `ride` within 24 hours it is answered `DUPLICATE`.","topic":{"name":"ride.requested","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":604800000,"max_message_bytes":1048576},"fields":[{"name":"ride","type":"string","doc":"Request id, chosen by the sender, 1 to 64 bytes; the ride's name in every topic."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time: when the rider asked."},{"name":"market","type":"string","doc":"City, 1 to 64 bytes; the record's key."},{"name":"rider","type":"string","doc":"Who asks, 1 to 64 bytes; a pseudonym."},{"name":"pickup","type":{"type":"record","name":"Point","namespace":"tripo","doc":"A place on earth.","fields":[{"name":"lat_e6","type":"int","doc":"Latitude in micro-degrees, -90000000 to 90000000."},{"name":"lng_e6","type":"int","doc":"Longitude in micro-degrees, -180000000 to 180000000."}]},"doc":"Where the ride starts."},{"name":"dropoff","type":"tripo.Point","doc":"Where the ride ends."},{"name":"service","type":{"type":"enum","name":"Service","namespace":"tripo","doc":"What kind of ride is asked for. UNKNOWN stands for a symbol that the reader does not know and is parked.","symbols":["UNKNOWN","STANDARD","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"What is asked for."},{"name":"tier","type":["null",{"type":"enum","name":"Tier","namespace":"tripo","doc":"Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.","symbols":["UNKNOWN","BRONZE","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Lowest tier that the rider takes; null: any driver."},{"name":"quote","type":["null","string"],"default":null,"doc":"Quote that the rider accepted; matching carries it, never reads it."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 604_800_000,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(RideRequested::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// What a rider agreed to, until it is taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Consents {
    /// Facts about him may lower his price.
    pub personal_price: bool,
    /// Offers may be sent to him.
    pub marketing: bool,
}

impl Put for Consents {
    fn put(&self, to: &mut Vec<u8>) {
        self.personal_price.put(to);
        self.marketing.put(to);
    }
}

/// What is known of a rider; the newest record is all of it. A key without a value: the rider asked to be forgotten.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RiderChanged {
    /// Who, 1 to 64 bytes; a pseudonym; the record's key.
    pub rider: String,
    /// Event time.
    pub at: i64,
    /// Tier of the loyalty programme; null: no member.
    #[serde(default)]
    pub loyalty: Option<Loyalty>,
    /// Loyalty points, zero or more.
    pub points: i64,
    /// Rides completed, zero or more.
    pub rides: i32,
    /// What he agreed to.
    pub consents: Consents,
}

impl Put for RiderChanged {
    fn put(&self, to: &mut Vec<u8>) {
        self.rider.put(to);
        self.at.put(to);
        self.loyalty.put(to);
        self.points.put(to);
        self.rides.put(to);
        self.consents.put(to);
    }
}

impl Record for RiderChanged {
    const TOPIC: &'static Topic = &Topic {
        name: "rider.changed",
        schema: r#"{"type":"record","name":"RiderChanged","namespace":"tripo","doc":"What is known of a rider; the newest record is all of it. A key without a value: the rider asked to be forgotten.","topic":{"name":"rider.changed","key":"rider","partitions":12,"placed_by":"key","cleanup":"compact","retention_ms":-1,"max_message_bytes":1048576},"fields":[{"name":"rider","type":"string","doc":"Who, 1 to 64 bytes; a pseudonym; the record's key."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"loyalty","type":["null",{"type":"enum","name":"Loyalty","namespace":"tripo","doc":"Tier of the loyalty programme, lowest first. What each is worth is the policy's.","symbols":["UNKNOWN","MEMBER","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Tier of the loyalty programme; null: no member."},{"name":"points","type":"long","doc":"Loyalty points, zero or more."},{"name":"rides","type":"int","doc":"Rides completed, zero or more."},{"name":"consents","type":{"type":"record","name":"Consents","namespace":"tripo","doc":"What a rider agreed to, until it is taken back.","fields":[{"name":"personal_price","type":"boolean","doc":"Facts about him may lower his price."},{"name":"marketing","type":"boolean","doc":"Offers may be sent to him."}]},"doc":"What he agreed to."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Key,
        cleanup: "compact",
        retention_ms: -1,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(RiderChanged::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.rider.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// Where a ride stands. FORETOLD: cancelled before its request was read. REOPENED: assigned once, its driver lost,
/// looking for another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RideStatus {
    /// `FORETOLD`
    Foretold = 1,
    /// `WAITING`
    Waiting = 2,
    /// `OFFERED`
    Offered = 3,
    /// `ASSIGNED`
    Assigned = 4,
    /// `REOPENED`
    Reopened = 5,
    /// `CLOSED`
    Closed = 6,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for RideStatus {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// A ride as the decision layer remembers it; CLOSED ones stay for the admission window of 24 hours, so that a repeat
/// is known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RideKept {
    /// The ride.
    pub ride: String,
    /// Event time of the request (of the cancellation when FORETOLD).
    pub requested_at: i64,
    /// The request; null when FORETOLD or CLOSED.
    #[serde(default)]
    pub request: Option<RideRequested>,
    /// Where it stands.
    pub status: RideStatus,
    /// Number of the newest decision of the chain; -1 before the first.
    pub revision: i32,
    /// When it came to stand there.
    pub since: i64,
    /// OFFERED: asked; ASSIGNED: on the way or driving.
    #[serde(default)]
    pub driver: Option<String>,
    /// OFFERED: when the offer lapses.
    #[serde(default)]
    pub answer_by: Option<i64>,
    /// Revision of the offer that was accepted.
    #[serde(default)]
    pub accepted: Option<i32>,
    /// Whether the rider is in the car.
    pub started: bool,
    /// Drivers that are not asked again: they declined, did not answer, or gave the ride back.
    pub refused: Vec<String>,
    /// Id of the chain's first decision.
    #[serde(default)]
    pub first: Option<String>,
}

impl Put for RideKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.ride.put(to);
        self.requested_at.put(to);
        self.request.put(to);
        self.status.put(to);
        self.revision.put(to);
        self.since.put(to);
        self.driver.put(to);
        self.answer_by.put(to);
        self.accepted.put(to);
        self.started.put(to);
        self.refused.put(to);
        self.first.put(to);
    }
}

/// What a driver earned, for fairness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Account {
    /// Earned in this market since `since`, minor units.
    pub income_minor: i64,
    /// Rides completed since `since`.
    pub rides: i32,
    /// When the account began.
    pub since: i64,
    /// When the driver last became free.
    pub free_since: i64,
}

impl Put for Account {
    fn put(&self, to: &mut Vec<u8>) {
        self.income_minor.put(to);
        self.rides.put(to);
        self.since.put(to);
        self.free_since.put(to);
    }
}

/// A driver as the decision layer remembers him.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DriverKept {
    /// Who.
    pub driver: String,
    /// How often he changed markets; the highest known hop wins.
    pub hop: i32,
    /// Whether this market may offer him rides.
    pub here: bool,
    /// The ride that holds him: offered, assigned or driving.
    #[serde(default)]
    pub ride: Option<String>,
    /// What he earned.
    pub account: Account,
}

impl Put for DriverKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.driver.put(to);
        self.hop.put(to);
        self.here.put(to);
        self.ride.put(to);
        self.account.put(to);
    }
}

/// A market's clock and running totals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ClockKept {
    /// Watermark of the market's event time.
    pub now: i64,
    /// Number of the newest turn.
    pub turn: i64,
    /// Event time of the market's first tick; 0 before it.
    pub anchor_at: i64,
    /// Broker time of the market's first tick; 0 before it.
    pub anchor_appended: i64,
}

impl Put for ClockKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.now.put(to);
        self.turn.put(to);
        self.anchor_at.put(to);
        self.anchor_appended.put(to);
    }
}

/// Surge of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SurgeCell {
    /// H3 cell, resolution 8.
    pub cell: i64,
    /// Mean target by event time, thousandths of a basis point.
    pub average: i64,
    /// What is asked, basis points of the surge base.
    pub surge_bps: i32,
}

impl Put for SurgeCell {
    fn put(&self, to: &mut Vec<u8>) {
        self.cell.put(to);
        self.average.put(to);
        self.surge_bps.put(to);
    }
}

/// Surge of a market, stepped minute by minute.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SurgeKept {
    /// Up to here minutes were stepped; null: nobody asked.
    #[serde(default)]
    pub at: Option<i64>,
    /// Cells with any, by cell.
    pub cells: Vec<SurgeCell>,
}

impl Put for SurgeKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.at.put(to);
        self.cells.put(to);
    }
}

/// The newest sample of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SampleKept {
    /// H3 cell; null: the whole market.
    #[serde(default)]
    pub cell: Option<i64>,
    /// Event time.
    pub at: i64,
    /// Competitors' price against our metered fare, basis points.
    pub competitor_bps: i32,
}

impl Put for SampleKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.cell.put(to);
        self.at.put(to);
        self.competitor_bps.put(to);
    }
}

/// What `market.sampled` said of a market.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SignalsKept {
    /// When the emergency that holds began.
    #[serde(default)]
    pub since: Option<i64>,
    /// Its ceiling, basis points of the metered fare; null: none holds.
    #[serde(default)]
    pub ceiling_bps: Option<i32>,
    /// Event time of the newest word about an emergency.
    pub heard: i64,
    /// Competitors' prices, the market's first, then by cell.
    pub samples: Vec<SampleKept>,
}

impl Put for SignalsKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.since.put(to);
        self.ceiling_bps.put(to);
        self.heard.put(to);
        self.samples.put(to);
    }
}

/// A day's highest price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DayHigh {
    /// Days since 1 January 1970.
    pub day: i32,
    /// Basis points of the metered fare.
    pub highest_bps: i64,
}

impl Put for DayHigh {
    fn put(&self, to: &mut Vec<u8>) {
        self.day.put(to);
        self.highest_bps.put(to);
    }
}

/// The highest price of each of the last 60 days: what an emergency is measured by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct HighsKept {
    /// By day.
    pub days: Vec<DayHigh>,
}

impl Put for HighsKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.days.put(to);
    }
}

/// Where a ride's fare stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FareStatus {
    /// `OPEN`
    Open = 1,
    /// `CAPTURED`
    Captured = 2,
    /// `UNKNOWN`, and what a symbol of a newer writer is read as.
    #[default]
    #[serde(other)]
    Unknown = 0,
}

impl Put for FareStatus {
    fn put(&self, to: &mut Vec<u8>) {
        (*self as i32).put(to);
    }
}

/// An open ride's promise; or that it was captured, which is remembered for 24 hours so that nothing is captured twice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FareKept {
    /// The ride.
    pub ride: String,
    /// Where it stands.
    pub status: FareStatus,
    /// When it came to stand there.
    pub at: i64,
    /// Event time of the request; null: it was never seen.
    #[serde(default)]
    pub requested_at: Option<i64>,
    /// OPEN: what was asked for.
    pub service: Service,
    /// OPEN: lowest tier asked for; null: any driver.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// OPEN: metres on the road between the places, estimated from the straight line.
    pub road_m: i64,
    /// OPEN: whether the market had its peak when it was asked for.
    pub peak: bool,
    /// OPEN: quote that the rider accepted.
    #[serde(default)]
    pub quote: Option<String>,
    /// OPEN: what it promised; null: it was not seen yet.
    #[serde(default)]
    pub promise: Option<Promise>,
}

impl Put for FareKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.ride.put(to);
        self.status.put(to);
        self.at.put(to);
        self.requested_at.put(to);
        self.service.put(to);
        self.tier.put(to);
        self.road_m.put(to);
        self.peak.put(to);
        self.quote.put(to);
        self.promise.put(to);
    }
}

/// Whether a market has its peak, whether it surges, and whether an emergency holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TideKept {
    /// Whether it has its peak.
    pub peak: bool,
    /// Since when, or since when not; 0: always.
    pub peak_since: i64,
    /// Whether it surges.
    pub surge: bool,
    /// Since when, or since when not; 0: always.
    pub surge_since: i64,
    /// Whether an emergency holds.
    pub emergency: bool,
    /// Event time of the newest word about an emergency.
    pub heard: i64,
}

impl Put for TideKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.peak.put(to);
        self.peak_since.put(to);
        self.surge.put(to);
        self.surge_since.put(to);
        self.emergency.put(to);
        self.heard.put(to);
    }
}

/// What a processor must remember, one small record an entity, written in the transaction of the decision that changed
/// it. A record without a value forgets the entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StateKept {
    /// Who remembers.
    pub processor: String,
    /// City; decides the partition.
    pub market: String,
    /// Which entity; the record's key: processor, market, kind, id.
    pub entity: String,
    /// Set for a ride.
    #[serde(default)]
    pub ride: Option<RideKept>,
    /// Set for a driver.
    #[serde(default)]
    pub driver: Option<DriverKept>,
    /// Set for the market's clock.
    #[serde(default)]
    pub clock: Option<ClockKept>,
    /// Of `quoting`: surge.
    #[serde(default)]
    pub surge: Option<SurgeKept>,
    /// Of `quoting`: signals.
    #[serde(default)]
    pub signals: Option<SignalsKept>,
    /// Of `quoting`: the highest price of each day.
    #[serde(default)]
    pub highs: Option<HighsKept>,
    /// Of `capturing`: set for a ride's fare.
    #[serde(default)]
    pub fare: Option<FareKept>,
    /// Of `capturing`: peak, surge and emergency.
    #[serde(default)]
    pub tide: Option<TideKept>,
}

impl Put for StateKept {
    fn put(&self, to: &mut Vec<u8>) {
        self.processor.put(to);
        self.market.put(to);
        self.entity.put(to);
        self.ride.put(to);
        self.driver.put(to);
        self.clock.put(to);
        self.surge.put(to);
        self.signals.put(to);
        self.highs.put(to);
        self.fare.put(to);
        self.tide.put(to);
    }
}

impl Record for StateKept {
    const TOPIC: &'static Topic = &Topic {
        name: "state.kept",
        schema: r#"{"type":"record","name":"StateKept","namespace":"tripo","doc":"What a processor must remember, one small record an entity, written in the transaction of the decision that changed it. A record without a value forgets the entity.","topic":{"name":"state.kept","key":"entity","partitions":12,"placed_by":"market","cleanup":"compact","retention_ms":-1,"max_message_bytes":1048576},"fields":[{"name":"processor","type":"string","doc":"Who remembers."},{"name":"market","type":"string","doc":"City; decides the partition."},{"name":"entity","type":"string","doc":"Which entity; the record's key: processor, market, kind, id."},{"name":"ride","type":["null",{"type":"record","name":"RideKept","namespace":"tripo","doc":"A ride as the decision layer remembers it; CLOSED ones stay for the admission window of 24 hours, so that a repeat is known.","fields":[{"name":"ride","type":"string","doc":"The ride."},{"name":"requested_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the request (of the cancellation when FORETOLD)."},{"name":"request","type":["null",{"type":"record","name":"RideRequested","namespace":"tripo","doc":"A rider asks for a ride. Sent again with the same `ride` within 24 hours it is answered `DUPLICATE`.","fields":[{"name":"ride","type":"string","doc":"Request id, chosen by the sender, 1 to 64 bytes; the ride's name in every topic."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time: when the rider asked."},{"name":"market","type":"string","doc":"City, 1 to 64 bytes; the record's key."},{"name":"rider","type":"string","doc":"Who asks, 1 to 64 bytes; a pseudonym."},{"name":"pickup","type":{"type":"record","name":"Point","namespace":"tripo","doc":"A place on earth.","fields":[{"name":"lat_e6","type":"int","doc":"Latitude in micro-degrees, -90000000 to 90000000."},{"name":"lng_e6","type":"int","doc":"Longitude in micro-degrees, -180000000 to 180000000."}]},"doc":"Where the ride starts."},{"name":"dropoff","type":"tripo.Point","doc":"Where the ride ends."},{"name":"service","type":{"type":"enum","name":"Service","namespace":"tripo","doc":"What kind of ride is asked for. UNKNOWN stands for a symbol that the reader does not know and is parked.","symbols":["UNKNOWN","STANDARD","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"What is asked for."},{"name":"tier","type":["null",{"type":"enum","name":"Tier","namespace":"tripo","doc":"Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.","symbols":["UNKNOWN","BRONZE","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Lowest tier that the rider takes; null: any driver."},{"name":"quote","type":["null","string"],"default":null,"doc":"Quote that the rider accepted; matching carries it, never reads it."}]}],"default":null,"doc":"The request; null when FORETOLD or CLOSED."},{"name":"status","type":{"type":"enum","name":"RideStatus","namespace":"tripo","doc":"Where a ride stands. FORETOLD: cancelled before its request was read. REOPENED: assigned once, its driver lost, looking for another.","symbols":["UNKNOWN","FORETOLD","WAITING","OFFERED","ASSIGNED","REOPENED","CLOSED"],"default":"UNKNOWN"},"doc":"Where it stands."},{"name":"revision","type":"int","doc":"Number of the newest decision of the chain; -1 before the first."},{"name":"since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it came to stand there."},{"name":"driver","type":["null","string"],"default":null,"doc":"OFFERED: asked; ASSIGNED: on the way or driving."},{"name":"answer_by","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"OFFERED: when the offer lapses."},{"name":"accepted","type":["null","int"],"default":null,"doc":"Revision of the offer that was accepted."},{"name":"started","type":"boolean","doc":"Whether the rider is in the car."},{"name":"refused","type":{"type":"array","items":"string"},"doc":"Drivers that are not asked again: they declined, did not answer, or gave the ride back."},{"name":"first","type":["null","string"],"default":null,"doc":"Id of the chain's first decision."}]}],"default":null,"doc":"Set for a ride."},{"name":"driver","type":["null",{"type":"record","name":"DriverKept","namespace":"tripo","doc":"A driver as the decision layer remembers him.","fields":[{"name":"driver","type":"string","doc":"Who."},{"name":"hop","type":"int","doc":"How often he changed markets; the highest known hop wins."},{"name":"here","type":"boolean","doc":"Whether this market may offer him rides."},{"name":"ride","type":["null","string"],"default":null,"doc":"The ride that holds him: offered, assigned or driving."},{"name":"account","type":{"type":"record","name":"Account","namespace":"tripo","doc":"What a driver earned, for fairness.","fields":[{"name":"income_minor","type":"long","doc":"Earned in this market since `since`, minor units."},{"name":"rides","type":"int","doc":"Rides completed since `since`."},{"name":"since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the account began."},{"name":"free_since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When the driver last became free."}]},"doc":"What he earned."}]}],"default":null,"doc":"Set for a driver."},{"name":"clock","type":["null",{"type":"record","name":"ClockKept","namespace":"tripo","doc":"A market's clock and running totals.","fields":[{"name":"now","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Watermark of the market's event time."},{"name":"turn","type":"long","doc":"Number of the newest turn."},{"name":"anchor_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the market's first tick; 0 before it."},{"name":"anchor_appended","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Broker time of the market's first tick; 0 before it."}]}],"default":null,"doc":"Set for the market's clock."},{"name":"surge","type":["null",{"type":"record","name":"SurgeKept","namespace":"tripo","doc":"Surge of a market, stepped minute by minute.","fields":[{"name":"at","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Up to here minutes were stepped; null: nobody asked."},{"name":"cells","type":{"type":"array","items":{"type":"record","name":"SurgeCell","namespace":"tripo","doc":"Surge of a cell.","fields":[{"name":"cell","type":"long","doc":"H3 cell, resolution 8."},{"name":"average","type":"long","doc":"Mean target by event time, thousandths of a basis point."},{"name":"surge_bps","type":"int","doc":"What is asked, basis points of the surge base."}]}},"doc":"Cells with any, by cell."}]}],"default":null,"doc":"Of `quoting`: surge."},{"name":"signals","type":["null",{"type":"record","name":"SignalsKept","namespace":"tripo","doc":"What `market.sampled` said of a market.","fields":[{"name":"since","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"When the emergency that holds began."},{"name":"ceiling_bps","type":["null","int"],"default":null,"doc":"Its ceiling, basis points of the metered fare; null: none holds."},{"name":"heard","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the newest word about an emergency."},{"name":"samples","type":{"type":"array","items":{"type":"record","name":"SampleKept","namespace":"tripo","doc":"The newest sample of a place.","fields":[{"name":"cell","type":["null","long"],"default":null,"doc":"H3 cell; null: the whole market."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"competitor_bps","type":"int","doc":"Competitors' price against our metered fare, basis points."}]}},"doc":"Competitors' prices, the market's first, then by cell."}]}],"default":null,"doc":"Of `quoting`: signals."},{"name":"highs","type":["null",{"type":"record","name":"HighsKept","namespace":"tripo","doc":"The highest price of each of the last 60 days: what an emergency is measured by.","fields":[{"name":"days","type":{"type":"array","items":{"type":"record","name":"DayHigh","namespace":"tripo","doc":"A day's highest price.","fields":[{"name":"day","type":"int","doc":"Days since 1 January 1970."},{"name":"highest_bps","type":"long","doc":"Basis points of the metered fare."}]}},"doc":"By day."}]}],"default":null,"doc":"Of `quoting`: the highest price of each day."},{"name":"fare","type":["null",{"type":"record","name":"FareKept","namespace":"tripo","doc":"An open ride's promise; or that it was captured, which is remembered for 24 hours so that nothing is captured twice.","fields":[{"name":"ride","type":"string","doc":"The ride."},{"name":"status","type":{"type":"enum","name":"FareStatus","namespace":"tripo","doc":"Where a ride's fare stands.","symbols":["UNKNOWN","OPEN","CAPTURED"],"default":"UNKNOWN"},"doc":"Where it stands."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it came to stand there."},{"name":"requested_at","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"Event time of the request; null: it was never seen."},{"name":"service","type":"tripo.Service","doc":"OPEN: what was asked for."},{"name":"tier","type":["null","tripo.Tier"],"default":null,"doc":"OPEN: lowest tier asked for; null: any driver."},{"name":"road_m","type":"long","doc":"OPEN: metres on the road between the places, estimated from the straight line."},{"name":"peak","type":"boolean","doc":"OPEN: whether the market had its peak when it was asked for."},{"name":"quote","type":["null","string"],"default":null,"doc":"OPEN: quote that the rider accepted."},{"name":"promise","type":["null",{"type":"record","name":"Promise","namespace":"tripo","doc":"What a quote promised: its price, while it holds.","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the quote."},{"name":"expires_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Until then a ride asked for with it has this price."},{"name":"currency","type":"string","doc":"ISO 4217 code of its amounts."},{"name":"items","type":{"type":"record","name":"FareItems","namespace":"tripo","doc":"A fare item by item, minor units. Their sum is what the rider is charged.","fields":[{"name":"base","type":"long","doc":"For getting in."},{"name":"distance","type":"long","doc":"Kilometres."},{"name":"time","type":"long","doc":"Minutes."},{"name":"tier","type":"long","doc":"Service and tier, less or more than the plain ride."},{"name":"least","type":"long","doc":"What is missing to the least fare."},{"name":"surge","type":"long","doc":"Surge."},{"name":"competitor","type":"long","doc":"Competitors' prices, up or down."},{"name":"optimum","type":"long","doc":"The choice among prices, exploration with it."},{"name":"loyalty","type":"long","doc":"Loyalty, zero or below."},{"name":"capped","type":"long","doc":"What caps took off, or a floor put on."},{"name":"booking","type":"long","doc":"Booking fee."},{"name":"tax","type":"long","doc":"Tax."},{"name":"tolls","type":"long","doc":"Tolls."}]},"doc":"Item by item."},{"name":"split","type":{"type":"record","name":"FareSplit","namespace":"tripo","doc":"Who gets what, minor units: charged = driver + fees + tax + tolls - promotion.","fields":[{"name":"driver","type":"long","doc":"The driver, tolls not counted."},{"name":"fees","type":"long","doc":"The platform: booking fee and its share of the fare."},{"name":"tax","type":"long","doc":"The state."},{"name":"tolls","type":"long","doc":"Whoever keeps the road."},{"name":"promotion","type":"long","doc":"What the platform gives: it is taken off the charge, not off the driver's pay."}]},"doc":"Who gets what."},{"name":"distance_m","type":"long","doc":"Metres on the road that it was made for."},{"name":"service","type":"tripo.Service","doc":"Service."},{"name":"tier","type":["null","tripo.Tier"],"default":null,"doc":"Tier; null: the plain service."},{"name":"surge_bps","type":"int","doc":"Surge of the pickup's cell, basis points of the surge base."}]}],"default":null,"doc":"OPEN: what it promised; null: it was not seen yet."}]}],"default":null,"doc":"Of `capturing`: set for a ride's fare."},{"name":"tide","type":["null",{"type":"record","name":"TideKept","namespace":"tripo","doc":"Whether a market has its peak, whether it surges, and whether an emergency holds.","fields":[{"name":"peak","type":"boolean","doc":"Whether it has its peak."},{"name":"peak_since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Since when, or since when not; 0: always."},{"name":"surge","type":"boolean","doc":"Whether it surges."},{"name":"surge_since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Since when, or since when not; 0: always."},{"name":"emergency","type":"boolean","doc":"Whether an emergency holds."},{"name":"heard","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the newest word about an emergency."}]}],"default":null,"doc":"Of `capturing`: peak, surge and emergency."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "compact",
        retention_ms: -1,
        max_message_bytes: 1_048_576,
        compression: None,
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(StateKept::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.entity.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// How far a partition was applied.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Cut {
    /// Topic.
    pub topic: String,
    /// Partition.
    pub partition: i32,
    /// Offset of the next record.
    pub offset: i64,
}

impl Put for Cut {
    fn put(&self, to: &mut Vec<u8>) {
        self.topic.put(to);
        self.partition.put(to);
        self.offset.put(to);
    }
}

/// A request of the turn.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TurnAsked {
    /// Where it lies.
    pub place: Place,
    /// What it says.
    pub request: RideRequested,
}

impl Put for TurnAsked {
    fn put(&self, to: &mut Vec<u8>) {
        self.place.put(to);
        self.request.put(to);
    }
}

/// A fact of the turn.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TurnProgressed {
    /// Where it lies.
    pub place: Place,
    /// What it says.
    pub progress: RideProgressed,
}

impl Put for TurnProgressed {
    fn put(&self, to: &mut Vec<u8>) {
        self.place.put(to);
        self.progress.put(to);
    }
}

/// A ride that looks for a driver: a row of the assignment problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TurnRow {
    /// The ride.
    pub ride: String,
    /// H3 cell of the pickup.
    pub cell: i64,
    /// Connected component of the problem.
    pub component: i32,
    /// Cost of leaving the ride without a driver in this turn.
    pub unserved_ms: i64,
    /// Dual price u: what serving this ride costs at the margin.
    pub dual_ms: i64,
    /// The driver that it got; null: none.
    #[serde(default)]
    pub column: Option<i32>,
    /// Drivers looked at.
    pub considered: i32,
    /// Why some were no candidates.
    pub barred: Vec<Barred>,
}

impl Put for TurnRow {
    fn put(&self, to: &mut Vec<u8>) {
        self.ride.put(to);
        self.cell.put(to);
        self.component.put(to);
        self.unserved_ms.put(to);
        self.dual_ms.put(to);
        self.column.put(to);
        self.considered.put(to);
        self.barred.put(to);
    }
}

/// A driver that could be asked: a column of the assignment problem.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TurnColumn {
    /// Who.
    pub driver: String,
    /// H3 cell of his newest ping.
    pub cell: i64,
    /// Event time of his newest ping.
    pub pinged_at: i64,
    /// Where that ping says he is.
    pub place: Point,
    /// Highest tier that he serves.
    #[serde(default)]
    pub tier: Option<Tier>,
    /// What he drives.
    pub vehicle: Vehicle,
    /// His rating, basis points.
    pub rating_bps: i32,
    /// His reliability, basis points.
    pub reliability_bps: i32,
    /// Dual price v, zero or less: what one more driver here would save.
    pub dual_ms: i64,
}

impl Put for TurnColumn {
    fn put(&self, to: &mut Vec<u8>) {
        self.driver.put(to);
        self.cell.put(to);
        self.pinged_at.put(to);
        self.place.put(to);
        self.tier.put(to);
        self.vehicle.put(to);
        self.rating_bps.put(to);
        self.reliability_bps.put(to);
        self.dual_ms.put(to);
    }
}

/// A ride and a driver that may serve it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TurnEdge {
    /// Index into rows of the whole turn.
    pub row: i32,
    /// Index into columns of the whole turn.
    pub column: i32,
    /// Straight line to the pickup, metres.
    pub distance_m: i32,
    /// The parts of the cost; the cost is their sum.
    pub score: Score,
}

impl Put for TurnEdge {
    fn put(&self, to: &mut Vec<u8>) {
        self.row.put(to);
        self.column.put(to);
        self.distance_m.put(to);
        self.score.put(to);
    }
}

/// A cell of a market as a turn of `quoting` found and left it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CellCounted {
    /// H3 cell, resolution 8.
    pub cell: i64,
    /// Requests within the policy's window.
    pub demand: i32,
    /// Free drivers.
    pub supply: i32,
    /// Mean target by event time before the turn, thousandths of a basis point.
    pub average_before: i64,
    /// Surge before the turn, basis points of the surge base.
    pub before_bps: i32,
    /// Surge after it.
    pub surge_bps: i32,
}

impl Put for CellCounted {
    fn put(&self, to: &mut Vec<u8>) {
        self.cell.put(to);
        self.demand.put(to);
        self.supply.put(to);
        self.average_before.put(to);
        self.before_bps.put(to);
        self.surge_bps.put(to);
    }
}

/// What a turn was decided from and the proof that its assignment is optimal: for every edge u + v <= cost, equal on
/// matches; u <= unserved, equal without a driver; v <= 0, zero without a ride.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TurnTaken {
    /// Who decided.
    pub processor: String,
    /// City; the record's key.
    pub market: String,
    /// Number of the turn of this processor in its market, ascending; a turn that decided nothing has no record.
    pub turn: i64,
    /// A turn over 256 KiB is cut; which part this is, from 0.
    pub chunk: i32,
    /// How many parts.
    pub chunks: i32,
    /// The market's watermark: the only time that decisions know.
    pub now: i64,
    /// Version of the policy.
    pub policy_version: i32,
    /// First 16 hex digits of the SHA-256 of the policy's text.
    pub policy_hash: String,
    /// Whether a tail that must be read was not read to its end.
    pub stale: bool,
    /// Whether the assignment was solved to the optimum; else the duals bound it.
    pub exact: bool,
    /// How far from the optimum it can be; zero when exact.
    pub gap_ms: i64,
    /// The next record to apply of every topic and partition: all before it were known.
    pub cut: Vec<Cut>,
    /// Requests of the turn, in offset order.
    pub asked: Vec<TurnAsked>,
    /// Facts of the turn, in offset order.
    pub progressed: Vec<TurnProgressed>,
    /// The rides concerned, as they stood before the turn, by id.
    pub rides: Vec<RideKept>,
    /// Rides that look for a driver.
    pub rows: Vec<TurnRow>,
    /// Drivers that could be asked.
    pub columns: Vec<TurnColumn>,
    /// Who may serve whom.
    pub edges: Vec<TurnEdge>,
    /// Of `quoting`: all cells that were counted or had surge, where a minute's step was taken; none where it was not.
    #[serde(default)]
    pub cells: Vec<CellCounted>,
}

impl Put for TurnTaken {
    fn put(&self, to: &mut Vec<u8>) {
        self.processor.put(to);
        self.market.put(to);
        self.turn.put(to);
        self.chunk.put(to);
        self.chunks.put(to);
        self.now.put(to);
        self.policy_version.put(to);
        self.policy_hash.put(to);
        self.stale.put(to);
        self.exact.put(to);
        self.gap_ms.put(to);
        self.cut.put(to);
        self.asked.put(to);
        self.progressed.put(to);
        self.rides.put(to);
        self.rows.put(to);
        self.columns.put(to);
        self.edges.put(to);
        self.cells.put(to);
    }
}

impl Record for TurnTaken {
    const TOPIC: &'static Topic = &Topic {
        name: "turn.taken",
        schema: r#"{"type":"record","name":"TurnTaken","namespace":"tripo","doc":"What a turn was decided from and the proof that its assignment is optimal: for every edge u + v <= cost, equal on matches; u <= unserved, equal without a driver; v <= 0, zero without a ride.","topic":{"name":"turn.taken","key":"market","partitions":12,"placed_by":"market","cleanup":"delete","retention_ms":2592000000,"max_message_bytes":1048576,"compression":"zstd"},"fields":[{"name":"processor","type":"string","doc":"Who decided."},{"name":"market","type":"string","doc":"City; the record's key."},{"name":"turn","type":"long","doc":"Number of the turn of this processor in its market, ascending; a turn that decided nothing has no record."},{"name":"chunk","type":"int","doc":"A turn over 256 KiB is cut; which part this is, from 0."},{"name":"chunks","type":"int","doc":"How many parts."},{"name":"now","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"The market's watermark: the only time that decisions know."},{"name":"policy_version","type":"int","doc":"Version of the policy."},{"name":"policy_hash","type":"string","doc":"First 16 hex digits of the SHA-256 of the policy's text."},{"name":"stale","type":"boolean","doc":"Whether a tail that must be read was not read to its end."},{"name":"exact","type":"boolean","doc":"Whether the assignment was solved to the optimum; else the duals bound it."},{"name":"gap_ms","type":"long","doc":"How far from the optimum it can be; zero when exact."},{"name":"cut","type":{"type":"array","items":{"type":"record","name":"Cut","namespace":"tripo","doc":"How far a partition was applied.","fields":[{"name":"topic","type":"string","doc":"Topic."},{"name":"partition","type":"int","doc":"Partition."},{"name":"offset","type":"long","doc":"Offset of the next record."}]}},"doc":"The next record to apply of every topic and partition: all before it were known."},{"name":"asked","type":{"type":"array","items":{"type":"record","name":"TurnAsked","namespace":"tripo","doc":"A request of the turn.","fields":[{"name":"place","type":{"type":"record","name":"Place","namespace":"tripo","doc":"Where a record lies.","fields":[{"name":"topic","type":"string","doc":"Topic."},{"name":"partition","type":"int","doc":"Partition."},{"name":"offset","type":"long","doc":"Offset."}]},"doc":"Where it lies."},{"name":"request","type":{"type":"record","name":"RideRequested","namespace":"tripo","doc":"A rider asks for a ride. Sent again with the same `ride` within 24 hours it is answered `DUPLICATE`.","fields":[{"name":"ride","type":"string","doc":"Request id, chosen by the sender, 1 to 64 bytes; the ride's name in every topic."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time: when the rider asked."},{"name":"market","type":"string","doc":"City, 1 to 64 bytes; the record's key."},{"name":"rider","type":"string","doc":"Who asks, 1 to 64 bytes; a pseudonym."},{"name":"pickup","type":{"type":"record","name":"Point","namespace":"tripo","doc":"A place on earth.","fields":[{"name":"lat_e6","type":"int","doc":"Latitude in micro-degrees, -90000000 to 90000000."},{"name":"lng_e6","type":"int","doc":"Longitude in micro-degrees, -180000000 to 180000000."}]},"doc":"Where the ride starts."},{"name":"dropoff","type":"tripo.Point","doc":"Where the ride ends."},{"name":"service","type":{"type":"enum","name":"Service","namespace":"tripo","doc":"What kind of ride is asked for. UNKNOWN stands for a symbol that the reader does not know and is parked.","symbols":["UNKNOWN","STANDARD","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"What is asked for."},{"name":"tier","type":["null",{"type":"enum","name":"Tier","namespace":"tripo","doc":"Premium tier, cheapest first; price multipliers 1.3, 1.5, 2.0, 2.5.","symbols":["UNKNOWN","BRONZE","SILVER","GOLD","PLATINUM"],"default":"UNKNOWN"}],"default":null,"doc":"Lowest tier that the rider takes; null: any driver."},{"name":"quote","type":["null","string"],"default":null,"doc":"Quote that the rider accepted; matching carries it, never reads it."}]},"doc":"What it says."}]}},"doc":"Requests of the turn, in offset order."},{"name":"progressed","type":{"type":"array","items":{"type":"record","name":"TurnProgressed","namespace":"tripo","doc":"A fact of the turn.","fields":[{"name":"place","type":"tripo.Place","doc":"Where it lies."},{"name":"progress","type":{"type":"record","name":"RideProgressed","namespace":"tripo","doc":"What happened to a ride, told by the driver's or the rider's app.","fields":[{"name":"event","type":"string","doc":"Id of this fact, 1 to 64 bytes."},{"name":"at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time."},{"name":"market","type":"string","doc":"City; the record's key."},{"name":"ride","type":"string","doc":"The ride."},{"name":"revision","type":["null","int"],"default":null,"doc":"The decision that is answered; needed by ACCEPTED and DECLINED."},{"name":"driver","type":["null","string"],"default":null,"doc":"The driver concerned; needed by ACCEPTED, DECLINED, ARRIVED and STARTED. CANCELLED by a rider: who was on the way; null: nobody."},{"name":"progress","type":{"type":"enum","name":"Progress","namespace":"tripo","doc":"What happened on the way.","symbols":["UNKNOWN","ACCEPTED","DECLINED","ARRIVED","STARTED","COMPLETED","CANCELLED","NO_SHOW"],"default":"UNKNOWN"},"doc":"What happened."},{"name":"by","type":["null",{"type":"enum","name":"Party","namespace":"tripo","doc":"Who did it.","symbols":["UNKNOWN","RIDER","DRIVER","OPERATOR"],"default":"UNKNOWN"}],"default":null,"doc":"Who cancelled, or who did not show."},{"name":"why","type":["null","string"],"default":null,"doc":"Reason in the app's words, at most 256 bytes; no personal data."},{"name":"charged_minor","type":["null","long"],"default":null,"doc":"What the rider was charged, in minor units."},{"name":"paid_minor","type":["null","long"],"default":null,"doc":"COMPLETED: what the driver earns, in minor units."},{"name":"currency","type":["null","string"],"default":null,"doc":"ISO 4217 code of all amounts."},{"name":"distance_m","type":["null","int"],"default":null,"doc":"COMPLETED: metres driven with the rider."},{"name":"duration_s","type":["null","int"],"default":null,"doc":"COMPLETED: seconds driven with the rider."},{"name":"tolls_minor","type":["null","long"],"default":null,"doc":"COMPLETED: tolls that were passed, minor units; null: those of the quote, or none."},{"name":"wait_s","type":["null","int"],"default":null,"doc":"COMPLETED, CANCELLED, NO_SHOW: seconds that the driver waited at the pickup."},{"name":"payment","type":["null",{"type":"enum","name":"Payment","namespace":"tripo","doc":"How a rider pays.","symbols":["UNKNOWN","CARD","WALLET","CASH"],"default":"UNKNOWN"}],"default":null,"doc":"How the rider pays; null: not told."},{"name":"bill","type":["null",{"type":"record","name":"Bill","namespace":"tripo","doc":"What the edge billed, item by item, minor units of the record's currency. The items, less loyalty and promotions, are what the rider was charged.","fields":[{"name":"service","type":"tripo.Service","doc":"Service that was billed."},{"name":"tier","type":["null","tripo.Tier"],"default":null,"doc":"Tier that was billed; null: the plain service."},{"name":"fare","type":"long","doc":"The fare: what driver and platform share, loyalty and promotions not taken off."},{"name":"loyalty","type":"long","doc":"What loyalty took off, zero or above."},{"name":"booking","type":"long","doc":"Booking fee."},{"name":"wait","type":"long","doc":"Fee for waiting at the pickup."},{"name":"cancel","type":"long","doc":"Fee for a ride that was cancelled, or to which nobody came."},{"name":"online","type":"long","doc":"Fee for paying online."},{"name":"tax","type":"long","doc":"Tax."},{"name":"tolls","type":"long","doc":"Tolls."},{"name":"promotions","type":{"type":"array","items":{"type":"record","name":"BillPromotion","namespace":"tripo","doc":"A promotion on a bill.","fields":[{"name":"promotion","type":"string","doc":"Its id."},{"name":"minor","type":"long","doc":"What it took off, minor units."}]}},"doc":"Promotions, at most 32."},{"name":"commission","type":"long","doc":"What the platform kept of fare and fees for waiting and cancelling."},{"name":"driver","type":"long","doc":"What the driver was paid, tolls not counted."}]}],"default":null,"doc":"What was billed; null: not told."}]},"doc":"What it says."}]}},"doc":"Facts of the turn, in offset order."},{"name":"rides","type":{"type":"array","items":{"type":"record","name":"RideKept","namespace":"tripo","doc":"A ride as the decision layer remembers it; CLOSED ones stay for the admission window of 24 hours, so that a repeat is known.","fields":[{"name":"ride","type":"string","doc":"The ride."},{"name":"requested_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of the request (of the cancellation when FORETOLD)."},{"name":"request","type":["null","tripo.RideRequested"],"default":null,"doc":"The request; null when FORETOLD or CLOSED."},{"name":"status","type":{"type":"enum","name":"RideStatus","namespace":"tripo","doc":"Where a ride stands. FORETOLD: cancelled before its request was read. REOPENED: assigned once, its driver lost, looking for another.","symbols":["UNKNOWN","FORETOLD","WAITING","OFFERED","ASSIGNED","REOPENED","CLOSED"],"default":"UNKNOWN"},"doc":"Where it stands."},{"name":"revision","type":"int","doc":"Number of the newest decision of the chain; -1 before the first."},{"name":"since","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"When it came to stand there."},{"name":"driver","type":["null","string"],"default":null,"doc":"OFFERED: asked; ASSIGNED: on the way or driving."},{"name":"answer_by","type":["null",{"type":"long","logicalType":"timestamp-millis"}],"default":null,"doc":"OFFERED: when the offer lapses."},{"name":"accepted","type":["null","int"],"default":null,"doc":"Revision of the offer that was accepted."},{"name":"started","type":"boolean","doc":"Whether the rider is in the car."},{"name":"refused","type":{"type":"array","items":"string"},"doc":"Drivers that are not asked again: they declined, did not answer, or gave the ride back."},{"name":"first","type":["null","string"],"default":null,"doc":"Id of the chain's first decision."}]}},"doc":"The rides concerned, as they stood before the turn, by id."},{"name":"rows","type":{"type":"array","items":{"type":"record","name":"TurnRow","namespace":"tripo","doc":"A ride that looks for a driver: a row of the assignment problem.","fields":[{"name":"ride","type":"string","doc":"The ride."},{"name":"cell","type":"long","doc":"H3 cell of the pickup."},{"name":"component","type":"int","doc":"Connected component of the problem."},{"name":"unserved_ms","type":"long","doc":"Cost of leaving the ride without a driver in this turn."},{"name":"dual_ms","type":"long","doc":"Dual price u: what serving this ride costs at the margin."},{"name":"column","type":["null","int"],"default":null,"doc":"The driver that it got; null: none."},{"name":"considered","type":"int","doc":"Drivers looked at."},{"name":"barred","type":{"type":"array","items":{"type":"record","name":"Barred","namespace":"tripo","doc":"How many drivers were barred for one reason.","fields":[{"name":"barrier","type":{"type":"enum","name":"Barrier","namespace":"tripo","doc":"Why a driver near the pickup was not a candidate. RESERVED: held by a ride here; BUSY: his app says so; BEYOND_LIMIT: better ones fill the list of candidates, or, with no drivers, the turn was full.","symbols":["UNKNOWN","RESERVED","BUSY","STALE_PING","OTHER_MARKET","SUSPENDED","TIER","VEHICLE","TOO_FAR","REFUSED_BEFORE","NO_PROFILE","BEYOND_LIMIT"],"default":"UNKNOWN"},"doc":"Why."},{"name":"drivers","type":"int","doc":"How many."}]}},"doc":"Why some were no candidates."}]}},"doc":"Rides that look for a driver."},{"name":"columns","type":{"type":"array","items":{"type":"record","name":"TurnColumn","namespace":"tripo","doc":"A driver that could be asked: a column of the assignment problem.","fields":[{"name":"driver","type":"string","doc":"Who."},{"name":"cell","type":"long","doc":"H3 cell of his newest ping."},{"name":"pinged_at","type":{"type":"long","logicalType":"timestamp-millis"},"doc":"Event time of his newest ping."},{"name":"place","type":"tripo.Point","doc":"Where that ping says he is."},{"name":"tier","type":["null","tripo.Tier"],"default":null,"doc":"Highest tier that he serves."},{"name":"vehicle","type":{"type":"enum","name":"Vehicle","namespace":"tripo","doc":"What the driver drives.","symbols":["UNKNOWN","SEDAN","XL","ACCESSIBLE"],"default":"UNKNOWN"},"doc":"What he drives."},{"name":"rating_bps","type":"int","doc":"His rating, basis points."},{"name":"reliability_bps","type":"int","doc":"His reliability, basis points."},{"name":"dual_ms","type":"long","doc":"Dual price v, zero or less: what one more driver here would save."}]}},"doc":"Drivers that could be asked."},{"name":"edges","type":{"type":"array","items":{"type":"record","name":"TurnEdge","namespace":"tripo","doc":"A ride and a driver that may serve it.","fields":[{"name":"row","type":"int","doc":"Index into rows of the whole turn."},{"name":"column","type":"int","doc":"Index into columns of the whole turn."},{"name":"distance_m","type":"int","doc":"Straight line to the pickup, metres."},{"name":"score","type":{"type":"record","name":"Score","namespace":"tripo","doc":"The parts of a cost, all in milliseconds of waiting; less is better.","fields":[{"name":"eta_ms","type":"int","doc":"Travel time to the pickup."},{"name":"rating_ms","type":"int","doc":"What the rating falls short of five stars."},{"name":"reliability_ms","type":"int","doc":"What the reliability falls short of one."},{"name":"vehicle_ms","type":"int","doc":"What the vehicle and the tier are more than asked for."},{"name":"fairness_ms","type":"int","doc":"Less for a driver who earns below the market's mean; zero while too little is known of him."}]},"doc":"The parts of the cost; the cost is their sum."}]}},"doc":"Who may serve whom."},{"name":"cells","type":{"type":"array","items":{"type":"record","name":"CellCounted","namespace":"tripo","doc":"A cell of a market as a turn of `quoting` found and left it.","fields":[{"name":"cell","type":"long","doc":"H3 cell, resolution 8."},{"name":"demand","type":"int","doc":"Requests within the policy's window."},{"name":"supply","type":"int","doc":"Free drivers."},{"name":"average_before","type":"long","doc":"Mean target by event time before the turn, thousandths of a basis point."},{"name":"before_bps","type":"int","doc":"Surge before the turn, basis points of the surge base."},{"name":"surge_bps","type":"int","doc":"Surge after it."}]}},"default":[],"doc":"Of `quoting`: all cells that were counted or had surge, where a minute's step was taken; none where it was not."}]}"#,
        partitions: 12,
        placed_by: PlacedBy::Market,
        cleanup: "delete",
        retention_ms: 2_592_000_000,
        max_message_bytes: 1_048_576,
        compression: Some("zstd"),
    };

    fn schema() -> &'static Schema {
        static SCHEMA: LazyLock<Schema> = LazyLock::new(|| parsed(TurnTaken::TOPIC));
        &SCHEMA
    }

    fn key(&self) -> &[u8] {
        self.market.as_bytes()
    }

    fn write(&self, to: &mut Vec<u8>) -> Result<(), String> {
        self.put(to);
        Ok(())
    }
}

/// Every schema above passes the generator, and a test parses each.
fn parsed(topic: &Topic) -> Schema {
    topic.schema.parse().expect("a schema of the contract parses")
}
