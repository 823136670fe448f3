//! Each server is really started here, and met as its users meet it.

mod postgres;
mod redis;
