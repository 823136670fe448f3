//! STUB
use cloakroom_model::time::Timestamp;
use std::net::IpAddr;
use std::time::Duration;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct Limited(pub Duration);
pub enum What {
    SignIn,
    SignUp,
    Guest,
    Refresh,
    Link,
}
pub struct Limits;
impl Limits {
    pub fn check(&self, _: What, _: &IpAddr, _: Timestamp) -> Result<(), Limited> {
        Ok(())
    }
    #[must_use]
    pub fn are_on(&self) -> bool {
        true
    }
}
