//! The memory backend: everything in one process, forgotten at exit.
