//! Whether whoever sends a request holds a key (RFC 9449): each proof counts once.

use cloakroom_model::client::Client;
use cloakroom_model::grant::Confirmation;
use cloakroom_model::registration::Binding;
use cloakroom_oauth::dpop::{self, Freshness, Nonces, Proved};
use cloakroom_oauth::error::{Code, Error};

use crate::Engine;
use crate::throttle::{Limited, What};
use crate::visitor::Visitor;

/// Why a proof does not count: of who a client is, or of a key that it holds.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unproved {
    /// It is missing or not good.
    #[error(transparent)]
    Refused(#[from] Error),
    /// Too many from here.
    #[error(transparent)]
    Limited(#[from] Limited),
    /// Storage failed.
    #[error(transparent)]
    Store(#[from] cloakroom_store::Error),
}

impl Engine {
    /// The key that is proved with a request for tokens.
    pub async fn prove_key(
        &self,
        proof: &str,
        request: &dpop::Request<'_>,
        visitor: &Visitor,
    ) -> Result<Confirmation, Unproved> {
        self.limits.check(What::Proof, &visitor.address, self.time.now()).await?;
        self.hear().await?;
        let proved = self.verify_proof(proof, request)?;
        self.spend_proof(&proved).await?;
        Ok(Confirmation::Key(proved.thumbprint))
    }

    /// Verifies a proof, which counts once it is [spent](Self::spend_proof): beside an access token, after that was found to
    /// be good and bound to this key. So what anybody can make leaves no mark.
    pub fn verify_proof(&self, proof: &str, request: &dpop::Request<'_>) -> Result<Proved, Error> {
        let (accept, now) = (self.rules().algorithms, self.time.now());
        dpop::verify(proof, request, Freshness::Stated(&self.nonces()), accept, now)
    }

    /// Marks a proof as used. A second use is refused.
    pub async fn spend_proof(&self, proved: &Proved) -> Result<(), Unproved> {
        let Proved { mark, .. } = proved;
        if self.store.mark_once(mark.digest, mark.until, self.time.now()).await? {
            Ok(())
        } else {
            Err(Error::new(Code::InvalidDpopProof, "the DPoP proof was used before").into())
        }
    }

    /// What a client whose nonce is not good is to put into its next proof (RFC 9449 §8).
    #[must_use]
    pub fn proof_nonce(&self) -> String {
        self.nonces().current(self.time.now())
    }

    /// Whether a token may be used by who proved this key, or none. One that is not bound is not for those who prove a key
    /// for it (RFC 9449 §7.1): somebody made them believe that it was. Where all are to be bound it is for nobody: it is
    /// from before that.
    pub(crate) fn holds(
        &self,
        bound_to: Option<&Confirmation>,
        proved: Option<&Confirmation>,
    ) -> bool {
        match (bound_to, proved) {
            (Some(bound_to), proved) => proved == Some(bound_to),
            (None, _) if self.rules().bound_always => false,
            (None, proved) => !matches!(proved, Some(Confirmation::Key(_))),
        }
    }

    /// What a client's tokens have to be bound to.
    pub(crate) fn binding_of(&self, client: &Client) -> Binding {
        match client.registration.binding {
            // A client that is known by its certificate and did not say so either proves a key as any other does.
            Binding::WhereProved if self.rules().bound_always => Binding::Dpop,
            binding => binding,
        }
    }

    fn nonces(&self) -> Nonces {
        Nonces::derive(&self.data_keys.oldest())
    }
}
