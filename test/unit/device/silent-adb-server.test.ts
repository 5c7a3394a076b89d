import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { ClosingConnector, type ServerAddress } from "../../../profiler/device/adb/closing-connector.ts";
import { AdbServer } from "../../../profiler/device/index.ts";

const LISTED = "SILENT device product:a model:b device:c transport_id:1\n";

describe("An adb server that never answers", () => {
  it("is not waited for, and its connection is closed: an open one would keep the process from ending", async () => {
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    const { port } = silent.address() as AddressInfo;
    const ending = new AbortController();
    const asking = new AdbServer({ address: { host: "127.0.0.1", port } }).devices(ending.signal);
    const [socket] = (await once(silent, "connection")) as [Socket];
    const closed = once(socket.on("error", () => undefined).resume(), "close");
    ending.abort(new Error("enough"));
    await assert.rejects(asking, /enough/);
    await closed;
    silent.close();
  });

  for (const [what, list] of [
    ["is listed no more", LISTED.replace("transport_id:1", "transport_id:2")],
    ["is offline", LISTED.replace(" device ", " offline ")],
  ] as const)
    it(`says that a phone is gone that ${what}, while it is asked something`, async () => {
      let tracking: Socket | undefined;
      const { server, address, sockets } = await listening((socket) => {
        socket.on("data", (request: Buffer) => {
          const answer = ANSWERS.find(([words]) => request.includes(words));
          if (answer?.[0] === "host:track-devices-l") tracking = socket;
          if (answer === undefined) tracking?.write(withLength(list));
          else socket.write(`OKAY${answer[1]}`);
        });
      });
      const device = await new AdbServer({ address }).open();
      await assert.rejects(device.shell("id"), { problem: "gone" });
      await device.close();
      await Promise.all(sockets.map(closed));
      server.close();
    });

  for (const [phone, unanswered] of [
    ["a phone that never answers", "tport"],
    ["a phone that never answers a command", "shell"],
  ] as const)
    it(`has ${phone}: it is given up, and all connections to it are closed`, async () => {
      const { server, address, sockets } = await listening((socket) => {
        socket.on("data", (request: Buffer) => {
          const answer = ANSWERS.find(([words]) => words !== unanswered && request.includes(words));
          if (answer === undefined) ending.abort(new Error("enough"));
          else socket.write(`OKAY${answer[1]}`);
        });
      });
      const ending = new AbortController();
      const adb = new AdbServer({ address });
      const asking = async (): Promise<void> => {
        const device = await adb.open(undefined, ending.signal);
        try {
          await device.shell("id", { signal: ending.signal });
        } finally {
          await device.close();
        }
      };
      await assert.rejects(asking(), /enough/);
      await Promise.all(sockets.map(closed));
      server.close();
    });
});

describe("Many connections to an adb server", () => {
  it("are open at once without a warning of a leak, and all closed together", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error): number => warnings.push(warning);
    process.on("warning", warn);
    const { server, address, sockets } = await listening(() => undefined);
    const ending = new AbortController();
    const connector = new ClosingConnector(address, ending.signal);
    try {
      const connections = await Promise.all(Array.from({ length: 20 }, () => connector.connect()));
      ending.abort();
      await Promise.all(connections.map((connection) => connection.closed));
      assert.deepEqual(warnings, []);
      await assert.rejects(connector.connect(), "no more of them");
    } finally {
      process.off("warning", warn);
      for (const socket of sockets) socket.destroy();
      server.close();
    }
  });
});

describe("What is no adb server, and never ends talking", () => {
  it("is told, and its connection is closed", async () => {
    const { server, address, sockets } = await listening((socket) => {
      talk(socket);
    });
    await assert.rejects(new AdbServer({ address }).devices(), { problem: "no-server" });
    await Promise.all(sockets.map(closed));
    server.close();
  });
});

/** What comes behind OKAY, by words of the request. */
const ANSWERS = [
  ["host:version", "00040029"],
  ["host:devices-l", withLength(LISTED)],
  ["host:track-devices-l", withLength(LISTED)],
  ["tport", `\u0001${"\0".repeat(7)}`],
  ["transport-id", ""],
  ["features", withLength("shell_v2,cmd")],
] as const;

function withLength(text: string): string {
  return text.length.toString(16).padStart(4, "0") + text;
}

/** Sockets stay open on its side when the other side is done with them. */
async function listening(
  onConnection: (socket: Socket) => void,
): Promise<{ readonly server: Server; readonly address: ServerAddress; readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket.on("error", () => undefined).on("end", () => talk(socket)));
    onConnection(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { server, address: { host: "127.0.0.1", port }, sockets };
}

/** Until nobody can hear it. */
function talk(socket: Socket): void {
  const say = (error?: Error | null): void => void (error ?? socket.write("no adb at all ".repeat(1000), say));
  say();
}

/** Of its own side only when the other side has let it go. */
async function closed(socket: Socket): Promise<void> {
  if (!socket.closed) await new Promise((resolve) => socket.resume().on("close", resolve));
}
