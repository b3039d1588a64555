//! Released versions of the contract: `schemas/frozen/<version>/`, with a fixture for each topic in `tests/fixtures/<version>/`.
//!
//! A version is written once, by [`freeze`], and never edited. Beside the schemas lie `SHA256`, the digests of its schemas and fixtures as
//! `sha256sum -c` reads them, and `RABIN`, the fingerprints of the schemas' canonical forms (CRC-64-AVRO, Avro's specification).
//!
//! A fixture is two files. `<topic>.avro`: datums, each behind its length in four bytes, big end first. `<topic>.json`: what they say, a list
//! with a line for each datum, as serde writes the type of the contract.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use embedded::registry::{Level, incompatibility};
use kernel::codec::Datum;
use kernel::contract::{
    DriverChanged, DriverLocated, DriverReleased, FareCaptured, MarketSampled, MarketTicked, MatchDecided,
    PolicyChanged, PriceQuoted, QuoteRequested, RecordParked, RideProgressed, RideRequested, RiderChanged, StateKept,
    TOPICS, TurnTaken,
};
use kernel::{Record, Topic};
use serde_avro_fast::Schema;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::model::Contract;
use super::{COMMAND, SCHEMAS, Source, evolution, parse, read, sample};

/// The folder of the released versions, from the repository's root.
pub const FROZEN: &str = "schemas/frozen";

/// The folder of their fixtures, from the repository's root.
pub const FIXTURES: &str = "tests/fixtures";

/// The digests of a version's files.
const DIGESTS: &str = "SHA256";

/// The fingerprints of a version's schemas.
const FINGERPRINTS: &str = "RABIN";

/// A topic's type, as a fixture needs it.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// Its topic.
    pub topic: &'static Topic,
    /// Reads a datum as the type and says it in JSON, the fields in their order.
    pub says: fn(Datum<'_>) -> Result<String, String>,
    /// Reads JSON as the type and says it again: fields that came later have their defaults.
    pub said: fn(&Value) -> Result<String, String>,
}

/// The types of all topics, by name of the topic.
pub const KINDS: [Kind; 16] = [
    kind::<DriverChanged>(),
    kind::<DriverLocated>(),
    kind::<DriverReleased>(),
    kind::<FareCaptured>(),
    kind::<MarketSampled>(),
    kind::<MarketTicked>(),
    kind::<MatchDecided>(),
    kind::<PolicyChanged>(),
    kind::<PriceQuoted>(),
    kind::<QuoteRequested>(),
    kind::<RecordParked>(),
    kind::<RideProgressed>(),
    kind::<RideRequested>(),
    kind::<RiderChanged>(),
    kind::<StateKept>(),
    kind::<TurnTaken>(),
];

const fn kind<R: Record>() -> Kind {
    Kind {
        topic: R::TOPIC,
        says: |datum| serde_json::to_string(&datum.read::<R>()?).map_err(|error| error.to_string()),
        said: |json| {
            let read: R = serde_json::from_value(json.clone()).map_err(|error| error.to_string())?;
            serde_json::to_string(&read).map_err(|error| error.to_string())
        },
    }
}

/// A released version.
#[derive(Clone, Debug)]
pub struct Version {
    /// Its number, such as `0.1.0`.
    pub name: String,
    /// Its schemas, by file.
    pub sources: Vec<Source>,
}

/// The released versions under the repository's `root`, the oldest first.
///
/// # Errors
/// A folder that cannot be read or is not named by a version.
pub fn versions(root: &Path) -> Result<Vec<Version>, String> {
    let folder = root.join(FROZEN);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let unreadable = |error| format!("{}: {error}", folder.display());
    let mut versions = Vec::new();
    for entry in fs::read_dir(&folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            versions.push((numbers(&name)?, Version { name, sources: read(&path)? }));
        }
    }
    versions.sort_by_key(|(numbers, _)| *numbers);
    Ok(versions.into_iter().map(|(_, version)| version).collect())
}

/// `0.1.0` as three numbers.
fn numbers(version: &str) -> Result<[u32; 3], String> {
    let wrong = || format!("{version} is no version: three numbers such as 0.1.0");
    let numbers: Option<Vec<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
    numbers.and_then(|numbers| numbers.try_into().ok()).ok_or_else(wrong)
}

/// What today's schemas do that no released version allows, a sentence each.
///
/// # Errors
/// A schema that is none.
pub fn breaches(versions: &[Version], today: &[Source]) -> Result<Vec<String>, String> {
    let now = parse(today)?;
    let mut breaches = Vec::new();
    for Version { name, sources } in versions {
        let before = parse(sources).map_err(|why| format!("version {name}: {why}"))?;
        breaches.extend(evolution::breaches(&before, &now).into_iter().map(|why| format!("version {name}: {why}")));
        for old in sources {
            let Some(new) = today.iter().find(|new| new.file == old.file) else { continue };
            let why = incompatibility(Level::Backward, &old.text, &new.text);
            let why = why.map_err(|why| format!("version {name}: {}: {why}", old.file))?;
            breaches.extend(why.map(|why| format!("version {name}: {}: {why}", old.file)));
        }
    }
    Ok(breaches)
}

/// Freezes today's schemas as `version`; says how many files were written, none if they are there already.
///
/// # Errors
/// One sentence: the version is there with another content, or today's schemas cannot follow the released ones.
pub fn freeze(root: &Path, version: &str) -> Result<usize, String> {
    numbers(version)?;
    let sources = read(&root.join(SCHEMAS))?;
    let contract = parse(&sources)?;
    built(&contract)?;
    let others: Vec<Version> = versions(root)?.into_iter().filter(|known| known.name != version).collect();
    if let Some(breach) = breaches(&others, &sources)?.into_iter().next() {
        return Err(breach);
    }
    let files = files(&sources, &contract, version)?;
    let there = there(root, version)?;
    if !there.is_empty() {
        return match there.iter().find(|path| !files.contains_key(*path)).or(changed(root, &files)) {
            None => Ok(0),
            Some(path) => Err(format!(
                "{}: version {version} is frozen with another content: freeze under a new version",
                path.display()
            )),
        };
    }
    for (path, bytes) in &files {
        let path = root.join(path);
        let written = path.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&path, bytes));
        written.map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(files.len())
}

/// The program that freezes must know the types that it freezes.
fn built(contract: &Contract) -> Result<(), String> {
    let same =
        |file: &super::File| TOPICS.iter().any(|topic| topic.name == file.topic.name && topic.schema == file.schema);
    match contract.files.iter().find(|file| !same(file)) {
        None => Ok(()),
        Some(file) => Err(format!("{}.avsc is newer than this program: run `{COMMAND}` first", file.topic.name)),
    }
}

/// The files of a version that are there already, from the root.
fn there(root: &Path, version: &str) -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for folder in [Path::new(FROZEN).join(version), Path::new(FIXTURES).join(version)] {
        let Ok(entries) = fs::read_dir(root.join(&folder)) else { continue };
        for entry in entries {
            let entry = entry.map_err(|error| format!("{}: {error}", folder.display()))?;
            found.push(folder.join(entry.file_name()));
        }
    }
    Ok(found)
}

/// The first file that is not as it should be.
fn changed<'a>(root: &Path, files: &'a BTreeMap<PathBuf, Vec<u8>>) -> Option<&'a PathBuf> {
    let differs = |path: &Path, bytes: &[u8]| fs::read(root.join(path)).ok().as_deref() != Some(bytes);
    files.iter().find(|(path, bytes)| differs(path, bytes)).map(|(path, _)| path)
}

/// All files of a version, by path from the root.
fn files(sources: &[Source], contract: &Contract, version: &str) -> Result<BTreeMap<PathBuf, Vec<u8>>, String> {
    let (schemas, fixtures) = (Path::new(FROZEN).join(version), Path::new(FIXTURES).join(version));
    let (mut files, mut digests, mut fingerprints) = (BTreeMap::new(), String::new(), String::new());
    for source in sources {
        let _ = writeln!(digests, "{}  {}", hex(&Sha256::digest(&source.text)), source.file);
        files.insert(schemas.join(&source.file), source.text.clone().into_bytes());
    }
    for file in &contract.files {
        let name = &file.topic.name;
        let schema: Schema = file.schema.parse().map_err(|error| format!("{name}.avsc: {error}"))?;
        let _ = writeln!(fingerprints, "{}  {name}", hex(schema.rabin_fingerprint()));
        let kind = KINDS.iter().find(|kind| kind.topic.name == *name);
        let kind =
            kind.ok_or_else(|| format!("{name} has no line in KINDS: add it in common/devkit/src/contract/frozen.rs"))?;
        let (mut avro, mut json) = (Vec::new(), Vec::new());
        for datum in sample::datums(contract, file) {
            let says = (kind.says)(Datum { bytes: &datum, schema: &schema }).map_err(|why| format!("{name}: {why}"))?;
            avro.extend_from_slice(&(datum.len() as u32).to_be_bytes());
            avro.extend_from_slice(&datum);
            json.push(says);
        }
        let json = format!("[\n{}\n]\n", json.join(",\n")).into_bytes();
        for (bytes, end) in [(avro, "avro"), (json, "json")] {
            let fixture = format!("{name}.{end}");
            let _ = writeln!(digests, "{}  ../../../{FIXTURES}/{version}/{fixture}", hex(&Sha256::digest(&bytes)));
            files.insert(fixtures.join(fixture), bytes);
        }
    }
    files.insert(schemas.join(DIGESTS), digests.into_bytes());
    files.insert(schemas.join(FINGERPRINTS), fingerprints.into_bytes());
    Ok(files)
}

/// Whether a version's files are those that were frozen.
///
/// # Errors
/// One sentence that names the first file that is not.
pub fn verify(root: &Path, version: &str) -> Result<(), String> {
    let folder = root.join(FROZEN).join(version);
    let list = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let mut listed = 2;
    for line in list(DIGESTS)?.lines() {
        let (digest, file) =
            line.split_once("  ").ok_or_else(|| format!("{version}/{DIGESTS}: no digest in {line:?}"))?;
        let bytes = fs::read(folder.join(file)).map_err(|error| format!("{version}: {file}: {error}"))?;
        if hex(&Sha256::digest(&bytes)) != digest {
            return Err(format!("{version}: {file} is not what was frozen: restore it"));
        }
        listed += 1;
    }
    let there = there(root, version)?;
    if there.len() != listed {
        return Err(format!("{version}: {} files, {listed} were frozen: nothing is added to a version", there.len()));
    }
    for line in list(FINGERPRINTS)?.lines() {
        let (wanted, topic) = line.split_once("  ").ok_or_else(|| format!("{version}/{FINGERPRINTS}: {line:?}"))?;
        let schema: Schema =
            list(&format!("{topic}.avsc"))?.parse().map_err(|error| format!("{version}: {topic}: {error}"))?;
        let found = hex(schema.rabin_fingerprint());
        if found != wanted {
            return Err(format!(
                "{version}: {topic}: the fingerprint of its canonical form is {found}, frozen was {wanted}"
            ));
        }
    }
    Ok(())
}

/// The datums of a fixture's `.avro` file.
///
/// # Errors
/// A length that leads beyond the end.
pub fn datums(fixture: &[u8]) -> Result<Vec<&[u8]>, String> {
    let (mut rest, mut datums) = (fixture, Vec::new());
    while !rest.is_empty() {
        let (length, after) = rest.split_first_chunk::<4>().ok_or("a length is torn off")?;
        let length = u32::from_be_bytes(*length) as usize;
        let (datum, after) =
            after.split_at_checked(length).ok_or_else(|| format!("a datum of {length} bytes is torn off"))?;
        datums.push(datum);
        rest = after;
    }
    Ok(datums)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
