//! The faults of promises about clients and about the right to register them.

use super::Faults;
use crate::memory::broken::Fault::{Hasty, Keeps, Slips};
use crate::memory::broken::{Part, Slip};

pub(super) const FAULTS: &Faults = &[
    (
        "clients::a_client_is_kept_as_it_was_registered",
        &[Keeps("insert_client", Part::Clients), Keeps("insert_client", Part::Log)],
    ),
    ("clients::insert_never_replaces_a_client", &[Slips(Slip::InsertClientReplaces)]),
    (
        "clients::a_client_is_replaced_only_as_it_was_seen",
        &[
            Slips(Slip::ReplaceClientUnseen),
            Keeps("replace_client", Part::Clients),
            Keeps("replace_client", Part::Log),
        ],
    ),
    ("clients::of_many_who_change_the_same_client_one_does", &[Hasty("replace_client")]),
    (
        "clients::a_removed_client_ends_its_grants_and_no_session",
        &[
            Keeps("remove_client", Part::Clients),
            Keeps("remove_client", Part::Grants),
            Keeps("remove_client", Part::Log),
        ],
    ),
    (
        "clients::a_client_is_forgotten_only_while_nothing_hangs_from_it",
        &[
            Slips(Slip::RemoveClientInUse),
            Keeps("remove_unused_client", Part::Clients),
            Keeps("remove_unused_client", Part::Log),
        ],
    ),
    (
        "clients::an_initial_token_registers_as_many_clients_as_it_is_for",
        &[Slips(Slip::InsertClientWithoutToken), Keeps("insert_client", Part::InitialTokens)],
    ),
    ("clients::of_many_who_bring_one_initial_token_one_is_registered", &[Hasty("insert_client")]),
    (
        "clients::a_removed_initial_token_registers_nobody",
        &[
            Slips(Slip::InsertClientWithoutToken),
            Keeps("remove_initial_token", Part::InitialTokens),
        ],
    ),
    (
        "initial_tokens::initial_tokens_are_listed_until_they_expire",
        &[
            Slips(Slip::ListInitialTokensForever),
            Keeps("insert_initial_token", Part::InitialTokens),
            Keeps("insert_initial_token", Part::Events),
        ],
    ),
    (
        "initial_tokens::a_removed_initial_token_is_gone",
        &[
            Keeps("remove_initial_token", Part::InitialTokens),
            Keeps("remove_initial_token", Part::Events),
        ],
    ),
    (
        "initial_tokens::expired_initial_tokens_are_forgotten",
        &[Keeps("expire_initial_tokens", Part::InitialTokens)],
    ),
];
