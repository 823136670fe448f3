//! The way out, against real servers on this machine.

mod certificates;
mod exchange;
mod forbidden;
mod remembering;
mod scene;
