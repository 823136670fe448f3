//! What breaks the promises about what lies between a client's question and its tokens.

use super::Faults;
use crate::memory::broken::Fault::{Hasty, Keeps, Late, Slips};
use crate::memory::broken::{Part, Slip};

/// One row for each promise.
pub(super) const FAULTS: &Faults = &[
    (
        "consents::a_consent_is_widened_and_never_narrowed",
        &[
            Slips(Slip::GiveNarrows),
            Keeps("give_consent", Part::Consents),
            Keeps("give_consent", Part::Events),
        ],
    ),
    (
        "consents::what_many_allow_at_once_is_all_allowed",
        &[Slips(Slip::GiveNarrows), Hasty("give_consent")],
    ),
    ("consents::nobody_who_is_out_allows_anything", &[Slips(Slip::GiveAnyway)]),
    (
        "consents::a_withdrawn_consent_takes_along_what_came_of_it",
        &[
            Keeps("withdraw_consent", Part::Consents),
            Keeps("withdraw_consent", Part::Grants),
            Keeps("withdraw_consent", Part::Codes),
            Keeps("withdraw_consent", Part::Log),
            Keeps("withdraw_consent", Part::Events),
        ],
    ),
    ("consents::a_code_that_rests_on_a_consent_needs_it", &[Slips(Slip::InsertCodeWithoutConsent)]),
    (
        "consents::a_withdrawal_wins_over_the_codes_it_races",
        &[Late("insert_code", "withdraw_consent")],
    ),
    (
        "consents::a_withdrawal_wins_over_the_grants_of_codes_it_races",
        &[Late("redeem_code", "withdraw_consent")],
    ),
    (
        "consents::consents_go_with_their_user_or_client_alone",
        &[Keeps("delete_user", Part::Consents), Keeps("remove_client", Part::Consents)],
    ),
    ("consents::no_consent_is_left_of_a_user_it_raced", &[Late("give_consent", "delete_user")]),
    (
        "pushed_requests::a_request_is_found_until_it_expires",
        &[
            Slips(Slip::FindRequestForever),
            Slips(Slip::FindRequestSpends),
            Keeps("insert_pushed_request", Part::PushedRequests),
        ],
    ),
    ("pushed_requests::insert_never_replaces_a_request", &[Slips(Slip::InsertRequestReplaces)]),
    (
        "pushed_requests::expired_requests_are_forgotten",
        &[Keeps("expire_pushed_requests", Part::PushedRequests)],
    ),
    (
        "pushed_requests::requests_go_with_their_client_and_with_everything",
        &[
            Keeps("remove_client", Part::PushedRequests),
            Keeps("end_sessions", Part::PushedRequests),
        ],
    ),
    (
        "codes::a_code_is_found_until_it_expires",
        &[
            Slips(Slip::FindCodeForever),
            Keeps("insert_code", Part::Codes),
            Keeps("expire_codes", Part::Codes),
        ],
    ),
    ("codes::a_code_of_a_session_that_is_gone_is_not_kept", &[Slips(Slip::InsertCodeAnyway)]),
    (
        "codes::a_code_spends_the_request_it_answers",
        &[
            Slips(Slip::InsertCodeSpendsNothing),
            Slips(Slip::InsertCodeForever),
            Keeps("insert_code", Part::PushedRequests),
        ],
    ),
    (
        "codes::of_many_who_answer_one_request_one_gives_a_code",
        &[Slips(Slip::InsertCodeSpendsNothing), Hasty("insert_code")],
    ),
    (
        "codes::a_redeemed_code_becomes_a_grant",
        &[
            Keeps("redeem_code", Part::Grants),
            Keeps("redeem_code", Part::Codes),
            Keeps("redeem_code", Part::RelyingParties),
            Keeps("redeem_code", Part::Events),
        ],
    ),
    (
        "codes::of_many_who_redeem_one_code_one_gets_a_grant",
        &[Slips(Slip::RedeemSpent), Hasty("redeem_code")],
    ),
    (
        "codes::a_spent_code_is_recognised_for_an_hour",
        &[
            Slips(Slip::ExpireForgetsSpent),
            Slips(Slip::RedeemSpent),
            Slips(Slip::RedeemForAnybody),
            Slips(Slip::RedeemForever),
            Keeps("expire_codes", Part::Codes),
        ],
    ),
    (
        "codes::a_code_is_good_for_what_it_was_given_for_alone",
        &[Slips(Slip::RedeemForAnybody), Slips(Slip::RedeemForever)],
    ),
    (
        "codes::fresh_codes_go_with_what_they_hang_from",
        &[
            Keeps("end_session", Part::Codes),
            Keeps("end_sessions", Part::Codes),
            Keeps("set_life", Part::Codes),
            Keeps("delete_user", Part::Codes),
            Keeps("end_grants_of_user_at", Part::Codes),
            Keeps("remove_client", Part::Codes),
        ],
    ),
    ("codes::an_end_wins_over_the_codes_it_races", &[Late("insert_code", "end_session")]),
    ("codes::an_end_wins_over_the_grants_of_codes_it_races", &[Late("redeem_code", "end_session")]),
    (
        "device_requests::a_device_is_found_by_what_a_person_types",
        &[
            Slips(Slip::FindDeviceForever),
            Keeps("insert_device_request", Part::DeviceRequests),
            Keeps("expire_device_requests", Part::DeviceRequests),
        ],
    ),
    (
        "device_requests::of_many_devices_with_one_code_to_type_one_waits",
        &[Hasty("insert_device_request")],
    ),
    (
        "device_requests::a_device_is_answered_once",
        &[
            Slips(Slip::AnswerAgain),
            Slips(Slip::AnswerForever),
            Keeps("answer_device_request", Part::DeviceRequests),
            Keeps("answer_device_request", Part::Events),
        ],
    ),
    (
        "device_requests::of_many_who_answer_a_device_one_does",
        &[Slips(Slip::AnswerAgain), Hasty("answer_device_request")],
    ),
    ("device_requests::nobody_who_is_out_lets_a_device_in", &[Slips(Slip::AnswerAnyway)]),
    (
        "device_requests::who_asks_too_early_waits_longer",
        &[Slips(Slip::PollForAnybody), Keeps("poll_device_request", Part::DeviceRequests)],
    ),
    (
        "device_requests::of_many_questions_at_once_one_is_not_too_early",
        &[Hasty("poll_device_request")],
    ),
    (
        "device_requests::a_device_that_was_let_in_gets_one_grant",
        &[
            Slips(Slip::RedeemForAnybody),
            Slips(Slip::RedeemForever),
            Keeps("redeem_device_request", Part::Grants),
            Keeps("redeem_device_request", Part::DeviceRequests),
            Keeps("redeem_device_request", Part::RelyingParties),
            Keeps("redeem_device_request", Part::Events),
        ],
    ),
    (
        "device_requests::of_many_who_come_for_a_devices_grant_one_gets_it",
        &[Hasty("redeem_device_request")],
    ),
    (
        "device_requests::devices_go_with_what_they_hang_from",
        &[
            Keeps("end_session", Part::DeviceRequests),
            Keeps("delete_user", Part::DeviceRequests),
            Keeps("end_grants_of_user_at", Part::DeviceRequests),
            Keeps("remove_client", Part::DeviceRequests),
            Keeps("end_sessions", Part::DeviceRequests),
        ],
    ),
    (
        "device_requests::an_end_wins_over_the_answers_it_races",
        &[Late("answer_device_request", "end_session")],
    ),
    (
        "marks::a_mark_is_left_once_until_it_ends",
        &[Slips(Slip::MarkForever), Keeps("mark_once", Part::Marks)],
    ),
    ("marks::of_many_who_leave_one_mark_one_is_first", &[Hasty("mark_once")]),
    ("marks::marks_are_forgotten_when_they_end", &[Keeps("expire_marks", Part::Marks)]),
    ("statuses::of_many_who_take_a_place_each_gets_another", &[Hasty("take_status")]),
    (
        "statuses::a_place_says_ended_once_its_grant_is_gone",
        &[Slips(Slip::ListEverywhere), Keeps("insert_grant", Part::Statuses)],
    ),
    ("statuses::a_place_is_never_taken_twice", &[Slips(Slip::StatusTwice)]),
    (
        "statuses::places_are_forgotten_when_the_last_token_is_dead",
        &[Slips(Slip::ListEndedForever), Keeps("expire_statuses", Part::Statuses)],
    ),
    (
        "relying_parties::a_relying_party_is_due_once_its_session_is_gone",
        &[
            Slips(Slip::ClaimOfTheLiving),
            Slips(Slip::ClaimForNobody),
            Keeps("redeem_code", Part::RelyingParties),
        ],
    ),
    (
        "relying_parties::of_many_who_ask_each_is_given_others",
        &[Slips(Slip::ClaimUnlimited), Hasty("claim_relying_parties")],
    ),
    (
        "relying_parties::who_was_told_is_forgotten_and_who_was_not_is_due_again",
        &[
            Slips(Slip::ClaimTooEarly),
            Slips(Slip::ClaimForNobody),
            Keeps("forget_relying_party", Part::RelyingParties),
            Keeps("put_off_relying_party", Part::RelyingParties),
        ],
    ),
    (
        "relying_parties::a_removed_client_is_told_nothing_any_more",
        &[Keeps("remove_client", Part::RelyingParties)],
    ),
];
