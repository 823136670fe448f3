// The real server on a database of its own, which is gone with the test that asked for it.
//
// `CLOAKROOM_BINARY` names the binary; without it the one of a debug build is taken. A test that needs it fails where it is
// not there.

import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { holdPort, type Port } from "./port.js";

const DEBUG_BUILD = fileURLToPath(new URL("../../../../target/debug/cloakroom", import.meta.url));
const BINARY = process.env["CLOAKROOM_BINARY"] ?? DEBUG_BUILD;
/** Without what would be settings of the server. */
const ENVIRONMENT = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("CLOAKROOM_")));
/** A busy machine is slow, not wrong. */
const PATIENCE_MS = 60_000;

export const PASSWORD = "a person of tests, seven coats";

export interface Client {
  readonly clientId: string;
  readonly clientSecret: string;
}

export class Server {
  #child: ChildProcess | undefined;
  #said = "";

  private constructor(
    private readonly held: Port,
    private readonly folder: string,
    private readonly options: readonly string[],
  ) {}

  /** Starts a server whose options are its command line's. */
  static async start(...options: string[]): Promise<Server> {
    assert.ok(existsSync(BINARY), `there is no server at ${BINARY}: cargo build -p cloakroom makes it`);
    const server = new Server(await holdPort(), mkdtempSync(join(tmpdir(), "cloakroom-guard-")), options);
    process.once("exit", () => server.#gone());
    await server.begin();
    return server;
  }

  get port(): number {
    return this.held.number;
  }

  get url(): string {
    return `http://localhost:${this.port}`;
  }

  /** Begins, or begins again on the same port and the same data. */
  async begin(): Promise<void> {
    const { port, options } = this;
    const child = spawn(
      BINARY,
      ["serve", `--listen=127.0.0.1:${port}`, `--public-url=${this.url}`, "--answer-delay=50ms", ...options, this.#data],
      { stdio: ["ignore", "pipe", "pipe"], env: { ...ENVIRONMENT, CLOAKROOM_DANGER_NO_THROTTLE: "true" } },
    );
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (this.#said += String(text)));
    this.#child = child;
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const answered = await fetch(`http://127.0.0.1:${port}/healthz`, { headers: { host: `localhost:${port}` } }).catch(() => undefined);
      if (answered?.status === 200) return;
      assert.ok(child.exitCode === null && Date.now() < until, `the server does not come up:\n${this.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends it at once, as a power cut would. What it acknowledged stays. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Ends it, with its data. */
  async end(): Promise<void> {
    await this.kill();
    this.#gone();
  }

  /** A command beside the running server. Returns what it prints as JSON. */
  async command(words: string[], input = ""): Promise<Record<string, unknown>> {
    const child = spawn(BINARY, [...words, "--json", this.#data], { stdio: ["pipe", "pipe", "pipe"], env: ENVIRONMENT });
    let [out, err] = ["", ""];
    child.stdout.on("data", (text) => (out += String(text)));
    child.stderr.on("data", (text) => (err += String(text)));
    child.stdin.end(input);
    const [code] = (await once(child, "close")) as [number];
    assert.equal(code, 0, `cloakroom ${words.join(" ")}: ${out}${err}`);
    return JSON.parse(out === "" ? "{}" : out) as Record<string, unknown>;
  }

  async addUser(email: string, ...options: string[]): Promise<void> {
    await this.command(["user", "add", email, ...options], `${PASSWORD}\n`);
  }

  async addClient(id: string, ...options: string[]): Promise<Client> {
    const added = await this.command(["client", "add", id, ...options]);
    const secret = added["client_secret"] ?? added["secret"];
    const client = { clientId: id, clientSecret: typeof secret === "string" ? secret : "" };
    // The command wrote it beside the server, which hears of it a moment later; and of the key of its ID tokens by itself.
    const signsIn = options.some((option) => option.startsWith("--redirect-uri"));
    for (const until = Date.now() + PATIENCE_MS; ; ) {
      const asked = await fetch(`${this.url}/oauth/introspect`, {
        method: "POST",
        headers: { authorization: basic(client) },
        body: new URLSearchParams({ token: "x" }),
      });
      const { keys } = (await (await fetch(`${this.url}/.well-known/jwks.json`)).json()) as { keys: { alg: string }[] };
      const isKnown = client.clientSecret === "" || asked.status !== 401;
      if (isKnown && (!signsIn || keys.some(({ alg }) => alg === "RS256"))) break;
      assert.ok(Date.now() < until, `the server does not hear of the client ${id}`);
    }
    return client;
  }

  /** Asks the JSON API. */
  async ask(method: string, path: string, more: { body?: unknown; headers?: Record<string, string> } = {}): Promise<Response> {
    const headers = { ...more.headers, ...(more.body === undefined ? {} : { "content-type": "application/json" }) };
    const body = more.body === undefined ? {} : { body: JSON.stringify(more.body) };
    const answer = await fetch(`${this.url}${path}`, { method, headers, redirect: "manual", ...body });
    assert.ok(answer.status < 400, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
    return answer;
  }

  /** Signs in with a cookie. Returns the `Cookie` header that a browser would send. */
  async cookie(identifier: string): Promise<string> {
    const answer = await this.ask("POST", "/api/v1/sign-in", { body: { identifier, password: PASSWORD, carry: "cookie" } });
    return cookiesOf(answer);
  }

  /** Signs in with tokens of the built-in client. */
  async tokens(identifier: string): Promise<{ access_token: string; refresh_token: string }> {
    const answer = await this.ask("POST", "/api/v1/sign-in", { body: { identifier, password: PASSWORD, carry: "token" } });
    return (await answer.json()) as { access_token: string; refresh_token: string };
  }

  get #data(): string {
    return `--data-dir=${join(this.folder, "data")}`;
  }

  #gone(): void {
    this.#child?.kill("SIGKILL");
    this.held.release();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** How a client proves that it is itself. */
export function basic({ clientId, clientSecret }: Client): string {
  return `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString("base64")}`;
}

/** The cookies that an answer sets, as a browser sends them back; what is taken back is left out. */
export function cookiesOf(answer: Response): string {
  return setCookies(answer)
    .filter((line) => !/Max-Age=0/i.test(line))
    .map((line) => line.split(";")[0])
    .join("; ");
}

/** Node 18 joins the lines of a header that may not be joined: a comma before a name begins another one. */
export function setCookies(answer: Response): string[] {
  return (answer.headers.get("set-cookie") ?? "").split(/, (?=[^;, ]+=)/).filter((line) => line !== "");
}
