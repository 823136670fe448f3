-- How many bytes a row of each large table takes in PostgreSQL, with its indices and without what is stored apart.
--
--   psql DATABASE --file xtask/src/scale/rows.sql
--
-- DATABASE has Cloakroom's schema and nobody at work in it: the first start makes it. A hundred thousand rows of each
-- are put in, weighed, and taken back.

\set ON_ERROR_STOP on
\set count 100000

BEGIN;

SET LOCAL synchronous_commit = off;
SET LOCAL search_path = cloakroom;

-- As ids are made: ordered by the time of their making, random in the rest.
CREATE FUNCTION pg_temp.id(number BIGINT) RETURNS BYTEA LANGUAGE sql AS $$
    SELECT decode(lpad(to_hex(1755300000000 + number), 12, '0') || substr(md5(random()::TEXT), 1, 20), 'hex')
$$;

CREATE FUNCTION pg_temp.digest() RETURNS BYTEA LANGUAGE sql AS $$
    SELECT decode(md5(random()::TEXT) || md5(random()::TEXT), 'hex')
$$;

CREATE TEMPORARY TABLE weights (what TEXT, before BIGINT);

INSERT INTO weights
SELECT what, pg_total_relation_size(what::REGCLASS)
FROM unnest(ARRAY['users', 'sessions', 'guests', 'grants', 'documents', 'log', 'events']) AS what;

CREATE TEMPORARY TABLE numbers AS
SELECT number, pg_temp.id(number) AS user_id, pg_temp.id(number) AS session_id
FROM generate_series(1, :count) AS number;

INSERT INTO users (id, email, email_lookup, username, username_lookup, roles, is_admin, generation, password, created_at)
SELECT user_id, 'Somebody' || number || '@example.com', 'somebody' || number || '@example.com', 'somebody' || number,
    'somebody' || number, '[]', 0, 1, '$argon2id$v=19$m=19456,t=2,p=1$' || substr(md5(random()::TEXT), 1, 22) || '$' ||
    substr(md5(random()::TEXT) || md5(random()::TEXT), 1, 43), 1755300000000 + number
FROM numbers;

-- Users come back in another order than they came.
INSERT INTO sessions (id, user_id, secret, client, carrier, device_name, device_address, authenticated_at, acr, amr,
    created_at, expires_at, idle, last_seen_at, remembered, look_at)
SELECT session_id, user_id, CASE WHEN number % 5 < 3 THEN pg_temp.digest() END, 'cloakroom', 'cookie',
    'Firefox on Windows', '203.0.113.77', 1755300000000 + number, 'aal1', '["pwd"]', 1755300000000 + number,
    1757892000000 + number, 86400000, 1755300000000 + number, 0, 1755386400000 + number
FROM numbers ORDER BY md5(number::TEXT);

INSERT INTO guests (id, secret, client, carrier, device_name, device_address, created_at, expires_at, idle, last_seen_at,
    remembered, look_at)
SELECT session_id, pg_temp.digest(), 'cloakroom', 'cookie', 'Firefox on Windows', '203.0.113.77', 1755300000000 + number,
    1757892000000 + number, 86400000, 1755300000000 + number, 0, 1755386400000 + number
FROM numbers;

INSERT INTO grants (id, user_id, session_id, client, scope, audience, created_at, expires_at, idle, last_used_at,
    data_key, counter, rotations, bound, look_at, details)
SELECT pg_temp.id(number), user_id, session_id, 'shop', '["openid","profile","email"]', '["https://api.example.com"]',
    1755300000000 + number, 1757892000000 + number, 86400000, 1755300000000 + number, 1, 12,
    '[[11,' || 1755300000000 + number || ']]', 0, 1755386400000 + number, '{}'
FROM numbers ORDER BY md5(number::TEXT);

-- Two bytes of a document, so that what is weighed is what stands around it.
INSERT INTO documents (owner, client, namespace, etag, bytes, value)
SELECT 'u'::BYTEA || user_id, 'cloakroom', 'cart', pg_temp.id(number), 2, '{}'
FROM numbers ORDER BY md5(number::TEXT);

INSERT INTO log (seq, nonce, at, kind, subject, change, until)
SELECT number, (random() * 9e18)::BIGINT, 1755300000000 + number, 'session', session_id, 'ended', 1755303720000 + number
FROM numbers;

INSERT INTO events (at, user_id, event)
SELECT 1755300000000 + number, user_id, json_build_object('at', 1755300000000 + number, 'kind', 'signed_in', 'actor',
    json_build_object('is', 'user', 'id', encode(user_id, 'hex')::UUID), 'user', encode(user_id, 'hex')::UUID, 'session',
    encode(session_id, 'hex')::UUID, 'client', 'cloakroom', 'address', '203.0.113.77')::TEXT
FROM numbers ORDER BY md5(number::TEXT);

SELECT what, (pg_total_relation_size(what::REGCLASS) - before) / :count AS bytes FROM weights ORDER BY what;

ROLLBACK;
