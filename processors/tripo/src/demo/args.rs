//! What `tripo demo` takes.

use std::path::PathBuf;
use std::time::Duration;

use devkit::calendar;
use devkit::world::Rates;
use kernel::Millis;

/// What `tripo demo` takes.
#[derive(clap::Args, Clone, Debug)]
pub(crate) struct Args {
    /// Cities; recordings are spread over them by a hash [default: 3, for recordings 1]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) markets: Option<u16>,
    /// How long riders ask, such as 90s, 2m or 1h [default: 2m, for recordings to their end]
    #[arg(long = "for", value_parser = span)]
    pub(super) span: Option<Duration>,
    /// Seconds of event time a second
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3_600))]
    pub(super) speed: u32,
    /// CSV of recorded rides, plain or gzip, instead of the built-in cities
    #[arg(long, requires = "pings")]
    pub(super) rides: Option<PathBuf>,
    /// CSV of the recorded pings of the same time
    #[arg(long, requires = "rides")]
    pub(super) pings: Option<PathBuf>,
    /// Where a recording starts: RFC 3339 or UNIX seconds [default: where rides and pings overlap]
    #[arg(long, requires = "rides", value_parser = calendar::parse)]
    pub(super) from: Option<Millis>,
    /// Where it ends
    #[arg(long, requires = "rides", value_parser = calendar::parse)]
    pub(super) to: Option<Millis>,
    /// Name of the recorded city
    #[arg(long, default_value = "sf")]
    pub(super) market: String,
    /// Local time of the recorded city less UTC, minutes
    #[arg(long, default_value_t = -420, allow_negative_numbers = true, value_parser = clap::value_parser!(i32).range(-720..=840))]
    pub(super) utc_offset_minutes: i32,
    /// Workers of the matching service
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) workers: u16,
    /// Match in so many processes of their own instead
    #[arg(long, conflicts_with = "workers", value_parser = clap::value_parser!(u16).range(1..=16))]
    pub(super) processes: Option<u16>,
    /// Kill one of the processes every so often, at least 8s, and start another in its place
    #[arg(long, requires = "processes", value_parser = kill_span)]
    pub(super) kill_every: Option<Duration>,
    /// About every so often, at least 8s, one of: kill, pause, drain, add or take away a process
    #[arg(long, requires = "processes", conflicts_with = "kill_every", value_parser = kill_span)]
    pub(super) chaos: Option<Duration>,
    /// Garbage of every kind beside the traffic, percent of each topic's records
    #[arg(long, default_value_t = 0.0, value_parser = percent)]
    pub(super) garbage: f64,
    /// Kafka to run on instead of the embedded broker, `host:port` with commas between; our topics must be empty there
    #[arg(long, requires = "registry", conflicts_with_all = ["port", "keep"])]
    pub(super) brokers: Option<String>,
    /// The schema registry beside it
    #[arg(long, requires = "brokers", conflicts_with = "registry_port")]
    pub(super) registry: Option<String>,
    /// Partitions of the topics, at most 64
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub(super) partitions: u16,
    /// Port of the broker; 0: a free one
    #[arg(long, default_value_t = 0)]
    pub(super) port: u16,
    /// Port of the schema registry; 0: a free one
    #[arg(long, default_value_t = 0)]
    pub(super) registry_port: u16,
    /// Go on serving the topics after the summary, until Ctrl-C
    #[arg(long)]
    pub(super) keep: bool,
    /// Write the summary to this file as JSON
    #[arg(long)]
    pub(super) report: Option<PathBuf>,
    /// Seed of everything that is drawn
    #[arg(long, default_value_t = 1)]
    pub(super) seed: u64,
    #[command(flatten)]
    pub(super) behaviour: Behaviour,
}

/// How people behave, percent.
#[derive(clap::Args, Clone, Debug)]
#[command(next_help_heading = "Behaviour, percent")]
pub(crate) struct Behaviour {
    /// Offers declined
    #[arg(long, default_value_t = 10.0, value_parser = percent)]
    declined: f64,
    /// Offers not answered
    #[arg(long, default_value_t = 3.0, value_parser = percent)]
    unanswered: f64,
    /// Offers accepted when it no longer counts
    #[arg(long, default_value_t = 3.0, value_parser = percent)]
    late: f64,
    /// Acceptances sent twice
    #[arg(long, default_value_t = 2.0, value_parser = percent)]
    doubled_acceptances: f64,
    /// Acceptances taken back by the driver
    #[arg(long, default_value_t = 2.0, value_parser = percent)]
    driver_cancels: f64,
    /// Drivers who never come
    #[arg(long, default_value_t = 0.5, value_parser = percent)]
    driver_no_shows: f64,
    /// Rides cancelled by the rider
    #[arg(long, default_value_t = 4.0, value_parser = percent)]
    rider_cancels: f64,
    /// Riders who are not there
    #[arg(long, default_value_t = 1.0, value_parser = percent)]
    rider_no_shows: f64,
    /// Requests sent twice
    #[arg(long, default_value_t = 3.0, value_parser = percent)]
    doubled_requests: f64,
    /// Cancellations that arrive before their request
    #[arg(long, default_value_t = 0.5, value_parser = percent)]
    foretold: f64,
    /// Bills that go wrong
    #[arg(long, default_value_t = 2.0, value_parser = percent)]
    misbilled: f64,
    /// Riders who are members of the loyalty programme
    #[arg(long, default_value_t = 35.0, value_parser = percent)]
    members: f64,
    /// Members who did not agree that it lowers their prices
    #[arg(long, default_value_t = 20.0, value_parser = percent)]
    reserved: f64,
    /// Rides of members after which they take their consent back, or ask to be forgotten
    #[arg(long, default_value_t = 2.0, value_parser = percent)]
    leaving: f64,
}

impl Behaviour {
    /// The same in basis points.
    pub(super) fn rates(&self) -> Rates {
        let bps = |percent: f64| (percent * 100.0).round() as u32;
        Rates {
            declined: bps(self.declined),
            unanswered: bps(self.unanswered),
            late: bps(self.late),
            doubled_acceptance: bps(self.doubled_acceptances),
            driver_cancels: bps(self.driver_cancels),
            driver_no_show: bps(self.driver_no_shows),
            rider_cancels: bps(self.rider_cancels),
            rider_no_show: bps(self.rider_no_shows),
            doubled_request: bps(self.doubled_requests),
            foretold: bps(self.foretold),
            misbilled: bps(self.misbilled),
            members: bps(self.members),
            reserved: bps(self.reserved),
            leaving: bps(self.leaving),
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let share = text.trim_end_matches('%').parse::<f64>().ok().filter(|share| (0.0..=100.0).contains(share));
    share.ok_or("write a share between 0 and 100".to_owned())
}

/// A killed process holds its partitions for a session of 6 s: killed sooner, nobody would ever decide.
fn kill_span(text: &str) -> Result<Duration, String> {
    span(text).and_then(|span| match span >= Duration::from_secs(8) {
        true => Ok(span),
        false => Err("write at least 8s: a killed process is missed for 6 s".to_owned()),
    })
}

fn span(text: &str) -> Result<Duration, String> {
    const DAY_S: u64 = 86_400;
    let (digits, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len()));
    let seconds = match unit {
        "s" | "" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => 0,
    };
    let total = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(seconds));
    let total = total.filter(|total| (1..=DAY_S).contains(total));
    total.map(Duration::from_secs).ok_or("write a span up to a day, such as 90s, 2m or 1h".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_and_shares_are_read() {
        assert_eq!(span("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(span("90"), Ok(Duration::from_secs(90)));
        for text in ["", "0s", "m", "2d", "25h", "99999999999999999999h"] {
            assert!(span(text).is_err(), "{text}");
        }
        assert_eq!((percent("2.5"), percent("3%")), (Ok(2.5), Ok(3.0)));
        assert!(percent("101").is_err() && percent("-1").is_err() && percent("NaN").is_err());
    }
}
