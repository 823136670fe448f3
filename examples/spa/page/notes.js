// The page. Who is there, the session tells; what is to be seen follows from the address, so that it can be gone back to, sent
// on, and returned to after a sign-in:
//
//     /                   a new note
//     /#0b9f2c4e-…        a note
//     /?find=umbrella     those that hold the word

import { createSession } from "/cloakroom.js";

const $ = (id) => document.getElementById(id);
const session = createSession({ waits: true });
let notes = [];
/** What was written and not saved yet, by note. */
const drafts = new Map();

const wanted = () => new URLSearchParams(location.search).get("find") ?? "";
const chosen = () => notes.find(({ id }) => id === location.hash.slice(1));
const titleOf = ({ text }) => text.trim().split("\n", 1)[0] || "Untitled";

/** Asks the backend; its refusals are sentences. */
async function ask(method, path = "", body) {
  const init = body === undefined ? { method } : { method, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const answer = await session.fetch(`/api/notes${path}`, init);
  // Who is nobody any more is shown that, and needs no other words.
  if (answer.status === 401) return undefined;
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).title ?? "That did not work. Try again in a moment.");
  return answer.status === 204 ? null : answer.json();
}

function say(words) {
  $("said").textContent = words;
}

/** Does something that may not work, and says so. */
const tried = (act) => async (event) => {
  event?.preventDefault();
  say("");
  try {
    await act(event);
  } catch (error) {
    say(error instanceof TypeError ? "The server cannot be reached. What you wrote is still here." : error.message);
  }
};

function showWho() {
  const { status, me } = session.state;
  $("you").hidden = $("desk").hidden = status !== "signed_in";
  $("stranger").hidden = status !== "signed_out";
  $("who").textContent = me?.user.email ?? me?.user.username ?? "";
  if (status === "signed_out") {
    // Whoever sits down next sees nothing of it.
    notes = [];
    drafts.clear();
    showNote();
    say("");
  }
}

function showList() {
  const word = wanted().toLowerCase();
  const found = notes.filter(({ text }) => text.toLowerCase().includes(word));
  $("list").replaceChildren(...found.map(rowOf));
  $("none").hidden = found.length > 0;
  $("none").textContent = notes.length === 0 ? "Nothing is written down yet." : "No note holds that.";
  $("find").elements.find.value = wanted();
}

function rowOf(note) {
  const link = document.createElement("a");
  link.href = `#${note.id}`;
  link.textContent = titleOf(note);
  if (note.id === chosen()?.id) link.setAttribute("aria-current", "true");
  const time = document.createElement("time");
  time.className = "quiet";
  time.dateTime = note.changedAt;
  time.textContent = new Date(note.changedAt).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
  const row = document.createElement("li");
  row.append(link, time);
  return row;
}

function showNote() {
  const note = chosen();
  $("note").elements.text.value = drafts.get(note?.id) ?? note?.text ?? "";
  $("note-title").textContent = note === undefined ? "New note" : titleOf(note);
  $("delete").hidden = $("another").hidden = note === undefined;
  showList();
}

function go(address) {
  history.pushState(null, "", address);
  showNote();
}

const here = (id = "") => `${location.pathname}${location.search}${id === "" ? "" : `#${id}`}`;

const load = tried(async () => {
  const all = await ask("GET");
  if (all === undefined) return;
  notes = all;
  showNote();
});

$("sign-in").addEventListener("click", () => session.signIn());
$("sign-out").addEventListener("click", tried(() => session.signOut()));
$("another").addEventListener("click", () => {
  go(here());
  $("note").elements.text.focus();
});

$("note").addEventListener("submit", tried(async () => {
  const text = $("note").elements.text.value;
  const before = chosen();
  const note = before === undefined ? await ask("POST", "", { text }) : await ask("PUT", `/${before.id}`, { text });
  if (note === undefined) return;
  drafts.delete(before?.id);
  notes = [note, ...notes.filter(({ id }) => id !== note.id)];
  go(here(note.id));
  say("Saved.");
}));

$("note").addEventListener("input", ({ target }) => {
  drafts.set(chosen()?.id, target.value);
  say("");
});
$("note").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) $("note").requestSubmit();
});

$("delete").addEventListener("click", tried(async () => {
  const { id } = chosen();
  if ((await ask("DELETE", `/${id}`)) === undefined) return;
  drafts.delete(id);
  notes = notes.filter((note) => note.id !== id);
  go(here());
  $("note").elements.text.focus();
  say("Deleted.");
}));

$("find").addEventListener("input", ({ target }) => {
  const find = target.value === "" ? "" : `?${new URLSearchParams({ find: target.value })}`;
  history.replaceState(null, "", `${location.pathname}${find}${location.hash}`);
  showList();
});
$("find").addEventListener("submit", (event) => event.preventDefault());

addEventListener("popstate", () => {
  say("");
  showNote();
});

let there = "";
session.subscribe(() => {
  showWho();
  const user = session.state.me?.user.id ?? "";
  if (user !== there && user !== "") load();
  there = user;
});
