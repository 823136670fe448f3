// A port on the loopback address that stays ours while its server is down.
//
// A port that was free a moment ago is not enough: a server that is killed and started again must find its place, and meanwhile
// another test's server may look for one, or an outgoing connection be given that number. So ports come from below those that the
// kernel gives to connections, and each is held by a name that only one process can bind, as the servers of the Rust tests hold
// theirs: an abstract socket, which ends with its process.

import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type ListenOptions, type Server } from "node:net";

/** How many ports below the kernel's are looked at. */
const RANGE = 12_000;

export interface Port {
  readonly number: number;
  /** Lets others have it. */
  release(): void;
}

export async function holdPort(): Promise<Port> {
  const end = firstOfTheKernels();
  const begin = Math.max(1024, end - RANGE);
  // Where abstract sockets are not known, ports are only chosen.
  for (const isHeld of [true, false]) {
    for (let tries = 0; tries < end - begin; tries += 1) {
      // Processes begin to look at different places, only to be quicker.
      const number = begin + ((process.pid + tries) % (end - begin));
      const claim = isHeld ? await listening({ path: `\0cloakroom-testservers-${number}` }) : undefined;
      if (isHeld && claim === undefined) continue;
      const port = await listening({ port: number, host: "127.0.0.1" });
      if (port !== undefined) {
        port.close();
        await once(port, "close");
        return { number, release: () => void claim?.close() };
      }
      claim?.close();
    }
  }
  throw new Error(`no port between ${begin} and ${end} is free`);
}

/** Keeps no process alive. `undefined` where somebody else listens there. */
async function listening(where: ListenOptions): Promise<Server | undefined> {
  const server = createServer().unref();
  try {
    server.listen(where);
    await once(server, "listening");
    return server;
  } catch {
    return undefined;
  }
}

function firstOfTheKernels(): number {
  try {
    const [first] = readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "utf8").trim().split(/\s+/);
    return Number(first) > 2048 ? Number(first) : 32_768;
  } catch {
    return 32_768;
  }
}
