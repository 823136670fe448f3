// A person at a browser. Forms are found by their stable ids and fields by their names, as any automated browser would.

import assert from "node:assert/strict";

export const PASSWORD = "seven coats and an umbrella";
export const OTHER_PASSWORD = "nine umbrellas and a glove";

/** A browser window of its own: cookies, size, colours and zone. */
export class Person {
  static async at(stage, { script = true, agent, scheme = "light", width = 1280, height = 800, zone = "UTC" } = {}) {
    const context = await stage.browser.newContext({
      baseURL: stage.url,
      javaScriptEnabled: script,
      colorScheme: scheme,
      viewport: { width, height },
      timezoneId: zone,
      ...(agent && { userAgent: agent }),
    });
    const person = new Person();
    person.stage = stage;
    person.script = script;
    person.context = context;
    person.page = await context.newPage();
    person.complaints = [];
    person.page.on("pageerror", (error) => person.complaints.push(`error: ${error}`));
    person.page.on("console", (message) => {
      // A refused form is an answer like any other.
      const refusal = /^Failed to load resource: the server responded with a status of 4\d\d/;
      if (["error", "warning"].includes(message.type()) && !refusal.test(message.text())) {
        person.complaints.push(`console: ${message.text()}`);
      }
    });
    person.page.on("request", (request) => {
      if (new URL(request.url()).origin !== stage.url) {
        person.complaints.push(`a request to ${request.url()}`);
      }
    });
    stage.people.add(person);
    return person;
  }

  async open(path) {
    await this.page.goto(path);
    return this;
  }

  /** Fills in a form and sends it with its button. */
  async send(form, fields = {}) {
    const scope = this.page.locator(`form#${form}`);
    for (const [name, value] of Object.entries(fields)) {
      const field = scope.locator(`[name=${name}]`);
      if (typeof value === "boolean") {
        await field.setChecked(value);
      } else {
        await field.fill(value);
      }
    }
    const navigation = this.page.waitForNavigation();
    await scope.locator("button:not([type=button])").click();
    await navigation;
    return this;
  }

  async signUp(email, { username = "" } = {}) {
    await this.open("/sign-up");
    await this.send("sign-up", { email, username, password: PASSWORD });
    this.isAt("/account");
    return this;
  }

  async signIn(identifier, password = PASSWORD, remember = false) {
    await this.open("/sign-in");
    return this.send("sign-in", { identifier, password, remember });
  }

  /** Signs other devices out, and writes the password where the page asks whether it is still the same person. */
  async signOutOthers(form = "sign-out-others") {
    await this.send(form);
    if (this.path !== "/account/devices") await this.send(form, { password: PASSWORD });
    this.isAt("/account/devices");
    return this;
  }

  /** Signs all others out until the sign-in here is so old that the password is asked for. `another` signs one in. */
  async untilAsked(another) {
    for (let tries = 0; tries < 50; tries += 1) {
      await another();
      await this.open("/account/devices");
      await this.send("sign-out-others");
      if (this.path !== "/account/devices") return this;
    }
    assert.fail("nobody was asked for the password");
  }

  get path() {
    return new URL(this.page.url()).pathname;
  }

  isAt(path) {
    assert.equal(this.path, path);
  }

  async sees(words) {
    const text = await this.page.locator("body").innerText();
    assert.ok(text.includes(words), `“${words}” is not on ${this.path}:\n${text}`);
  }

  async seesNot(words) {
    const text = await this.page.locator("body").innerText();
    assert.ok(!text.includes(words), `“${words}” is on ${this.path}`);
  }

  value(name) {
    return this.page.locator(`[name=${name}]`).inputValue();
  }

  /** The id of the element that has the focus. */
  focus() {
    return this.page.locator(":focus").getAttribute("id");
  }

  async leave() {
    this.stage.people.delete(this);
    await this.context.close();
    assert.deepEqual(this.complaints, [], "the browser complained");
  }
}
