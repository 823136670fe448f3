//! Sealed keys.

use std::mem::discriminant;

use async_trait::async_trait;
use cloakroom_model::id::KeyId;
use cloakroom_model::key::{DataKey, SigningKey, Stage};
use cloakroom_model::log::Subject;

use super::endings::Trace;
use super::{Memory, State};
use crate::{Act, AdvanceKey, Done, Error, Keys};

#[async_trait]
impl Keys for Memory {
    async fn list_data_keys(&self) -> Result<Vec<DataKey>, Error> {
        Ok(self.state()?.data_keys.values().cloned().collect())
    }

    async fn insert_data_key(&self, key: DataKey, act: &Act) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.insert_data_key(key, act))
    }

    async fn reseal_data_keys(
        &self,
        seen: &[DataKey],
        resealed: &[DataKey],
    ) -> Result<bool, Error> {
        Ok(self.state()?.reseal_data_keys(seen, resealed))
    }

    async fn list_signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let mut keys: Vec<_> = self.state()?.signing_keys.values().cloned().collect();
        keys.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(keys)
    }

    async fn insert_signing_key(
        &self,
        key: SigningKey,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.insert_signing_key(key, act))
    }

    async fn advance_signing_key(
        &self,
        advance: AdvanceKey,
        act: &Act,
    ) -> Result<Option<Done<()>>, Error> {
        Ok(self.state()?.advance_signing_key(&advance, act))
    }

    async fn delete_signing_key(&self, id: &KeyId, act: &Act) -> Result<bool, Error> {
        Ok(self.state()?.delete_signing_key(id, act))
    }
}

impl State {
    fn insert_data_key(&mut self, key: DataKey, act: &Act) -> Option<Done<()>> {
        if self.data_keys.contains_key(&key.number) {
            return None;
        }
        let mut trace = Trace::default();
        trace.changed(Subject::Key(key.id()));
        self.data_keys.insert(key.number, key);
        Some(Done { value: (), rows: self.finish(act, trace) })
    }

    fn reseal_data_keys(&mut self, seen: &[DataKey], resealed: &[DataKey]) -> bool {
        let as_seen = self.data_keys.values().eq(seen);
        if as_seen {
            self.data_keys = resealed.iter().map(|key| (key.number, key.clone())).collect();
        }
        as_seen
    }

    fn insert_signing_key(&mut self, key: SigningKey, act: &Act) -> Option<Done<()>> {
        let in_use = matches!(key.stage, Stage::Next { .. } | Stage::Current { .. });
        let of_this_stage = |other: &SigningKey| {
            signs_for_the_same(other, &key)
                && discriminant(&other.stage) == discriminant(&key.stage)
        };
        let is_there = self.signing_keys.contains_key(&key.id);
        if is_there || (in_use && self.signing_keys.values().any(of_this_stage)) {
            return None;
        }
        let mut trace = Trace::default();
        trace.changed(Subject::Key(key.id.clone()));
        self.signing_keys.insert(key.id.clone(), key);
        Some(Done { value: (), rows: self.finish(act, trace) })
    }

    fn advance_signing_key(&mut self, advance: &AdvanceKey, act: &Act) -> Option<Done<()>> {
        let key = self.signing_keys.get(&advance.key).filter(|key| key.stage == advance.from)?;
        let key = key.clone();
        let mut trace = Trace::default();
        if matches!(advance.to, Stage::Current { .. }) {
            let gives_way = |other: &&mut SigningKey| {
                other.id != key.id
                    && signs_for_the_same(other, &key)
                    && matches!(other.stage, Stage::Current { .. })
            };
            for other in self.signing_keys.values_mut().filter(gives_way) {
                other.stage = Stage::Retired { since: act.at };
                trace.changed(Subject::Key(other.id.clone()));
            }
        }
        if matches!(advance.to, Stage::Compromised { .. }) {
            trace.ended(Subject::Key(key.id.clone()));
        } else {
            trace.changed(Subject::Key(key.id.clone()));
        }
        self.signing_keys.insert(key.id.clone(), SigningKey { stage: advance.to, ..key });
        Some(Done { value: (), rows: self.finish(act, trace) })
    }

    fn delete_signing_key(&mut self, id: &KeyId, act: &Act) -> bool {
        let done_with = |key: &SigningKey| {
            matches!(key.stage, Stage::Retired { .. } | Stage::Compromised { .. })
        };
        if !self.signing_keys.get(id).is_some_and(done_with) {
            return false;
        }
        self.signing_keys.remove(id);
        self.finish(act, Trace::default());
        true
    }
}

fn signs_for_the_same(one: &SigningKey, other: &SigningKey) -> bool {
    one.algorithm == other.algorithm && one.audience == other.audience
}
