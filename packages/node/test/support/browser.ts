// A browser without a screen: cookies by host, redirects followed, and what browsers say of each request.

import assert from "node:assert/strict";
import { request } from "node:http";

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
  /** Every address on the way here, the last one included. */
  readonly way: readonly string[];
}

export class Browser {
  /** By host name: cookies ignore ports. */
  readonly #jars = new Map<string, Map<string, string>>();

  /** Goes to a page as somebody who follows a link, wherever that leads. */
  async visit(url: string, from = "none"): Promise<Page> {
    const way: string[] = [];
    for (let at = url; ; ) {
      way.push(at);
      const page = await this.send("GET", at, { "sec-fetch-mode": "navigate", "sec-fetch-site": from, "accept": "text/html" });
      const { location } = page.headers;
      if (page.status < 300 || page.status >= 400 || typeof location !== "string") return { ...page, way };
      assert.ok(way.length < 20, `redirected in circles: ${way.join(" → ")}`);
      at = new URL(location, at).href;
    }
  }

  /** One request, as a script of this origin sends it. */
  async send(method: string, url: string, headers: Record<string, string> = {}, body?: string): Promise<Page> {
    const cookies = [...this.jar(url)].map(([name, value]) => `${name}=${value}`).join("; ");
    const all = { "sec-fetch-site": "same-origin", ...headers, ...(cookies === "" ? {} : { cookie: cookies }) };
    return new Promise((done, fail) => {
      const sent = request(url, { method, headers: all }, (answer) => {
        for (const line of answer.headers["set-cookie"] ?? []) this.#keep(url, line);
        let text = "";
        answer.on("data", (part) => (text += String(part)));
        answer.on("error", fail);
        answer.on("end", () => done({ url, status: answer.statusCode ?? 0, headers: answer.headers, body: text, way: [url] }));
      });
      sent.on("error", fail);
      sent.end(body);
    });
  }

  /** The cookies that are sent there. */
  jar(url: string): Map<string, string> {
    const { hostname } = new URL(url);
    const jar = this.#jars.get(hostname) ?? new Map<string, string>();
    this.#jars.set(hostname, jar);
    return jar;
  }

  #keep(url: string, line: string): void {
    const [pair = ""] = line.split(";");
    const at = pair.indexOf("=");
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (/max-age=0(;|$)/i.test(line)) this.jar(url).delete(name);
    else this.jar(url).set(name, value);
  }
}
