//! What becomes of an earlier session's documents when its browser signs in.
//!
//! Each namespace follows its client's rule: it goes to the user, merged with what the user has, or to the new
//! session. What would make its new owner's documents too large is left behind, document by document, and the
//! sign-in succeeds. Who may hand on at all (a guest, and a session of the same user) is storage's affair.

use crate::client::DataRule;
use crate::data::{Belongs, Document, DocumentKey, Etag, MergeRule, Owner};
use crate::id::{ClientId, SessionId, UserId};
use crate::policy::merge;

/// Where documents go, and how.
#[derive(Clone, Copy, Debug)]
pub struct CarryOver<'a> {
    /// Who signs in.
    pub user: UserId,
    /// The session that begins.
    pub session: SessionId,
    /// The rules that differ from the default, by client.
    pub rules: &'a [(ClientId, DataRule)],
    /// The most that the documents of one owner may have in all, in bytes of JSON.
    pub limit: usize,
    /// The randomness that the new versions' etags are derived from; never used for another sign-in.
    pub etag_seed: [u8; 16],
}

/// What was decided.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Carried {
    /// These are the documents under their new keys, in the place of what was there.
    pub documents: Vec<(DocumentKey, Document)>,
    /// How many did not fit; what their new owner had stays.
    pub left: usize,
}

impl CarryOver<'_> {
    /// Decides on all documents of the earlier session, beside all documents of the user. The new session has
    /// none yet.
    #[must_use]
    pub fn decide(
        &self,
        of_user: &[(DocumentKey, Document)],
        of_earlier: Vec<(DocumentKey, Document)>,
    ) -> Carried {
        let mut sizes = Sizes {
            of_user: of_user.iter().map(|(_, document)| document.size()).sum(),
            of_session: 0,
        };
        // The limit is met document by document, so that the order must not be the backend's choice.
        let mut in_order = of_earlier;
        in_order.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut carried = Carried::default();
        for (key, theirs) in in_order {
            let (belongs, at_sign_in) = self.rule(&key);
            let owner = match belongs {
                Belongs::User => Owner::User(self.user),
                Belongs::Session => Owner::Session(self.session),
            };
            let key = DocumentKey { owner, ..key };
            let ours = of_user.iter().find(|(other, _)| *other == key).map(|(_, ours)| ours);
            let value =
                merge::at_sign_in(at_sign_in, ours.map(|ours| ours.value.clone()), theirs.value);
            if ours.is_some_and(|ours| ours.value == value) {
                continue;
            }
            let document = Document { value, etag: self.etag(carried.documents.len()) };
            let size = sizes.of(belongs);
            let with_it = *size - ours.map_or(0, Document::size) + document.size();
            if with_it > self.limit {
                carried.left += 1;
            } else {
                *size = with_it;
                carried.documents.push((key, document));
            }
        }
        carried
    }

    fn rule(&self, key: &DocumentKey) -> (Belongs, MergeRule) {
        self.rules
            .iter()
            .find(|(client, rule)| *client == key.client && rule.namespace == key.namespace)
            .map(|(_, rule)| (rule.belongs, rule.at_sign_in))
            .unwrap_or_default()
    }

    /// Distinct for each document, and as hard to meet again as the seed.
    fn etag(&self, index: usize) -> Etag {
        let seed = u128::from_be_bytes(self.etag_seed);
        Etag(seed.wrapping_add(index as u128).to_be_bytes())
    }
}

/// How much each new owner has so far.
struct Sizes {
    of_user: usize,
    of_session: usize,
}

impl Sizes {
    fn of(&mut self, belongs: Belongs) -> &mut usize {
        match belongs {
            Belongs::User => &mut self.of_user,
            Belongs::Session => &mut self.of_session,
        }
    }
}

#[cfg(test)]
mod tests;
