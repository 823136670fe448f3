//! The memory that Argon2 fills, kept from one hash to the next: getting it anew each time costs as much as the
//! hash itself where it is large, because the system clears every page.

use argon2::Block;

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
        self.blocks.capacity()
    }

    /// Gives it back to the system.
    pub fn free(&mut self) {
        self.blocks = Vec::new();
    }

    /// Gives back what is more than `kib`: a hash from elsewhere may have needed more than ours.
    pub(super) fn shrink_to(&mut self, kib: usize) {
        if self.blocks.capacity() > kib {
            self.free();
        }
    }

    /// Exactly so many blocks of 1 KiB.
    pub(super) fn blocks(&mut self, count: usize) -> Result<&mut [Block], NoMemory> {
        if count > self.blocks.len() {
            // Freed first: the old and the new need never be there at once.
            if count > self.blocks.capacity() {
                self.free();
                self.blocks.try_reserve_exact(count).map_err(|_| NoMemory)?;
            }
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
    fn what_the_system_has_not_got_is_an_error_and_no_abort() {
        assert_eq!(Memory::none().blocks(usize::MAX / 2048).err(), Some(NoMemory));
    }
}
