//! Log lines, to the standard error: one line each, as text or as a JSON object. In normal operation there is none at the level
//! `warn`; `info` tells of rebalances, take-overs and drains, `debug` of aborted transactions too.
//!
//! Lines come from this project's own code alone: what the libraries would say is said by the worker, once, with the fix.

use std::{
    collections::BTreeSet,
    fmt,
    panic::PanicHookInfo,
    sync::{Mutex, PoisonError},
};

use serde_json::{Map, Value};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    Layer,
    filter::filter_fn,
    fmt::{
        FmtContext, FormatEvent, FormatFields,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    layer::SubscriberExt,
    registry::LookupSpan,
};

/// Most places of panics that are remembered, so that each is told once.
const PLACES: usize = 100;

/// Starts the lines of this process. `level`: off, error, warn, info or debug; `format`: text or json. A panic becomes one line too.
///
/// # Errors
/// One sentence when a value is none of these, or lines were started before.
pub fn start(level: &str, format: &str) -> Result<(), String> {
    let most = match level {
        "off" => LevelFilter::OFF,
        "error" => LevelFilter::ERROR,
        "warn" => LevelFilter::WARN,
        "info" => LevelFilter::INFO,
        "debug" => LevelFilter::DEBUG,
        _ => return Err(format!("log.level is `{level}`: choose off, error, warn, info or debug")),
    };
    let line = match format {
        "text" => Line::Text,
        "json" => Line::Json,
        _ => return Err(format!("log.format is `{format}`: choose text or json")),
    };
    let layer = tracing_subscriber::fmt::layer().event_format(line).with_writer(std::io::stderr);
    let layer = layer.with_filter(most).with_filter(filter_fn(|metadata| metadata.module_path().is_some_and(ours)));
    let lines = tracing_subscriber::registry().with(layer);
    tracing::subscriber::set_global_default(lines).map_err(|_| "log lines were started before".to_owned())?;
    std::panic::set_hook(Box::new(panicked));
    Ok(())
}

/// Whether a module is of this project.
fn ours(module: &str) -> bool {
    matches!(module.split("::").next(), Some("runtime" | "tripo"))
}

/// A panic is caught where it costs one record or one worker; where it happened is told here, once for each place: a record that
/// makes a decision panic may come again and again, and is counted as parked.
fn panicked(panic: &PanicHookInfo<'_>) {
    static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let new = {
        let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
        told.len() < PLACES && told.insert(place.clone())
    };
    let why = why(panic.payload());
    if new {
        tracing::error!(side = "processor", "panicked at {place}: {why}: please report it; told once for each place");
    } else {
        tracing::debug!(side = "processor", "panicked at {place}: {why}");
    }
}

/// What a panic says.
pub(crate) fn why(payload: &(dyn std::any::Any + Send)) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("it says no more")
}

/// How a line looks.
#[derive(Clone, Copy, Debug)]
enum Line {
    /// `2026-11-22T10:00:00.000000Z WARN kafka: sentence`
    Text,
    /// `{"level":"warn","message":"sentence","side":"kafka","time":"..."}`
    Json,
}

impl<S, N> FormatEvent<S, N> for Line
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(&self, _: &FmtContext<'_, S, N>, mut to: Writer<'_>, event: &Event<'_>) -> fmt::Result {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        // A target that somebody chose says which side a line is about.
        if Some(metadata.target()) != metadata.module_path() {
            fields.0.entry("side").or_insert_with(|| metadata.target().into());
        }
        let mut time = String::new();
        SystemTime.format_time(&mut Writer::new(&mut time))?;
        let line = match self {
            Line::Text => fields.text(time.trim(), *metadata.level()),
            Line::Json => fields.json(time.trim(), *metadata.level()),
        };
        writeln!(to, "{line}")
    }
}

/// The fields of a line.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn text(mut self, time: &str, level: Level) -> String {
        let mut take = |name: &str| self.0.remove(name).map(|value| plain(&value));
        let (side, message) = (take("side"), take("message").unwrap_or_default());
        let mut line = format!("{time} {level} ");
        if let Some(side) = side {
            line.push_str(&format!("{side}: "));
        }
        line.push_str(&message);
        for (name, value) in &self.0 {
            line.push_str(&format!(" {name}={}", plain(value)));
        }
        line
    }

    fn json(mut self, time: &str, level: Level) -> String {
        self.0.insert("time".to_owned(), time.into());
        self.0.insert("level".to_owned(), level.as_str().to_lowercase().into());
        Value::Object(self.0).to_string()
    }
}

/// A value on one line: what came from a record may hold anything.
fn plain(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}").into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0.insert(field.name().to_owned(), value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Fields {
        let fields = [("side", "kafka"), ("message", "gone\n2026 ERROR forged \u{1b}[31m"), ("topic", "a b")];
        Fields(fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect())
    }

    #[test]
    fn a_line_is_one_line_whatever_a_record_says() {
        let text = fields().text("2026", Level::WARN);
        assert_eq!(text, r"2026 WARN kafka: gone\n2026 ERROR forged \u{1b}[31m topic=a b");
        let json = fields().json("2026", Level::WARN);
        assert!(!json.contains(|c: char| c.is_control()), "{json}");
        let json: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((&json["level"], &json["side"], &json["time"]), (&"warn".into(), &"kafka".into(), &"2026".into()));
    }

    #[test]
    fn a_wrong_level_or_format_names_its_key_and_the_choices() {
        assert_eq!(start("loud", "text").unwrap_err(), "log.level is `loud`: choose off, error, warn, info or debug");
        assert_eq!(start("warn", "xml").unwrap_err(), "log.format is `xml`: choose text or json");
    }

    #[test]
    fn only_our_own_code_makes_lines() {
        let found = ["runtime::service", "tripo", "hyper::proto", "runtimes", "rdkafka"].map(ours);
        assert_eq!(found, [true, true, false, false, false]);
    }
}
