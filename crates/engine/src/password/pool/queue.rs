//! The queue: bounded, and taken turns in by network.

use std::collections::{BTreeMap, VecDeque};

use cloakroom_model::network::Network;

/// How many may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) all: usize,
    pub(super) of_one_network: usize,
}

/// Those who wait, in the order of their turns.
pub(super) struct FairQueue<T> {
    limits: Limits,
    /// Networks with somebody waiting, the next one first.
    turns: VecDeque<Network>,
    waiting: BTreeMap<Network, VecDeque<(Ticket, T)>>,
    len: usize,
    last_ticket: u64,
}

/// One that waits.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ticket(u64);

/// How [`FairQueue::push`] ended.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Pushed<T> {
    /// There was room.
    Waiting(Ticket),
    /// There was none, and the last of the network with most waiting went for it.
    InPlaceOf(T, Ticket),
    /// There was none.
    Full(T),
}

impl<T> FairQueue<T> {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, turns: VecDeque::new(), waiting: BTreeMap::new(), len: 0, last_ticket: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.len
    }

    /// Takes one more in, if its network has not too many already. A full queue takes it in place of one whose
    /// network would still have no fewer than this one's: a flood fills the queue only until others come.
    pub(super) fn push(&mut self, from: Network, item: T) -> Pushed<T> {
        let own = self.waiting.get(&from).map_or(0, VecDeque::len);
        if own >= self.limits.of_one_network {
            return Pushed::Full(item);
        }
        let displaced = if self.len >= self.limits.all {
            match self.take_last_of_longest(own + 1) {
                Some(displaced) => Some(displaced),
                None => return Pushed::Full(item),
            }
        } else {
            None
        };
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let line = self.waiting.entry(from).or_default();
        if line.is_empty() {
            self.turns.push_back(from);
        }
        line.push_back((ticket, item));
        self.len += 1;
        match displaced {
            Some(displaced) => Pushed::InPlaceOf(displaced, ticket),
            None => Pushed::Waiting(ticket),
        }
    }

    /// Whose turn it is: the first of the network that was served longest ago.
    pub(super) fn pop(&mut self) -> Option<T> {
        let network = self.turns.pop_front()?;
        let line = self.waiting.get_mut(&network)?;
        let (_, item) = line.pop_front()?;
        self.len -= 1;
        if line.is_empty() {
            self.waiting.remove(&network);
        } else {
            self.turns.push_back(network);
        }
        Some(item)
    }

    /// Takes one out that is no longer interested, if it still waits.
    pub(super) fn remove(&mut self, from: Network, ticket: Ticket) -> Option<T> {
        let line = self.waiting.get_mut(&from)?;
        let place = line.iter().position(|(waiting, _)| *waiting == ticket)?;
        let (_, item) = line.remove(place)?;
        self.len -= 1;
        if line.is_empty() {
            self.waiting.remove(&from);
            self.turns.retain(|network| *network != from);
        }
        Some(item)
    }

    fn take_last_of_longest(&mut self, longer_than: usize) -> Option<T> {
        let line = self.waiting.values_mut().max_by_key(|line| line.len())?;
        if line.len() <= longer_than {
            return None;
        }
        let (_, item) = line.pop_back()?;
        self.len -= 1;
        Some(item)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn networks_take_turns_and_each_is_served_in_order() {
        let mut queue = queue(10, 10);
        for item in ["a1", "a2", "a3", "b1", "c1", "c2"] {
            push(&mut queue, item);
        }
        let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(order, ["a1", "b1", "c1", "a2", "c2", "a3"]);
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn one_network_has_no_more_than_its_share() {
        let mut queue = queue(10, 2);
        push(&mut queue, "a1");
        push(&mut queue, "a2");
        assert_eq!(push(&mut queue, "a3"), Pushed::Full("a3"));
        assert!(matches!(push(&mut queue, "b1"), Pushed::Waiting(_)));
    }

    #[test]
    fn a_newcomer_displaces_the_last_of_a_flood() {
        let mut queue = queue(4, 4);
        for item in ["a1", "a2", "a3", "a4"] {
            push(&mut queue, item);
        }
        assert!(matches!(push(&mut queue, "b1"), Pushed::InPlaceOf("a4", _)));
        assert!(matches!(push(&mut queue, "b2"), Pushed::InPlaceOf("a3", _)));
        for one_more in ["a5", "b3"] {
            assert_eq!(push(&mut queue, one_more), Pushed::Full(one_more), "two each is fair");
        }
        assert!(matches!(push(&mut queue, "c1"), Pushed::InPlaceOf("a2" | "b2", _)));
        assert_eq!(queue.len(), 4);
    }

    #[test]
    fn one_that_leaves_makes_room() {
        let mut queue = queue(2, 2);
        let Pushed::Waiting(first) = push(&mut queue, "a1") else { panic!("there was room") };
        push(&mut queue, "b1");
        assert_eq!(push(&mut queue, "c1"), Pushed::Full("c1"));
        assert_eq!(queue.remove(network("a1"), first), Some("a1"));
        assert_eq!(queue.remove(network("a1"), first), None);
        assert!(matches!(push(&mut queue, "c1"), Pushed::Waiting(_)));
        assert_eq!(std::iter::from_fn(|| queue.pop()).collect::<Vec<_>>(), ["b1", "c1"]);
    }

    proptest! {
        #[test]
        fn the_queue_never_outgrows_its_limits_and_loses_nothing(
            steps in prop::collection::vec((0_u8..6, 0_u8..5), 1..300),
            all in 1_usize..12,
            of_one_network in 1_usize..8,
        ) {
            let mut queue = FairQueue::new(Limits { all, of_one_network });
            let (mut tickets, mut inside, mut next) = (vec![], std::collections::BTreeSet::new(), 0_u32);
            for (step, from) in steps {
                match step {
                    0 => if let Some(item) = queue.pop() { prop_assert!(inside.remove(&item)); },
                    1 => if let Some((from, ticket)) = tickets.pop()
                        && let Some(item) = queue.remove(from, ticket) { prop_assert!(inside.remove(&item)); },
                    _ => {
                        next += 1;
                        let from = Network::of([192, 0, 2, from].into());
                        match queue.push(from, next) {
                            Pushed::Waiting(ticket) => { tickets.push((from, ticket)); inside.insert(next); }
                            Pushed::InPlaceOf(displaced, ticket) => {
                                prop_assert!(inside.remove(&displaced));
                                tickets.push((from, ticket));
                                inside.insert(next);
                            }
                            Pushed::Full(item) => prop_assert_eq!(item, next),
                        }
                    }
                }
                prop_assert_eq!(queue.len(), inside.len());
                prop_assert!(queue.len() <= all);
                prop_assert_eq!(queue.turns.len(), queue.waiting.len());
                prop_assert!(queue.waiting.values().all(|line| (1..=of_one_network).contains(&line.len())));
            }
            while let Some(item) = queue.pop() { prop_assert!(inside.remove(&item)); }
            prop_assert!(inside.is_empty());
        }

        #[test]
        fn nobody_waits_for_two_turns_of_another_network(lines in prop::collection::vec(1_usize..9, 2..6)) {
            let mut queue = FairQueue::new(Limits { all: 100, of_one_network: 100 });
            for (network, length) in (0_u16..).zip(&lines) {
                for _ in 0..*length {
                    queue.push(Network::of(std::net::Ipv4Addr::from(u32::from(network)).into()), network);
                }
            }
            let order: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
            for (network, length) in (0_u16..).zip(&lines) {
                let last = order.iter().rposition(|served| *served == network).unwrap();
                for other in (0_u16..).take(lines.len()) {
                    let served = order[..last].iter().filter(|served| **served == other).count();
                    prop_assert!(served <= *length);
                }
            }
        }
    }

    fn queue(all: usize, of_one_network: usize) -> FairQueue<&'static str> {
        FairQueue::new(Limits { all, of_one_network })
    }

    fn push(queue: &mut FairQueue<&'static str>, item: &'static str) -> Pushed<&'static str> {
        queue.push(network(item), item)
    }

    /// The network of an item is its first letter.
    fn network(item: &str) -> Network {
        Network::of([192, 0, 2, item.as_bytes()[0]].into())
    }
}
