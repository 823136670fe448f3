//! The server, asked in this process as its clients ask it.

mod pages;
