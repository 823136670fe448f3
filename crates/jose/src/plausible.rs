//! A look at a token before there are keys to verify it by: whether fetching them is worth it.
//!
//! Everything that verification asks is asked, but for the key and the signature. Nothing is proved by it, so nothing of
//! what the token says comes out: a yes leads to a verification and to nothing else.

use crate::base64url;
use crate::claims::Judged;
use crate::error::Error;
use crate::expectations::Expectations;
use crate::header::{self, Header};
use crate::verify::parts;

impl Expectations {
    /// Whether somebody's key could make `token` good at `now`, in seconds since 1970. If not, the answer is the refusal
    /// that verification would give.
    pub fn could_be_met_by(&self, token: &str, now: u64) -> Result<(), Error> {
        self.size(token)?;
        let [encoded_header, encoded_claims, encoded_signature] = parts(token)?;
        let mut buffer: header::Buffer = [0; header::MAX_BYTES];
        let Header { algorithm, kid, typ } = Header::read(encoded_header, &mut buffer)?;
        self.typ(typ.as_deref())?;
        self.algorithm(algorithm)?;
        if kid.is_none() && self.key_id_required() {
            return Err(Error::KeyIdMissing);
        }
        if base64url::decode(encoded_signature)?.is_empty() {
            return Err(Error::Signature);
        }
        let claims = base64url::decode(encoded_claims)?;
        let claims = std::str::from_utf8(&claims).map_err(|_| Error::NotJson)?;
        let judged = Judged::read(claims)?;
        self.parties(&judged, None)?;
        self.times(judged.times, now)
    }
}
