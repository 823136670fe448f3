//! Promises about accounts that their owners change or leave: only with what was shown, and never the last
//! administrator's.

use std::sync::Arc;

use cloakroom_model::event::{Kind, Reason};
use cloakroom_model::user::{Life, Role};

use super::scene::{
    act, disabled, email, ending, insert, new_admin, new_user, session_id, sign_in, sign_up,
    user_id,
};
use super::witness::{CALLERS, Listener, at_once, changed, count, look_at, opens};
use crate::{ChangePassword, Changed, Shown, Store};

pub async fn the_last_administrator_stays(store: Arc<dyn Store>) {
    let admin = insert(&*store, new_admin(1)).await;
    sign_in(&*store, &admin, 1).await;
    sign_up(&*store, 2).await;
    let mut out = new_admin(3);
    out.user.life = disabled();
    insert(&*store, out).await;
    let mut log = Listener::new(&*store).await;

    let delete = act(Kind::UserDeleted);
    let staff = vec![Role::parse("shop:staff").unwrap()];
    let refused = [
        store.set_life(admin.id, disabled(), &act(Kind::UserDisabled)).await.unwrap(),
        store.set_roles(admin.id, staff.clone(), &act(Kind::RolesChanged)).await.unwrap(),
        store.delete_user(admin.id, None, &delete).await.unwrap(),
    ];
    assert_eq!(refused, [const { Changed::LastAdministrator }; 3]);
    assert_eq!(look_at(&*store, admin.id).await, admin);
    assert!(opens(&*store, 1).await);
    log.hears(&*store, &delete, &[], []).await;
    assert_eq!(count(&*store, Kind::UserDeleted).await, 0);

    // Whoever is not the last, or stays one, is as free as anybody.
    let both = vec![Role::admin(), staff[0].clone()];
    changed(store.set_roles(admin.id, both, &act(Kind::RolesChanged)).await.unwrap());
    changed(store.delete_user(user_id(2), None, &delete).await.unwrap());
    changed(store.set_life(user_id(3), Life::Active, &act(Kind::UserEnabled)).await.unwrap());
    changed(store.delete_user(admin.id, None, &delete).await.unwrap());
    let left = store.delete_user(user_id(3), None, &delete).await.unwrap();
    assert_eq!(left, Changed::LastAdministrator);
}

pub async fn of_many_administrators_who_leave_at_once_one_stays(store: Arc<dyn Store>) {
    for n in 1..=CALLERS {
        insert(&*store, new_admin(n)).await;
    }
    let answers = at_once(&store, |store, caller| async move {
        store.delete_user(user_id(caller), None, &act(Kind::UserDeleted)).await.unwrap()
    })
    .await;

    let stayed = answers.iter().filter(|answer| **answer == Changed::LastAdministrator).count();
    assert_eq!(stayed, 1);
    assert!(store.has_admin().await.unwrap());
}

pub async fn what_was_shown_once_changes_nothing_later(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    for (n, whose) in [(1, &user), (2, &user), (3, &other)] {
        sign_in(&*store, whose, n).await;
    }
    store.end_session(session_id(2), Reason::SignedOut, &ending()).await.unwrap();
    let shown = |session, generation| Some(Shown { session: session_id(session), generation });
    let rename = async |shown| {
        let name = new_user(9).user;
        let act = act(Kind::ProfileChanged);
        store.set_names(user.id, name.email, name.username, shown, &act).await.unwrap()
    };
    let delete =
        async |shown| store.delete_user(user.id, shown, &act(Kind::UserDeleted)).await.unwrap();
    let new_password = ChangePassword {
        user: user.id,
        expected_generation: 0,
        password: "new".to_owned(),
        keep: None,
        end_others: false,
        link: None,
        reason: Reason::PasswordChanged,
    };
    changed(store.change_password(new_password, &act(Kind::PasswordChanged)).await.unwrap());

    // From a session that has ended, is somebody else's, or never was; and by a password that is another now.
    for stale in [shown(2, 1), shown(3, 1), shown(7, 1), shown(1, 0)] {
        assert_eq!(rename(stale).await, Changed::Stale, "{stale:?}");
        assert_eq!(delete(stale).await, Changed::Stale, "{stale:?}");
    }
    assert_eq!(look_at(&*store, user.id).await.email, email(1));
    assert_eq!(count(&*store, Kind::ProfileChanged).await, 0);

    changed(rename(shown(1, 1)).await);
    changed(delete(shown(1, 1)).await);
}
