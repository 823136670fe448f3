//! Giving a code (RFC 6749 §4.1.2).

use cloakroom_model::authorization::{Code as StoredCode, PushedRequest};
use cloakroom_model::time::Timestamp;
use cloakroom_oauth::error::Code;
use cloakroom_oauth::replay::Mark;
use cloakroom_store::{Error, InsertCode, NewCode};

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
        if !self.is_first_answer(question, now).await? {
            return Err(Unanswerable::Shown(Code::InvalidRequestUri.into()));
        }
        match self.store.insert_code(NewCode { code, spends, rests_on_consent }, now).await? {
            InsertCode::Done => match question.request.redirect(&question.client) {
                Ok(redirect) => Ok(self.answer_code(question, redirect, &to_text(&secret))?),
                Err(unregistered) => Err(Unanswerable::Shown(unregistered)),
            },
            InsertCode::Pointless => Err(self.refuse(question, Code::LoginRequired.into())),
            InsertCode::RequestSpent => Err(Unanswerable::Shown(Code::InvalidRequestUri.into())),
        }
    }

    /// RFC 9126 §7.3, FAPI 2.0 Security Profile §5.3.2.2: a pushed request is good for one code, and not for one visit. A
    /// browser that came with its name twice has two names of ours for it by now.
    async fn is_first_answer(&self, question: &Question, now: Timestamp) -> Result<bool, Error> {
        let Some(pushed) = question.pushed_name() else { return Ok(true) };
        let until = question.began_at.plus(PushedRequest::BROUGHT_LIVES);
        let mark = Mark::of("pushed request", question.client.id.as_str(), pushed, until);
        self.store.mark_once(mark.digest, mark.until, now).await
    }
}
