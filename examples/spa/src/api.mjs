// What the page asks for, in JSON. Every request says by its cookie whose notes are meant, and nobody else's can be named.

import { requires } from "@cloakroom/guard/express";
import { signedIn } from "@cloakroom/guard";
import express from "express";

import { Full } from "./notes.mjs";

/** @param {import("./notes.mjs").Notes} notes */
export function notesApi(notes) {
  const api = express.Router();
  api.use(requires(signedIn()), express.json({ limit: "64kb" }));
  api.get("/", ({ identity }, response) => response.json(notes.of(identity.user)));
  api.post("/", async ({ identity, body }, response) => {
    const note = await notes.add(identity.user, textOf(body));
    response.status(201).json(note);
  });
  api.put("/:id", async ({ identity, body, params }, response) => {
    const note = await notes.change(identity.user, params.id, textOf(body));
    if (note === undefined) throw refusal(404, "There is no such note.");
    response.json(note);
  });
  api.delete("/:id", async ({ identity, params }, response) => {
    await notes.remove(identity.user, params.id);
    response.sendStatus(204);
  });
  return api;
}

/** What went wrong, in a sentence for whoever sees the page. Express knows it by its four arguments. */
export function answered(error, _request, response, _next) {
  const status = error instanceof Full ? 507 : (error.status ?? 500);
  if (status === 500) console.error(error);
  response.status(status).json({ title: status === 500 ? "Something went wrong here." : error.message });
}

function textOf(body) {
  if (typeof body?.text !== "string") throw refusal(400, "A note has a text.");
  return body.text;
}

function refusal(status, message) {
  return Object.assign(new Error(message), { status });
}
