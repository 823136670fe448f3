//! TLS of a server: the certificate it serves, the address where it asks for others', and who vouches for those.

use std::sync::Arc;

use cloakroom_server::{
    layers::client_certificate::Sources,
    listener::Sockets,
    tls::{Tls, authorities::Authorities, served::Served},
};
use tokio::task::JoinHandle;
use url::Url;

use super::sockets;
use crate::{exit::Failure, settings::Settings};

/// What of TLS a server speaks.
pub(super) struct Secured {
    served: Option<Arc<Served>>,
    asking: Option<Sockets>,
    authorities: Option<Authorities>,
    /// What programs call the address that asks, where the settings say so.
    named: Option<Url>,
}

impl Secured {
    /// Opens the address and reads the files that the settings name.
    pub(super) fn prepare(settings: &Settings) -> Result<Self, Failure> {
        let refused = |error: &dyn std::error::Error| Failure::Refused(error.to_string());
        let asking = settings.mtls_listen.as_ref();
        let asking = asking.map(|listen| sockets::open(listen, "mtls_listen")).transpose()?;
        let served = match (&settings.tls_certificate, &settings.tls_key) {
            (Some(certificate), Some(key)) => {
                Some(Served::read(certificate, key).map_err(|error| refused(&error))?)
            }
            _ => None,
        };
        let authorities = settings.mtls_ca.as_deref().map(Authorities::read);
        let authorities = authorities.transpose().map_err(|error| refused(&error))?;
        Ok(Self { served, asking, authorities, named: settings.mtls_public_url.clone() })
    }

    /// The opened address where clients are asked for a certificate.
    pub(super) fn asking(&self) -> Option<&Sockets> {
        self.asking.as_ref()
    }

    /// What programs call it, of a server that people know by `public_url`.
    pub(super) fn public_url(&self, public_url: &Url) -> Option<Url> {
        if self.named.is_some() {
            return self.named.clone();
        }
        let address = *self.asking.as_ref()?.addresses().first()?;
        let mut url = public_url.clone();
        // It is https, and so has a port to set.
        url.set_port(Some(address.port())).ok()?;
        Some(url)
    }

    /// Whose word is taken about client certificates.
    pub(super) fn client_certificates(&self, settings: &Settings) -> Sources {
        Sources {
            header: settings.client_certificate_header.clone(),
            authorities: self.authorities.clone(),
        }
    }

    /// Looks after the certificate's files.
    pub(super) fn watch(&self) -> Option<JoinHandle<()>> {
        self.served.clone().map(|served| tokio::spawn(served.watch()))
    }

    /// These addresses with TLS, where it is spoken, and the one that asks beside them.
    pub(super) fn put_over(self, sockets: Sockets) -> Sockets {
        let Some(served) = &self.served else { return sockets };
        let sockets = sockets.over(&Tls::new(served));
        match self.asking {
            Some(asking) => sockets.and(asking.over(&Tls::asking(served))),
            None => sockets,
        }
    }
}
