//! Promises about users: names are unique, a change is made against what its maker saw, and a user who leaves
//! takes everything along.

use std::sync::Arc;

use cloakroom_model::data::{Change, Owner};
use cloakroom_model::event::Kind;
use cloakroom_model::id::UserId;
use cloakroom_model::link::Purpose;
use cloakroom_model::log::Subject;
use cloakroom_model::user::{Email, Life, Lookup, Role, Username};
use serde_json::json;

use super::scene::{
    act, at, begin, begun, digest, disabled, email, ending, give_own_grant, insert, insert_link,
    key, link, new_admin, new_user, put, session_id, sign_in, sign_up, user_id, username, write,
};
use super::witness::{
    CALLERS, Listener, at_once, changed, count, different, ended, grant_ended, grants_there,
    look_at, opens, session_ended, value,
};
use crate::{
    AccountFailures, Act, Begin, Begun, Changed, InsertUser, Login, NewUser, Store, UserFilter,
};

pub async fn a_user_is_found_by_id_email_and_username(store: Arc<dyn Store>) {
    let NewUser { user, password } = new_user(1);
    assert_eq!(insert(&*store, new_user(1)).await, user);
    let login = Some(Login { user, password });

    for name in ["User1@example.com", "user1@EXAMPLE.com", "user1", "USER1"] {
        assert_eq!(store.find_login(&Lookup::of(name)).await.unwrap(), login, "{name}");
    }
    assert_eq!(store.find_login_of(user_id(1)).await.unwrap(), login);

    assert_eq!(store.find_user(user_id(2)).await.unwrap(), None);
    assert_eq!(store.find_login_of(user_id(2)).await.unwrap(), None);
    for name in ["user", "user1@example", "hash 1", ""] {
        assert_eq!(store.find_login(&Lookup::of(name)).await.unwrap(), None, "{name}");
    }
}

pub async fn insert_never_replaces_a_user(store: Arc<dyn Store>) {
    let first = insert(&*store, new_user(1)).await;

    let mut same_email = new_user(2);
    same_email.user.email = Email::parse("uSER1@example.COM").unwrap();
    let answer = store.insert_user(same_email, &act(Kind::SignedUp)).await.unwrap();
    assert_eq!(answer, InsertUser::EmailTaken);

    let mut same_username = new_user(2);
    same_username.user.username = Some(Username::parse("uSER1").unwrap());
    let answer = store.insert_user(same_username, &act(Kind::SignedUp)).await.unwrap();
    assert_eq!(answer, InsertUser::UsernameTaken);

    let mut same_id = new_user(2);
    same_id.user.id = user_id(1);
    assert!(store.insert_user(same_id, &act(Kind::SignedUp)).await.is_err());

    let login = store.find_login_of(user_id(1)).await.unwrap().unwrap();
    assert_eq!((login.user, login.password.as_deref()), (first, Some("hash 1")));
    // What was refused has left nothing: neither the user nor a claim to the names, nor an event.
    assert_eq!(store.find_user(user_id(2)).await.unwrap(), None);
    assert_eq!(count(&*store, Kind::SignedUp).await, 1);
    insert(&*store, new_user(2)).await;
}

pub async fn of_many_who_want_one_name_one_gets_it(store: Arc<dyn Store>) {
    let answers = at_once(&store, |store, caller| async move {
        let mut new = new_user(caller);
        new.user.email = email(1);
        store.insert_user(new, &act(Kind::SignedUp)).await.unwrap()
    })
    .await;

    assert_eq!(answers.iter().filter(|answer| **answer == InsertUser::Done).count(), 1);
    let others = answers.iter().filter(|answer| **answer == InsertUser::EmailTaken).count();
    assert_eq!(others, usize::from(CALLERS) - 1);
    let filter = UserFilter { limit: 100, ..UserFilter::default() };
    assert_eq!(store.list_users(&filter).await.unwrap().len(), 1);
}

pub async fn users_are_listed_page_by_page(store: Arc<dyn Store>) {
    for n in [3, 1, 4, 2] {
        let mut new = new_user(n);
        if n == 4 {
            new.user.username = Some(Username::parse("Ada").unwrap());
            new.user.email = Email::parse("zoe_%@example.com").unwrap();
        }
        insert(&*store, new).await;
    }
    let list = async |after: Option<UserId>, begins: Option<&str>, limit| {
        let begins_with = begins.map(Lookup::of);
        let users = store.list_users(&UserFilter { after, begins_with, limit }).await.unwrap();
        users.into_iter().map(|user| user.id).collect::<Vec<_>>()
    };

    assert_eq!(list(None, None, 2).await, [user_id(1), user_id(2)]);
    assert_eq!(list(Some(user_id(2)), None, 2).await, [user_id(3), user_id(4)]);
    assert_eq!(list(Some(user_id(4)), None, 2).await, []);
    assert_eq!(list(None, Some("USER"), 9).await, [user_id(1), user_id(2), user_id(3)]);
    assert_eq!(list(Some(user_id(1)), Some("user"), 1).await, [user_id(2)]);
    assert_eq!(list(None, Some("ada"), 9).await, [user_id(4)]);
    // Nothing in it means anything but itself.
    assert_eq!(list(None, Some("zoe_%@"), 9).await, [user_id(4)]);
    for pattern in ["user_@", "%", "u*", "[u]ser"] {
        assert_eq!(list(None, Some(pattern), 9).await, [], "{pattern}");
    }
}

pub async fn an_administrator_is_one_who_may_come_in(store: Arc<dyn Store>) {
    sign_up(&*store, 1).await;
    assert!(!store.has_admin().await.unwrap());
    let mut out = new_admin(2);
    out.user.life = disabled();
    insert(&*store, out).await;
    assert!(!store.has_admin().await.unwrap());
    changed(store.set_life(user_id(2), Life::Active, &act(Kind::UserEnabled)).await.unwrap());
    assert!(store.has_admin().await.unwrap());
}

pub async fn an_upgraded_password_is_the_same_password(store: Arc<dyn Store>) {
    let before = sign_up(&*store, 1).await;
    let upgrade = async |id, seen: &str, upgraded: &str| {
        store.upgrade_password(id, seen, upgraded, &act(Kind::PasswordUpgraded)).await.unwrap()
    };

    assert!(upgrade(user_id(1), "hash 1", "better 1").await);
    assert!(!upgrade(user_id(1), "hash 1", "stale 1").await);
    assert!(!upgrade(user_id(2), "hash 2", "better 2").await);

    let login = store.find_login_of(user_id(1)).await.unwrap().unwrap();
    assert_eq!((login.user, login.password.as_deref()), (before, Some("better 1")));
    assert_eq!(count(&*store, Kind::PasswordUpgraded).await, 1);
}

pub async fn a_disabled_user_is_out_and_keeps_the_account(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    give_own_grant(&*store, &user, 9).await;
    sign_in(&*store, &user, 1).await;
    sign_in(&*store, &user, 2).await;
    sign_in(&*store, &other, 3).await;
    put(&*store, key(Owner::User(user.id), "cart"), json!(1), 1).await;
    let mut log = Listener::new(&*store).await;

    let disable = act(Kind::UserDisabled);
    let rows = changed(store.set_life(user.id, disabled(), &disable).await.unwrap());

    let expected = [
        different(Subject::User(user.id)),
        session_ended(1),
        session_ended(2),
        grant_ended(1),
        grant_ended(2),
        grant_ended(9),
    ];
    log.hears(&*store, &disable, &rows, expected).await;
    assert!(!opens(&*store, 1).await && !opens(&*store, 2).await && opens(&*store, 3).await);
    assert_eq!(grants_there(&*store, [1, 2, 3, 9]).await, [3]);
    let now = look_at(&*store, user.id).await;
    assert_eq!((now.life, now.generation), (disabled(), user.generation + 1));
    assert!(store.find_login(&email(1).lookup()).await.unwrap().is_some());

    let enable = act(Kind::UserEnabled);
    let rows = changed(store.set_life(user.id, Life::Active, &enable).await.unwrap());
    log.hears(&*store, &enable, &rows, [different(Subject::User(user.id))]).await;
    let now = look_at(&*store, user.id).await;
    assert_eq!((now.life, now.generation), (Life::Active, user.generation + 2));
    assert_eq!(value(&*store, key(Owner::User(user.id), "cart")).await, Some(json!(1)));
    assert!(!opens(&*store, 1).await);
    sign_in(&*store, &now, 4).await;

    let nobody = store.set_life(user_id(7), disabled(), &act(Kind::UserDisabled)).await.unwrap();
    assert_eq!(nobody, Changed::NoUser);
}

pub async fn roles_are_replaced_and_told(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_in(&*store, &user, 1).await;
    insert(&*store, new_admin(2)).await;
    let mut log = Listener::new(&*store).await;
    let roles = vec![Role::admin(), Role::parse("shop:staff").unwrap()];

    let give = act(Kind::RolesChanged);
    let rows = changed(store.set_roles(user.id, roles.clone(), &give).await.unwrap());
    log.hears(&*store, &give, &rows, [different(Subject::User(user.id))]).await;
    assert_eq!(look_at(&*store, user.id).await.roles, roles);
    let live = store.find_session_by_id(session_id(1)).await.unwrap().unwrap();
    assert_eq!(live.user.roles, roles);

    changed(store.set_roles(user.id, Vec::new(), &act(Kind::RolesChanged)).await.unwrap());
    assert_eq!(look_at(&*store, user.id).await, user);
    let nobody = store.set_roles(user_id(7), roles, &act(Kind::RolesChanged)).await.unwrap();
    assert_eq!(nobody, Changed::NoUser);
}

pub async fn names_are_replaced_and_told(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    sign_up(&*store, 2).await;
    let mut log = Listener::new(&*store).await;
    let rename = async |email: &str, username: Option<&str>, act: &Act| {
        let email = Email::parse(email).unwrap();
        let username = username.map(|name| Username::parse(name).unwrap());
        store.set_names(user.id, email, username, None, act).await.unwrap()
    };
    let profile = act(Kind::ProfileChanged);

    assert_eq!(rename("user2@example.com", None, &profile).await, Changed::EmailTaken);
    let taken = rename("new@example.com", Some("user2"), &profile).await;
    assert_eq!(taken, Changed::UsernameTaken);
    assert_eq!(look_at(&*store, user.id).await, user);
    assert_eq!(store.find_login(&Lookup::of("new@example.com")).await.unwrap(), None);
    log.hears(&*store, &profile, &[], []).await;

    // One's own name in another spelling is nobody else's.
    let rows = changed(rename("USER1@example.com", Some("Ada"), &profile).await);
    log.hears(&*store, &profile, &rows, [different(Subject::User(user.id))]).await;
    let now = look_at(&*store, user.id).await;
    assert_eq!(now.email.as_str(), "USER1@example.com");
    assert!(store.find_login(&Lookup::of("ada")).await.unwrap().is_some());
    assert_eq!(store.find_login(&Lookup::of("user1")).await.unwrap(), None);

    changed(rename("new@example.com", None, &profile).await);
    assert_eq!(store.find_login(&Lookup::of("user1@example.com")).await.unwrap(), None);
    assert!(store.find_login(&Lookup::of("new@example.com")).await.unwrap().is_some());
    // The names that were given up are free.
    let names =
        store.set_names(user_id(2), email(1), Some(username(1)), None, &profile).await.unwrap();
    changed(names);

    let nobody = store.set_names(user_id(7), email(7), None, None, &profile).await.unwrap();
    assert_eq!(nobody, Changed::NoUser);
}

pub async fn a_deleted_user_leaves_nothing(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let other = sign_up(&*store, 2).await;
    give_own_grant(&*store, &user, 9).await;
    begun(&*store, Begin { device: Some(digest(50)), ..begin(&user, 1) }).await;
    sign_in(&*store, &other, 3).await;
    let documents = [
        key(Owner::User(user.id), "cart"),
        key(Owner::Session(session_id(1)), "tabs"),
        key(Owner::User(other.id), "cart"),
    ];
    for (document, n) in documents.clone().into_iter().zip(1..) {
        put(&*store, document, json!(n), n).await;
    }
    insert_link(&*store, link(60, Purpose::Recover { user: user.id })).await;
    insert_link(&*store, link(61, Purpose::Cookie { session: session_id(1) })).await;
    insert_link(&*store, link(62, Purpose::Recover { user: other.id })).await;
    store.count_failure(user.id, None, at(1)).await.unwrap();
    let mut log = Listener::new(&*store).await;

    let delete = act(Kind::UserDeleted);
    let rows = changed(store.delete_user(user.id, None, &delete).await.unwrap());

    let expected =
        [ended(Subject::User(user.id)), session_ended(1), grant_ended(1), grant_ended(9)];
    log.hears(&*store, &delete, &rows, expected).await;
    assert_eq!(store.find_user(user.id).await.unwrap(), None);
    assert_eq!(store.find_login(&email(1).lookup()).await.unwrap(), None);
    assert_eq!(store.find_login(&username(1).lookup()).await.unwrap(), None);
    assert!(!opens(&*store, 1).await && opens(&*store, 3).await);
    assert_eq!(store.list_sessions(user.id).await.unwrap(), []);
    assert_eq!(store.list_all_sessions(None, 9).await.unwrap().len(), 1);
    assert_eq!(grants_there(&*store, [1, 3, 9]).await, [3]);
    let mut values = Vec::new();
    for document in documents {
        values.push(value(&*store, document).await);
    }
    assert_eq!(values, [None, None, Some(json!(3))]);
    for (n, there) in [(60, false), (61, false), (62, true)] {
        let found = store.find_link(&digest(n), at(0)).await.unwrap();
        assert_eq!(found.is_some(), there, "link {n}");
    }
    let failures = store.find_failures(user.id, Some(&digest(50))).await.unwrap();
    assert_eq!(failures, AccountFailures::default());
    assert_eq!(store.delete_user(user.id, None, &delete).await.unwrap(), Changed::NoUser);
    assert_eq!(count(&*store, Kind::UserDeleted).await, 1);

    // The names are free, and who takes them inherits nothing.
    let mut heir = new_user(4);
    (heir.user.email, heir.user.username) = (email(1), Some(username(1)));
    let heir = insert(&*store, heir).await;
    assert_eq!(store.list_sessions(heir.id).await.unwrap(), []);
    assert_eq!(store.list_grants_of_user(heir.id).await.unwrap(), []);
    assert_eq!(value(&*store, key(Owner::User(heir.id), "cart")).await, None);
}

pub async fn nothing_lasts_that_raced_the_end_of_its_user(store: Arc<dyn Store>) {
    let user = sign_up(&*store, 1).await;
    let answers = at_once(&store, |store, caller| {
        let user = user.clone();
        async move {
            if caller == CALLERS / 2 {
                changed(store.delete_user(user.id, None, &act(Kind::UserDeleted)).await.unwrap());
                return None;
            }
            if caller % 2 == 0 {
                let link = link(60 + caller, Purpose::Recover { user: user.id });
                store.insert_link(link, &act(Kind::LinkMade)).await.unwrap();
            }
            let cart = key(Owner::User(user.id), "cart");
            let write = write(cart, Change::Put(json!(caller)), caller);
            store.write_data(write, &ending()).await.unwrap();
            let begin = Begin { device: Some(digest(50)), ..begin(&user, caller) };
            Some(store.begin_session(begin, &act(Kind::SignedIn)).await.unwrap())
        }
    })
    .await;

    for answer in answers.into_iter().flatten() {
        assert!(matches!(answer, Begun::Done(_) | Begun::Stale), "{answer:?}");
    }
    assert_eq!(store.list_all_sessions(None, 100).await.unwrap(), []);
    assert_eq!(store.list_grants_of_user(user.id).await.unwrap(), []);
    assert_eq!(value(&*store, key(Owner::User(user.id), "cart")).await, None);
    for n in 1..=CALLERS {
        assert!(!opens(&*store, n).await);
        assert_eq!(store.find_link(&digest(60 + n), at(0)).await.unwrap(), None);
    }
    let failures = store.find_failures(user.id, Some(&digest(50))).await.unwrap();
    assert!(!failures.known_device);
}
