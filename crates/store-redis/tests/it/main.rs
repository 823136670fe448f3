//! What this crate promises, over servers of its own.

/// Makes tests of those promises of the contract that a guest's store has a part in.
macro_rules! promises_of_guests {
    ($fresh:expr) => {
        cloakroom_store::contract_test! { ($fresh)
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
        }
    };
}
pub(crate) use promises_of_guests;

mod claims;
mod connection;
mod contract;
mod counters;
mod last_seen;
mod losses;
mod marks;
mod scene;
mod server;
mod servers;
mod shared_memory;
