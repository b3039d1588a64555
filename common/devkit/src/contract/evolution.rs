//! What a newer contract may not do to a released one, beyond what Avro's own rule of resolution says.
//!
//! Avro says whether the bytes can be read. Here stands what it does not know: where records lie, and what a default means to those who
//! rely on it.

use super::model::{Body, Contract, Field, TopicAttribute, Type};

/// What `new` breaks of the released contract `old`, a sentence each.
pub fn breaches(old: &Contract, new: &Contract) -> Vec<String> {
    let mut breaches = Vec::new();
    for file in &old.files {
        let name = &file.topic.name;
        match new.files.iter().find(|known| known.topic.name == *name) {
            None => breaches.push(format!("{name} was released: a topic does not go away: restore {name}.avsc")),
            Some(known) => attribute(&file.topic, &known.topic, &mut breaches),
        }
    }
    for named in &old.types {
        let full = &named.full;
        match (&named.body, new.named(full).map(|known| &known.body)) {
            (Body::Record(before), Some(Body::Record(after))) => fields(full, before, after, &mut breaches),
            (Body::Enum { default: before, .. }, Some(Body::Enum { default: after, .. })) if before != after => {
                breaches.push(format!("{full}: its default was {before} and is {after}: put {before} back"));
            }
            _ => {}
        }
    }
    breaches
}

/// Where records lie is fixed for life: a market would be read from a partition in which its past is not.
fn attribute(old: &TopicAttribute, new: &TopicAttribute, breaches: &mut Vec<String>) {
    let count = |topic: &TopicAttribute| topic.partitions.to_string();
    for (what, before, after) in [
        ("key", &old.key, &new.key),
        ("placed_by", &old.placed_by, &new.placed_by),
        ("cleanup", &old.cleanup, &new.cleanup),
        ("partitions", &count(old), &count(new)),
    ] {
        if before != after {
            let name = &old.name;
            breaches
                .push(format!("{name}.avsc: topic's \"{what}\" was {before} and is {after}: that takes a new topic"));
        }
    }
}

fn fields(full: &str, old: &[Field], new: &[Field], breaches: &mut Vec<String>) {
    for before in old {
        let Some(after) = new.iter().find(|field| field.name == before.name) else { continue };
        let place = format!("{full}.{}", before.name);
        if before.default.is_some() && before.default != after.default {
            breaches.push(format!("{place}: its released default is gone or another: put it back"));
        }
        let fits = match (&before.kind, &after.kind) {
            (Type::Int, Type::Long) | (Type::Float, Type::Double) => true,
            (kind, Type::Optional(inner)) => kind == inner.as_ref() || before.kind == after.kind,
            (before, after) => before == after,
        };
        if !fits {
            breaches.push(format!("{place}: its type was {:?} and is {:?}: add a new field", before.kind, after.kind));
        }
    }
}
