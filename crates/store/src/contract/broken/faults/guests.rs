//! The faults that break promises about guests, here and elsewhere.

use super::Faults;
use crate::memory::broken::Fault::{Hasty, Keeps, Slips};
use crate::memory::broken::{Part, Slip};

pub(super) const FAULTS: &Faults = &[
    (
        "guests::a_guest_is_found_by_its_secret_and_by_its_id",
        &[
            Keeps("insert_guest", Part::Sessions),
            Keeps("insert_guest", Part::Grants),
            Keeps("insert_guest", Part::Events),
        ],
    ),
    ("guests::insert_never_replaces_a_guest", &[Slips(Slip::InsertGuestReplaces)]),
    (
        "guests::an_ended_guest_leaves_nothing",
        &[
            Keeps("end_guest", Part::Sessions),
            Keeps("end_guest", Part::Grants),
            Keeps("end_guest", Part::Documents),
            Keeps("end_guest", Part::Log),
            Slips(Slip::WriteWithoutParents),
        ],
    ),
    (
        "guests::a_guests_last_seen_is_raised_and_never_lowered",
        &[Slips(Slip::TouchLowers), Keeps("touch_guests", Part::Sessions)],
    ),
    (
        "guests::guests_with_tokens_whose_time_is_over_end_with_their_reason",
        &[
            Slips(Slip::ExpireWithoutLag),
            Slips(Slip::ExpireUnlimited),
            Keeps("expire_guests", Part::Sessions),
            Keeps("expire_guests", Part::Log),
            Keeps("expire_guests", Part::Events),
        ],
    ),
    (
        "elsewhere::a_guest_elsewhere_goes_to_the_user",
        &[
            Slips(Slip::BeginWithoutElsewhere),
            Keeps("begin_session", Part::Documents),
            Keeps("begin_session", Part::Replaced),
            Keeps("begin_session", Part::Log),
            Keeps("begin_session", Part::Events),
        ],
    ),
    ("elsewhere::a_guest_elsewhere_is_merged_once", &[Keeps("begin_session", Part::Marks)]),
    (
        "elsewhere::of_many_sign_ins_of_one_guest_elsewhere_one_merges",
        &[Keeps("begin_session", Part::Marks), Hasty("begin_session")],
    ),
    ("elsewhere::a_claim_that_was_given_up_merges_nothing", &[Slips(Slip::BeginWithoutClaim)]),
    (
        "elsewhere::of_a_merge_and_those_who_give_up_its_claim_one_is_first",
        &[Slips(Slip::BeginWithoutClaim)],
    ),
    (
        "elsewhere::the_end_of_a_guest_elsewhere_is_told_once_and_final",
        &[
            Keeps("end_guest_elsewhere", Part::Marks),
            Keeps("end_guest_elsewhere", Part::Log),
            Keeps("end_guest_elsewhere", Part::Events),
            Keeps("begin_session", Part::Marks),
        ],
    ),
    (
        "elsewhere::a_browser_that_takes_a_session_over_leaves_its_guest_elsewhere",
        &[
            Keeps("replace_secret", Part::Marks),
            Keeps("replace_secret", Part::Replaced),
            Keeps("replace_secret", Part::Log),
        ],
    ),
];
