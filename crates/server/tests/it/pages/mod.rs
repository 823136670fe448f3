//! The pages as browsers see them, without a network: sign up to sign out, and everything that is refused.

mod browser;

mod account;
mod devices;
mod forms;
mod links;
mod safety;
mod sign_in;
mod sign_up;
