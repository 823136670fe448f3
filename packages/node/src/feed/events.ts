// Server-sent events (WHATWG HTML §9.2.6), as much of them as the feed uses, from bytes in pieces of any size.

/** An event that is longer is none of the feed's. */
export const LONGEST = 4 * 1024 * 1024;

export interface Event {
  /** `message` where the stream does not say. */
  readonly kind: string;
  /** The field `id` of this very event. */
  readonly id: string | undefined;
  /** Its data, lines joined by line feeds. */
  readonly data: string;
}

/** What came is not a stream of events: not UTF-8, or an event is longer than any of the feed's. */
export class NoEventStream extends Error {
  override readonly name = "NoEventStream";
}

/** Puts events together. */
export class Events {
  readonly #decoder = new TextDecoder("utf-8", { fatal: true });
  /** The line that has no end yet. */
  #line = "";
  /** The line before ended with a carriage return, so a line feed that follows belongs to it. */
  #afterReturn = false;
  #kind = "";
  #id: string | undefined;
  #data: string | undefined;

  /**
   * Takes the next bytes and hands out the events that they complete.
   *
   * @throws NoEventStream
   */
  push(bytes: Uint8Array): Event[] {
    let text: string;
    try {
      text = this.#decoder.decode(bytes, { stream: true });
    } catch {
      throw new NoEventStream("a line is not UTF-8");
    }
    const events: Event[] = [];
    let begin = 0;
    if (text !== "" && this.#afterReturn) {
      this.#afterReturn = false;
      if (text.startsWith("\n")) begin = 1;
    }
    const ends = /\r\n?|\n/g;
    ends.lastIndex = begin;
    for (let end = ends.exec(text); end !== null; end = ends.exec(text)) {
      this.#afterReturn = end[0] === "\r" && ends.lastIndex === text.length;
      const event = this.#endLine(this.#line + text.slice(begin, end.index));
      if (event !== undefined) events.push(event);
      this.#line = "";
      begin = ends.lastIndex;
    }
    this.#line += text.slice(begin);
    if (this.#line.length > LONGEST) throw new NoEventStream("a line is too long");
    return events;
  }

  #endLine(line: string): Event | undefined {
    if (line === "") return this.#endEvent();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const rest = colon < 0 ? "" : line.slice(colon + 1);
    const value = rest.startsWith(" ") ? rest.slice(1) : rest;
    switch (field) {
      case "event":
        this.#kind = value;
        break;
      case "data":
        this.#data = this.#data === undefined ? value : `${this.#data}\n${value}`;
        if (this.#data.length > LONGEST) throw new NoEventStream("an event is too long");
        break;
      case "id":
        if (!value.includes("\0")) this.#id = value;
        break;
      // Comments (an empty name), `retry`, and what nobody has thought of yet say nothing.
    }
    return undefined;
  }

  #endEvent(): Event | undefined {
    const [kind, id, data] = [this.#kind === "" ? "message" : this.#kind, this.#id, this.#data];
    [this.#kind, this.#id, this.#data] = ["", undefined, undefined];
    // An event without data is none.
    return data === undefined ? undefined : { kind, id, data };
  }
}
