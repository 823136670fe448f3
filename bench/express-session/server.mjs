// A service on Node.js that keeps its own sessions in Redis by express-session and connect-redis, set up as their
// documentation has it. POST /sign-in puts a user into a new session, GET /who answers whose the session is.

import { randomBytes } from "node:crypto";
import { RedisStore } from "connect-redis";
import express from "express";
import session from "express-session";
import { createClient } from "redis";

const [port, url] = process.argv.slice(2);
const client = createClient({ url });
await client.connect();

const app = express();
app.use(
  session({
    store: new RedisStore({ client }),
    secret: randomBytes(32).toString("base64url"),
    resave: false,
    saveUninitialized: false,
  }),
);
app.post("/sign-in", express.text(), (request, response) => {
  request.session.user = request.body;
  response.sendStatus(204);
});
app.get("/who", (request, response) => {
  const { user } = request.session;
  if (user === undefined) response.sendStatus(401);
  else response.json({ user });
});
app.listen(Number(port), "127.0.0.1");
