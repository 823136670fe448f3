//! Asking other servers at URLs that strangers chose, without becoming the strangers' way in.
//!
//! The one real [`Fetch`]. It speaks https alone, looks the host up itself, refuses every address that is not public,
//! and connects to exactly the address that it looked at, so that no second look-up can lead elsewhere. It follows no
//! redirect, heeds no proxy variable, sends nothing of ours along, and reads so much for so long. Left out: what is
//! done with an answer, and which one is of use.

mod address;
mod connect;
mod exchange;
mod freshness;
mod outbound;
mod remembered;
mod resolve;
mod roots;
mod target;

pub use cloakroom_engine::fetch::{Fetch, FetchError, Fetched, Limits, Message};

pub use self::outbound::{Outbound, Settings};
pub use self::resolve::{Resolve, SystemResolver};
pub use self::roots::RootsError;
