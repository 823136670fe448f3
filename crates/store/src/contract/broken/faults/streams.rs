//! The faults of promises about streams of signals.

use super::Faults;
use crate::memory::broken::Fault::{Hasty, Keeps, Slips};
use crate::memory::broken::{Part, Slip};

pub(super) const FAULTS: &Faults = &[
    (
        "streams::a_client_has_one_stream",
        &[
            Slips(Slip::InsertStreamReplaces),
            Slips(Slip::InsertStreamOfNobody),
            Keeps("insert_stream", Part::Streams),
            Keeps("insert_stream", Part::Log),
        ],
    ),
    ("streams::of_many_who_make_a_clients_stream_one_does", &[Hasty("insert_stream")]),
    (
        "streams::a_stream_is_replaced_only_as_it_was_seen",
        &[Slips(Slip::ReplaceStreamUnseen), Keeps("replace_stream", Part::Streams)],
    ),
    (
        "streams::a_removed_stream_leaves_nothing",
        &[
            Slips(Slip::RemoveAnybodysStream),
            Slips(Slip::RemoveClientInUse),
            Keeps("remove_stream", Part::Streams),
            Keeps("remove_client", Part::Streams),
        ],
    ),
    (
        "streams::what_happens_to_a_user_waits_in_order",
        &[
            Slips(Slip::ListSignalsUnlimited),
            Keeps("end_session", Part::Streams),
            Keeps("change_password", Part::Streams),
            Keeps("set_names", Part::Streams),
            Keeps("set_life", Part::Streams),
            Keeps("delete_user", Part::Streams),
        ],
    ),
    (
        "streams::each_stream_gets_what_it_wants",
        &[Slips(Slip::StreamsTakeEverything), Keeps("set_life", Part::Streams)],
    ),
    (
        "streams::nobody_is_told_of_who_is_left_out",
        &[
            Slips(Slip::LeaveOutUnlimited),
            Keeps("leave_out", Part::Streams),
            Keeps("take_in", Part::Streams),
        ],
    ),
    (
        "streams::a_signal_waits_until_it_is_forgotten",
        &[Slips(Slip::ListSignalsSpends), Keeps("forget_signals", Part::Streams)],
    ),
    (
        "streams::a_stream_is_told_of_itself",
        &[Slips(Slip::AddSignalUnlimited), Keeps("add_signal", Part::Streams)],
    ),
    (
        "streams::a_stream_that_is_replaced_keeps_or_loses_what_waits",
        &[Slips(Slip::ReplaceKeepsTheQueue), Keeps("replace_stream", Part::Streams)],
    ),
    (
        "streams::a_stream_is_claimed_while_something_waits",
        &[
            Slips(Slip::ClaimTooEarly),
            Slips(Slip::ClaimForNobody),
            Keeps("claim_streams", Part::Streams),
            Keeps("release_stream", Part::Streams),
        ],
    ),
    (
        "streams::a_claim_is_over_with_what_was_claimed",
        &[
            Slips(Slip::ClaimHoldsForEver),
            Keeps("claim_streams", Part::Streams),
            Keeps("release_stream", Part::Streams),
            Keeps("replace_stream", Part::Streams),
            Keeps("remove_stream", Part::Streams),
        ],
    ),
    (
        "streams::of_many_who_claim_each_is_given_others",
        &[Slips(Slip::ClaimUnlimited), Hasty("claim_streams")],
    ),
    (
        "streams::no_end_that_follows_a_stream_is_missing_from_it",
        &[Hasty("end_session"), Keeps("end_session", Part::Streams)],
    ),
];
