//! Which bit is whose (draft-ietf-oauth-status-list, §12.5.2): places are given one after the other, and stand in a list in
//! an order that only the server knows, so that nobody who sees two of them can tell which came first.
//!
//! The order of each list is computed from a key and the list's number, so nothing has to be remembered.

use aws_lc_rs::hmac;

/// How many places each list has, whether they are given or not: its length tells nothing (§12.3).
pub const PLACES: u32 = 1 << 16;

/// Rounds of a Feistel network. Four make a permutation that cannot be told from a random one, if their functions cannot.
const ROUNDS: usize = 4;

/// The order of one list. Does not print.
pub struct Spread([[u8; 256]; ROUNDS]);

impl Spread {
    /// The order of the list with this number in this series, from `secret`, which may serve other purposes too.
    #[must_use]
    pub fn derive(secret: &[u8; 32], series: u64, list: u32) -> Self {
        let key = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), b"cloakroom status lists");
        let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        let mut rounds = [[0; 256]; ROUNDS];
        for (round, table) in (0_u8..).zip(&mut rounds) {
            for (block, part) in (0_u8..).zip(table.chunks_mut(32)) {
                let mut text = [round, block].to_vec();
                text.extend(series.to_be_bytes());
                text.extend(list.to_be_bytes());
                part.copy_from_slice(hmac::sign(&key, &text).as_ref());
            }
        }
        Self(rounds)
    }

    /// The number of the bit for the place that was given as the `nth` of this list.
    #[must_use]
    pub fn idx(&self, nth: u32) -> u32 {
        let [_, _, mut left, mut right] = (nth % PLACES).to_be_bytes();
        for table in &self.0 {
            (left, right) = (right, left ^ table[usize::from(right)]);
        }
        u32::from(u16::from_be_bytes([left, right]))
    }
}

impl std::fmt::Debug for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Spread(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_place_has_a_bit_of_its_own() {
        let spread = Spread::derive(&[1; 32], 0, 0);
        let mut taken = vec![false; PLACES as usize];
        for nth in 0..PLACES {
            let bit = &mut taken[spread.idx(nth) as usize];
            assert!(!*bit, "{nth}");
            *bit = true;
        }
    }

    #[test]
    fn who_sees_two_cannot_tell_which_came_first() {
        let spread = Spread::derive(&[1; 32], 0, 0);
        let rises = (1..PLACES).filter(|nth| spread.idx(*nth) > spread.idx(nth - 1)).count();
        let half = PLACES as usize / 2;
        assert!(rises.abs_diff(half) < half / 20, "{rises}");
    }

    #[test]
    fn each_list_of_each_series_and_each_key_has_an_order_of_its_own() {
        let order = |secret, series, list| {
            let spread = Spread::derive(&[secret; 32], series, list);
            (0..16).map(|nth| spread.idx(nth)).collect::<Vec<_>>()
        };
        assert_eq!(order(1, 0, 0), order(1, 0, 0));
        for other in [order(2, 0, 0), order(1, 1, 0), order(1, 0, 1)] {
            assert_ne!(order(1, 0, 0), other);
        }
    }
}
