//! Each server is really started here, and met as its users meet it.

mod balancer;
mod disk;
mod http;
mod lifetime;
mod pgbouncer;
mod postgres;
mod psql;
mod redis;
mod redis_sets;
mod wire;
