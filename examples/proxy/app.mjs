// A handbook that knows nothing of sign-ins. nginx asks Cloakroom about each request, and says in headers who it is from.
//
// So there is no password, no cookie, no session and no library here. What makes the headers believable is that nobody reaches
// this port but nginx, which overwrites them: without it, whoever writes `Remote-User: ada@example.com` is Ada.

import { createServer } from "node:http";
import { readFileSync } from "node:fs";

const { LISTEN = "127.0.0.1:3000", ACCOUNT = "#" } = process.env;
const STYLE = readFileSync(new URL("handbook.css", import.meta.url));

/** `group`: only whoever is in it sees the page. */
const PAGES = [
  { path: "/", title: "Welcome", words: ["Everything that you need to know on your first day at the cloakroom, and on the day that the lights go out."] },
  { path: "/coats", title: "Coats", words: ["One hook, one coat, one ticket.", "A coat without a ticket goes to the lost property at closing time, with a note of where it hung."] },
  { path: "/umbrellas", title: "Umbrellas", words: ["Wet ones stand, dry ones hang.", "An umbrella that is left behind is lent out when it rains. We write down to whom."] },
  { path: "/keys", title: "Keys", group: "admin", words: ["The spare keys are with the porter.", "Only administrators see this page."] },
];

createServer(({ method, url, headers }, response) => {
  const [pathname] = url.split("?");
  if (pathname === "/handbook.css") return answer(response, 200, "text/css", STYLE);
  if (method !== "GET" && method !== "HEAD") return answer(response, 405, "text/plain", "A handbook is read.");

  const reader = { name: headers["remote-user"] ?? "", groups: (headers["remote-groups"] ?? "").split(",") };
  const pages = PAGES.filter(({ group }) => group === undefined || reader.groups.includes(group));
  const page = pages.find(({ path }) => path === pathname);
  const lost = { title: "No such page", words: ["The handbook has no such page, or not for you."] };
  return answer(response, page === undefined ? 404 : 200, "text/html", html(pages, page ?? lost, reader));
}).listen(Number(LISTEN.split(":")[1]), LISTEN.split(":")[0], () => console.log(`the handbook at ${LISTEN}`));

function answer(response, status, type, body) {
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
  });
  response.end(body);
}

const escaped = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

function html(pages, page, { name, groups }) {
  const current = (one) => (one === page ? ' aria-current="page"' : "");
  const links = pages.map((one) => `<li><a href="${one.path}"${current(one)}>${one.title}</a></li>`).join("");
  const known = groups.filter((group) => group !== "").map((group) => `<span class="mark">${escaped(group)}</span>`).join(" ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${page.title} · The handbook</title>
<link rel="stylesheet" href="/handbook.css">
</head>
<body>
<div class="room">
  <header>
    <p class="brand"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true"><path d="M12 6c-2-2-5-2-8-2v14c3 0 6 0 8 2 2-2 5-2 8-2V4c-3 0-6 0-8 2v14"/></svg>The handbook</p>
    <p><span class="quiet" id="reader">${escaped(name)}</span> ${known} <a class="account" href="${escaped(ACCOUNT)}">Your account</a></p>
  </header>
  <div class="panels">
    <nav class="panel" aria-label="Pages"><ul>${links}</ul></nav>
    <main class="panel">
      <h1>${page.title}</h1>
      ${page.words.map((sentence) => `<p>${sentence}</p>`).join("\n      ")}
    </main>
  </div>
</div>
</body>
</html>
`;
}
