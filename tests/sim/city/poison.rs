//! Records that must cost only themselves.

use devkit::sim::{SimSchemas, World};
use kernel::{
    Record,
    contract::{Cause, DriverChanged, DriverLocated, MarketTicked, Party, Progress, RideProgressed, RideRequested},
    partition, wire,
};

use super::{City, MARKETS};

const HOUR: i64 = 3_600_000;

impl City {
    /// Something that nobody should send.
    pub(super) fn spoil(&mut self) -> Result<(), String> {
        let market = *self.rng.pick(&MARKETS);
        // What a time is measured against must be known.
        if !self.known(market) {
            return Ok(());
        }
        match self.rng.below(10) {
            0..=3 => self.garble(market),
            4 => self.regret(),
            5 => {
                let mut request = self.request();
                request.service = kernel::contract::Service::Unknown;
                self.expect(market, &request, Cause::OutOfRange)
            }
            6 => {
                let mut request = self.request();
                request.at += if self.rng.chance(5_000) { HOUR } else { -26 * HOUR };
                let cause = if request.at > self.now().0 { Cause::FromTheFuture } else { Cause::TooOld };
                let market = request.market.clone();
                self.expect_at_home(&market, &request, cause)
            }
            7 => {
                let mut request = self.request();
                request.market = "nowhere".to_owned();
                self.expect(market, &request, Cause::Misplaced)
            }
            8 => {
                let mut fact = fact(market, self.rides);
                fact.at = self.now().0 + if self.rng.chance(5_000) { HOUR } else { -26 * HOUR };
                let cause = if fact.at > self.now().0 { Cause::FromTheFuture } else { Cause::TooOld };
                self.expect(market, &fact, cause)
            }
            _ => {
                let tick = MarketTicked { market: market.to_owned(), at: self.now().0 + HOUR };
                self.expect(market, &tick, Cause::FromTheFuture)
            }
        }
    }

    /// Bytes that are no record.
    fn garble(&mut self, market: &str) -> Result<(), String> {
        let topics = [
            RideRequested::TOPIC.name,
            RideProgressed::TOPIC.name,
            DriverLocated::TOPIC.name,
            DriverChanged::TOPIC.name,
        ];
        let topic = *self.rng.pick(&topics);
        let mut value = Vec::new();
        let cause = match self.rng.below(4) {
            0 => {
                value.extend_from_slice(b"{\"ride\":1}");
                Cause::WrongMagic
            }
            1 => {
                wire::start(4_711, &mut value);
                Cause::UnknownSchema
            }
            2 => {
                wire::start(SimSchemas::id(topic).ok_or("no such topic")?, &mut value);
                value.extend_from_slice(&[0x80; 3]);
                Cause::Undecodable
            }
            _ => {
                value.extend_from_slice(&[0]);
                Cause::WrongMagic
            }
        };
        let partitions = self.world.borrow().partitions();
        let partition = partition::of(market.as_bytes(), partitions);
        let place = self.world.borrow_mut().append(topic, partition, market.as_bytes(), Some(value));
        self.poison.insert((place.topic, place.partition, place.offset), cause);
        Ok(())
    }

    /// A record in the partition of `market` and under its key, whatever market it names.
    fn expect<R: Record>(&mut self, market: &str, record: &R, cause: Cause) -> Result<(), String> {
        let value = World::encode(record)?;
        let partition = partition::of(market.as_bytes(), self.world.borrow().partitions());
        let place = self.world.borrow_mut().append(R::TOPIC.name, partition, market.as_bytes(), Some(value));
        self.poison.insert((place.topic, place.partition, place.offset), cause);
        Ok(())
    }

    fn expect_at_home<R: Record>(&mut self, market: &str, record: &R, cause: Cause) -> Result<(), String> {
        if self.known(market) { self.expect(market, record, cause) } else { Ok(()) }
    }
}

fn fact(market: &str, ride: usize) -> RideProgressed {
    RideProgressed {
        event: "early".to_owned(),
        at: 0,
        market: market.to_owned(),
        ride: format!("r{ride}"),
        revision: Some(0),
        driver: Some("d0".to_owned()),
        progress: Progress::Declined,
        by: Some(Party::Driver),
        why: None,
        charged_minor: None,
        paid_minor: None,
        currency: None,
        distance_m: None,
        duration_s: None,
        tolls_minor: None,
        wait_s: None,
        payment: None,
        bill: None,
    }
}
