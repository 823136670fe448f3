//! A replica takes over that had not got everything: who was lost with it is nobody's, and who signs out is signed out.

use cloakroom_engine::Engine;
use cloakroom_engine::begin::SignedIn;
use cloakroom_engine::identity::{Identity, NotSignedIn};
use cloakroom_model::log::{Change, Subject};
use cloakroom_model::session::Carrier;
use cloakroom_store::{Reading, Revocations as _};
use cloakroom_testkit::engine::settings;

use super::Nodes;

/// Somebody signed in at the first node, whom the second one has looked up and remembers.
struct Known(SignedIn);

impl Known {
    async fn of(nodes: &Nodes, carry: Carrier) -> Self {
        let known = Self(nodes.ada(carry).await);
        nodes.there.catch_up().await.unwrap();
        assert!(known.is_believed_there(nodes).await);
        known
    }

    async fn is_believed_there(&self, nodes: &Nodes) -> bool {
        match self.check(&nodes.there).await {
            Ok(_) => true,
            Err(NotSignedIn::NoSession | NotSignedIn::Revoked) => false,
            Err(other) => panic!("{other:?}"),
        }
    }

    async fn check(&self, node: &Engine) -> Result<Identity, NotSignedIn> {
        match (&self.0.cookie, &self.0.tokens) {
            (Some(cookie), _) => node.check_cookie(cookie).await,
            (None, tokens) => node.check_token(&tokens.as_ref().unwrap().access.token).await,
        }
    }
}

/// A sign-up writes no row that a reader could miss.
#[tokio::test]
async fn a_session_that_was_lost_is_forgotten_as_soon_as_the_failover_is_heard_of() {
    for carry in [Carrier::Cookie, Carrier::Token] {
        let nodes = Nodes::start(settings()).await;
        let replica = nodes.store.replica().unwrap();
        let lost = Known::of(&nodes, carry).await;
        nodes.store.fail_over_to(replica).unwrap();
        assert!(lost.is_believed_there(&nodes).await, "it has not heard yet");
        nodes.there.catch_up().await.unwrap();
        assert!(!lost.is_believed_there(&nodes).await);
        assert_eq!(nodes.there.vitals().log.lost, 1);
        // It goes on as on any other day.
        let known = Known::of(&nodes, carry).await;
        assert!(known.is_believed_there(&nodes).await);
        nodes.there.catch_up().await.unwrap();
        assert!(known.is_believed_there(&nodes).await);
        assert_eq!(nodes.there.vitals().log.lost, 1);
    }
}

#[tokio::test]
async fn nobody_who_stayed_is_signed_out() {
    for carry in [Carrier::Cookie, Carrier::Token] {
        let nodes = Nodes::start(settings()).await;
        let known = Known::of(&nodes, carry).await;
        let replica = nodes.store.replica().unwrap();
        nodes.store.fail_over_to(replica).unwrap();
        nodes.there.catch_up().await.unwrap();
        assert!(known.is_believed_there(&nodes).await);
    }
}

/// Storage has nothing to end, and others may believe in it: a guard has its token, and asks nobody.
#[tokio::test]
async fn who_signs_out_of_a_session_that_was_lost_is_signed_out_everywhere() {
    for carry in [Carrier::Cookie, Carrier::Token] {
        let nodes = Nodes::start(settings()).await;
        let replica = nodes.store.replica().unwrap();
        let lost = Known::of(&nodes, carry).await;
        let identity = lost.check(&nodes.here).await.unwrap();
        nodes.store.fail_over_to(replica).unwrap();
        let before = nodes.store.read_snapshot().await.unwrap().place;
        nodes.here.sign_out(&identity).await.unwrap();
        // Once more, from another tab: everybody knows.
        nodes.here.sign_out(&identity).await.unwrap();
        let Reading::Rows { rows, .. } = nodes.store.read_log(before, 9).await.unwrap() else {
            panic!("the log was lost");
        };
        let said: Vec<_> = rows.iter().map(|row| (&row.subject, row.change)).collect();
        assert_eq!(said, [(&Subject::Session(identity.sid()), Change::Ended)]);
        nodes.there.catch_up().await.unwrap();
        assert!(!lost.is_believed_there(&nodes).await);
    }
}
