//! Giving a code (RFC 6749 §4.1.2).

use cloakroom_model::authorization::Code as StoredCode;
use cloakroom_oauth::error::Code;
use cloakroom_store::{InsertCode, NewCode};

use super::{Answer, Question, Unanswerable, text_of};
use crate::Engine;
use crate::identity::Identity;
use crate::secret::{digest_of, to_text};

impl Engine {
    /// Answers a question with a code, which lasts as long as the session it is given in and a minute at most. Where it
    /// rests on what the person allowed, that is still so when the code is stored.
    pub(super) async fn give_code(
        &self,
        question: &Question,
        identity: &Identity,
        rests_on_consent: bool,
    ) -> Result<Answer, Unanswerable> {
        let Some(user) = identity.user_id() else {
            return Err(self.refuse(question, Code::LoginRequired.into()));
        };
        let secret = self.random.secret();
        let now = self.time.now();
        let code = StoredCode {
            digest: digest_of(&secret),
            client: question.client.id.clone(),
            user,
            session: identity.sid(),
            request: text_of(&question.request)?,
            created_at: now,
            expires_at: now.plus(StoredCode::LIVES),
        };
        let spends = question.kept.as_ref().map(|kept| kept.digest);
        match self.store.insert_code(NewCode { code, spends, rests_on_consent }, now).await? {
            InsertCode::Done => match question.request.redirect(&question.client) {
                Ok(redirect) => Ok(self.answer_code(question, redirect, &to_text(&secret))?),
                Err(unregistered) => Err(Unanswerable::Shown(unregistered)),
            },
            InsertCode::Pointless => Err(self.refuse(question, Code::LoginRequired.into())),
            InsertCode::RequestSpent => Err(Unanswerable::Shown(Code::InvalidRequestUri.into())),
        }
    }
}
