//! RFC 7523 §3 and RFC 9449 §11.1: what may be presented once, and by what it is recognised when it comes again.
//!
//! Storage keeps the mark until the time that stands beside it. After that, what it marks is refused for its age.

use aws_lc_rs::digest::{Context, SHA256};
use cloakroom_model::secret::Digest;
use cloakroom_model::time::Timestamp;

/// What storage keeps of something that may not come again.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// The same for the same thing, and for no other.
    pub digest: Digest,
    /// From then on it is too old to be accepted anyhow.
    pub until: Timestamp,
}

impl Mark {
    /// The mark of what `holder` named `jti`, among things of one `kind`.
    #[must_use]
    pub fn of(kind: &str, holder: &str, jti: &str, until: Timestamp) -> Self {
        let mut context = Context::new(&SHA256);
        // Each part behind its length, so that no two sequences of parts are one text.
        for part in [kind, holder, jti] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut digest = [0; 32];
        digest.copy_from_slice(context.finish().as_ref());
        Self { digest: Digest(digest), until }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_things_have_two_marks(one: [String; 3], other: [String; 3]) {
            let mark = |[kind, holder, jti]: &[String; 3]| {
                Mark::of(kind, holder, jti, Timestamp(1)).digest
            };
            prop_assert_eq!(mark(&one) == mark(&other), one == other);
        }

        #[test]
        fn where_a_part_ends_matters(kind: String, holder: String, jti: String) {
            let moved = Mark::of(&format!("{kind}{holder}"), "", &jti, Timestamp(1));
            let mark = Mark::of(&kind, &holder, &jti, Timestamp(1));
            prop_assert_eq!(mark == moved, holder.is_empty());
        }
    }
}
