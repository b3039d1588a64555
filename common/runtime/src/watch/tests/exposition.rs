//! A strict reader of Prometheus's text format, as its documentation has it (exposition formats, version 0.0.4).

use std::collections::{BTreeMap, BTreeSet};

/// A metric with its samples.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: String,
    pub(super) help: String,
    pub(super) kind: String,
    pub(super) samples: Vec<Sample>,
}

/// One line.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) value: f64,
}

/// Reads all; an error says which line is wrong.
pub(super) fn parse(text: &str) -> Result<Vec<Family>, String> {
    let mut families: Vec<Family> = Vec::new();
    let mut seen = BTreeSet::new();
    if !text.ends_with('\n') {
        return Err("the last line does not end".to_owned());
    }
    for line in text.lines().filter(|line| !line.is_empty()) {
        let wrong = |why: &str| format!("{why}: {line}");
        if let Some(help) = line.strip_prefix("# HELP ") {
            let (name, help) = help.split_once(' ').ok_or_else(|| wrong("no help"))?;
            if families.iter().any(|family| family.name == name) {
                return Err(wrong("a family comes twice"));
            }
            let (help, kind) = (help.to_owned(), String::new());
            families.push(Family { name: name.to_owned(), help, kind, samples: Vec::new() });
        } else if let Some(kind) = line.strip_prefix("# TYPE ") {
            let (name, kind) = kind.split_once(' ').ok_or_else(|| wrong("no type"))?;
            let family = families.last_mut().filter(|family| family.name == name && family.samples.is_empty());
            family.ok_or_else(|| wrong("a type without its help"))?.kind = kind.to_owned();
        } else {
            let sample = sample(line).map_err(|why| wrong(&why))?;
            let family = families.last_mut().ok_or_else(|| wrong("no family"))?;
            let suffix = sample.name.strip_prefix(&family.name).ok_or_else(|| wrong("of another family"))?;
            let allowed: &[&str] = if family.kind == "histogram" { &["_bucket", "_sum", "_count"] } else { &[""] };
            if !allowed.contains(&suffix) || !seen.insert((sample.name.clone(), sample.labels.clone())) {
                return Err(wrong("not expected here, or for the second time"));
            }
            family.samples.push(sample);
        }
    }
    families.iter().try_for_each(whole)?;
    Ok(families)
}

fn sample(line: &str) -> Result<Sample, String> {
    let split = line.find(['{', ' ']).ok_or("no value")?;
    let (name, mut rest) = line.split_at(split);
    let mut labels = BTreeMap::new();
    if let Some(inside) = rest.strip_prefix('{') {
        rest = inside;
        while !rest.starts_with('}') {
            let (label, after) = rest.split_once("=\"").ok_or("a label without a value")?;
            let (value, after) = quoted(after)?;
            word(label)?;
            if labels.insert(label.to_owned(), value).is_some() {
                return Err(format!("{label} twice"));
            }
            rest = after.strip_prefix(',').unwrap_or(after);
        }
        rest = &rest[1..];
    }
    word(name)?;
    let value = rest.strip_prefix(' ').ok_or("no value")?;
    let value = value.parse().map_err(|_| format!("`{value}` is no number"))?;
    Ok(Sample { name: name.to_owned(), labels, value })
}

/// The value up to its closing quote, without escapes, and what follows.
fn quoted(text: &str) -> Result<(String, &str), String> {
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Ok((value, &text[at + 1..])),
            '\\' => match chars.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, c @ ('"' | '\\'))) => value.push(c),
                _ => return Err("an unknown escape".to_owned()),
            },
            c => value.push(c),
        }
    }
    Err("no closing quote".to_owned())
}

fn word(text: &str) -> Result<(), String> {
    let mut chars = text.chars();
    let first = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    let all = chars.all(|c| c.is_ascii_alphanumeric() || c == '_');
    if first && all { Ok(()) } else { Err(format!("`{text}` is no name")) }
}

/// Buckets grow, and the last is the count.
fn whole(family: &Family) -> Result<(), String> {
    if family.kind.is_empty() {
        return Err(format!("{} has no type", family.name));
    }
    let buckets: Vec<&Sample> = family.samples.iter().filter(|sample| sample.name.ends_with("_bucket")).collect();
    if family.kind == "histogram" {
        let bounds: Vec<f64> = buckets.iter().filter_map(|bucket| bucket.labels["le"].parse().ok()).collect();
        let grows = bounds.is_sorted() && buckets.is_sorted_by_key(|bucket| bucket.value as u64);
        let count = family.samples.iter().find(|sample| sample.name.ends_with("_count")).map(|sample| sample.value);
        if !grows || buckets.last().map(|last| last.value) != count || bounds.last() != Some(&f64::INFINITY) {
            return Err(format!("{}: buckets do not grow to the count", family.name));
        }
    }
    Ok(())
}
