//! The store of the settings.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;

use embedded::Disk;
use kernel::Millis;
use kernel::Record;
use kernel::contract::RecordParked;
use runtime::kafka::Access;
use runtime::projection::{self, Projection};
use runtime::registry::Registry;
use runtime::settings::Settings;
use runtime::store::{Cql, Gated, Memory, RIDERS, Store};
use runtime::{Watch, registry};

/// Records that are written at a time.
pub(crate) const BATCH: usize = 500;

/// What readers of riders' facts have: the store, and what fills it where no other process does.
pub(crate) struct Shelf {
    /// For readers.
    pub(crate) store: Arc<dyn Store>,
    projection: Option<Projection>,
}

impl Shelf {
    /// The store that the settings name, if they name one. One of this process alone is filled by it; troubles are told to `watch`.
    ///
    /// # Errors
    /// One sentence when it cannot be opened.
    pub(crate) fn open(settings: &Settings, access: &Access, watch: Arc<Watch>) -> Result<Option<Shelf>, String> {
        let store: Arc<dyn Store> = match settings.text("store.kind") {
            "cql" => {
                let store = Arc::new(Cql::open(settings.cql(false), &[RIDERS])?);
                return Ok(Some(Shelf { store, projection: None }));
            }
            "redb" => Arc::new(Disk::open(Path::new(settings.text("store.data")), &[RIDERS])?),
            "memory" => Arc::new(Memory::new(settings.size("store.rows_max"))),
            _ => return Ok(None),
        };
        let fold = fold(access.clone(), true, settings);
        Shelf::filled(store, (fold, settings.registry()), watch).map(Some)
    }

    /// A store that this process fills by itself. It answers once it is filled.
    ///
    /// # Errors
    /// One sentence when no thread can be started.
    pub(crate) fn filled(
        store: Arc<dyn Store>,
        (fold, registry): (projection::Settings, registry::Access),
        watch: Arc<Watch>,
    ) -> Result<Shelf, String> {
        let projection = Projection::start(fold, store.clone(), move || Registry::open(&registry), watch)?;
        let store = Arc::new(Gated::new(store, projection.caught_up()));
        Ok(Shelf { store, projection: Some(projection) })
    }

    /// Whether it holds all that was known when it was opened.
    pub(crate) fn is_filled(&self) -> bool {
        self.projection.as_ref().is_none_or(|projection| projection.caught_up().load(SeqCst))
    }

    /// Whether what fills it ended before it was told to.
    pub(crate) fn ended(&self) -> bool {
        self.projection.as_ref().is_some_and(Projection::ended)
    }

    /// Ends what fills it.
    ///
    /// # Errors
    /// It did not end well.
    pub(crate) fn close(self) -> Result<(), String> {
        self.projection.map_or(Ok(()), Projection::stop)
    }
}

/// How `rider.changed` is folded: by this process for itself, or by the members of a group.
pub(crate) fn fold(mut access: Access, alone: bool, settings: &Settings) -> projection::Settings {
    if alone {
        access.group = format!("{}.{}", access.group, projection::RIDERS);
    }
    let (value_bytes, grace) = (settings.limits().value_bytes, settings.span("run.grace_ms"));
    projection::Settings { access, alone, batch: BATCH, value_bytes, keep: keep(settings), grace }
}

/// How long riders are kept.
fn keep(settings: &Settings) -> Millis {
    Millis(settings.number("store.keep_days") * 86_400_000)
}

/// What a projection registers: the topic that it parks in.
pub(crate) fn registered(access: &registry::Access) -> Result<Registry, String> {
    let mut registry = Registry::open(access)?;
    registry.register(&[RecordParked::TOPIC]).map_err(|failure| failure.to_string())?;
    Ok(registry)
}
