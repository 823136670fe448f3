//! RFC 8628 §3.4: a device asks whether somebody has let it in.

use crate::error::Error;
use crate::form::Form;
use crate::token_request::{Presented, resource};

/// The code of a device that waits.
#[derive(Debug)]
pub struct DeviceCodeRequest {
    /// The code.
    pub device_code: Presented,
    /// The one audience that the access token shall be for.
    pub resource: Option<String>,
}

impl DeviceCodeRequest {
    pub(super) fn read(form: &Form) -> Result<Self, Error> {
        let device_code = Presented::code(form.require("device_code")?)?;
        Ok(Self { device_code, resource: resource(form)? })
    }
}
