//! Finding out whether a client is who it says it is (RFC 6749 §2.3): by its secret, by an assertion that it signed, or by
//! the certificate of its connection (RFC 8705 §2).

use std::sync::Arc;

use cloakroom_jose::{Algorithms, Jwks, TrustedKeys};
use cloakroom_model::client::Client;
use cloakroom_oauth::client_assertion;
use cloakroom_oauth::client_authentication::{Check, Claimed};
use cloakroom_oauth::client_certificate::Certificate;
use cloakroom_oauth::error::{Code, Error};

use crate::Engine;
use crate::fetch::Fetch;
use crate::possession::Unproved;
use crate::throttle::What;
use crate::visitor::Visitor;

/// The certificate that a connection showed, whose key it proved to hold.
pub struct Shown {
    /// The certificate.
    pub certificate: Certificate,
    /// Whether an authority of the operator's vouches for it.
    pub vouched_for: bool,
}

impl Engine {
    /// Finds the client that a request claims to be from, and holds it to the proof that it registered.
    pub async fn authenticate_client(
        &self,
        claimed: &Claimed,
        shown: Option<&Shown>,
        visitor: &Visitor,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<Arc<Client>, Unproved> {
        self.limits.check(What::Client, &visitor.address, self.time.now()).await?;
        self.hear().await?;
        let known = self.clients.find(&claimed.client);
        let held = self.hold_to_its_proof(known.as_ref(), claimed, shown, fetch).await;
        if held.is_ok() {
            return held;
        }
        // It may have been registered, or have got another secret, at another node a moment ago.
        self.hear_to_the_end().await?;
        let now_known = self.clients.find(&claimed.client);
        if known == now_known {
            return held;
        }
        self.hold_to_its_proof(now_known.as_ref(), claimed, shown, fetch).await
    }

    async fn hold_to_its_proof(
        &self,
        known: Option<&Arc<Client>>,
        claimed: &Claimed,
        shown: Option<&Shown>,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<Arc<Client>, Unproved> {
        let client = known.ok_or_else(|| Error::from(Code::InvalidClient))?;
        self.rules().admit(client, Code::InvalidClient)?;
        let is_it = match claimed.check(client)? {
            Check::Nothing => true,
            Check::Secret(secret) => self.is_client_secret(client, secret),
            Check::Assertion(assertion) => {
                self.check_assertion(assertion, client, fetch).await?;
                true
            }
            Check::CertificateByName => shown.is_some_and(|shown| is_named(client, shown)),
            Check::CertificateByKey => match shown {
                Some(shown) => self.is_key_of(client, shown, fetch).await?,
                None => false,
            },
        };
        if is_it { Ok(Arc::clone(client)) } else { Err(Error::from(Code::InvalidClient).into()) }
    }

    /// RFC 8705 §2.2: nobody vouches for it, so its times are looked at here.
    async fn is_key_of(
        &self,
        client: &Client,
        Shown { certificate, .. }: &Shown,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<bool, Error> {
        if !certificate.is_current(self.time.now()) {
            return Ok(false);
        }
        let has_key = |keys: &Jwks| {
            let has_key = certificate.has_key_of(keys);
            has_key.then_some(()).ok_or_else(|| Error::from(Code::InvalidClient))
        };
        let found = self.with_keys_of(client, fetch, has_key).await;
        Ok(found.map_err(|why| why.told(Code::InvalidClient))?.is_ok())
    }

    /// RFC 7523 §3: signed by one of the client's keys, for this server, and never seen before.
    async fn check_assertion(
        &self,
        assertion: &str,
        client: &Client,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<(), Unproved> {
        let unknown = |why: &'static str| Error::new(Code::InvalidClient, why);
        let (issuer, now) = (&self.settings.issuer, self.time.now());
        let accept = self.rules().algorithms.and(Algorithms::ASYMMETRIC);
        client_assertion::could_be(assertion, &client.id, accept, issuer, now)?;
        let verify = |keys: &Jwks| {
            let keys = TrustedKeys::new(keys.verifying_keys(accept).flatten());
            let keys = keys.map_err(|_| unknown("two keys of the client have one kid"))?;
            client_assertion::verify(assertion, &client.id, &keys, accept, issuer, now)
        };
        let mark = self.with_keys_of(client, fetch, verify).await;
        let mark = mark.map_err(|why| why.told(Code::InvalidClient))??;
        // Last, so that nothing but a good assertion leaves a mark.
        if self.store.mark_once(mark.digest, mark.until, now).await? {
            Ok(())
        } else {
            Err(unknown("the client assertion was used before").into())
        }
    }
}

/// RFC 8705 §2.1: without somebody who vouches for it, a name is what its owner wrote.
fn is_named(client: &Client, Shown { certificate, vouched_for }: &Shown) -> bool {
    let name = client.registration.certificate.as_ref();
    *vouched_for && name.is_some_and(|name| certificate.is_for(name))
}
