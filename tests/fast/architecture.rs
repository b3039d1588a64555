//! Who may depend on whom, and what every processor must have. A failure prints all that is missing.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every crate of the workspace: its folder, and the names that it depends on outside of tests.
fn crates() -> BTreeMap<String, (PathBuf, BTreeSet<String>)> {
    let mut crates = BTreeMap::new();
    for group in ["common", "processors"] {
        for entry in fs::read_dir(root().join(group)).unwrap() {
            let folder = entry.unwrap().path();
            let Ok(manifest) = fs::read_to_string(folder.join("Cargo.toml")) else { continue };
            let name = folder.file_name().unwrap().to_string_lossy().into_owned();
            crates.insert(name, (folder, dependencies(&manifest)));
        }
    }
    crates
}

fn dependencies(manifest: &str) -> BTreeSet<String> {
    let section = manifest.split("\n[dependencies]\n").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split(['.', ' ', '=']).next())
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

fn sources(under: &Path, found: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(under) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn all_sources() -> Vec<PathBuf> {
    let mut found = Vec::new();
    ["common", "processors", "tests"].iter().for_each(|group| sources(&root().join(group), &mut found));
    found
}

/// Decision crates: processors without the edge and the binary.
fn decisions() -> Vec<(String, PathBuf, BTreeSet<String>)> {
    let crates = crates().into_iter();
    crates
        .filter(|(name, (folder, _))| {
            folder.parent().unwrap().ends_with("processors") && name != "tripo" && name != "gateway"
        })
        .map(|(name, (folder, dependencies))| (name, folder, dependencies))
        .collect()
}

/// The processors of a crate, by their names, each with the folder of its files: the crate's own, or one of a file's name.
fn processors(name: &str, folder: &Path) -> Vec<(String, PathBuf)> {
    let mut files = Vec::new();
    sources(&folder.join("src"), &mut files);
    files.retain(|file| fs::read_to_string(file).unwrap().contains("impl Processor for"));
    let of = |file: PathBuf| match file.ends_with("src/lib.rs") {
        true => (name.to_owned(), folder.join("src")),
        false => (file.file_stem().unwrap().to_string_lossy().into_owned(), file.with_extension("")),
    };
    files.into_iter().map(of).collect()
}

#[track_caller]
fn none(missing: &[String]) {
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

#[test]
fn a_decision_crate_depends_on_the_kernel_and_nothing_that_does_io() {
    let pure = BTreeSet::from(["kernel", "libm", "serde", "sha2", "toml"]);
    let mut missing = Vec::new();
    for (name, _, dependencies) in decisions() {
        let others = dependencies.iter().filter(|other| !pure.contains(other.as_str()));
        missing.extend(others.map(|other| format!("{name} depends on {other}: only {pure:?} are pure")));
    }
    none(&missing);
}

#[test]
fn the_machinery_knows_no_processor_and_the_kernel_knows_nobody() {
    let decisions: BTreeSet<String> = decisions().into_iter().map(|(name, _, _)| name).collect();
    let mut missing = Vec::new();
    for (name, (folder, dependencies)) in crates() {
        if folder.parent().unwrap().ends_with("common") {
            let wrong = dependencies.intersection(&decisions);
            missing.extend(wrong.map(|other| format!("common/{name} depends on the processor {other}")));
        }
    }
    let (_, kernel) = &crates()["kernel"];
    let io = ["tokio", "rdkafka", "runtime", "embedded", "devkit", "reqwest", "axum"];
    missing.extend(io.iter().filter(|io| kernel.contains(**io)).map(|io| format!("the kernel depends on {io}")));
    none(&missing);
}

#[test]
fn the_auditor_shares_types_and_the_client_with_the_worker_and_nothing_else() {
    let mut files = vec![root().join("common/devkit/src/auditor.rs")];
    sources(&root().join("common/devkit/src/auditor"), &mut files);
    let mut missing = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for other in ["runtime::", "matching::", "pricing::", "embedded::"] {
            if text.contains(other) {
                missing.push(format!("{} uses {other}", file.display()));
            }
        }
    }
    none(&missing);
}

#[test]
fn every_processor_has_the_same_files_and_a_line_in_the_list() {
    let list = fs::read_to_string(root().join("processors/tripo/src/registry.rs")).unwrap();
    let mut missing = Vec::new();
    for (name, folder, _) in decisions() {
        let all = processors(&name, &folder);
        // Rules on which no processor stands yet have no policy.
        let wanted = ["README.md", "src/lib.rs", "src/tests.rs"].into_iter();
        let wanted = wanted.chain(["policy.toml", "src/policy.rs"].into_iter().filter(|_| !all.is_empty()));
        let absent = wanted.filter(|file| !folder.join(file).exists());
        missing.extend(absent.map(|file| format!("processors/{name}/{file} is missing")));
        if !all.is_empty() && fs::read_dir(folder.join("golden")).map_or(0, Iterator::count) == 0 {
            missing.push(format!("processors/{name}/golden has no case"));
        }
        for (processor, files) in all {
            let absent = ["view.rs", "decide.rs", "read.rs", "output.rs", "tests.rs"].into_iter();
            let absent = absent.filter(|file| !files.join(file).exists());
            missing.extend(absent.map(|file| format!("{} is missing", files.join(file).display())));
            if !list.contains(&format!("(\"{processor}\"")) {
                missing.push(format!("processors/tripo/src/registry.rs has no line for {processor}"));
            }
        }
    }
    none(&missing);
}

#[test]
fn files_stay_short_and_names_stay_plain() {
    let mut missing = Vec::new();
    let mut lengths = Vec::new();
    for path in all_sources() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let generated = name == "contract.rs" && path.to_string_lossy().contains("kernel");
        let length = fs::read_to_string(&path).unwrap().lines().count();
        if !generated {
            lengths.push(length);
        }
        if length > 500 && !generated {
            missing.push(format!("{} has {length} lines, at most 500", path.display()));
        }
        if name == "mod.rs" || name.starts_with("util") {
            missing.push(format!("{} needs another name", path.display()));
        }
    }
    lengths.sort_unstable();
    let median = lengths[lengths.len() / 2];
    if median > 180 {
        missing.push(format!("the median file has {median} lines, about 150 are wanted"));
    }
    none(&missing);
}

#[test]
fn no_path_of_a_machine_stands_in_the_project() {
    let mut missing = Vec::new();
    for path in all_sources() {
        let text = fs::read_to_string(&path).unwrap();
        for wrong in [concat!("/ro", "ot/"), concat!("/ho", "me/"), concat!("/wo", "rk/")] {
            if text.contains(wrong) {
                missing.push(format!("{} names {wrong}", path.display()));
            }
        }
    }
    none(&missing);
}
