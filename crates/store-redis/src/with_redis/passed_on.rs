//! What Redis has no part in.

use async_trait::async_trait;
use cloakroom_store::{
    Clients, Codes, Consents, DeviceRequests, Events, Grants, InitialTokens, Keys, Links,
    PushedRequests, RelyingParties, Statuses, Store, Streams, Throttles, Users, verbs_of,
};

use super::WithRedis;

macro_rules! passed_on {
    ($trait:ident {
        $($verb:ident($($argument:ident: $type:ty),*) -> $answer:ty;)*
    }) => {
        #[async_trait]
        impl<S: Store> $trait for WithRedis<S> {
            $(
                async fn $verb(&self $(, $argument: $type)*) -> $answer {
                    self.authority.$verb($($argument),*).await
                }
            )*
        }
    };
}

verbs_of! {
    passed_on: Users Grants Consents PushedRequests Codes DeviceRequests Statuses RelyingParties Streams Links Clients InitialTokens Keys Throttles Events
}
