//! Turns as files, with what they led to: how quoting and capturing run theirs. `UPDATE_EXPECT=1` rewrites what they led to.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The files of a folder of this crate, by path.
fn files(folder: &str) -> BTreeMap<PathBuf, String> {
    let found = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)).unwrap();
    let paths = found.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
    paths.map(|path| (path.clone(), std::fs::read_to_string(path).unwrap())).collect()
}

/// Decides what lies in `folder`, and holds it against what lies there; so many files at least.
pub(crate) fn as_before<G: Serialize + DeserializeOwned>(folder: &str, least: usize, decide: fn(G, bool) -> G) {
    let files = files(folder);
    assert!(files.len() >= least, "{} goldens", files.len());
    for (path, text) in files {
        let decided = decide(serde_json::from_str(&text).unwrap(), false);
        let now = serde_json::to_string_pretty(&decided).unwrap() + "\n";
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(&path, &now).unwrap();
        } else {
            assert_eq!(now, text, "{}: UPDATE_EXPECT=1 rewrites it", path.display());
        }
    }
}

/// Decides what lies in `folder` straight, and with another instance taking over before each turn.
pub(crate) fn after_crashes<G: Serialize + DeserializeOwned>(folder: &str, decide: fn(G, bool) -> G) {
    for (path, text) in files(folder) {
        let told = |crash| serde_json::to_string(&decide(serde_json::from_str(&text).unwrap(), crash)).unwrap();
        assert_eq!(told(false), told(true), "{}", path.display());
    }
}
