//! Tests against servers: the embedded ones always, the real ones where they can be started.

mod client;
mod conform;
mod journey;
mod registry;
mod servers;
mod topics;
