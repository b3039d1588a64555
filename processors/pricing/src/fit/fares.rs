//! A fare table from rides that were paid: base, kilometre, minute, and what each group (a service or a tier) costs against the plain one.

use super::least::{Row, absolutes, squares};

/// Groups that a table can have, most.
pub const GROUPS_MAX: usize = 62;

/// Rides that a table needs, least: ten for each of its numbers at the very least, and room for those that no table explains.
const LEAST: usize = 100;
/// A price below this share of the median counts no more than one of it: a cent would outweigh a thousand rides.
const CHEAP: f64 = 0.25;
/// Rounds in which table and groups are fitted in turn; after the first few nothing moves.
const ROUNDS: usize = 15;

/// A ride that was paid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ride {
    /// Kilometres.
    pub km: f64,
    /// Minutes; the same of all where it is not known.
    pub minutes: f64,
    /// Minor units of the currency, more than zero.
    pub price: f64,
    /// Which group, from 0; 0 is the plain ride, that the others are measured against.
    pub group: usize,
}

/// Why there is no table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// So many rides, fewer than so many.
    TooFew(usize, usize),
    /// So many groups, more than so many.
    TooMany(usize, usize),
    /// All rides are alike, or a group has none.
    Alike,
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Unfit::TooFew(found, least) => write!(to, "{found} rides are left to learn from, a table needs {least}"),
            Unfit::TooMany(found, most) => write!(to, "{found} groups, at most {most}: name a coarser column"),
            Unfit::Alike => {
                to.write_str("the rides are all alike, or a group has none: nothing tells base from kilometre")
            }
        }
    }
}

/// A fare table, minor units of the currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    /// For getting in.
    pub base: f64,
    /// A kilometre on the road.
    pub km: f64,
    /// A minute on the way.
    pub minute: f64,
    /// What each group costs against the first, which is 1.
    pub groups: Vec<f64>,
}

impl Table {
    /// The table with the least sum of relative errors: a cent more on a short ride counts as much as ten on one ten times as dear,
    /// and a few wrong rows bend it little, for a price far below all others has no more weight than they. Table and groups are fitted
    /// in turn; each group by its weighted median.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn fit(rides: &[Ride], groups: usize) -> Result<Table, Unfit> {
        enough(rides, groups)?;
        let mut prices: Vec<f64> = rides.iter().map(|ride| ride.price).collect();
        prices.sort_by(f64::total_cmp);
        let cheap = prices[prices.len() / 2] * CHEAP;
        let mut table = Table { base: 0.0, km: 0.0, minute: 0.0, groups: vec![1.0; groups] };
        for _ in 0..if groups > 1 { ROUNDS } else { 1 } {
            let row = |ride: &Ride| {
                let share = table.groups[ride.group];
                let features = [1.0, ride.km, ride.minutes].map(|feature| feature * share).to_vec();
                Row { features, target: ride.price, weight: 1.0 / ride.price.max(cheap) }
            };
            let rows: Vec<Row> = rides.iter().map(row).collect();
            let found = absolutes(&rows).ok_or(Unfit::Alike)?;
            (table.base, table.km, table.minute) = (found[0], found[1], found[2]);
            let share = |group| table.share((rides, group), cheap).ok_or(Unfit::Alike);
            let shares = (0..groups).map(share).collect::<Result<Vec<f64>, Unfit>>()?;
            // The plain group too: what fits all others by a common factor would stand still otherwise.
            table.groups = shares.iter().map(|share| share / shares[0]).collect();
            [&mut table.base, &mut table.km, &mut table.minute].into_iter().for_each(|number| *number *= shares[0]);
        }
        Ok(table)
    }

    /// What a ride costs by it, minor units.
    pub fn price(&self, ride: &Ride) -> f64 {
        self.plain(ride) * self.groups[ride.group]
    }

    fn plain(&self, ride: &Ride) -> f64 {
        self.base + self.km * ride.km + self.minute * ride.minutes
    }

    /// What these rides cost against the plain price, with the least relative error: a median weighted by what one more share is worth.
    fn share(&self, (rides, group): (&[Ride], usize), cheap: f64) -> Option<f64> {
        let of = rides.iter().filter(|ride| ride.group == group);
        let share = |ride: &Ride| (ride.price / self.plain(ride), self.plain(ride) / ride.price.max(cheap));
        let mut shares: Vec<(f64, f64)> = of.map(share).filter(|(share, _)| share.is_finite()).collect();
        shares.sort_by(|a, b| a.0.total_cmp(&b.0));
        let half = shares.iter().map(|(_, weight)| weight).sum::<f64>() / 2.0;
        let mut below = 0.0;
        let median = shares.iter().find(|(_, weight)| {
            below += weight;
            below >= half
        });
        median.map(|(share, _)| *share)
    }
}

/// The baseline: ordinary least squares with a constant of each group.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Kilometre, minute, then the constant of each group.
    coefficients: Vec<f64>,
}

impl Linear {
    /// Fits it.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn fit(rides: &[Ride], groups: usize) -> Result<Linear, Unfit> {
        enough(rides, groups)?;
        let row = |ride: &Ride| Row { features: Linear::features(ride, groups), target: ride.price, weight: 1.0 };
        let rows: Vec<Row> = rides.iter().map(row).collect();
        squares(&rows).map(|coefficients| Linear { coefficients }).ok_or(Unfit::Alike)
    }

    /// What a ride costs by it, minor units.
    pub fn price(&self, ride: &Ride) -> f64 {
        let features = Linear::features(ride, self.coefficients.len().saturating_sub(2));
        features.iter().zip(&self.coefficients).map(|(x, b)| x * b).sum()
    }

    fn features(ride: &Ride, groups: usize) -> Vec<f64> {
        let constants = (0..groups).map(|group| if group == ride.group { 1.0 } else { 0.0 });
        [ride.km, ride.minutes].into_iter().chain(constants).collect()
    }
}

/// Half of the rides are off by less than this share of their price; `None` without rides.
pub fn median_error(rides: &[Ride], price: impl Fn(&Ride) -> f64) -> Option<f64> {
    let mut errors: Vec<f64> = rides.iter().map(|ride| (price(ride) - ride.price).abs() / ride.price).collect();
    errors.sort_by(f64::total_cmp);
    errors.get(errors.len() / 2).copied()
}

fn enough(rides: &[Ride], groups: usize) -> Result<(), Unfit> {
    let least = LEAST.max(10 * (groups + 2));
    match () {
        () if groups > GROUPS_MAX => Err(Unfit::TooMany(groups, GROUPS_MAX)),
        () if rides.len() < least || groups == 0 => Err(Unfit::TooFew(rides.len(), least)),
        () => Ok(()),
    }
}
