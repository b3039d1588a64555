//! `tripo schemas`: the contract against the rules, against what was released, against a registry and a cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use devkit::contract::{self, Body, File, Source};
use embedded::registry::{Level, incompatibility};
use kernel::contract::TOPICS;
use runtime::registry::{Access, Registry};
use runtime::settings::{Origin, Settings};
use runtime::topics::{self, Layout, Outcome};

use crate::config::{self, Flags, Instance};
use crate::table;

/// Checks, registers and creates what the contract describes.
#[derive(Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Check the schemas: the rules, the frozen versions and, if a registry is named, what is registered there.
    Check {
        /// Folder of the schemas; frozen versions lie in its sub-folder `frozen`.
        #[arg(long, default_value = contract::SCHEMAS)]
        dir: PathBuf,
        #[command(flatten)]
        flags: Flags,
    },
    /// Register this program's schemas; those that are there already stay as they are.
    Register {
        #[command(flatten)]
        flags: Flags,
    },
    /// Create the missing topics, and refuse those that differ from the contract.
    Topics {
        #[command(flatten)]
        flags: Flags,
        /// Partitions of the topics that are placed by market, where they are not the contract's.
        #[arg(long, value_parser = clap::value_parser!(i32).range(1..=10_000))]
        partitions: Option<i32>,
        /// Copies of each partition; without it as many as the cluster's default says.
        #[arg(long, default_value_t = -1, allow_negative_numbers = true)]
        replication: i32,
    },
}

/// Does what was asked and prints a table. Wrong settings are said here.
///
/// # Errors
/// One sentence for each thing that is wrong.
pub(crate) fn run(arguments: Arguments) -> Result<ExitCode, String> {
    let (Action::Check { flags, .. } | Action::Register { flags } | Action::Topics { flags, .. }) = &arguments.action;
    let settings = match config::load(flags, &Instance::default(), None) {
        Ok(settings) => settings,
        Err(problems) => return Ok(config::refuse(&problems)),
    };
    match arguments.action {
        Action::Check { dir, .. } => check(&dir, named_registry(&settings).as_ref())?,
        Action::Register { .. } => register(&settings.registry())?,
        Action::Topics { partitions, replication, .. } => create(&settings, Layout { partitions, replication })?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The registry, if somebody named one: a check needs none.
fn named_registry(settings: &Settings) -> Option<Access> {
    settings.origin("registry.url").filter(|origin| **origin != Origin::Default).map(|_| settings.registry())
}

fn check(folder: &Path, registry: Option<&Access>) -> Result<(), String> {
    let sources = contract::read(folder)?;
    if sources.is_empty() {
        return Err(format!("{}: no schemas there: name their folder with --dir", folder.display()));
    }
    let contract = contract::parse(&sources)?;
    let frozen = frozen(&folder.join("frozen"))?;
    let registry = registry.map(Registry::open).transpose()?;
    let mut problems = Vec::new();
    let mut rows = vec![["topic", "fields", "this program", "frozen", "registered"].map(str::to_owned)];
    for (file, source) in contract.files.iter().zip(&sources) {
        let fields = match contract.named(&file.record).map(|named| &named.body) {
            Some(Body::Record(fields)) => fields.len(),
            _ => 0,
        };
        let same = TOPICS.iter().any(|topic| topic.name == file.topic.name && topic.schema == file.schema);
        let built = if same { "the same" } else { "another" };
        let released = against_frozen(source, &frozen, &mut problems)?;
        let registered = match &registry {
            Some(registry) => against_registry(file, registry, &mut problems)?,
            None => "not asked",
        };
        let topic = file.topic.name.clone();
        rows.push([topic, fields.to_string(), built.to_owned(), released, registered.to_owned()]);
    }
    problems.extend(vanished(&frozen, &sources));
    table::print(&rows);
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n")) }
}

/// Law 7: a schema reads what every released version of it wrote.
fn against_frozen(source: &Source, frozen: &[Frozen], problems: &mut Vec<String>) -> Result<String, String> {
    // A schema may always follow itself, if a second Avro library takes it for one.
    incompatibility(Level::None, &source.text, &source.text).map_err(|why| format!("{}: {why}", source.file))?;
    let mut reads = 0;
    for version in frozen.iter().filter(|version| version.source.file == source.file) {
        let why = incompatibility(Level::Backward, &version.source.text, &source.text);
        match why.map_err(|why| format!("{}, version {}: {why}", source.file, version.name))? {
            None => reads += 1,
            Some(why) => {
                problems.push(format!("{}: against version {}: {why}", source.file, version.name));
                return Ok(format!("cannot read {}", version.name));
            }
        }
    }
    Ok(if reads == 0 { "none yet".to_owned() } else { format!("reads {reads}") })
}

fn against_registry(file: &File, registry: &Registry, problems: &mut Vec<String>) -> Result<&'static str, String> {
    let why = registry.incompatibility(&file.topic.name, &file.schema).map_err(|failure| failure.to_string())?;
    let verdict = if why.is_none() { "may follow" } else { "refused" };
    problems.extend(why.map(|why| format!("{}.avsc: against the registry: {why}", file.topic.name)));
    Ok(verdict)
}

/// A schema of a released version.
struct Frozen {
    name: String,
    source: Source,
}

/// The sub-folders of `frozen`, each named by its version.
fn frozen(folder: &Path) -> Result<Vec<Frozen>, String> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |error| format!("{}: {error}", folder.display());
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            all.extend(contract::read(&path)?.into_iter().map(|source| Frozen { name: name.clone(), source }));
        }
    }
    Ok(all)
}

/// A topic that was released does not go away.
fn vanished(frozen: &[Frozen], sources: &[Source]) -> Vec<String> {
    let gone = frozen.iter().filter(|version| sources.iter().all(|source| source.file != version.source.file));
    gone.map(|version| format!("{} was released with version {}: restore it", version.source.file, version.name))
        .collect()
}

fn register(access: &Access) -> Result<(), String> {
    let mut registry = Registry::open(access)?;
    let ids = registry.register(&TOPICS).map_err(|failure| failure.to_string())?;
    let mut rows = vec![["topic", "schema id"].map(str::to_owned)];
    rows.extend(ids.into_iter().map(|(topic, id)| [topic.name.to_owned(), id.to_string()]));
    table::print(&rows);
    Ok(())
}

fn create(settings: &Settings, layout: Layout) -> Result<(), String> {
    let outcomes = topics::ensure(settings.access("", ""), &TOPICS, layout)?;
    let copies = topics::copies(settings.access("", ""), &TOPICS)?;
    let mut rows = vec![["topic", "partitions", "copies", "cleanup", "retention", ""].map(str::to_owned)];
    for ((topic, outcome), copies) in outcomes.into_iter().zip(&copies) {
        let retention = match topic.retention_ms {
            -1 => "for ever".to_owned(),
            span => format!("{} h", span / 3_600_000),
        };
        let outcome = match outcome {
            Outcome::Created => "created",
            Outcome::Kept => "fits the contract",
        };
        let partitions = layout.partitions(topic).to_string();
        let (name, cleanup) = (topic.name.to_owned(), topic.cleanup.to_owned());
        rows.push([name, partitions, copies.to_string(), cleanup, retention, outcome.to_owned()]);
    }
    table::print(&rows);
    // -1 asks for the cluster's default, whatever that is.
    let asked = usize::try_from(layout.replication).unwrap_or(0);
    for (topic, copies) in TOPICS.iter().zip(copies).filter(|(_, copies)| *copies < asked) {
        let fix = "raise it with kafka-reassign-partitions.sh";
        eprintln!("tripo: warning: {} has fewer copies than asked: {copies} instead of {asked}: {fix}", topic.name);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The project's schemas, and of `market.ticked` a frozen version that `change` made.
    fn check_with_frozen(name: &str, file: &str, change: impl Fn(&str) -> String) -> Result<(), String> {
        let schemas = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas");
        let folder = std::env::temp_dir().join(format!("schemas-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("frozen/0.1.0")).unwrap();
        for source in contract::read(&schemas).unwrap() {
            fs::write(folder.join(&source.file), &source.text).unwrap();
            if source.file == "market.ticked.avsc" {
                fs::write(folder.join("frozen/0.1.0").join(file), change(&source.text)).unwrap();
            }
        }
        let outcome = check(&folder, None);
        fs::remove_dir_all(folder).unwrap();
        outcome
    }

    #[test]
    fn a_schema_reads_every_released_version() {
        let ticked = "market.ticked.avsc";
        assert_eq!(check_with_frozen("same", ticked, str::to_owned), Ok(()));
        let shorter = |text: &str| text.replace("\"at\"", "\"when\"");
        let sentence = check_with_frozen("changed", ticked, shorter).unwrap_err();
        assert!(sentence.starts_with("market.ticked.avsc: against version 0.1.0: "), "{sentence}");
        let sentence = check_with_frozen("gone", "market.stopped.avsc", str::to_owned).unwrap_err();
        assert_eq!(sentence, "market.stopped.avsc was released with version 0.1.0: restore it");
    }

    #[test]
    fn a_folder_without_schemas_is_no_contract() {
        assert!(check(Path::new(env!("CARGO_MANIFEST_DIR")), None).unwrap_err().contains("--dir"));
        assert!(check(Path::new("/nowhere"), None).unwrap_err().contains("repository's root"));
    }
}
