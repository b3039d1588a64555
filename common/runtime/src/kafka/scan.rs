//! A topic read once for a tool that looks back: so many records at most, and what cannot be read is counted.

use kernel::Record;

use super::History;

/// What a scan read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// Records that were handed on.
    pub records: u64,
    /// Records that could not be read as what the topic holds: left out, as a processor would park them.
    pub unreadable: u64,
}

impl History {
    /// Hands every record of `R`'s topic to `each`, each partition in offset order; at most `most` records are read.
    ///
    /// # Errors
    /// One sentence: what could not be read, or that there are more records than `most`.
    pub fn scan<R: Record>(&mut self, most: u64, mut each: impl FnMut(R)) -> Result<Scanned, String> {
        let mut scanned = Scanned::default();
        self.each::<R>(|told| {
            if scanned.records + scanned.unreadable >= most {
                let topic = R::TOPIC.name;
                return Err(format!(
                    "{topic}: more than {most} records: keep less, or look at a copy of a shorter time"
                ));
            }
            match told.record {
                Ok(record) => {
                    scanned.records += 1;
                    each(record);
                }
                Err(_) => scanned.unreadable += 1,
            }
            Ok(())
        })?;
        Ok(scanned)
    }
}
