//! The contract: `schemas/*.avsc` in, the Rust types of the `kernel` crate out.
//!
//! The schemas are the source, the generated file is committed, and a test fails when the two drift apart. The generator refuses
//! what the project's rules forbid (see `schemas/README.md`), so a schema that breaks a rule never becomes a type.

mod evolution;
mod fields;
pub mod frozen;
mod model;
mod names;
mod parse;
mod render;
mod sample;
#[cfg(test)]
mod tests;
mod topic;

use std::fs;
use std::path::Path;

pub use evolution::breaches;
pub use model::{Body, Contract, Field, File, Named, TopicAttribute, Type};
pub use parse::parse;

/// What rewrites the generated file; named in it and in the drift test's message.
pub const COMMAND: &str = "cargo run --release -p devkit --bin dev -- contract";

/// The folder of the schemas, from the repository's root.
pub const SCHEMAS: &str = "schemas";

/// The generated file, from the repository's root.
pub const GENERATED: &str = "common/kernel/src/contract.rs";

/// A schema's file: its name and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// File name without the folder, such as `ride.requested.avsc`.
    pub file: String,
    /// The text as it stands there.
    pub text: String,
}

/// Reads the `.avsc` files of a folder, by name; its sub-folders (the frozen versions) are not part of the contract.
///
/// # Errors
/// A sentence that names what could not be read.
pub fn read(folder: &Path) -> Result<Vec<Source>, String> {
    let unreadable = |error| format!("{}: {error}: is this the repository's root?", folder.display());
    let mut sources = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let Some(file) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(".avsc")) else {
            continue;
        };
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        sources.push(Source { file: file.to_owned(), text });
    }
    sources.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(sources)
}

/// The text of the generated file: the same for the same schemas, and as rustfmt leaves it.
///
/// # Errors
/// One sentence: file, place and the rule that is broken.
pub fn generate(sources: &[Source]) -> Result<String, String> {
    Ok(render::render(&parse(sources)?))
}
