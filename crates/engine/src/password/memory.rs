//! The memory that Argon2 fills, kept from one hash to the next: getting it anew each time costs as much as the
//! hash itself where it is large, because the system clears every page.

use argon2::Block;

/// So many KiB are reserved at least, though only what a hash fills is ever really there.
///
/// Above 32 MiB the GNU allocator always asks the system and always gives back. Below, it learns from the first
/// freed block to keep the next ones, and cuts aligned ones so that they don't fit again: every hash after a pause
/// would make the process 19 MiB larger. Other allocators hand such a size through to the system as well.
const RESERVED_KIB: usize = 33 * 1024;

/// Memory for one hash at a time.
#[derive(Default)]
pub struct Memory {
    blocks: Vec<Block>,
}

impl Memory {
    /// Memory that has not been asked for yet.
    #[must_use]
    pub const fn none() -> Self {
        Self { blocks: Vec::new() }
    }

    /// How much is held, in KiB.
    #[must_use]
    pub const fn held_kib(&self) -> usize {
        self.blocks.len()
    }

    /// Gives it back to the system.
    pub fn free(&mut self) {
        self.blocks = Vec::new();
    }

    /// Gives back what is more than `kib`: a hash from elsewhere may have needed more than ours.
    pub(super) fn shrink_to(&mut self, kib: usize) {
        if self.held_kib() > kib {
            self.free();
        }
    }

    /// Exactly so many blocks of 1 KiB.
    pub(super) fn blocks(&mut self, count: usize) -> Result<&mut [Block], NoMemory> {
        if count > self.blocks.capacity() {
            // Freed first: the old and the new need never be there at once.
            self.free();
            let reserved = count.max(RESERVED_KIB);
            self.blocks.try_reserve_exact(reserved).map_err(|_| NoMemory)?;
        }
        if count > self.blocks.len() {
            self.blocks.resize(count, Block::new());
        }
        Ok(&mut self.blocks[..count])
    }
}

/// The system has no memory to give.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no memory for a password hash")]
pub struct NoMemory;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_reused_and_freed() {
        let mut memory = Memory::none();
        let first = memory.blocks(64).unwrap().as_ptr();
        assert_eq!(memory.blocks(32).unwrap().as_ptr(), first);
        assert_eq!(memory.blocks(64).unwrap().as_ptr(), first);
        assert_eq!(memory.held_kib(), 64);
        memory.shrink_to(64);
        assert_eq!(memory.held_kib(), 64);
        memory.shrink_to(63);
        assert_eq!(memory.held_kib(), 0);
    }

    #[test]
    fn little_is_grown_into_much_without_a_second_copy() {
        let mut memory = Memory::none();
        memory.blocks(8).unwrap();
        let first = memory.blocks(8).unwrap().as_ptr();
        assert_eq!(memory.blocks(64).unwrap().as_ptr(), first);
        assert_eq!(memory.held_kib(), 64);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_is_freed_goes_back_to_the_system() {
        let mut memory = Memory::none();
        let mut went_back = || {
            let address = memory.blocks(19 * 1024).unwrap().as_ptr().addr();
            assert!(is_mapped(address));
            memory.free();
            !is_mapped(address)
        };
        went_back();
        // The first time says nothing: the allocator learns from it. Later another thread may have got the same
        // address meanwhile, but not every time.
        assert!((0..10).any(|_| went_back()));
    }

    #[test]
    fn what_the_system_has_not_got_is_an_error_and_no_abort() {
        assert_eq!(Memory::none().blocks(usize::MAX / 2048).err(), Some(NoMemory));
    }

    #[cfg(target_os = "linux")]
    fn is_mapped(address: usize) -> bool {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        maps.lines().any(|line| {
            let (range, _) = line.split_once(' ').unwrap();
            let (from, to) = range.split_once('-').unwrap();
            let number = |text| usize::from_str_radix(text, 16).unwrap();
            (number(from)..number(to)).contains(&address)
        })
    }
}
