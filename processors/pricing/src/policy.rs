//! The numbers an operator may change without a release: `policy.toml` says what each means.

mod capture;
mod demand;
mod ranges;

use std::collections::BTreeMap;

use kernel::contract::{Loyalty, Service, Tier};
use kernel::{Rules, rules};
use serde::Deserialize;

use crate::quote::fare::Rates;
use crate::{Caps, WHOLE, Weights, share};
pub(crate) use capture::{CapturePolicy, PeakPolicy};
pub use demand::LOCAL_MAX;
pub(crate) use demand::{DemandPolicy, demand, hour};

/// The policy that is built in: the text of `policy.toml`.
pub const BUILT_IN: &str = include_str!("../policy.toml");

/// How prices are made. Checked when it is read, so a decision may trust it.
#[derive(Clone, Debug)]
pub struct Policy {
    version: i32,
    hash: String,
    common: Sections,
    pub(crate) explore: ExplorePolicy,
    pub(crate) lock: LockPolicy,
    /// Markets with figures of their own, complete.
    markets: BTreeMap<String, Sections>,
}

impl Rules for Policy {
    const BUILT_IN: &'static str = BUILT_IN;

    fn parse(text: &str) -> Result<Policy, String> {
        let file: File = rules::parse(text)?;
        let File {
            version,
            fare,
            road,
            surge,
            wait,
            demand,
            choice,
            explore,
            caps,
            competitor,
            loyalty,
            lock,
            capture,
            peak,
            markets,
        } = file;
        let common = Sections { fare, road, surge, wait, demand, choice, caps, competitor, loyalty, capture, peak };
        let markets = markets.into_iter().map(|(name, own)| (name, own.over(&common))).collect();
        let policy = Policy { version, hash: rules::hash(text), common, explore, lock, markets };
        ranges::check(&policy)?;
        Ok(policy)
    }

    fn version(&self) -> i32 {
        self.version
    }

    /// First 16 hex digits of the SHA-256 of the text.
    fn hash(&self) -> &str {
        &self.hash
    }
}

impl Policy {
    /// The figures that hold in `market`.
    pub(crate) fn of(&self, market: &str) -> &Sections {
        self.markets.get(market).unwrap_or(&self.common)
    }

    /// The caps of a market.
    pub(crate) fn caps(&self, market: &str) -> Caps {
        self.of(market).caps.caps()
    }

    /// What a ride costs the platform in a market, minor units.
    pub(crate) fn cost(&self, market: &str) -> i64 {
        self.of(market).fare.cost
    }

    /// What it takes for the demand of a market's H3 cell at an event time (milliseconds since 1970) and a surge (basis points of the
    /// surge base), millionths, as `QuoteInputs` has them: odds, slope, error, wait.
    pub fn demand(&self, market: &str, (cell, at): (u64, i64), surge_bps: i32) -> [i64; 4] {
        self.of(market).demand.millionths(cell, at, surge_bps)
    }
}

impl Default for Policy {
    /// The built-in policy.
    fn default() -> Policy {
        // A test parses it: the text is part of the program.
        Policy::parse(BUILT_IN).expect("the built-in policy is sound")
    }
}

/// The file's layout.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: i32,
    fare: FarePolicy,
    road: RoadPolicy,
    surge: SurgePolicy,
    wait: WaitPolicy,
    demand: DemandPolicy,
    choice: ChoicePolicy,
    explore: ExplorePolicy,
    caps: CapsPolicy,
    competitor: CompetitorPolicy,
    loyalty: LoyaltyPolicy,
    lock: LockPolicy,
    capture: CapturePolicy,
    peak: PeakPolicy,
    #[serde(default)]
    markets: BTreeMap<String, Own>,
}

/// What may differ from market to market.
#[derive(Clone, Debug)]
pub(crate) struct Sections {
    pub(crate) fare: FarePolicy,
    pub(crate) road: RoadPolicy,
    pub(crate) surge: SurgePolicy,
    pub(crate) wait: WaitPolicy,
    pub(crate) demand: DemandPolicy,
    pub(crate) choice: ChoicePolicy,
    pub(crate) caps: CapsPolicy,
    pub(crate) competitor: CompetitorPolicy,
    pub(crate) loyalty: LoyaltyPolicy,
    pub(crate) capture: CapturePolicy,
    pub(crate) peak: PeakPolicy,
}

/// The sections that a market has of its own, each whole.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    fare: Option<FarePolicy>,
    road: Option<RoadPolicy>,
    surge: Option<SurgePolicy>,
    wait: Option<WaitPolicy>,
    demand: Option<DemandPolicy>,
    choice: Option<ChoicePolicy>,
    caps: Option<CapsPolicy>,
    competitor: Option<CompetitorPolicy>,
    loyalty: Option<LoyaltyPolicy>,
    capture: Option<CapturePolicy>,
    peak: Option<PeakPolicy>,
}

impl Own {
    fn over(self, common: &Sections) -> Sections {
        let common = common.clone();
        Sections {
            fare: self.fare.unwrap_or(common.fare),
            road: self.road.unwrap_or(common.road),
            surge: self.surge.unwrap_or(common.surge),
            wait: self.wait.unwrap_or(common.wait),
            demand: self.demand.unwrap_or(common.demand),
            choice: self.choice.unwrap_or(common.choice),
            caps: self.caps.unwrap_or(common.caps),
            competitor: self.competitor.unwrap_or(common.competitor),
            loyalty: self.loyalty.unwrap_or(common.loyalty),
            capture: self.capture.unwrap_or(common.capture),
            peak: self.peak.unwrap_or(common.peak),
        }
    }
}

/// The fare table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct FarePolicy {
    pub(crate) currency: String,
    base: i64,
    km: i64,
    minute: i64,
    least: i64,
    booking: i64,
    pub(crate) cost: i64,
    take_bps: i64,
    driver_bps: i64,
    tax_bps: i64,
    services: BTreeMap<String, i64>,
    tiers: BTreeMap<String, i64>,
}

/// Why a service and tier have no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unsold {
    Service,
    Tier,
}

impl FarePolicy {
    /// How an amount is shared that has no service and tier: the platform's share, the driver's least, tax; basis points.
    pub(crate) fn shares(&self) -> (i64, i64, i64) {
        (self.take_bps, self.driver_bps, self.tax_bps)
    }

    /// The rates of a service and tier.
    pub(crate) fn rates(&self, service: Service, tier: Option<Tier>) -> Result<Rates, Unsold> {
        let service = self.services.get(service_name(service)).ok_or(Unsold::Service)?;
        let tier = tier.map_or(Some(&WHOLE), |tier| self.tiers.get(tier_name(tier))).ok_or(Unsold::Tier)?;
        Ok(Rates {
            base: self.base,
            km: self.km,
            minute: self.minute,
            least: self.least,
            tier_bps: share(*service, *tier),
            booking: self.booking,
            take_bps: self.take_bps,
            driver_bps: self.driver_bps,
            tax_bps: self.tax_bps,
        })
    }
}

/// A service as the policy names it.
fn service_name(service: Service) -> &'static str {
    match service {
        Service::Standard => "STANDARD",
        Service::Xl => "XL",
        Service::Accessible => "ACCESSIBLE",
        Service::Unknown => "",
    }
}

/// A tier as the policy names it.
pub(crate) fn tier_name(tier: Tier) -> &'static str {
    match tier {
        Tier::Bronze => "BRONZE",
        Tier::Silver => "SILVER",
        Tier::Gold => "GOLD",
        Tier::Platinum => "PLATINUM",
        Tier::Unknown => "",
    }
}

/// From two places to a trip.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoadPolicy {
    pub(crate) detour_bps: i64,
    pub(crate) metres_a_minute: i64,
}

/// How surge follows demand.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SurgePolicy {
    pub(crate) base: i64,
    window_s: i64,
    ping_max_age_s: i64,
    gain_bps: i64,
    half_life_s: i64,
    step_bps: i64,
    pub(crate) most_bps: i64,
    prior: i64,
    pub(crate) cells_max: usize,
}

/// A ping counts for so long at most, milliseconds: by far the most that a successor reads are pings. Published policies may say more.
pub(crate) const PINGS_COUNT_MS: i64 = 300_000;

impl SurgePolicy {
    pub(crate) fn window_ms(&self) -> i64 {
        self.window_s * 1_000
    }

    pub(crate) fn ping_max_age_ms(&self) -> i64 {
        (self.ping_max_age_s * 1_000).min(PINGS_COUNT_MS)
    }

    pub(crate) fn pace(&self) -> crate::Pace {
        crate::Pace {
            gain_bps: self.gain_bps,
            half_life_ms: self.half_life_s * 1_000,
            step_bps: self.step_bps,
            most_bps: self.most_bps,
            prior: self.prior,
            cells: self.cells_max,
        }
    }
}

/// How long a driver takes to the pickup.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WaitPolicy {
    first_s: i32,
    ring_s: i32,
    pub(crate) rings_max: u32,
}

impl WaitPolicy {
    /// Time until a driver is there who stands `rings` cells away.
    pub(crate) fn wait_ms(&self, rings: u32) -> i32 {
        (self.first_s + self.ring_s * i32::try_from(rings).unwrap_or(0)) * 1_000
    }
}

/// What counts how much.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChoicePolicy {
    pub(crate) band_bps: i64,
    profit: i64,
    revenue: i64,
    riders: i64,
    operations: i64,
}

impl ChoicePolicy {
    pub(crate) fn weights(&self) -> Weights {
        [self.profit, self.revenue, self.riders, self.operations]
    }
}

/// Prices that are off on purpose.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplorePolicy {
    pub(crate) salt: String,
    pub(crate) share_bps: i64,
    pub(crate) step_bps: i64,
}

/// The caps.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CapsPolicy {
    floor_bps: i64,
    ceiling_bps: Option<i64>,
    most: i64,
}

impl CapsPolicy {
    pub(crate) fn caps(&self) -> Caps {
        Caps { floor_bps: self.floor_bps, ceiling_bps: self.ceiling_bps, most: self.most }
    }
}

/// How competitors are followed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CompetitorPolicy {
    pub(crate) part_bps: i64,
    pub(crate) most_bps: i64,
    max_age_s: i64,
    pub(crate) samples_max: usize,
}

impl CompetitorPolicy {
    pub(crate) fn max_age_ms(&self) -> i64 {
        self.max_age_s * 1_000
    }
}

/// What loyalty is worth.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoyaltyPolicy {
    pub(crate) most_bps: i64,
    #[serde(default)]
    tiers: BTreeMap<String, i64>,
}

impl LoyaltyPolicy {
    /// What a tier takes off, basis points of the fare; `None`: it is not named.
    pub(crate) fn of(&self, tier: Loyalty) -> Option<i64> {
        self.tiers.get(loyalty_name(tier)).copied()
    }

    /// Each tier that is named, with what it takes off.
    fn tiers(&self) -> impl Iterator<Item = (&str, i64)> {
        self.tiers.iter().map(|(name, bps)| (name.as_str(), *bps))
    }
}

/// A loyalty tier as the policy names it.
fn loyalty_name(tier: Loyalty) -> &'static str {
    match tier {
        Loyalty::Member => "MEMBER",
        Loyalty::Silver => "SILVER",
        Loyalty::Gold => "GOLD",
        Loyalty::Platinum => "PLATINUM",
        Loyalty::Unknown => "",
    }
}

/// How long a quote holds, and is remembered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockPolicy {
    valid_s: i64,
    late_s: i64,
}

impl LockPolicy {
    pub(crate) fn valid_ms(&self) -> i64 {
        self.valid_s * 1_000
    }

    pub(crate) fn late_ms(&self) -> i64 {
        self.late_s * 1_000
    }
}
