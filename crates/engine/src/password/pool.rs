//! STUB
use cloakroom_model::password::Password;
use std::net::IpAddr;
#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct Busy;
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Match,
    MatchUpgrade,
    Mismatch,
}
pub struct Pool;
impl Pool {
    pub async fn hash(&self, _: &Password, _: [u8; 16], _: &IpAddr) -> Result<String, Busy> {
        Err(Busy)
    }
    pub async fn verify(&self, _: &Password, _: &str, _: &IpAddr) -> Result<Verdict, Busy> {
        Err(Busy)
    }
    pub async fn verify_nobody(&self, _: &Password, _: &IpAddr) -> Result<Verdict, Busy> {
        Err(Busy)
    }
}
