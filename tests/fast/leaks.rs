//! Faults of nine classes, put into the bills of rides: how many are found as what they are, and whether the money is right to the cent.
//! The rides are recorded ones where there are any; else the world's.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use devkit::bills::{Fault, Shares, spoil};
use devkit::city::Cities;
use devkit::rides::{Recording, Rides};
use devkit::world::{Draw, Happening, Source, Trip, ground};
use kernel::codec::{Datum, encode};
use kernel::contract::{
    Bill, BillPromotion, CaptureOutcome, CapturedFare, FareBasis, FareCaptured, LeakageKind, Party, Payment,
    PriceQuoted, Progress, QuoteRequested, RideProgressed, RideRequested,
};
use kernel::{Event, Millis, Processor, Read, Record, Rules, Spot, Turn};
use pricing::{Capturing, Policy, Quoting, capturing, quoting};

const MARKET: &str = "sf";
/// So many rides.
const RIDES: usize = 12_000;
const SEED: u64 = 7;
/// The built-in tariff.
const SHARES: Shares = Shares { take_bps: 2_000, floor_bps: 7_500 };

/// A ride, and when it was asked for.
type Asked = (Millis, Trip);

fn recorded() -> Option<Vec<Asked>> {
    let Ok(data) = std::env::var("TRIPO_DATA") else {
        assert!(std::env::var("TRIPO_REQUIRE_DATA").is_err(), "TRIPO_DATA must name the recorded data");
        tests::not_run("faults in recorded rides", "TRIPO_DATA names no folder with sf_cabs_2008/");
        return None;
    };
    let folder = PathBuf::from(&data).join("sf_cabs_2008");
    let file = |prefix: &str| {
        let mut found: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.file_name().unwrap().to_string_lossy().starts_with(prefix));
        found.sort();
        found.first().cloned().unwrap_or_else(|| panic!("no {prefix} file in {}", folder.display()))
    };
    let recording = Recording {
        rides: file("trips_"),
        pings: file("pings_"),
        from: Some(Millis(0)),
        to: Some(Millis(i64::MAX)),
        markets: 1,
        seed: SEED,
    };
    Some(trips(Rides::open(recording).unwrap()))
}

fn trips(mut source: impl Source) -> Vec<Asked> {
    let mut all = Vec::new();
    while let Some((at, happening)) = source.next() {
        if let Happening::Asked(trip) = happening {
            all.push((at, trip));
        }
        if all.len() == RIDES {
            break;
        }
    }
    all
}

/// The tills of a market: quotes and fares, each decided as it would be live.
struct Street {
    policy: Policy,
    offset: i64,
}

impl Street {
    fn turn<P: Processor>(&mut self, now: Millis, asks: Vec<P::Ask>, facts: Vec<P::Fact>) -> Turn<P> {
        let mut place = |topic| {
            self.offset += 1;
            Spot { topic, partition: 0, offset: self.offset }
        };
        let asks = asks.into_iter().map(|body| Arc::new(Event { place: place(P::WORK.name), at: now, body })).collect();
        let facts =
            facts.into_iter().map(|body| Arc::new(Event { place: place("ride.requested"), at: now, body })).collect();
        Turn {
            market: MARKET.to_owned(),
            number: 1,
            now,
            asks,
            facts,
            cut: Vec::new(),
            stale: false,
            riders: Default::default(),
        }
    }

    /// The answer to whoever asks what this ride costs.
    fn quoted(&mut self, request: &RideRequested) -> PriceQuoted {
        let asked = QuoteRequested {
            quote: request.quote.clone().unwrap_or_default(),
            at: request.at,
            market: MARKET.to_owned(),
            rider: request.rider.clone(),
            pickup: request.pickup,
            dropoff: request.dropoff,
            service: request.service,
            tier: request.tier,
            distance_m: None,
            duration_s: None,
            tolls_minor: None,
        };
        let turn = self.turn::<Quoting>(Millis(request.at), vec![asked], Vec::new());
        let outputs = Quoting::decide(&turn, &quoting::View::default(), &self.policy);
        let quoted = outputs.into_iter().find_map(|output| match output {
            quoting::Output::Quoted(quoted) => Some(*quoted),
            _ => None,
        });
        quoted.unwrap()
    }

    /// A trip from its request to its bill; `None`: a ride of no metres has no fare to bill.
    fn billed(&mut self, at: Millis, trip: &Trip) -> Option<Billed> {
        let draw = |salt: &str| Draw::of(SEED, &trip.ride, salt);
        let request = requested(at, trip, draw("quoted"));
        let quoted = request.quote.is_some().then(|| self.quoted(&request));
        let asked = (request, quoted);
        let mut end = end(at, trip, draw("end"));
        let due = self.captured(&asked, &end);
        let fare = due.fare.filter(|_| due.outcome == CaptureOutcome::Captured)?;
        end.bill = Some(honest(&asked.0, &fare, draw("promotion")));
        Some(Billed { asked, end, basis: fare.basis })
    }

    /// What becomes of a ride that was asked for, perhaps with a quote, and ended like this.
    fn captured(&mut self, asked: &(RideRequested, Option<PriceQuoted>), end: &RideProgressed) -> FareCaptured {
        let mut view = capturing::View::default();
        if let Some(quoted) = &asked.1 {
            let Read::Seen(seen) = read(quoted) else { panic!("a quote is seen") };
            assert!(Capturing::observe(&mut view, MARKET, seen, 10));
        }
        let Read::Fact(fact) = read(&asked.0) else { panic!("a request is a fact") };
        let Read::Ask(ask) = read(end) else { panic!("an end asks") };
        let turn = self.turn::<Capturing>(Millis(end.at), vec![ask], vec![fact]);
        let captured = Capturing::decide(&turn, &view, &self.policy).into_iter().find_map(|output| match output {
            capturing::Output::Captured(captured) => Some(*captured),
            _ => None,
        });
        captured.unwrap()
    }
}

/// A record as the processor reads it from its topic.
/// A ride that ended, with an honest bill.
struct Billed {
    asked: (RideRequested, Option<PriceQuoted>),
    end: RideProgressed,
    basis: FareBasis,
}

fn read<R: Record>(record: &R) -> Read<Capturing> {
    let mut bytes = Vec::new();
    encode(record, &mut bytes).unwrap();
    Capturing::read(R::TOPIC.name, Datum { bytes: &bytes, schema: R::schema() }).unwrap().2
}

fn requested(at: Millis, trip: &Trip, draw: Draw) -> RideRequested {
    RideRequested {
        ride: trip.ride.clone(),
        at: at.0,
        market: MARKET.to_owned(),
        rider: "ann".to_owned(),
        pickup: trip.pickup,
        dropoff: trip.dropoff,
        service: trip.service,
        tier: trip.tier,
        quote: draw.happens(8_000).then(|| format!("quote-{}", trip.ride)),
    }
}

/// How a ride ends: one in five never begins; some pass a toll, some riders let the driver wait.
fn end(at: Millis, trip: &Trip, draw: Draw) -> RideProgressed {
    let missed = draw.happens(2_000);
    let (toll, wait) = (draw.next().below(4) as i64 * 250, draw.next().next().below(600) as i32);
    RideProgressed {
        event: format!("{}-end", trip.ride),
        at: at.plus(trip.duration).plus(Millis(600_000)).0,
        market: MARKET.to_owned(),
        ride: trip.ride.clone(),
        revision: None,
        driver: Some("dan".to_owned()),
        progress: if missed { Progress::Cancelled } else { Progress::Completed },
        by: missed.then_some(Party::Rider),
        why: None,
        charged_minor: None,
        paid_minor: None,
        currency: Some("USD".to_owned()),
        distance_m: (!missed).then_some(ground::road_m(trip.pickup, trip.dropoff) as i32),
        duration_s: (!missed).then_some((trip.duration.0 / 1_000) as i32),
        tolls_minor: (!missed).then_some(toll),
        wait_s: (!missed).then_some(wait),
        payment: Some(Payment::Card),
        bill: None,
    }
}

/// What an edge bills that makes no fault; some riders have a promotion.
fn honest(request: &RideRequested, fare: &CapturedFare, draw: Draw) -> Bill {
    let fees = &fare.fees;
    let own = fees.base + fees.distance + fees.time + fees.service + fees.least + fees.peak;
    let own = own + fees.surge + fees.competitor + fees.optimum + fees.capped;
    let promotion = BillPromotion { promotion: "first".to_owned(), minor: 100 };
    Bill {
        service: request.service,
        tier: request.tier,
        fare: own,
        loyalty: -fees.loyalty,
        booking: fees.booking,
        wait: fees.wait,
        cancel: fees.cancel,
        online: fees.online,
        tax: fees.tax,
        tolls: fees.tolls,
        promotions: if own > 0 && draw.happens(2_000) { vec![promotion] } else { Vec::new() },
        commission: fare.split.fees - fees.booking - fees.online,
        driver: fare.split.driver,
    }
}

fn class(fault: Fault) -> LeakageKind {
    match fault {
        Fault::Quote => LeakageKind::QuoteBroken,
        Fault::Toll => LeakageKind::TollUnbilled,
        Fault::Wait => LeakageKind::WaitUnbilled,
        Fault::Cancel => LeakageKind::CancelUnbilled,
        Fault::Tier => LeakageKind::WrongTier,
        Fault::Promotion => LeakageKind::PromotionStacked,
        Fault::Commission => LeakageKind::CommissionOnTax,
        Fault::Pay => LeakageKind::PayBelowFloor,
        Fault::Cash => LeakageKind::CashOnlineFee,
    }
}

/// Of one class: put in, found where they were put in, found elsewhere, and the money of both.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    put: i64,
    found: i64,
    wrong: i64,
    lost: i64,
    told: i64,
}

/// Counts what was put into a bill, by class with what it costs, and what is found of it.
fn count(tallies: &mut BTreeMap<LeakageKind, Tally>, lost: &BTreeMap<LeakageKind, i64>, found: &CapturedFare) {
    for (kind, lost) in lost {
        let tally = tallies.entry(*kind).or_default();
        (tally.put, tally.lost) = (tally.put + 1, tally.lost + lost);
    }
    for leakage in &found.leakages {
        let tally = tallies.entry(leakage.kind).or_default();
        match lost.contains_key(&leakage.kind) {
            true => (tally.found, tally.told) = (tally.found + 1, tally.told + leakage.lost_minor),
            false => tally.wrong += 1,
        }
    }
}

/// Puts faults into the bills of these rides, and counts what is found.
fn tally(rides: &[Asked]) -> BTreeMap<LeakageKind, Tally> {
    let text = pricing::BUILT_IN.replace("tax_bps = 0", "tax_bps = 1_000");
    let mut street = Street { policy: Policy::parse(&text).unwrap(), offset: 0 };
    let mut tallies: BTreeMap<LeakageKind, Tally> = BTreeMap::new();
    for (at, trip) in rides {
        let draw = |salt: &str| Draw::of(SEED, &trip.ride, salt);
        let Some(Billed { asked, mut end, basis }) = street.billed(*at, trip) else { continue };
        let fault = Fault::ALL[draw("fault").below(Fault::ALL.len() as u64) as usize];
        // What was not promised cannot be broken.
        let able = fault != Fault::Quote || basis == FareBasis::Quote;
        let spoilt = (able && draw("spoilt").happens(5_000))
            .then(|| spoil(&mut end, fault, draw("size").within(1, 300), SHARES));
        let lost = spoilt.flatten().map(|lost| (class(fault), lost)).into_iter().collect();
        count(&mut tallies, &lost, &street.captured(&asked, &end).fare.unwrap());
    }
    tallies
}

/// Each class is found, nothing else is, and the money is right.
fn judge(whose: &str, rides: &[Asked]) {
    let tallies = tally(rides);
    println!("{whose}: {} rides", rides.len());
    for (kind, Tally { put, found, wrong, lost, told }) in &tallies {
        let (recall, precision) = (*found as f64 / (*put).max(1) as f64, *found as f64 / (found + wrong).max(1) as f64);
        println!("{kind:?}: {put} put in, recall {recall:.4}, precision {precision:.4}, {lost} lost, {told} told");
    }
    for fault in Fault::ALL {
        let Tally { put, found, wrong, lost, told } = tallies.get(&class(fault)).copied().unwrap_or_default();
        assert!(put >= 100, "{fault:?} was put in {put} times: it says nothing");
        assert!(found * 100 >= put * 98 && found * 100 >= (found + wrong) * 98, "{fault:?}: {tallies:?}");
        assert!(found < put || told == lost, "{fault:?}: {told} told, {lost} lost");
    }
    let all = |of: fn(&Tally) -> i64| tallies.values().map(of).sum::<i64>();
    assert_eq!(all(|tally| tally.told), all(|tally| tally.lost), "to the cent");
}

/// The order in which two faults are put into a bill, so that the second leaves the first as it was: the fare, what is beside it, who gets it.
const ORDER: [Fault; 9] = [
    Fault::Quote,
    Fault::Tier,
    Fault::Toll,
    Fault::Wait,
    Fault::Cancel,
    Fault::Promotion,
    Fault::Cash,
    Fault::Pay,
    Fault::Commission,
];

/// What the driver lost by his pay: his floor is that of what was billed, or of what is due if that is less.
fn unpaid(bill: &Bill, due: &Bill) -> i64 {
    let share = |billed: i64, due: i64| (billed.min(due) * SHARES.floor_bps + 5_000) / 10_000;
    bill.driver - share(bill.fare, due.fare) - share(bill.wait, due.wait)
}

/// Puts two faults into a bill: each class with what was lost by it. `None`: this ride has not both.
fn spoil_twice(
    end: &mut RideProgressed,
    faults: [Fault; 2],
    sizes: [i64; 2],
    basis: FareBasis,
) -> Option<BTreeMap<LeakageKind, i64>> {
    let due = end.bill.clone()?;
    let mut lost = BTreeMap::new();
    for (fault, size) in faults.into_iter().zip(sizes) {
        if fault == Fault::Quote && basis != FareBasis::Quote {
            return None;
        }
        let one = spoil(end, fault, size, SHARES)?;
        let one = if fault == Fault::Pay { unpaid(end.bill.as_ref()?, &due) } else { one };
        if one == 0 || (fault == Fault::Pay && one > 0) {
            return None;
        }
        lost.insert(class(fault), one);
    }
    // Nobody is paid less than nothing: such a bill is refused.
    end.bill.as_ref().filter(|bill| bill.driver >= 0)?;
    // Another price of another tier is one fault: nobody can tell what of the difference is the tier's.
    if faults == [Fault::Quote, Fault::Tier] {
        let both: i64 = lost.values().sum();
        return (both != 0).then(|| BTreeMap::from([(LeakageKind::WrongTier, both)]));
    }
    Some(lost)
}

/// Two faults in each bill that can have both: what is found of each pair, by class.
fn tally_pairs(rides: &[Asked]) -> BTreeMap<[Fault; 2], BTreeMap<LeakageKind, Tally>> {
    let text = pricing::BUILT_IN.replace("tax_bps = 0", "tax_bps = 1_000");
    let mut street = Street { policy: Policy::parse(&text).unwrap(), offset: 0 };
    let mut tallies: BTreeMap<[Fault; 2], BTreeMap<LeakageKind, Tally>> = BTreeMap::new();
    for (at, trip) in rides {
        let draw = |salt: &str| Draw::of(SEED, &trip.ride, salt);
        let Some(Billed { asked, mut end, basis }) = street.billed(*at, trip) else { continue };
        let first = draw("first").below(ORDER.len() as u64 - 1) as usize;
        let second = first + 1 + draw("second").below((ORDER.len() - 1 - first) as u64) as usize;
        let (faults, size) = ([ORDER[first], ORDER[second]], |salt: &str| draw(salt).within(1, 300));
        let Some(lost) = spoil_twice(&mut end, faults, [size("size"), size("other")], basis) else { continue };
        count(tallies.entry(faults).or_default(), &lost, &street.captured(&asked, &end).fare.unwrap());
    }
    tallies
}

/// Each class of a pair is found beside the other, nothing else is, and the money of each is right.
fn judge_pairs(whose: &str, rides: &[Asked]) {
    let pairs = tally_pairs(rides);
    let mut all: BTreeMap<LeakageKind, Tally> = BTreeMap::new();
    for (faults, tallies) in &pairs {
        for (kind, Tally { put, found, wrong, lost, told }) in tallies {
            if found != put || *wrong > 0 || lost != told {
                println!(
                    "{whose}, {faults:?}: {kind:?} put in {put}, found {found}, wrong {wrong}, {lost} lost, {told} told"
                );
            }
            let sum = all.entry(*kind).or_default();
            (sum.put, sum.found, sum.wrong) = (sum.put + put, sum.found + found, sum.wrong + wrong);
            (sum.lost, sum.told) = (sum.lost + lost, sum.told + told);
        }
    }
    println!("{whose}: {} pairs of faults", pairs.len());
    for (kind, Tally { put, found, wrong, lost, told }) in &all {
        let (recall, precision) = (*found as f64 / *put as f64, *found as f64 / (found + wrong) as f64);
        println!("{kind:?}: {put} put in, recall {recall:.4}, precision {precision:.4}, {lost} lost, {told} told");
    }
    assert!(pairs.len() >= 25 && all.len() == Fault::ALL.len(), "{} pairs say nothing", pairs.len());
    for (kind, Tally { put, found, wrong, lost, told }) in all {
        assert!(put >= 50, "{kind:?} was put in {put} times: it says nothing");
        assert!(
            found * 100 >= put * 98 && found * 100 >= (found + wrong) * 98,
            "{kind:?}: {found} of {put}, {wrong} wrong"
        );
        assert!((told - lost).abs() * 200 <= lost.abs(), "{kind:?}: {told} told, {lost} lost");
    }
}

#[test]
fn faults_in_bills_are_found_by_their_class_and_to_the_cent() {
    let rides = trips(Cities::new(1, SEED));
    judge("the world's rides", &rides);
    judge_pairs("the world's rides", &rides);
    if let Some(rides) = recorded() {
        judge("recorded rides", &rides);
        judge_pairs("recorded rides", &rides);
    }
}
