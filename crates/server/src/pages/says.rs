//! What the client behind a question says of itself.

use cloakroom_engine::authorize::Question;

use super::view::says::Says;

pub(super) fn by(question: &Question) -> Says {
    let about = &question.client.registration.about;
    let links = [
        ("its home page", &about.home),
        ("its privacy policy", &about.policy),
        ("its terms", &about.terms),
        ("its logo", &about.logo),
    ];
    let links = links.into_iter().filter_map(|(words, href)| Some((words, href.clone()?)));
    Says { client: question.client.name.clone(), links: links.collect() }
}
