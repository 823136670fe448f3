//! The registry of clients.

use super::statements;

statements! {
    FIND = "SELECT client FROM clients WHERE id = $1";

    LIST = "SELECT client FROM clients ORDER BY id";

    INSERT = "INSERT INTO clients (id, client) VALUES ($1, $2) ON CONFLICT DO NOTHING";

    REPLACE = "UPDATE clients SET client = $1 WHERE id = $2";

    DELETE = "DELETE FROM clients WHERE id = $1";
}
