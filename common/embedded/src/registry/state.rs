//! Subjects, their versions, schemas and levels.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::Limits;
use super::compatibility::{self, Level};
use super::log::{Event, Log};
use super::refusal::Refusal;
use super::schema::{self, Parsed};

/// A version of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Version {
    /// From 1.
    pub(super) number: usize,
    /// Id of its schema.
    pub(super) id: u32,
}

/// All that the registry knows.
pub(super) struct State {
    limits: Limits,
    log: Option<Log>,
    schemas: BTreeMap<u32, String>,
    /// Canonical text to id: the same schema has one id in all subjects.
    ids: BTreeMap<String, u32>,
    subjects: BTreeMap<String, Vec<u32>>,
    level: Level,
    levels: BTreeMap<String, Level>,
    text: usize,
    records: usize,
}

impl State {
    /// Reads the log back, if there is one.
    pub(super) fn open(log: Option<&Path>, limits: Limits) -> io::Result<State> {
        let mut state = State {
            limits,
            log: None,
            schemas: BTreeMap::new(),
            ids: BTreeMap::new(),
            subjects: BTreeMap::new(),
            level: Level::Backward,
            levels: BTreeMap::new(),
            text: 0,
            records: 0,
        };
        if let Some(path) = log {
            state.log = Some(Log::open(path, |event| {
                let canonical = match &event {
                    Event::Registered { schema, .. } => schema::parse(schema)?.canonical,
                    Event::Levelled { .. } => String::new(),
                };
                state.apply(event, canonical);
                Ok(())
            })?);
        }
        Ok(state)
    }

    fn apply(&mut self, event: Event, canonical: String) {
        self.records += 1;
        match event {
            Event::Registered { subject, id, schema } => {
                self.subjects.entry(subject).or_default().push(id);
                if !self.schemas.contains_key(&id) {
                    self.text += schema.len();
                    self.ids.insert(canonical, id);
                    self.schemas.insert(id, schema);
                }
            }
            Event::Levelled { subject: None, level } => self.level = level,
            Event::Levelled { subject: Some(subject), level } => {
                self.levels.insert(subject, level);
            }
        }
    }

    fn commit(&mut self, event: Event, canonical: String) -> Result<(), Refusal> {
        if self.records >= self.limits.records {
            return Err(Refusal::full("records", self.limits.records));
        }
        if let Some(log) = &mut self.log {
            log.append(&event).map_err(|error| Refusal::storage(&error))?;
        }
        self.apply(event, canonical);
        Ok(())
    }

    /// Gives the subject one more version, if it has none of this schema yet, and answers the schema's id.
    pub(super) fn register(&mut self, subject: &str, text: String, new: Parsed) -> Result<u32, Refusal> {
        let known = self.ids.get(&new.canonical).copied();
        let versions = self.subjects.get(subject);
        if let (Some(id), Some(versions)) = (known, versions)
            && versions.contains(&id)
        {
            return Ok(id);
        }
        if let Some(why) = self.against_subject(subject, &new)? {
            return Err(Refusal::incompatible(subject, &why));
        }
        self.check_subject(subject)?;
        let id = match known {
            Some(id) => id,
            None => self.free_id(text.len())?,
        };
        self.commit(Event::Registered { subject: subject.to_owned(), id, schema: text }, new.canonical)?;
        Ok(id)
    }

    fn free_id(&self, bytes: usize) -> Result<u32, Refusal> {
        if self.schemas.len() >= self.limits.schemas {
            return Err(Refusal::full("schemas", self.limits.schemas));
        }
        if self.text + bytes > self.limits.text {
            return Err(Refusal::full("bytes of schemas", self.limits.text));
        }
        let last = self.schemas.keys().next_back().copied().unwrap_or(0);
        last.checked_add(1).ok_or_else(|| Refusal::full("ids", u32::MAX as usize))
    }

    fn check_subject(&self, subject: &str) -> Result<(), Refusal> {
        if subject.len() > self.limits.subject || subject.contains(char::is_control) || subject.is_empty() {
            let rule = format!("a subject's name has 1 to {} bytes and no control characters", self.limits.subject);
            return Err(Refusal::invalid_request(rule));
        }
        let known = self.subjects.contains_key(subject) || self.levels.contains_key(subject);
        if !known && self.subjects.len().max(self.levels.len()) >= self.limits.subjects {
            return Err(Refusal::full("subjects", self.limits.subjects));
        }
        Ok(())
    }

    /// The subject's version that has this schema.
    pub(super) fn find(&self, subject: &str, new: &Parsed) -> Result<Version, Refusal> {
        let versions = self.versions(subject)?;
        let id = self.ids.get(&new.canonical).copied();
        let found = id.and_then(|id| Some(Version { number: versions.iter().position(|known| *known == id)? + 1, id }));
        found.ok_or_else(Refusal::no_schema)
    }

    /// Why the schema may not be the subject's next version; `None`: it may.
    pub(super) fn against_subject(&self, subject: &str, new: &Parsed) -> Result<Option<String>, Refusal> {
        let versions = self.subjects.get(subject).map_or(&[][..], Vec::as_slice);
        let counted = if self.level_for(subject).transitive() { versions.len() } else { versions.len().min(1) };
        for id in &versions[versions.len() - counted..] {
            if let Some(why) = self.against(subject, *id, new)? {
                return Ok(Some(why));
            }
        }
        Ok(None)
    }

    /// Why the schema may not follow the schema `old` in the subject; `None`: it may.
    pub(super) fn against(&self, subject: &str, old: u32, new: &Parsed) -> Result<Option<String>, Refusal> {
        let old = schema::parse(self.text(old)?).map_err(Refusal::invalid_schema)?;
        Ok(compatibility::between(self.level_for(subject), &old.expanded, &new.expanded))
    }

    /// The level that a subject is held to.
    pub(super) fn level_for(&self, subject: &str) -> Level {
        self.levels.get(subject).copied().unwrap_or(self.level)
    }

    /// The level of all subjects that have none of their own.
    pub(super) fn level(&self) -> Level {
        self.level
    }

    /// The level that was set for a subject.
    pub(super) fn own_level(&self, subject: &str) -> Result<Level, Refusal> {
        self.levels.get(subject).copied().ok_or_else(|| Refusal::no_level(subject))
    }

    /// Sets the level of a subject, or of all that have none.
    pub(super) fn set_level(&mut self, subject: Option<&str>, level: Level) -> Result<(), Refusal> {
        let unchanged = match subject {
            Some(subject) => {
                self.check_subject(subject)?;
                self.levels.get(subject) == Some(&level)
            }
            None => self.level == level,
        };
        if unchanged {
            return Ok(());
        }
        self.commit(Event::Levelled { subject: subject.map(str::to_owned), level }, String::new())
    }

    /// The names of all subjects.
    pub(super) fn subjects(&self) -> Vec<&str> {
        self.subjects.keys().map(String::as_str).collect()
    }

    /// The ids of a subject's versions, the first first.
    pub(super) fn versions(&self, subject: &str) -> Result<&[u32], Refusal> {
        self.subjects.get(subject).map(Vec::as_slice).ok_or_else(|| Refusal::no_subject(subject))
    }

    /// A version by its number, or the `latest`.
    pub(super) fn version(&self, subject: &str, version: &str) -> Result<Version, Refusal> {
        let versions = self.versions(subject)?;
        let number = match version {
            "latest" | "-1" => versions.len(),
            text => text.parse().map_err(|_| Refusal::invalid_version(text))?,
        };
        let id = number.checked_sub(1).and_then(|at| versions.get(at));
        id.map(|id| Version { number, id: *id }).ok_or_else(|| Refusal::no_version(version))
    }

    /// A schema's text.
    pub(super) fn text(&self, id: u32) -> Result<&str, Refusal> {
        self.schemas.get(&id).map(String::as_str).ok_or_else(Refusal::no_schema)
    }

    /// Subject and version number of everywhere a schema is used.
    pub(super) fn uses(&self, id: u32) -> Result<Vec<(&str, usize)>, Refusal> {
        self.text(id)?;
        let used = self.subjects.iter().filter_map(|(subject, ids)| {
            let at = ids.iter().position(|known| *known == id)?;
            Some((subject.as_str(), at + 1))
        });
        Ok(used.collect())
    }
}
