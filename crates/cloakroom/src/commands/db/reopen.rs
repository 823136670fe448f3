//! `cloakroom db reopen`: the mark taken away from a database that was moved.

use cloakroom_store_sql::copy::{Reopened, reopen};
use serde_json::json;

use super::{
    block_on,
    place::{Opened, Side, Where, alone},
};
use crate::{
    arguments::Reopen,
    asking,
    exit::Failure,
    output::Output,
    settings::{self, Given},
};

/// Lets servers start on the database of the settings again.
pub(super) fn run(how: &Reopen, given: &Given, output: &Output) -> Result<(), Failure> {
    let settings = settings::load(given)?.settings;
    let place = Where::of(settings.database.clone(), None, &settings)?;
    let shown = place.shown();
    asking::sure(&format!("Let servers start on {shown} again?"), how.yes)?;
    let _alone = alone(&[&place])?;
    let reopened = block_on(async {
        Ok(match place.open(Side::Source, &settings).await? {
            Opened::File(file) => reopen(&file, how.danger_two_places).await?,
            Opened::Server(server) => reopen(&*server, how.danger_two_places).await?,
        })
    })?;
    let text = match reopened {
        Reopened::GivenUp => format!(
            "Servers may start on {shown} again. What was copied from it is of no use any more: empty that database \
             before the next copy."
        ),
        Reopened::InTwoPlaces => format!(
            "Servers may start on {shown} again. Its sessions are now live in two places, and an end in one says \
             nothing to the other."
        ),
    };
    let two_places = reopened == Reopened::InTwoPlaces;
    output.say(&text, &json!({ "database": shown, "two_places": two_places }))
}
