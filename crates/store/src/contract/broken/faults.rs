//! The faults of which each promise must fail.

mod authorization;
mod clients;
mod guests;
mod streams;

use crate::memory::broken::Fault::{self, Hasty, Keeps, Late, Slips};
use crate::memory::broken::{Part, Slip};

/// What breaks each promise, each fault by itself.
type Faults = [(&'static str, &'static [Fault])];

/// What breaks each promise that there is.
pub(super) fn faults() -> impl Iterator<Item = &'static (&'static str, &'static [Fault])> {
    FAULTS
        .iter()
        .chain(authorization::FAULTS)
        .chain(clients::FAULTS)
        .chain(guests::FAULTS)
        .chain(streams::FAULTS)
}

const FAULTS: &Faults = &[
    (
        "users::a_user_is_found_by_id_email_and_username",
        &[Keeps("insert_user", Part::Names), Keeps("insert_user", Part::Users)],
    ),
    ("users::insert_never_replaces_a_user", &[Slips(Slip::InsertUserReplaces)]),
    ("users::of_many_who_want_one_name_one_gets_it", &[Hasty("insert_user")]),
    (
        "users::users_are_listed_page_by_page",
        &[Slips(Slip::ListUsersFromTheStart), Slips(Slip::ListUsersUnfiltered)],
    ),
    ("users::an_administrator_is_one_who_may_come_in", &[Keeps("set_life", Part::Users)]),
    (
        "users::an_upgraded_password_is_the_same_password",
        &[
            Slips(Slip::UpgradeUnseen),
            Keeps("upgrade_password", Part::Users),
            Keeps("upgrade_password", Part::Events),
        ],
    ),
    (
        "users::a_disabled_user_is_out_and_keeps_the_account",
        &[
            Keeps("set_life", Part::Sessions),
            Keeps("set_life", Part::Grants),
            Keeps("set_life", Part::Users),
            Keeps("set_life", Part::Log),
        ],
    ),
    (
        "users::roles_are_replaced_and_told",
        &[Keeps("set_roles", Part::Users), Keeps("set_roles", Part::Log)],
    ),
    (
        "users::names_are_replaced_and_told",
        &[
            Keeps("set_names", Part::Users),
            Keeps("set_names", Part::Names),
            Keeps("set_names", Part::Log),
        ],
    ),
    (
        "users::a_deleted_user_leaves_nothing",
        &[
            Keeps("delete_user", Part::Users),
            Keeps("delete_user", Part::Names),
            Keeps("delete_user", Part::Sessions),
            Keeps("delete_user", Part::Grants),
            Keeps("delete_user", Part::Documents),
            Keeps("delete_user", Part::Links),
            Keeps("delete_user", Part::Devices),
            Keeps("delete_user", Part::Failures),
            Keeps("delete_user", Part::Log),
            Keeps("delete_user", Part::Events),
        ],
    ),
    (
        "users::nothing_lasts_that_raced_the_end_of_its_user",
        &[
            Late("begin_session", "delete_user"),
            Late("write_data", "delete_user"),
            Late("insert_link", "delete_user"),
        ],
    ),
    (
        "accounts::the_last_administrator_stays",
        &[Slips(Slip::DisableTheLast), Slips(Slip::DemoteTheLast), Slips(Slip::DeleteTheLast)],
    ),
    (
        "accounts::of_many_administrators_who_leave_at_once_one_stays",
        &[Hasty("delete_user"), Slips(Slip::DeleteTheLast)],
    ),
    (
        "accounts::what_was_shown_once_changes_nothing_later",
        &[Slips(Slip::NamesFromAnywhere), Slips(Slip::DeleteFromAnywhere)],
    ),
    (
        "passwords::a_password_is_changed_only_as_it_was_seen",
        &[
            Slips(Slip::PasswordUnseen),
            Keeps("change_password", Part::Log),
            Keeps("change_password", Part::Events),
        ],
    ),
    (
        "passwords::of_many_changes_that_saw_the_same_password_one_is_done",
        &[Hasty("change_password")],
    ),
    ("passwords::a_changed_password_can_leave_the_others_in", &[Slips(Slip::PasswordEndsOthers)]),
    (
        "passwords::a_changed_password_can_end_the_others",
        &[
            Keeps("change_password", Part::Sessions),
            Keeps("change_password", Part::Grants),
            Keeps("change_password", Part::Log),
        ],
    ),
    (
        "passwords::who_changed_the_password_gets_a_new_secret",
        &[
            Keeps("change_password", Part::Sessions),
            Keeps("change_password", Part::Replaced),
            Slips(Slip::FindSessionTellsForever),
        ],
    ),
    ("passwords::a_session_that_is_gone_changes_no_password", &[Slips(Slip::PasswordFromAnywhere)]),
    (
        "passwords::a_recovery_link_changes_one_password_once",
        &[Slips(Slip::PasswordWithoutLink), Keeps("change_password", Part::Links)],
    ),
    (
        "passwords::a_new_password_leaves_no_failures_and_no_open_link",
        &[
            Keeps("change_password", Part::Failures),
            Keeps("change_password", Part::Devices),
            Keeps("change_password", Part::Links),
        ],
    ),
    (
        "sessions::a_session_is_found_by_its_secret_and_by_its_id",
        &[Keeps("begin_session", Part::Sessions)],
    ),
    (
        "sessions::guests_and_sessions_are_two_things",
        &[Slips(Slip::TouchReachesGuests), Slips(Slip::EndReachesGuests)],
    ),
    (
        "sessions::an_end_is_told_of_the_session_and_of_each_grant",
        &[Keeps("end_session", Part::Log)],
    ),
    (
        "sessions::nothing_brings_an_ended_session_back",
        &[
            Keeps("end_session", Part::Sessions),
            Keeps("end_session", Part::Grants),
            Keeps("end_session", Part::Documents),
            Keeps("end_session", Part::Links),
            Keeps("end_session", Part::Replaced),
            Slips(Slip::WriteWithoutParents),
            Slips(Slip::InsertLinkAnyway),
            Slips(Slip::PasswordFromAnywhere),
        ],
    ),
    (
        "sessions::an_end_wins_over_everything_it_races",
        &[
            Late("write_data", "end_session"),
            Late("rotate", "end_session"),
            Late("replace_secret", "end_session"),
            Late("insert_link", "end_session"),
            Late("touch_sessions", "end_session"),
        ],
    ),
    (
        "sessions::the_end_of_all_of_a_user_reaches_nobody_else",
        &[
            Slips(Slip::EndReachesEverybody),
            Keeps("end_sessions", Part::Sessions),
            Keeps("end_sessions", Part::Grants),
            Keeps("end_sessions", Part::Log),
        ],
    ),
    (
        "sessions::the_end_of_the_others_leaves_one_and_the_users_own_grants",
        &[Slips(Slip::EndReachesEverybody), Slips(Slip::OthersAreAll)],
    ),
    (
        "sessions::the_end_of_everybodys_leaves_nothing_to_present",
        &[
            Keeps("end_sessions", Part::Sessions),
            Keeps("end_sessions", Part::Grants),
            Keeps("end_sessions", Part::Links),
        ],
    ),
    (
        "sessions::sessions_of_a_user_are_listed_the_latest_used_first",
        &[Keeps("touch_sessions", Part::Sessions)],
    ),
    ("sessions::all_sessions_are_listed_page_by_page", &[Slips(Slip::ListAllFromTheStart)]),
    (
        "sessions::last_seen_is_raised_and_never_lowered",
        &[Slips(Slip::TouchLowers), Keeps("touch_sessions", Part::Sessions)],
    ),
    (
        "sessions::sessions_whose_time_is_over_end_with_their_reason",
        &[
            Slips(Slip::ExpireWithoutLag),
            Slips(Slip::ExpireUnlimited),
            Keeps("expire_sessions", Part::Sessions),
            Keeps("expire_sessions", Part::Log),
            Keeps("expire_sessions", Part::Events),
        ],
    ),
    (
        "secrets::a_new_secret_takes_the_place_of_the_old_one",
        &[
            Keeps("replace_secret", Part::Sessions),
            Keeps("replace_secret", Part::Replaced),
            Keeps("replace_secret", Part::Log),
            Keeps("replace_secret", Part::Events),
        ],
    ),
    ("secrets::stepping_up_is_kept_with_the_new_secret", &[Slips(Slip::ReplaceForgetsProof)]),
    (
        "secrets::stepping_up_against_an_older_generation_changes_nothing",
        &[Slips(Slip::ReplaceUnseen)],
    ),
    (
        "secrets::a_replaced_secret_is_told_for_a_minute",
        &[
            Slips(Slip::FindSessionTellsForever),
            Keeps("replace_secret", Part::Replaced),
            Keeps("expire_sessions", Part::Replaced),
        ],
    ),
    ("secrets::an_ended_session_is_told_of_no_more", &[Keeps("end_session", Part::Replaced)]),
    (
        "secrets::a_link_puts_a_session_into_a_cookie_once",
        &[Slips(Slip::ReplaceWithoutLink), Keeps("replace_secret", Part::Links)],
    ),
    ("secrets::of_many_who_follow_one_link_one_gets_the_cookie", &[Hasty("replace_secret")]),
    (
        "secrets::a_browser_that_takes_a_session_over_leaves_its_own",
        &[
            Slips(Slip::ReplaceWithoutEarlier),
            Keeps("replace_secret", Part::Replaced),
            Keeps("replace_secret", Part::Log),
        ],
    ),
    (
        "sign_in::a_session_begins_with_all_that_belongs_to_it",
        &[
            Keeps("begin_session", Part::Sessions),
            Keeps("begin_session", Part::Grants),
            Keeps("begin_session", Part::Devices),
            Keeps("begin_session", Part::Links),
            Keeps("begin_session", Part::Events),
        ],
    ),
    (
        "sign_in::a_sign_up_makes_user_and_session_together",
        &[
            Keeps("begin_session", Part::Users),
            Keeps("begin_session", Part::Names),
            Keeps("begin_session", Part::Sessions),
        ],
    ),
    (
        "sign_in::a_sign_in_against_an_older_generation_is_not_stored",
        &[Slips(Slip::BeginUnseen), Slips(Slip::BeginForDisabled)],
    ),
    ("sign_in::no_sign_in_survives_what_it_raced", &[Late("begin_session", "set_life")]),
    (
        "sign_in::a_sign_in_takes_the_place_of_the_browsers_earlier_session",
        &[
            Slips(Slip::FindGuestTellsForever),
            Slips(Slip::BeginWithoutEarlier),
            Keeps("begin_session", Part::Replaced),
            Keeps("begin_session", Part::Log),
            Keeps("begin_session", Part::Events),
        ],
    ),
    (
        "sign_in::one_more_than_the_limit_evicts_the_one_unused_for_longest",
        &[Slips(Slip::BeginUnlimited), Keeps("touch_sessions", Part::Sessions)],
    ),
    (
        "sign_in::a_full_house_can_refuse_one_more",
        &[Slips(Slip::BeginUnlimited), Slips(Slip::BeginWithoutEarlier)],
    ),
    ("sign_in::of_many_who_want_the_last_place_one_gets_it", &[Hasty("begin_session")]),
    ("sign_in::a_set_up_link_makes_one_administrator", &[Slips(Slip::BeginWithoutLink)]),
    (
        "sign_in::a_set_up_link_is_void_once_there_is_an_administrator",
        &[Slips(Slip::BeginWithoutLink)],
    ),
    (
        "sign_in::of_many_who_follow_the_set_up_link_one_becomes_administrator",
        &[Hasty("begin_session")],
    ),
    (
        "sign_in::a_recovery_link_lets_its_user_in_once",
        &[Slips(Slip::BeginWithoutLink), Keeps("begin_session", Part::Links)],
    ),
    (
        "sign_in::a_refused_sign_in_changes_nothing",
        &[
            Slips(Slip::BeginEndsEarlierFirst),
            Slips(Slip::BeginTellsOfMerging),
            Slips(Slip::BeginUnlimited),
        ],
    ),
    (
        "carry_over::a_guests_cart_goes_to_the_user",
        &[Keeps("begin_session", Part::Documents), Keeps("begin_session", Part::Events)],
    ),
    ("carry_over::each_namespace_follows_its_rule", &[Slips(Slip::BeginWithoutRules)]),
    (
        "carry_over::what_is_over_the_limit_stays_behind_and_the_sign_in_succeeds",
        &[Slips(Slip::BeginMergesTooMuch), Keeps("begin_session", Part::Events)],
    ),
    ("carry_over::a_guest_without_data_merges_nothing", &[Slips(Slip::BeginTellsOfMerging)]),
    (
        "carry_over::a_session_hands_its_own_documents_on_to_its_users_next",
        &[Keeps("begin_session", Part::Documents), Slips(Slip::BeginHandsOnToAnybody)],
    ),
    (
        "carry_over::clicking_sign_in_again_keeps_the_cart",
        &[
            Slips(Slip::BeginKnowsNoSuccessor),
            Slips(Slip::BeginFollowsForever),
            Keeps("begin_session", Part::Replaced),
        ],
    ),
    ("carry_over::a_sign_out_between_two_clicks_is_final", &[Keeps("end_session", Part::All)]),
    (
        "carry_over::however_often_one_clicks_at_once_the_cart_is_kept",
        &[Slips(Slip::BeginKnowsNoSuccessor), Hasty("begin_session")],
    ),
    (
        "carry_over::what_a_guest_writes_is_merged_or_refused",
        &[Late("write_data", "begin_session")],
    ),
    ("data::a_document_is_read_as_it_was_written", &[Keeps("write_data", Part::Documents)]),
    (
        "data::a_writer_who_saw_another_version_is_told",
        &[Slips(Slip::WriteUnseen), Slips(Slip::WriteWithoutParents)],
    ),
    ("data::of_many_writers_who_saw_the_same_version_one_wins", &[Hasty("write_data")]),
    ("data::a_patch_merges_onto_the_latest_version", &[Slips(Slip::PatchReplaces)]),
    ("data::patches_of_different_keys_all_stay", &[Hasty("write_data")]),
    ("data::what_was_deleted_and_made_again_is_not_what_it_was", &[Slips(Slip::WriteUnseen)]),
    ("data::the_limit_is_of_all_documents_of_one_owner", &[Slips(Slip::WriteUnlimited)]),
    (
        "data::who_is_gone_writes_nothing",
        &[
            Slips(Slip::WriteWithoutParents),
            Keeps("end_session", Part::Sessions),
            Keeps("end_guest", Part::Sessions),
            Keeps("set_life", Part::Users),
        ],
    ),
    (
        "data::a_users_documents_outlive_the_session_and_its_own_do_not",
        &[Keeps("end_session", Part::Documents)],
    ),
    (
        "data::writing_data_is_neither_told_nor_recorded",
        &[Slips(Slip::WriteTells), Keeps("write_data", Part::Documents)],
    ),
    ("grants::a_grant_is_found_with_its_parents", &[Slips(Slip::FindGrantAlone)]),
    (
        "grants::a_grant_is_kept_with_all_it_says",
        &[Keeps("insert_grant", Part::Grants), Keeps("insert_grant", Part::Events)],
    ),
    ("grants::a_grant_that_would_hang_from_nothing_is_not_kept", &[Slips(Slip::InsertGrantAnyway)]),
    (
        "grants::no_grant_is_made_that_outlives_the_session_it_raced",
        &[Late("insert_grant", "end_session")],
    ),
    (
        "grants::what_a_user_allowed_one_client_is_listed_and_ended_together",
        &[
            Slips(Slip::ListGrantsOfEveryClient),
            Keeps("end_grants_of_user_at", Part::Grants),
            Keeps("end_grants_of_user_at", Part::Log),
            Keeps("end_grants_of_user_at", Part::Events),
        ],
    ),
    (
        "grants::a_grant_without_a_session_lives_and_ends_like_any_other",
        &[
            Keeps("rotate", Part::Grants),
            Keeps("end_grant", Part::Grants),
            Keeps("expire_grants", Part::Grants),
            Keeps("set_life", Part::Grants),
        ],
    ),
    ("grants::grants_are_listed_by_session_and_by_user", &[Keeps("begin_session", Part::Grants)]),
    (
        "grants::a_rotation_moves_the_chain_from_the_number_it_saw",
        &[Slips(Slip::RotateUnseen), Keeps("rotate", Part::Grants)],
    ),
    (
        "grants::of_many_who_rotate_the_same_token_one_does",
        &[Hasty("rotate"), Slips(Slip::RotateUnseen)],
    ),
    (
        "grants::a_rotation_is_a_use_of_the_grant_and_of_its_session",
        &[Keeps("rotate", Part::Sessions), Slips(Slip::RotateLowers)],
    ),
    (
        "grants::a_chain_that_stays_is_used_and_keeps_its_number",
        &[Slips(Slip::RotateUnseen), Slips(Slip::RotateLowers), Keeps("rotate", Part::Sessions)],
    ),
    (
        "grants::an_ended_grant_rotates_no_more",
        &[
            Keeps("end_grant", Part::Grants),
            Keeps("end_grant", Part::Log),
            Keeps("end_grant", Part::Events),
        ],
    ),
    ("grants::an_end_of_a_grant_wins_over_the_rotations_it_races", &[Late("rotate", "end_grant")]),
    (
        "grants::grants_whose_time_is_over_end_with_their_reason",
        &[
            Slips(Slip::ExpireUnlimited),
            Keeps("expire_grants", Part::Grants),
            Keeps("expire_grants", Part::Log),
            Keeps("expire_grants", Part::Events),
        ],
    ),
    (
        "links::a_link_is_found_until_it_expires",
        &[Slips(Slip::FindLinkForever), Slips(Slip::FindLinkSpends)],
    ),
    (
        "links::a_new_link_takes_the_place_of_the_earlier_one_for_the_same",
        &[Slips(Slip::InsertLinkAnyway)],
    ),
    ("links::a_link_to_nothing_is_not_kept", &[Slips(Slip::InsertLinkAnyway)]),
    ("links::an_ended_session_takes_the_links_to_it_along", &[Keeps("end_session", Part::Links)]),
    ("links::expired_links_are_forgotten", &[Keeps("expire_links", Part::Links)]),
    (
        "keys::a_data_key_is_kept_once",
        &[
            Slips(Slip::InsertDataKeyReplaces),
            Keeps("insert_data_key", Part::Log),
            Keeps("insert_data_key", Part::Events),
        ],
    ),
    ("keys::of_many_who_make_a_data_key_one_does", &[Hasty("insert_data_key")]),
    ("keys::seals_are_replaced_only_as_they_were_seen", &[Slips(Slip::ResealUnseen)]),
    (
        "keys::a_signing_key_is_kept_and_told",
        &[Keeps("insert_signing_key", Part::SigningKeys), Keeps("insert_signing_key", Part::Log)],
    ),
    ("keys::two_keys_for_one_place_are_one", &[Slips(Slip::InsertSigningKeyAnyway)]),
    ("keys::of_many_who_make_the_next_key_one_does", &[Hasty("insert_signing_key")]),
    (
        "keys::the_next_key_retires_the_current_one",
        &[
            Slips(Slip::AdvanceUnseen),
            Keeps("advance_signing_key", Part::SigningKeys),
            Keeps("advance_signing_key", Part::Log),
        ],
    ),
    ("keys::a_compromised_key_is_told_as_ended", &[Slips(Slip::CompromiseTellsOfRetirement)]),
    (
        "keys::only_a_key_that_signs_no_more_is_forgotten",
        &[Slips(Slip::DeleteAnySigningKey), Keeps("delete_signing_key", Part::SigningKeys)],
    ),
    (
        "revocations::a_reader_goes_on_from_its_place",
        &[Slips(Slip::ReadLogUnlimited), Keeps("announce", Part::Log)],
    ),
    ("revocations::every_row_has_a_number_above_all_before_it", &[Keeps("announce", Part::Log)]),
    ("revocations::no_row_appears_behind_a_reader", &[Slips(Slip::RowsShowLate)]),
    ("revocations::a_reader_in_another_history_is_lost", &[Slips(Slip::ReadLogNeverLost)]),
    (
        "revocations::forgotten_rows_are_holes_and_a_reader_on_one_is_lost",
        &[Slips(Slip::ReadLogNeverLost), Keeps("prune_log", Part::Log)],
    ),
    (
        "revocations::the_last_row_is_never_forgotten",
        &[Slips(Slip::PruneForgetsTheLast), Slips(Slip::ReadLogNeverLost)],
    ),
    (
        "revocations::a_snapshot_is_a_place_to_go_on_from",
        &[Slips(Slip::SnapshotAtTheStart), Slips(Slip::SnapshotWithoutRows)],
    ),
    (
        "revocations::a_single_token_ends_as_long_as_any_token_lives",
        &[Keeps("announce", Part::Log)],
    ),
    (
        "revocations::whatever_changes_can_be_announced",
        &[Keeps("announce", Part::Log), Keeps("announce", Part::Events)],
    ),
    (
        "throttles::unknown_devices_count_together_and_known_ones_apart",
        &[
            Slips(Slip::CountTogether),
            Keeps("count_failure", Part::Failures),
            Keeps("count_failure", Part::Devices),
        ],
    ),
    ("throttles::no_failure_is_left_out_of_the_count", &[Hasty("count_failure")]),
    (
        "throttles::a_success_forgets_the_failures_of_its_own_device",
        &[Keeps("forget_failures", Part::Failures), Keeps("forget_failures", Part::Devices)],
    ),
    (
        "throttles::an_operator_clears_every_failure_of_a_user",
        &[
            Keeps("clear_failures", Part::Failures),
            Keeps("clear_failures", Part::Devices),
            Keeps("clear_failures", Part::Events),
        ],
    ),
    (
        "throttles::strangers_failures_are_forgotten_after_a_long_time_and_a_known_devices_are_not",
        &[Slips(Slip::StrangersCountForever), Keeps("count_failure", Part::Devices)],
    ),
    (
        "throttles::at_a_name_that_nobody_has_failures_count_as_at_one_that_somebody_has",
        &[
            Slips(Slip::NobodyCountsForever),
            Slips(Slip::StrangersCountForever),
            Keeps("count_failure_of_nobody", Part::FailuresOfNobody),
        ],
    ),
    (
        "throttles::no_failure_at_a_name_that_nobody_has_is_left_out_of_the_count",
        &[Hasty("count_failure_of_nobody")],
    ),
    (
        "throttles::names_that_nobody_has_are_forgotten_when_their_failures_count_no_more",
        &[
            Slips(Slip::NobodyIsForgottenWhole),
            Keeps("expire_failures_of_nobody", Part::FailuresOfNobody),
        ],
    ),
    (
        "throttles::a_device_is_known_until_it_was_not_seen_for_long",
        &[Slips(Slip::BeginForgetsDeviceAgain), Keeps("expire_devices", Part::Devices)],
    ),
    (
        "throttles::of_very_many_devices_those_seen_last_are_known",
        &[Slips(Slip::BeginKnowsDevicesForever), Slips(Slip::BeginForgetsDeviceAgain)],
    ),
    (
        "events::events_are_listed_the_latest_first_page_by_page",
        &[Slips(Slip::ListEventsFromTheEnd), Keeps("record", Part::Events)],
    ),
    ("events::an_event_is_kept_with_all_it_says", &[Slips(Slip::RecordWithoutDetail)]),
    (
        "events::each_ending_is_told_once_and_says_why",
        &[Slips(Slip::EndTellsTwice), Keeps("end_session", Part::Events)],
    ),
    ("events::an_act_tells_of_itself_and_of_what_it_ended", &[Keeps("set_life", Part::Events)]),
    (
        "events::an_act_that_was_not_done_is_not_told",
        &[Slips(Slip::UpgradeTellsFirst), Keeps("upgrade_password", Part::Events)],
    ),
    (
        "events::old_events_are_forgotten_the_oldest_first",
        &[Slips(Slip::PruneEventsUnlimited), Keeps("prune_events", Part::Events)],
    ),
];
