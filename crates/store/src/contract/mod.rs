//! The promises that every backend must keep, each as a test whose name is the claim.
//!
//! A backend runs all of them with [`contract!`](crate::contract!), each on a store of its own. Those about
//! callers at once bring real threads together at a barrier; the backend's own tests may add what only it can
//! do, such as a second process or a crash. Times are arguments throughout: nothing here waits for a clock.
//!
//! That each promise can fail is a test too: there is a backend, broken on purpose, that breaks it.

#![expect(missing_docs, reason = "a promise's name is its claim, and its body says the rest")]
#![expect(clippy::missing_panics_doc, reason = "to panic is how a promise says that it was broken")]

#[cfg(test)]
mod broken;
mod scene;
pub(crate) mod witness;

pub mod accounts;
pub mod carry_over;
pub mod clients;
pub mod codes;
pub mod consents;
pub mod data;
pub mod device_requests;
pub mod elsewhere;
pub mod events;
pub mod grants;
pub mod guests;
pub mod initial_tokens;
pub mod keys;
pub mod links;
pub mod marks;
pub mod passwords;
pub mod pushed_requests;
pub mod relying_parties;
pub mod revocations;
pub mod secrets;
pub mod sessions;
pub mod sign_in;
pub mod statuses;
pub mod streams;
pub mod throttles;
pub mod users;

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use crate::Store;

/// An empty store, and what must outlive it, such as its folder.
pub struct Fresh {
    /// The store.
    pub store: Arc<dyn Store>,
    _outlives: Option<Box<dyn Any>>,
}

impl Fresh {
    /// A store that needs nothing else.
    pub fn new(store: impl Store + 'static) -> Self {
        Self { store: Arc::new(store), _outlives: None }
    }

    /// Keeps `outlives` until the store is gone.
    #[must_use]
    pub fn beside(self, outlives: impl Any) -> Self {
        Self { _outlives: Some(Box::new(outlives)), ..self }
    }
}

impl fmt::Debug for Fresh {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fresh").finish_non_exhaustive()
    }
}

/// Makes a test of each promise. `$fresh` is evaluated anew in each, on a runtime of several threads, and gives
/// a [`Fresh`].
#[macro_export]
macro_rules! contract {
    ($fresh:expr) => {
        $crate::for_each_promise! { [$crate::contract_test] ($fresh) }
    };
}

/// The same of those promises alone that where guests lie has a part in.
#[macro_export]
macro_rules! contract_of_guests {
    ($fresh:expr) => {
        $crate::for_each_promise_of_guests! { [$crate::contract_test] ($fresh) }
    };
}

/// The tests of one list of promises.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_test {
    (($fresh:expr) $($module:ident { $($promise:ident,)* })*) => {
        $(mod $module {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $promise() {
                let fresh: $crate::contract::Fresh = $fresh;
                let store = ::std::sync::Arc::clone(&fresh.store);
                $crate::contract::$module::$promise(store).await;
            }
            )*
        })*
    };
}

/// Hands the one list of all promises, by module, to the macro that is named.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_promise {
    ([$($then:tt)*] $with:tt) => {
        $crate::for_each_promise_of_guests! {
            [$($then)*] $with
            users {
                a_user_is_found_by_id_email_and_username,
                insert_never_replaces_a_user,
                of_many_who_want_one_name_one_gets_it,
                users_are_listed_page_by_page,
                an_administrator_is_one_who_may_come_in,
                an_upgraded_password_is_the_same_password,
                a_disabled_user_is_out_and_keeps_the_account,
                roles_are_replaced_and_told,
                names_are_replaced_and_told,
                a_deleted_user_leaves_nothing,
                nothing_lasts_that_raced_the_end_of_its_user,
            }
            accounts {
                the_last_administrator_stays,
                of_many_administrators_who_leave_at_once_one_stays,
                what_was_shown_once_changes_nothing_later,
            }
            passwords {
                a_password_is_changed_only_as_it_was_seen,
                of_many_changes_that_saw_the_same_password_one_is_done,
                a_changed_password_can_leave_the_others_in,
                a_changed_password_can_end_the_others,
                who_changed_the_password_gets_a_new_secret,
                a_session_that_is_gone_changes_no_password,
                a_recovery_link_changes_one_password_once,
                a_new_password_leaves_no_failures_and_no_open_link,
            }
            sessions {
                a_session_is_found_by_its_secret_and_by_its_id,
                guests_and_sessions_are_two_things,
                an_end_is_told_of_the_session_and_of_each_grant,
                nothing_brings_an_ended_session_back,
                an_end_wins_over_everything_it_races,
                the_end_of_all_of_a_user_reaches_nobody_else,
                the_end_of_the_others_leaves_one_and_the_users_own_grants,
                the_end_of_everybodys_leaves_nothing_to_present,
                sessions_of_a_user_are_listed_the_latest_used_first,
                all_sessions_are_listed_page_by_page,
                last_seen_is_raised_and_never_lowered,
                sessions_whose_time_is_over_end_with_their_reason,
            }
            secrets {
                a_new_secret_takes_the_place_of_the_old_one,
                stepping_up_is_kept_with_the_new_secret,
                stepping_up_against_an_older_generation_changes_nothing,
                a_replaced_secret_is_told_for_a_minute,
                an_ended_session_is_told_of_no_more,
                a_link_puts_a_session_into_a_cookie_once,
                of_many_who_follow_one_link_one_gets_the_cookie,
                a_browser_that_takes_a_session_over_leaves_its_own,
            }
            sign_in {
                a_session_begins_with_all_that_belongs_to_it,
                a_sign_up_makes_user_and_session_together,
                a_sign_in_against_an_older_generation_is_not_stored,
                no_sign_in_survives_what_it_raced,
                a_sign_in_takes_the_place_of_the_browsers_earlier_session,
                one_more_than_the_limit_evicts_the_one_unused_for_longest,
                a_full_house_can_refuse_one_more,
                of_many_who_want_the_last_place_one_gets_it,
                a_set_up_link_makes_one_administrator,
                a_set_up_link_is_void_once_there_is_an_administrator,
                of_many_who_follow_the_set_up_link_one_becomes_administrator,
                a_recovery_link_lets_its_user_in_once,
                a_refused_sign_in_changes_nothing,
            }
            grants {
                a_grant_is_found_with_its_parents,
                a_grant_is_kept_with_all_it_says,
                a_grant_that_would_hang_from_nothing_is_not_kept,
                no_grant_is_made_that_outlives_the_session_it_raced,
                what_a_user_allowed_one_client_is_listed_and_ended_together,
                a_grant_without_a_session_lives_and_ends_like_any_other,
                grants_are_listed_by_session_and_by_user,
                a_rotation_moves_the_chain_from_the_number_it_saw,
                of_many_who_rotate_the_same_token_one_does,
                a_rotation_is_a_use_of_the_grant_and_of_its_session,
                a_chain_that_stays_is_used_and_keeps_its_number,
                an_ended_grant_rotates_no_more,
                an_end_of_a_grant_wins_over_the_rotations_it_races,
                grants_whose_time_is_over_end_with_their_reason,
            }
            consents {
                a_consent_is_widened_and_never_narrowed,
                what_many_allow_at_once_is_all_allowed,
                nobody_who_is_out_allows_anything,
                a_withdrawn_consent_takes_along_what_came_of_it,
                a_code_that_rests_on_a_consent_needs_it,
                a_withdrawal_wins_over_the_codes_it_races,
                a_withdrawal_wins_over_the_grants_of_codes_it_races,
                consents_go_with_their_user_or_client_alone,
                no_consent_is_left_of_a_user_it_raced,
            }
            pushed_requests {
                a_request_is_found_until_it_expires,
                insert_never_replaces_a_request,
                expired_requests_are_forgotten,
                requests_go_with_their_client_and_with_everything,
            }
            codes {
                a_code_is_found_until_it_expires,
                a_code_of_a_session_that_is_gone_is_not_kept,
                a_code_spends_the_request_it_answers,
                of_many_who_answer_one_request_one_gives_a_code,
                a_redeemed_code_becomes_a_grant,
                of_many_who_redeem_one_code_one_gets_a_grant,
                a_spent_code_is_recognised_for_an_hour,
                a_code_is_good_for_what_it_was_given_for_alone,
                fresh_codes_go_with_what_they_hang_from,
                an_end_wins_over_the_codes_it_races,
                an_end_wins_over_the_grants_of_codes_it_races,
            }
            device_requests {
                a_device_is_found_by_what_a_person_types,
                of_many_devices_with_one_code_to_type_one_waits,
                a_device_is_answered_once,
                of_many_who_answer_a_device_one_does,
                nobody_who_is_out_lets_a_device_in,
                who_asks_too_early_waits_longer,
                of_many_questions_at_once_one_is_not_too_early,
                a_device_that_was_let_in_gets_one_grant,
                of_many_who_come_for_a_devices_grant_one_gets_it,
                devices_go_with_what_they_hang_from,
                an_end_wins_over_the_answers_it_races,
            }
            statuses {
                of_many_who_take_a_place_each_gets_another,
                a_place_says_ended_once_its_grant_is_gone,
                a_place_is_never_taken_twice,
                places_are_forgotten_when_the_last_token_is_dead,
            }
            relying_parties {
                a_relying_party_is_due_once_its_session_is_gone,
                of_many_who_ask_each_is_given_others,
                who_was_told_is_forgotten_and_who_was_not_is_due_again,
                a_removed_client_is_told_nothing_any_more,
            }
            streams {
                a_client_has_one_stream,
                of_many_who_make_a_clients_stream_one_does,
                a_stream_is_replaced_only_as_it_was_seen,
                a_removed_stream_leaves_nothing,
                what_happens_to_a_user_waits_in_order,
                each_stream_gets_what_it_wants,
                nobody_is_told_of_who_is_left_out,
                a_signal_waits_until_it_is_forgotten,
                a_stream_is_told_of_itself,
                a_stream_that_is_replaced_keeps_or_loses_what_waits,
                a_stream_is_claimed_while_something_waits,
                a_claim_is_over_with_what_was_claimed,
                of_many_who_claim_each_is_given_others,
                no_end_that_follows_a_stream_is_missing_from_it,
            }
            links {
                a_link_is_found_until_it_expires,
                a_new_link_takes_the_place_of_the_earlier_one_for_the_same,
                a_link_to_nothing_is_not_kept,
                an_ended_session_takes_the_links_to_it_along,
                expired_links_are_forgotten,
            }
            clients {
                a_client_is_kept_as_it_was_registered,
                insert_never_replaces_a_client,
                a_client_is_replaced_only_as_it_was_seen,
                of_many_who_change_the_same_client_one_does,
                a_removed_client_ends_its_grants_and_no_session,
                a_client_is_forgotten_only_while_nothing_hangs_from_it,
                an_initial_token_registers_as_many_clients_as_it_is_for,
                of_many_who_bring_one_initial_token_one_is_registered,
                a_removed_initial_token_registers_nobody,
            }
            initial_tokens {
                initial_tokens_are_listed_until_they_expire,
                a_removed_initial_token_is_gone,
                expired_initial_tokens_are_forgotten,
            }
            keys {
                a_data_key_is_kept_once,
                of_many_who_make_a_data_key_one_does,
                seals_are_replaced_only_as_they_were_seen,
                a_signing_key_is_kept_and_told,
                two_keys_for_one_place_are_one,
                of_many_who_make_the_next_key_one_does,
                the_next_key_retires_the_current_one,
                a_compromised_key_is_told_as_ended,
                only_a_key_that_signs_no_more_is_forgotten,
            }
            revocations {
                a_reader_goes_on_from_its_place,
                every_row_has_a_number_above_all_before_it,
                no_row_appears_behind_a_reader,
                a_reader_in_another_history_is_lost,
                forgotten_rows_are_holes_and_a_reader_on_one_is_lost,
                the_last_row_is_never_forgotten,
                a_snapshot_is_a_place_to_go_on_from,
                a_single_token_ends_as_long_as_any_token_lives,
                whatever_changes_can_be_announced,
            }
            throttles {
                unknown_devices_count_together_and_known_ones_apart,
                no_failure_is_left_out_of_the_count,
                a_success_forgets_the_failures_of_its_own_device,
                an_operator_clears_every_failure_of_a_user,
                strangers_failures_are_forgotten_after_a_long_time_and_a_known_devices_are_not,
                at_a_name_that_nobody_has_failures_count_as_at_one_that_somebody_has,
                no_failure_at_a_name_that_nobody_has_is_left_out_of_the_count,
                names_that_nobody_has_are_forgotten_when_their_failures_count_no_more,
                a_device_is_known_until_it_was_not_seen_for_long,
                of_very_many_devices_those_seen_last_are_known,
            }
            events {
                events_are_listed_the_latest_first_page_by_page,
                an_event_is_kept_with_all_it_says,
                each_ending_is_told_once_and_says_why,
                an_act_tells_of_itself_and_of_what_it_ended,
                an_act_that_was_not_done_is_not_told,
                old_events_are_forgotten_the_oldest_first,
            }
        }
    };
}

/// The same of the promises that where guests lie has a part in, with those of other lists after them.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_promise_of_guests {
    ([$($then:tt)*] $with:tt $($others:tt)*) => {
        $($then)*! {
            $with
            carry_over {
                a_guests_cart_goes_to_the_user,
                each_namespace_follows_its_rule,
                what_is_over_the_limit_stays_behind_and_the_sign_in_succeeds,
                a_guest_without_data_merges_nothing,
                a_session_hands_its_own_documents_on_to_its_users_next,
                clicking_sign_in_again_keeps_the_cart,
                a_sign_out_between_two_clicks_is_final,
                however_often_one_clicks_at_once_the_cart_is_kept,
                what_a_guest_writes_is_merged_or_refused,
            }
            guests {
                a_guest_is_found_by_its_secret_and_by_its_id,
                insert_never_replaces_a_guest,
                an_ended_guest_leaves_nothing,
                a_guests_last_seen_is_raised_and_never_lowered,
                guests_with_tokens_whose_time_is_over_end_with_their_reason,
            }
            elsewhere {
                a_guest_elsewhere_goes_to_the_user,
                a_guest_elsewhere_is_merged_once,
                of_many_sign_ins_of_one_guest_elsewhere_one_merges,
                a_claim_that_was_given_up_merges_nothing,
                of_a_merge_and_those_who_give_up_its_claim_one_is_first,
                the_end_of_a_guest_elsewhere_is_told_once_and_final,
                a_browser_that_takes_a_session_over_leaves_its_guest_elsewhere,
            }
            data {
                a_document_is_read_as_it_was_written,
                a_writer_who_saw_another_version_is_told,
                of_many_writers_who_saw_the_same_version_one_wins,
                a_patch_merges_onto_the_latest_version,
                patches_of_different_keys_all_stay,
                what_was_deleted_and_made_again_is_not_what_it_was,
                the_limit_is_of_all_documents_of_one_owner,
                who_is_gone_writes_nothing,
                a_users_documents_outlive_the_session_and_its_own_do_not,
                writing_data_is_neither_told_nor_recorded,
            }
            marks {
                a_mark_is_left_once_until_it_ends,
                of_many_who_leave_one_mark_one_is_first,
                marks_are_forgotten_when_they_end,
            }
            $($others)*
        }
    };
}
