//! `tripo config`, and the settings of every command that takes them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use runtime::settings::{self, Flag, KEYS, Key, Settings, Sources};

use crate::registry::{Entry, PROCESSORS};
use crate::table;

/// Exit status for settings that are wrong, as for a wrong command line.
const WRONG: u8 = 2;

/// What every command with settings takes.
#[derive(Args, Clone, Default)]
pub(crate) struct Flags {
    /// File with settings [default: the one that the variable TRIPO_SETTINGS names, if it is set]
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// Kafka bootstrap servers, `host:port` with commas between: kafka.brokers
    #[arg(long)]
    brokers: Option<String>,
    /// Schema registry's address: registry.url
    #[arg(long)]
    registry: Option<String>,
    /// Any setting, as often as wanted. A password is better named by its `_file` key: others can see the command line
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,
}

/// What a command about an instance of a processor takes besides.
#[derive(Args, Clone, Default)]
pub(crate) struct Instance {
    /// Consumer group [default: the processor's name]: kafka.group
    #[arg(long)]
    group: Option<String>,
    /// Name of this instance, unique among the living ones of the group [default: host and process]: run.instance
    #[arg(long)]
    instance: Option<String>,
    /// Workers, threads that are each a member of the group [default: 1]: run.workers
    #[arg(long, allow_negative_numbers = true)]
    workers: Option<String>,
    /// File with the policy [default: the built-in one]: policy.PROCESSOR
    #[arg(long, value_name = "FILE")]
    policy: Option<String>,
}

/// What `tripo config` takes.
#[derive(Args)]
pub(crate) struct Config {
    /// The processor whose settings these are: a default may depend on it, and --policy is for it
    processor: Option<String>,
    #[command(flatten)]
    flags: Flags,
    #[command(flatten)]
    instance: Instance,
    /// Only check
    #[arg(long)]
    check: bool,
    /// Print a settings file with all keys and their defaults instead
    #[arg(long, conflicts_with = "check")]
    default: bool,
}

/// The key whose default depends on the processor.
const INTERVAL: &str = "run.commit_interval_ms";

/// The table of all keys: those of every processor, and the policy of each; the defaults are those of the processor `of`.
fn keys(of: Option<&Entry>) -> Vec<Key> {
    let policy =
        |entry: &Entry| Key::path(entry.policy, "Its file; empty: the built-in one. `policy.changed` may replace it.");
    let own = |key: Key| match of.and_then(|entry| entry.interval_ms) {
        Some(default) if key.name == INTERVAL => Key { default, ..key },
        _ => key,
    };
    KEYS.iter().copied().map(own).chain(PROCESSORS.iter().map(policy)).collect()
}

/// The processor of that name.
///
/// # Errors
/// One sentence with the names that there are.
pub(crate) fn processor(name: &str) -> Result<&'static Entry, String> {
    let names = || PROCESSORS.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ");
    PROCESSORS
        .iter()
        .find(|entry| entry.name == name)
        .ok_or_else(|| format!("no processor `{name}`: take one of {}", names()))
}

/// The settings of all layers, checked, policy files too.
///
/// # Errors
/// A sentence for each thing that is wrong.
pub(crate) fn load(flags: &Flags, instance: &Instance, of: Option<&Entry>) -> Result<Settings, Vec<String>> {
    let environment = std::env::vars_os().collect();
    let mut sources = Sources { file: flags.settings.clone(), environment, flags: Vec::new() };
    let mut problems = Vec::new();
    for (flag, key, value) in [
        ("--brokers", "kafka.brokers", &flags.brokers),
        ("--registry", "registry.url", &flags.registry),
        ("--group", "kafka.group", &instance.group),
        ("--instance", "run.instance", &instance.instance),
        ("--workers", "run.workers", &instance.workers),
        ("--policy", of.map_or("", |entry| entry.policy), &instance.policy),
    ] {
        match value {
            Some(_) if key.is_empty() => {
                problems.push(format!("{flag} needs a processor: tripo config PROCESSOR {flag} FILE"))
            }
            Some(value) => sources.flags.push(Flag { flag, key: key.to_owned(), value: value.clone() }),
            None => {}
        }
    }
    for pair in &flags.set {
        match pair.split_once('=') {
            Some((key, value)) => {
                sources.flags.push(Flag { flag: "--set", key: key.to_owned(), value: value.to_owned() })
            }
            // Not shown: it may be a password that was forgotten the key of.
            None => problems.push("--set takes section.key=value, and one lacks the `=`".to_owned()),
        }
    }
    let loaded = Settings::load(&keys(of), &sources);
    match &loaded {
        Ok(settings) => problems.extend(PROCESSORS.iter().filter_map(|entry| policy(settings, entry).err())),
        Err(wrong) => problems.extend(wrong.iter().cloned()),
    }
    if problems.is_empty() { loaded } else { Err(problems) }
}

/// The text of a processor's policy file, checked; none is named: `None`.
///
/// # Errors
/// The file cannot be read or holds no sound policy: key and range.
pub(crate) fn policy(settings: &Settings, entry: &Entry) -> Result<Option<String>, String> {
    let path = settings.text(entry.policy);
    if path.is_empty() {
        return Ok(None);
    }
    let origin = settings.origin(entry.policy).map(ToString::to_string).unwrap_or_default();
    let wrong = |why: String| format!("{} is \"{path}\" ({origin}): {why}", entry.policy);
    let text = settings::text_of(Path::new(path)).map_err(|why| wrong(format!("{why}: name a file with a policy")))?;
    (entry.check)(&text).map_err(wrong)?;
    Ok(Some(text))
}

/// Says what is wrong, a line each.
pub(crate) fn refuse(problems: &[String]) -> ExitCode {
    problems.iter().for_each(|problem| eprintln!("tripo: {problem}"));
    ExitCode::from(WRONG)
}

/// Prints the settings, or what is wrong with them.
pub(crate) fn run(config: &Config) -> ExitCode {
    let entry = match config.processor.as_deref().map(processor).transpose() {
        Ok(entry) => entry,
        Err(why) => return refuse(&[why]),
    };
    if config.default {
        table::put(format_args!("{}", settings::document(&keys(entry))));
        return ExitCode::SUCCESS;
    }
    let settings = match load(&config.flags, &config.instance, entry) {
        Ok(settings) => settings,
        Err(problems) => return refuse(&problems),
    };
    if !config.check {
        let mut rows = vec![["key", "value", "unit", "from"].map(str::to_owned)];
        rows.extend(settings.entries().iter().map(|entry| {
            let value = Some(entry.shown()).filter(|shown| !shown.is_empty()).unwrap_or_else(|| "\"\"".to_owned());
            [entry.key.name.to_owned(), value, entry.key.unit().to_owned(), entry.origin.to_string()]
        }));
        table::print(&rows);
    }
    ExitCode::SUCCESS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_of_the_settings_is_that_of_the_table() {
        expect_test::expect_file!["../tripo.toml"].assert_eq(&settings::document(&keys(None)));
    }

    #[test]
    fn what_an_interval_is_by_default_depends_on_the_processor() {
        let interval = |of: Option<&str>, set: &[&str]| {
            let flags = Flags { set: set.iter().map(|pair| (*pair).to_owned()).collect(), ..Flags::default() };
            let entry = of.map(|name| processor(name).unwrap());
            load(&flags, &Instance::default(), entry).unwrap().number(INTERVAL)
        };
        let of = |name| interval(Some(name), &[]);
        assert_eq!([interval(None, &[]), of("matching"), of("quoting"), of("capturing")], [30, 30, 10, 30]);
        assert_eq!(interval(Some("quoting"), &["run.commit_interval_ms=30"]), 30);
        let document = settings::document(&keys(processor("quoting").ok()));
        assert!(document.contains("\ncommit_interval_ms = 10\n"));
    }

    #[test]
    fn a_policy_that_cannot_be_taken_is_refused_with_its_key_and_range() {
        let path = std::env::temp_dir().join(format!("policy-{}.toml", std::process::id()));
        let set = |pair: String| load(&Flags { set: vec![pair], ..Flags::default() }, &Instance::default(), None);
        for (text, part) in [
            (matching::BUILT_IN.to_owned(), None),
            (matching::BUILT_IN.replace("rings_max = ", "rings_max = 9"), Some("search.rings_max is ")),
            ("version = \n".to_owned(), Some("TOML")),
        ] {
            std::fs::write(&path, text).unwrap();
            let loaded = set(format!("policy.matching={}", path.display()));
            match part {
                None => assert!(loaded.is_ok()),
                Some(part) => {
                    let said = loaded.unwrap_err();
                    assert!(
                        said.len() == 1 && said[0].starts_with("policy.matching is ") && said[0].contains("(--set)")
                    );
                    assert!(said[0].contains(part) && !said[0].contains('\n'), "{said:?}");
                }
            }
        }
        std::fs::remove_file(&path).unwrap();
        let said = set(format!("policy.matching={}", path.display())).unwrap_err();
        assert!(said.len() == 1 && said[0].ends_with("name a file with a policy"), "{said:?}");
    }

    #[test]
    fn a_flag_for_nothing_is_refused() {
        let instance = Instance { policy: Some("x".to_owned()), ..Instance::default() };
        let flags = Flags { set: vec!["hunter2".to_owned()], ..Flags::default() };
        let said = load(&flags, &instance, None).unwrap_err();
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[0].starts_with("--policy needs a processor") && !said[1].contains("hunter2"), "{said:?}");
        assert!(
            processor("matchmaking")
                .is_err_and(|why| why == "no processor `matchmaking`: take one of matching, quoting, capturing")
        );
    }
}
