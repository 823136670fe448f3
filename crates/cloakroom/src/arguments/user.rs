//! `cloakroom user …`

use clap::{Args, Subcommand};

/// What to do with users.
#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// Make a user; the password is asked for, or read as one line from standard input
    #[command(after_help = "\
Examples:
  cloakroom user add ada@example.com --role admin
  pass show ada | cloakroom user add ada@example.com --username ada --json")]
    Add(NewUser),
    /// Make a user from a password hash of another system, read as one line from standard input
    #[command(after_help = "\
Argon2, bcrypt, scrypt, PBKDF2 and salted SHA are read as PHC or crypt strings; the user's next sign-in replaces the
hash by Argon2id.

Example:
  echo '$2b$12$…' | cloakroom user import ada@example.com --username ada")]
    Import(NewUser),
    /// List users
    List {
        /// Only whose email or username begins with this
        #[arg(value_name = "BEGINNING")]
        begins_with: Option<String>,
        /// At most this many
        #[arg(long, default_value_t = 100, value_name = "NUMBER")]
        limit: usize,
        /// Only those after the user with this id, as the list before ended
        #[arg(long, value_name = "ID")]
        after: Option<String>,
    },
    /// Show one user
    Show(Who),
    /// Keep a user from signing in; every session ends at once
    Disable(Who),
    /// Let a disabled user sign in again
    Enable(Who),
    /// Delete a user with sessions, grants and data
    Delete {
        #[command(flatten)]
        who: Who,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Print a one-time link by which a user who is locked out sets a new password
    Recover(Who),
    /// Change what a user may do; without options, show it
    #[command(after_help = "Example: cloakroom user roles ada --add admin --remove editor")]
    Roles {
        #[command(flatten)]
        who: Who,
        /// Give this role
        #[arg(long, value_name = "ROLE")]
        add: Vec<String>,
        /// Take this role away
        #[arg(long, value_name = "ROLE")]
        remove: Vec<String>,
    },
    /// Forget a user's failed sign-ins, so that unknown devices may try again
    Unlock(Who),
}

/// A user who is not there yet.
#[derive(Args, Debug)]
pub(crate) struct NewUser {
    /// Where mail reaches the user
    #[arg(value_name = "EMAIL")]
    pub(crate) email: String,
    /// A name to sign in with, beside the email
    #[arg(long, value_name = "NAME")]
    pub(crate) username: Option<String>,
    /// What the user may do; `admin` runs this server
    #[arg(long = "role", value_name = "ROLE")]
    pub(crate) roles: Vec<String>,
}

/// One user.
#[derive(Args, Debug)]
pub(crate) struct Who {
    /// An email, a username or an id
    #[arg(value_name = "USER")]
    pub(crate) user: String,
}
