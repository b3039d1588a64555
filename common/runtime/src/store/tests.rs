//! The reader of a store, and what a record becomes.

mod reading;
mod rows;
