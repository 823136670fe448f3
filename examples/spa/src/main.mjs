// A single-page app behind its own backend, on another domain than the identity server.
//
// Here is the backend: it sends people to the sign-in, keeps their tokens on this side, and gives the browser one cookie that no
// script sees. The page asks it for everything, and there is not a token in it.

import { fileURLToPath } from "node:url";

import { createGuard } from "@cloakroom/guard";
import { identify } from "@cloakroom/guard/express";
import { createRelyingParty } from "@cloakroom/guard/relying-party";
import express from "express";

import { answered, notesApi } from "./api.mjs";
import { Notes } from "./notes.mjs";

const { ISSUER, ORIGIN, CLIENT_SECRET, BACKEND_SECRET, LISTEN = "127.0.0.1:8003", NOTES = "notes.json" } = process.env;

// Hears from the identity server what ended. It is a client of its own, because what it may do is another thing than signing in.
const guard = createGuard({ issuer: ISSUER, audience: ORIGIN, clientId: "notes-backend", clientSecret: BACKEND_SECRET });

// Answers `/sign-in`, `/callback`, `/sign-out` and `/me` by itself.
const signIn = createRelyingParty({ guard, clientId: "notes", clientSecret: CLIENT_SECRET, origin: ORIGIN });

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const app = express();
app.disable("x-powered-by");
app.use((_request, response, next) => {
  response.set({ "content-security-policy": POLICY, "referrer-policy": "no-referrer", "x-content-type-options": "nosniff" });
  next();
});
app.use(identify(signIn));
app.use("/api/notes", notesApi(await Notes.open(NOTES)));
app.use(express.static(fileURLToPath(new URL("../page", import.meta.url))));
app.get("/cloakroom.js", (_request, response) => response.sendFile(fileURLToPath(import.meta.resolve("@cloakroom/browser"))));
app.use(answered);

const [host, port] = LISTEN.split(":");
app.listen(Number(port), host, () => console.log(`notes at ${ORIGIN}`));
