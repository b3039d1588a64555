//! What developing, showing and testing the project needs: the contract generator, a world that behaves like a city, and an
//! independent auditor.

pub mod auditor;
pub mod bills;
pub mod calendar;
pub mod city;
pub mod contract;
pub mod garbage;
pub mod rides;
pub mod sim;
pub mod world;
