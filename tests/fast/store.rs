//! The stores that need no server, by the body that all of them share.

use std::{path::PathBuf, sync::Arc};

use embedded::Disk;
use runtime::store::{Memory, Positions, RIDERS, Store};
use tests::store::{keeps_its_promises, row};

fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("store-{}-{name}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

#[test]
fn memory_keeps_its_promises() {
    keeps_its_promises(Arc::new(Memory::new(1_000)), None);
}

#[test]
fn a_file_keeps_its_promises_and_outlives_the_process() {
    let folder = folder("promises");
    let open = || Arc::new(Disk::open(&folder, &[RIDERS]).unwrap());
    let again = |store: Arc<dyn Store>| -> Arc<dyn Store> {
        drop(store);
        open()
    };
    keeps_its_promises(open(), Some(&again));
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_belongs_to_one_process() {
    let folder = folder("alone");
    let first = Disk::open(&folder, &[RIDERS]).unwrap();
    let second = Disk::open(&folder, &[RIDERS]).err().unwrap_or_default();
    assert!(second.ends_with("name a folder that this process alone may write") && !second.contains('\n'), "{second}");
    drop(first);
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn memory_that_is_full_leaves_out_who_is_new_counts_him_and_keeps_the_others_up() {
    let store = Memory::new(2);
    let write = |rows: &[_]| store.write(RIDERS, rows, &Positions::new());
    let rows = ["ann", "bob"].map(|key| row(key, 1, Some("x")));
    assert_eq!(write(&rows), Ok(()));
    assert_eq!(write(&[row("ann", 2, None)]), Ok(()), "who is known has a row");
    assert_eq!(write(&[row("cy", 3, Some("x")), row("bob", 4, None)]), Ok(()), "nobody else waits for him");
    assert_eq!(store.left_out(RIDERS), 1);
    let read = store.read(RIDERS, &["bob", "cy"], std::time::Duration::from_secs(1)).unwrap();
    assert!(read.iter().flatten().all(|row| row.body.is_none()), "{read:?}");
}
