//! What an edge bills for a ride, and the ways in which a bill goes wrong.

use kernel::contract::{Bill, BillPromotion, FareItems, Payment, Progress, QuotePrice, RideProgressed, Service, Tier};

/// A way in which a bill goes wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// Another price than the one that was promised.
    Quote,
    /// A toll that is not billed.
    Toll,
    /// Waiting that is not billed.
    Wait,
    /// A cancellation that is not billed.
    Cancel,
    /// Another tier.
    Tier,
    /// A second promotion.
    Promotion,
    /// The platform's share of the tax.
    Commission,
    /// The driver gets less than his least share.
    Pay,
    /// A fee for paying online on a ride that was paid in cash.
    Cash,
}

impl Fault {
    /// All of them.
    pub const ALL: [Fault; 9] = [
        Fault::Quote,
        Fault::Toll,
        Fault::Wait,
        Fault::Cancel,
        Fault::Tier,
        Fault::Promotion,
        Fault::Commission,
        Fault::Pay,
        Fault::Cash,
    ];
}

/// Shares of the tariff by which an edge bills, basis points: the platform's, and the driver's least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shares {
    /// The platform's share of fare, waiting and cancelling.
    pub take_bps: i64,
    /// The driver's least.
    pub floor_bps: i64,
}

/// The bill of a ride that was promised this price.
pub fn promised(price: &QuotePrice, (service, tier): (Service, Option<Tier>)) -> Bill {
    let FareItems { base, distance, time, tier: dearer, least, surge, competitor, optimum, .. } = price.items;
    let FareItems { loyalty, capped, booking, tax, tolls, .. } = price.items;
    Bill {
        service,
        tier,
        fare: base + distance + time + dearer + least + surge + competitor + optimum + capped,
        loyalty: -loyalty,
        booking,
        wait: 0,
        cancel: 0,
        online: 0,
        tax,
        tolls,
        promotions: Vec::new(),
        commission: price.split.fees - booking,
        driver: price.split.driver,
    }
}

/// What a bill comes to.
pub fn charged(bill: &Bill) -> i64 {
    let off: i64 = bill.promotions.iter().map(|promotion| promotion.minor).sum();
    bill.fare + bill.booking + bill.wait + bill.cancel + bill.online + bill.tax + bill.tolls - bill.loyalty - off
}

/// Spoils the bill of a ride, by about `size` minor units (1 or more) where the fault has a size; what the platform lost by it, below zero
/// what the rider or the driver did. `None`: this ride has nothing that could go wrong so, and is as it was.
pub fn spoil(fact: &mut RideProgressed, fault: Fault, size: i64, shares: Shares) -> Option<i64> {
    let completed = fact.progress == Progress::Completed;
    let bill = fact.bill.as_mut()?;
    let lost = match fault {
        Fault::Quote if completed => {
            let fare = if size % 2 == 0 { bill.fare + size } else { (bill.fare - size).max(1) };
            rebill(bill, fare, shares)
        }
        Fault::Tier if completed => {
            let (tier, times) = if bill.tier == Some(Tier::Gold) { (None, (1, 2)) } else { (Some(Tier::Gold), (2, 1)) };
            bill.tier = tier;
            rebill(bill, bill.fare * times.0 / times.1, shares)
        }
        Fault::Toll => less(&mut bill.tolls, size)?,
        Fault::Wait => less(&mut bill.wait, size)?,
        Fault::Cancel => less(&mut bill.cancel, size)?,
        Fault::Promotion if completed => {
            let first = bill.promotions.first().map_or(size, |promotion| promotion.minor);
            bill.promotions = ["first", "second"]
                .into_iter()
                .map(|promotion| BillPromotion { promotion: promotion.to_owned(), minor: first })
                .collect();
            first
        }
        Fault::Commission if bill.tax > 0 => {
            let more = share(bill.tax, shares.take_bps);
            (bill.commission, bill.driver) = (bill.commission + more, bill.driver - more);
            -more
        }
        Fault::Pay if completed => {
            let floor = share(bill.fare, shares.floor_bps) + share(bill.wait, shares.floor_bps);
            let pay = (floor - size).max(0);
            bill.driver = pay;
            pay - floor
        }
        Fault::Cash if completed => {
            fact.payment = Some(Payment::Cash);
            bill.online += size;
            -size
        }
        _ => return None,
    };
    fact.charged_minor = Some(charged(bill));
    fact.paid_minor = Some(bill.driver);
    (lost != 0).then_some(lost)
}

/// Bills another fare, and shares it as every fare is.
fn rebill(bill: &mut Bill, fare: i64, shares: Shares) -> i64 {
    let lost = bill.fare - fare;
    let taken = share(fare, shares.take_bps) - share(bill.fare, shares.take_bps);
    (bill.fare, bill.commission) = (fare, bill.commission + taken);
    bill.driver += -lost - taken;
    lost
}

/// Bills less of a fee, if there is any.
fn less(fee: &mut i64, size: i64) -> Option<i64> {
    let due = *fee;
    *fee = (due - size).max(0);
    (due > 0).then(|| due - *fee)
}

/// A share of an amount, to the nearest minor unit, halves up; no amount here is below zero.
fn share(amount: i64, bps: i64) -> i64 {
    (amount * bps + 5_000) / 10_000
}
