//! How people behave, and how often they do not.

/// Shares in basis points: of offers, of acceptances, of rides, or of riders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// Offers that are declined.
    pub declined: u32,
    /// Offers that are not answered.
    pub unanswered: u32,
    /// Offers that are accepted when it no longer counts: after the answer was due, or after a decline.
    pub late: u32,
    /// Acceptances that are sent twice.
    pub doubled_acceptance: u32,
    /// Acceptances that the driver takes back.
    pub driver_cancels: u32,
    /// Assigned drivers who never come.
    pub driver_no_show: u32,
    /// Riders who cancel while they wait, or when a driver is on the way.
    pub rider_cancels: u32,
    /// Riders who are not there.
    pub rider_no_show: u32,
    /// Requests that are sent twice, at once or minutes later.
    pub doubled_request: u32,
    /// Requests whose cancellation arrives before them.
    pub foretold: u32,
    /// Bills of rides that went wrong.
    pub misbilled: u32,
    /// Riders who are members of the loyalty programme.
    pub members: u32,
    /// Members who did not agree that it lowers their prices.
    pub reserved: u32,
    /// Rides of members after which they take their consent back, or ask to be forgotten.
    pub leaving: u32,
}

impl Default for Rates {
    fn default() -> Self {
        Rates {
            declined: 1_000,
            unanswered: 300,
            late: 300,
            doubled_acceptance: 200,
            driver_cancels: 200,
            driver_no_show: 50,
            rider_cancels: 400,
            rider_no_show: 100,
            doubled_request: 300,
            foretold: 50,
            misbilled: 200,
            members: 3_500,
            reserved: 2_000,
            leaving: 200,
        }
    }
}

impl Rates {
    /// Everybody behaves, and nothing is known of any rider.
    pub const NONE: Rates = Rates {
        declined: 0,
        unanswered: 0,
        late: 0,
        doubled_acceptance: 0,
        driver_cancels: 0,
        driver_no_show: 0,
        rider_cancels: 0,
        rider_no_show: 0,
        doubled_request: 0,
        foretold: 0,
        misbilled: 0,
        members: 0,
        reserved: 0,
        leaving: 0,
    };
}

/// What the world did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rides asked for; sent twice counts once.
    pub asked: u64,
    /// Requests sent again.
    pub doubled_requests: u64,
    /// Offers declined.
    pub declined: u64,
    /// Offers left unanswered.
    pub unanswered: u64,
    /// Acceptances sent when they no longer counted.
    pub late: u64,
    /// Acceptances sent again.
    pub doubled_acceptances: u64,
    /// Cancellations by riders, those before the request included.
    pub rider_cancelled: u64,
    /// Cancellations by drivers.
    pub driver_cancelled: u64,
    /// Riders and drivers who did not come.
    pub no_shows: u64,
    /// Rides driven to the end.
    pub completed: u64,
    /// Pings published.
    pub pings: u64,
    /// Recorded pings dropped while their driver was in one of our rides.
    pub pings_dropped: u64,
    /// Drivers whose recorded pings resumed more than 500 m away.
    pub jumps: u64,
    /// Drivers who went to another market.
    pub moves: u64,
    /// Bills that were spoilt on purpose.
    pub misbilled: u64,
    /// What was lost by them, minor units.
    pub misbilled_minor: i64,
    /// Members who took back that their loyalty lowers their prices.
    pub withdrawn: u64,
    /// Members who asked to be forgotten.
    pub forgotten: u64,
}
