//! Where the traffic comes from: built-in cities or recordings.

use devkit::city::{self, Cities};
use devkit::rides::{Recording, Rides, Skipped};
use devkit::world::{Happening, Settings, Source, World};
use kernel::Millis;

use super::Args;

/// Markets of the built-in cities, unless told otherwise.
const CITIES: u16 = 3;

/// One of the two sources.
pub(super) enum Told {
    Cities(Box<Cities>),
    Rides(Box<Rides>),
}

impl Source for Told {
    fn peek(&mut self) -> Option<Millis> {
        match self {
            Told::Cities(cities) => cities.peek(),
            Told::Rides(rides) => rides.peek(),
        }
    }

    fn next(&mut self) -> Option<(Millis, Happening)> {
        match self {
            Told::Cities(cities) => cities.next(),
            Told::Rides(rides) => rides.next(),
        }
    }
}

impl Told {
    /// Lines of recordings that could not be used.
    pub(super) fn skipped(&self) -> Option<&Skipped> {
        match self {
            Told::Cities(_) => None,
            Told::Rides(rides) => Some(rides.skipped()),
        }
    }

    /// Whether the recordings could be read to their end.
    pub(super) fn whole(&self) -> Result<(), String> {
        match self {
            Told::Cities(_) => Ok(()),
            Told::Rides(rides) => rides.whole(),
        }
    }

    /// What it is, for people.
    pub(super) fn name(&self, markets: usize) -> String {
        match self {
            Told::Cities(_) => format!("{markets} simulated cities"),
            Told::Rides(_) if markets == 1 => "recorded rides".to_owned(),
            Told::Rides(_) => format!("recorded rides, spread over {markets} markets"),
        }
    }
}

/// The world that `args` ask for, at its start.
pub(super) fn world(args: &Args) -> Result<(World<Told>, Settings), String> {
    // A market ticks each second of event time, at high speed less often: about 50 times a second, and each 4 s at least.
    let tick = Millis((i64::from(args.speed) * 20).clamp(1_000, 4_000));
    let (seed, rates) = (args.seed, args.behaviour.rates());
    let (told, markets, start, utc_offset_minutes) = match (&args.rides, &args.pings) {
        (Some(rides), Some(pings)) => {
            let markets = usize::from(args.markets.unwrap_or(1));
            let (rides, pings, from, to) = (rides.clone(), pings.clone(), args.from, args.to);
            let rides = Rides::open(Recording { rides, pings, from, to, markets, seed })?;
            let start = rides.span().0;
            (Told::Rides(Box::new(rides)), names(&args.market, markets)?, start, args.utc_offset_minutes)
        }
        _ => {
            let cities = Cities::new(usize::from(args.markets.unwrap_or(CITIES)), seed);
            let names = cities.names().to_vec();
            (Told::Cities(Box::new(cities)), names, city::START, city::UTC_OFFSET_MINUTES)
        }
    };
    let settings = Settings { markets, start, utc_offset_minutes, tick, seed, rates };
    Ok((World::new(settings.clone(), told), settings))
}

fn names(market: &str, markets: usize) -> Result<Vec<String>, String> {
    if market.is_empty() || market.len() > 60 || market.chars().any(char::is_control) {
        return Err("--market: write 1 to 60 letters".to_owned());
    }
    Ok(if markets == 1 {
        vec![market.to_owned()]
    } else {
        (1..=markets).map(|number| format!("{market}-{number}")).collect()
    })
}
