// Who is signed in, for a single-page application behind a backend of its own: known in every tab, gone from every tab.
//
// The browser holds a cookie that no script sees. What is kept here is only what the backend said of it, to show the right
// page; the backend asks again with every request, and is the one that is believed.

/** What is known. `me` is what the backend answered, whatever that is. */
export type State<Me> =
  /** The backend has not been asked yet. */
  | { readonly status: "unknown"; readonly me: null }
  | { readonly status: "signed_in"; readonly me: Me }
  | { readonly status: "signed_out"; readonly me: null };

export interface Settings {
  /** Answers with JSON whose member `user` is not null where somebody is signed in. Default `/me`. */
  readonly me?: string;
  /** Where people go to sign in; `return_to` says where to come back to. Default `/sign-in`. */
  readonly signIn?: string;
  /** Is sent a POST to sign out, and may answer with JSON whose member `redirect` says where to go on. Default `/sign-out`. */
  readonly signOut?: string;
  /**
   * `me` takes `Prefer: wait` (RFC 7240 §4.3), as the relying party does: it then answers once nobody is there any more, and a
   * sign-out anywhere is known here at once. One tab asks for all. Default `false`: who is there is asked when a tab is looked at.
   */
  readonly waits?: boolean;
  /** Tabs of one origin with the same name hear of each other. Default `cloakroom`. */
  readonly channel?: string;
  /** In another way than the browser's own; for tests. */
  readonly fetch?: typeof globalThis.fetch;
  readonly location?: Pick<Location, "assign" | "href">;
  readonly document?: Pick<Document, "addEventListener" | "removeEventListener" | "visibilityState">;
}

export interface Session<Me> {
  /** What is known now. Another object whenever something changed, and the same one otherwise. */
  readonly state: State<Me>;
  /** Calls back after each change, until the function that is returned is called. */
  subscribe(listener: () => void): () => void;
  /** Asks the backend who is there. Rejects where it does not answer; what was known stays then. */
  refresh(): Promise<State<Me>>;
  /**
   * `fetch`, for requests to the backend. One whose cookie was replaced meanwhile is sent once more, with the new one; one that
   * says that nobody is there any more tells all tabs. Its body must be one that can be sent twice, so no stream.
   */
  fetch(input: string | URL, init?: RequestInit): Promise<Response>;
  /** Leaves for the sign-in, and comes back to this page, or to `returnTo` on this origin. */
  signIn(returnTo?: string): void;
  /** Signs out, here and in all tabs. Rejects where the backend does not do it; nobody is signed out then. */
  signOut(): Promise<void>;
  /** Ends listening. */
  close(): void;
}

type News = "signed_in" | "signed_out";

/** Follows who is signed in. The backend is asked once at once, and again when the tab is looked at again. */
export function createSession<Me extends { readonly user: unknown }>(settings: Settings = {}): Session<Me> {
  return new Following<Me>(settings);
}

class Following<Me extends { readonly user: unknown }> implements Session<Me> {
  state: State<Me> = { status: "unknown", me: null };
  readonly #settings: Settings;
  readonly #channel: BroadcastChannel;
  readonly #listeners = new Set<() => void>();
  /** Ends the question that waits, while somebody is there. */
  #waiting: AbortController | undefined;
  /** Counts what was learned: an answer to an older question must not undo what is known since. */
  #learned = 0;

  constructor(settings: Settings) {
    this.#settings = settings;
    this.#channel = new BroadcastChannel(settings.channel ?? CHANNEL);
    this.#channel.addEventListener("message", this.#hear as (event: Event) => void);
    this.#document?.addEventListener("visibilitychange", this.#look);
    this.#refreshQuietly();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  async refresh(): Promise<State<Me>> {
    await this.#ask({ headers: { accept: "application/json" } });
    return this.state;
  }

  async fetch(input: string | URL, init: RequestInit = {}): Promise<Response> {
    const learned = this.#learned;
    const answer = await this.#sendTwice(input, init);
    const isOver = answer.status === 401 && OVER.includes(await codeOf(answer));
    if (isOver && learned === this.#learned) this.#learn(null);
    return answer;
  }

  signIn(returnTo?: string): void {
    const { href } = this.#location;
    const here = new URL(href);
    const wanted = new URL(returnTo ?? href, href);
    // Nobody is sent to another host by a link that somebody made.
    const { pathname, search, hash } = wanted.origin === here.origin ? wanted : here;
    const to = new URL(this.#settings.signIn ?? "/sign-in", href);
    to.searchParams.set("return_to", `${pathname}${search}${hash}`);
    this.#location.assign(to.href);
  }

  async signOut(): Promise<void> {
    const init = { method: "POST", headers: { accept: "application/json" } };
    const answer = await this.#sendTwice(this.#settings.signOut ?? "/sign-out", init);
    // Whoever is nobody already has been signed out.
    if (!answer.ok && answer.status !== 401) throw new Error(`the sign-out was answered ${answer.status}`);
    this.#learn(null);
    const next = answer.ok ? ((await answer.json().catch(() => null)) as { redirect?: unknown } | null) : null;
    if (typeof next?.redirect === "string" && isWeb(next.redirect, this.#location.href)) {
      this.#location.assign(next.redirect);
    }
  }

  close(): void {
    this.#waiting?.abort();
    this.#channel.close();
    this.#document?.removeEventListener("visibilitychange", this.#look);
    this.#listeners.clear();
  }

  get #location(): Pick<Location, "assign" | "href"> {
    return this.#settings.location ?? globalThis.location;
  }

  get #document(): Settings["document"] {
    return this.#settings.document ?? globalThis.document;
  }

  /** Asks who is there. Whether the answer waited is what is returned. */
  async #ask(init: RequestInit): Promise<boolean> {
    const learned = this.#learned;
    const answer = await this.#sendTwice(this.#settings.me ?? "/me", init);
    // It waited, and nothing happened.
    if (answer.status === 204) return true;
    const me = answer.status === 401 ? null : await read<Me>(answer);
    if (learned === this.#learned) this.#learn(me !== null && me.user !== null && me.user !== undefined ? me : null);
    return false;
  }

  /** Asks, again and again, to be told of the end. Of the tabs of one browser the one that has the lock does. */
  #wait(): void {
    const { signal } = (this.#waiting = new AbortController());
    const untilOver = async (): Promise<void> => {
      while (!signal.aborted) {
        const headers = { accept: "application/json", prefer: `wait=${WAIT_SECONDS}` };
        const waited = await this.#ask({ headers, signal }).catch(() => false);
        // A backend that is away, or that never waits, is not asked without a pause.
        if (!waited && !signal.aborted) await pause(signal);
      }
    };
    // Browsers have locks on pages that came by https or from this machine.
    const locks = globalThis.navigator?.locks as LockManager | undefined;
    const name = `${this.#settings.channel ?? CHANNEL} waits`;
    // It rejects where the wait for the lock is given up.
    if (locks !== undefined) locks.request(name, { signal }, untilOver).catch(() => undefined);
    else void untilOver();
  }

  /** A cookie that was replaced a moment ago is on its way with another answer, and is here by then. */
  async #sendTwice(input: string | URL, init: RequestInit): Promise<Response> {
    const fetch = this.#settings.fetch ?? globalThis.fetch;
    const url = new URL(input, this.#location.href);
    const send = (): Promise<Response> => fetch(url, { credentials: "same-origin", cache: "no-store", ...init });
    const answer = await send();
    return answer.status === 401 && (await codeOf(answer)) === "session_replaced" ? send() : answer;
  }

  /** Takes in what is true now; the other tabs hear of it, unless they are who `told` it. */
  #learn(me: Me | null, told = false): void {
    this.#learned += 1;
    const before = this.state;
    if (JSON.stringify(before.me) === JSON.stringify(me) && before.status !== "unknown") return;
    this.state = me === null ? { status: "signed_out", me } : { status: "signed_in", me };
    if (me === null) this.#waiting?.abort();
    else if (before.status !== "signed_in" && this.#settings.waits === true) this.#wait();
    // Who signs in comes back to a page that was not there before; the others ask for themselves.
    if (before.status !== "signed_in" && me !== null) this.#tell("signed_in");
    if (before.status !== "signed_out" && me === null && !told) this.#tell("signed_out");
    for (const listener of [...this.#listeners]) listener();
  }

  #tell(news: News): void {
    this.#channel.postMessage(news);
  }

  readonly #hear = ({ data }: MessageEvent<unknown>): void => {
    if (data === "signed_out") this.#learn(null, true);
    // Who it is, the backend tells.
    else if (data === "signed_in" && this.state.status !== "signed_in") this.#refreshQuietly();
  };

  readonly #look = (): void => {
    if (this.#document?.visibilityState === "visible") this.#refreshQuietly();
  };

  /** A backend that does not answer is asked again with the next occasion. */
  #refreshQuietly(): void {
    this.refresh().catch(() => undefined);
  }
}

const CHANNEL = "cloakroom";
const WAIT_SECONDS = 25;
const PAUSE_MS = 5000;

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, PAUSE_MS);
    signal.addEventListener("abort", end);
  });
}

/** The names of the problems that say that nobody is there any more. */
const OVER = ["not_signed_in", "session_unknown", "session_expired", "token_revoked"];

/** What kind of problem it is (RFC 9457), without using the answer up. */
async function codeOf(answer: Response): Promise<string> {
  if (!(answer.headers.get("content-type") ?? "").startsWith("application/problem+json")) return "";
  const problem = (await answer.clone().json().catch(() => null)) as { code?: unknown } | null;
  return typeof problem?.code === "string" ? problem.code : "";
}

async function read<Me>(answer: Response): Promise<Me> {
  if (!answer.ok) throw new Error(`who is there was answered ${answer.status}`);
  return (await answer.json()) as Me;
}

/** No address that would run as a script. */
function isWeb(address: string, base: string): boolean {
  return ["https:", "http:"].includes(new URL(address, base).protocol);
}
