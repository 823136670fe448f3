//! Counts of failures, and the devices that are known.

use std::cmp::Reverse;

use async_trait::async_trait;
use cloakroom_model::id::UserId;
use cloakroom_model::policy::throttle::{KNOWN_DEVICES, STRANGERS_REMEMBERED};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

use super::endings::Trace;
use super::{Memory, State};
use crate::{AccountFailures, Act, Error, Throttles};

/// Failures in a row.
#[derive(Clone, Copy, Default)]
pub(super) struct Failures {
    in_a_row: u32,
    pub(super) last_at: Option<Timestamp>,
}

impl Failures {
    fn count(&mut self, at: Timestamp) {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.last_at = self.last_at.max(Some(at));
    }

    /// Counts one more of unknown devices, whose earlier ones are forgotten after a while.
    fn count_of_strangers(&mut self, at: Timestamp) {
        if self.last_at.is_some_and(|last| last <= at.minus(STRANGERS_REMEMBERED)) {
            *self = Self::default();
        }
        self.count(at);
    }

    fn known(self, known_device: bool) -> AccountFailures {
        AccountFailures { known_device, in_a_row: self.in_a_row, last_at: self.last_at }
    }
}

/// A browser that signed a user in.
#[derive(Clone)]
pub(super) struct Device {
    seen_at: Timestamp,
    failures: Failures,
}

#[async_trait]
impl Throttles for Memory {
    async fn find_failures(
        &self,
        user: UserId,
        device: Option<&Digest>,
    ) -> Result<AccountFailures, Error> {
        Ok(self.state()?.find_failures(user, device))
    }

    async fn count_failure(
        &self,
        user: UserId,
        device: Option<&Digest>,
        at: Timestamp,
    ) -> Result<AccountFailures, Error> {
        let mut state = self.state()?;
        if state.user(user).is_some() {
            match device.and_then(|device| state.devices.get_mut(&(user, *device))) {
                Some(known) => known.failures.count(at),
                None => state.failures.entry(user).or_default().count_of_strangers(at),
            }
        }
        Ok(state.find_failures(user, device))
    }

    async fn forget_failures(&self, user: UserId, device: Option<&Digest>) -> Result<(), Error> {
        if let Some(failures) = self.state()?.failures_mut(user, device) {
            *failures = Failures::default();
        }
        Ok(())
    }

    async fn clear_failures(&self, user: UserId, act: &Act) -> Result<bool, Error> {
        Ok(self.state()?.clear_failures(user, act))
    }

    async fn expire_devices(&self, before: Timestamp) -> Result<(), Error> {
        self.state()?.devices.retain(|_, device| device.seen_at >= before);
        Ok(())
    }

    async fn find_failures_of_nobody(&self, name: &Digest) -> Result<AccountFailures, Error> {
        let failures = self.state()?.failures_of_nobody.get(name).copied();
        Ok(failures.unwrap_or_default().known(false))
    }

    async fn count_failure_of_nobody(
        &self,
        name: &Digest,
        at: Timestamp,
    ) -> Result<AccountFailures, Error> {
        let mut state = self.state()?;
        let failures = state.failures_of_nobody.entry(*name).or_default();
        failures.count_of_strangers(at);
        Ok(failures.known(false))
    }

    async fn expire_failures_of_nobody(&self, until: Timestamp) -> Result<(), Error> {
        let mut state = self.state()?;
        state.failures_of_nobody.retain(|_, failures| failures.last_at > Some(until));
        Ok(())
    }
}

impl State {
    /// A browser signed this user in. Those that were seen longest ago are forgotten where there are too many.
    pub(super) fn know_device(&mut self, user: UserId, device: Digest, at: Timestamp) {
        self.keep_device(user, device, at);
        let of_user = self.devices.iter().filter(|((whose, _), _)| *whose == user);
        let mut latest_first: Vec<_> =
            of_user.map(|((_, device), known)| (Reverse(known.seen_at), *device)).collect();
        latest_first.sort_unstable();
        for (_, device) in latest_first.into_iter().skip(KNOWN_DEVICES) {
            self.devices.remove(&(user, device));
        }
    }

    pub(super) fn keep_device(&mut self, user: UserId, device: Digest, at: Timestamp) {
        self.devices
            .entry((user, device))
            .and_modify(|known| known.seen_at = known.seen_at.max(at))
            .or_insert(Device { seen_at: at, failures: Failures::default() });
    }

    fn find_failures(&self, user: UserId, device: Option<&Digest>) -> AccountFailures {
        let known = device.and_then(|device| self.devices.get(&(user, *device)));
        let failures = match known {
            Some(device) => device.failures,
            None => self.failures.get(&user).copied().unwrap_or_default(),
        };
        failures.known(known.is_some())
    }

    /// Those of the device where it is known, and those of all unknown ones otherwise; `None` where there is no
    /// such user.
    fn failures_mut(&mut self, user: UserId, device: Option<&Digest>) -> Option<&mut Failures> {
        self.user(user)?;
        match device.and_then(|device| self.devices.get_mut(&(user, *device))) {
            Some(known) => Some(&mut known.failures),
            None => Some(self.failures.entry(user).or_default()),
        }
    }

    fn clear_failures(&mut self, user: UserId, act: &Act) -> bool {
        if self.user(user).is_none() {
            return false;
        }
        self.forget_failures_of(user);
        self.finish(act, Trace::default());
        true
    }

    /// Forgets every failure at a user, by whatever device.
    pub(super) fn forget_failures_of(&mut self, user: UserId) {
        self.failures.remove(&user);
        for ((whose, _), device) in &mut self.devices {
            if *whose == user {
                device.failures = Failures::default();
            }
        }
    }
}
