//! What riders and drivers do about the decisions that they read.

use kernel::{
    Millis, Record,
    codec::Datum,
    contract::{MatchDecided, Outcome, Party, Progress, RideProgressed},
    wire,
};

use super::City;

/// Where a ride stands, as those who read the decisions know it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stand {
    /// It looks for a driver.
    Looking,
    /// A driver was asked.
    Offered {
        /// The newest revision.
        revision: i32,
        /// Who.
        driver: String,
        /// Before when he must answer.
        answer_by: i64,
    },
    /// A driver drives.
    Assigned {
        /// Who.
        driver: String,
    },
    /// It is over.
    Closed,
}

/// Something that will be said about a ride.
#[derive(Clone, Debug)]
pub(super) struct Act {
    market: String,
    ride: String,
    progress: Progress,
    by: Party,
    driver: Option<String>,
    revision: Option<i32>,
}

impl City {
    /// Reads what was decided, and plans what to do about it.
    pub(super) fn listen(&mut self) -> Result<(), String> {
        let partitions = self.world.borrow().partitions();
        for partition in 0..partitions {
            loop {
                let position = self.read.get(&partition).copied().unwrap_or(0);
                let (raw, next) = self.world.borrow().next(MatchDecided::TOPIC.name, partition, position);
                self.read.insert(partition, next);
                let Some(value) = raw.and_then(|raw| raw.value) else { break };
                let (_, bytes) = wire::split(&value).map_err(|why| format!("a decision is unframed: {why:?}"))?;
                self.hear(Datum { bytes, schema: MatchDecided::schema() }.read()?);
            }
        }
        Ok(())
    }

    fn hear(&mut self, decided: MatchDecided) {
        let key = (decided.market.clone(), decided.ride.clone());
        let stand = match (decided.outcome, &decided.driver) {
            (Outcome::Offered, Some(driver)) => Stand::Offered {
                revision: decided.revision.unwrap_or_default(),
                driver: driver.clone(),
                answer_by: decided.answer_by.unwrap_or_default(),
            },
            (Outcome::Assigned | Outcome::Reassigned, Some(driver)) => Stand::Assigned { driver: driver.clone() },
            (Outcome::Closed, _) => Stand::Closed,
            (Outcome::Duplicate | Outcome::Refused, _) => return,
            _ => Stand::Looking,
        };
        self.stands.insert(key, stand.clone());
        if self.mood.answers {
            match stand {
                Stand::Looking if self.rng.chance(300) => self.plan(&decided, Progress::Cancelled, Party::Rider, 8_000),
                Stand::Looking | Stand::Closed => {}
                Stand::Offered { .. } => self.answer(&decided),
                Stand::Assigned { .. } => self.drive(&decided),
            }
        }
    }

    fn answer(&mut self, offer: &MatchDecided) {
        match if self.mood.kind { 9 } else { self.rng.below(20) } {
            0 | 1 => self.plan(offer, Progress::Declined, Party::Driver, 4_000),
            2 | 3 => {}                                                           // He does not answer.
            4 | 5 => self.plan(offer, Progress::Accepted, Party::Driver, 12_000), // Perhaps too late.
            6 => {
                self.plan(offer, Progress::Accepted, Party::Driver, 3_000);
                self.plan(offer, Progress::Accepted, Party::Driver, 6_000);
            }
            7 => {
                self.plan(offer, Progress::Cancelled, Party::Rider, 3_000);
                self.plan(offer, Progress::Accepted, Party::Driver, 3_000);
            }
            _ => self.plan(offer, Progress::Accepted, Party::Driver, 2_000),
        }
    }

    fn drive(&mut self, assigned: &MatchDecided) {
        match if self.mood.kind { 9 } else { self.rng.below(16) } {
            0 => self.plan(assigned, Progress::Cancelled, Party::Driver, 4_000),
            1 => self.plan(assigned, Progress::NoShow, Party::Driver, 4_000),
            2 => self.plan(assigned, Progress::NoShow, Party::Rider, 4_000),
            3 => self.plan(assigned, Progress::Cancelled, Party::Rider, 4_000),
            4 => {
                self.plan(assigned, Progress::Started, Party::Driver, 2_000);
                self.plan(assigned, Progress::Cancelled, Party::Driver, 9_000);
            }
            _ => {
                self.plan(assigned, Progress::Started, Party::Driver, 2_000);
                self.plan(assigned, Progress::Completed, Party::Driver, 9_000);
            }
        }
    }

    fn plan(&mut self, decided: &MatchDecided, progress: Progress, by: Party, within: i64) {
        let then = self.now().plus(Millis(self.rng.upto(within)));
        let act = Act {
            market: decided.market.clone(),
            ride: decided.ride.clone(),
            progress,
            by,
            driver: decided.driver.clone(),
            revision: decided.revision,
        };
        self.events += 1;
        self.due.insert((then, self.events), act);
    }

    pub(super) fn act(&mut self, act: Act) -> Result<(), String> {
        self.events += 1;
        let fact = RideProgressed {
            event: format!("e{}", self.events),
            at: self.stamp(),
            market: act.market,
            ride: act.ride,
            revision: act.revision,
            driver: act.driver,
            progress: act.progress,
            by: Some(act.by),
            why: None,
            charged_minor: None,
            paid_minor: (act.progress == Progress::Completed).then_some(1_000),
            currency: None,
            distance_m: None,
            duration_s: None,
            tolls_minor: None,
            wait_s: None,
            payment: None,
            bill: None,
        };
        self.produce(&fact.market, &fact)?;
        if !self.mood.kind && self.rng.chance(300) {
            self.produce(&fact.market, &fact)?; // Sent twice.
        }
        Ok(())
    }

    /// A rider cancels before he asks, and asks then.
    pub(super) fn regret(&mut self) -> Result<(), String> {
        let request = self.request();
        let act = Act {
            market: request.market.clone(),
            ride: request.ride.clone(),
            progress: Progress::Cancelled,
            by: Party::Rider,
            driver: None,
            revision: None,
        };
        self.act(act)?;
        self.produce(&request.market.clone(), &request)?;
        self.asked.push(request);
        Ok(())
    }

    /// Nobody says anything any more about what was decided so far.
    pub(crate) fn hush(&mut self) {
        self.due.clear();
    }

    /// Every driver who drives arrives now; every driver who was asked accepts.
    pub(crate) fn round_up(&mut self) -> Result<(), String> {
        let stands = self.stands.clone();
        for ((market, ride), stand) in stands {
            let (progress, driver, revision) = match stand {
                Stand::Assigned { driver } => (Progress::Completed, driver, None),
                Stand::Offered { driver, revision, .. } => (Progress::Accepted, driver, Some(revision)),
                Stand::Looking | Stand::Closed => continue,
            };
            self.act(Act { market, ride, progress, by: Party::Driver, driver: Some(driver), revision })?;
        }
        Ok(())
    }

    /// Where every ride stands, after all that was decided.
    pub(crate) fn stands(&mut self) -> Result<Vec<(String, String, Stand)>, String> {
        self.listen()?;
        Ok(self.stands.iter().map(|((market, ride), stand)| (market.clone(), ride.clone(), stand.clone())).collect())
    }
}
