import assert from "node:assert/strict";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { AdbServer } from "../../../profiler/device/adb/adb-server.ts";
import { isReady, whyNotReady } from "../../../profiler/device/adb/listed-device.ts";

/** An adb server's answers to who asks for devices, in its protocol: four hexadecimal digits of length before each word. */
class FakeServer {
  #answer = "";
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  readonly #watching = new Set<Socket>();

  /** @param port 0 where the system is to choose @returns its port */
  async start(port: number): Promise<number> {
    const server = createServer((socket) => this.#serve(socket));
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    return (server.address() as AddressInfo).port;
  }

  /** What is connected now: lines of `adb devices -l`. */
  show(...lines: readonly string[]): void {
    this.#answer = lines.map((line) => `${line}\n`).join("");
    for (const socket of this.#watching) socket.write(framed(this.#answer));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server?.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    this.#watching.clear();
    await closed;
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    let request = "";
    socket
      .on("error", () => undefined)
      .on("close", () => this.#sockets.delete(socket) && this.#watching.delete(socket));
    socket.on("data", (bytes) => {
      request += bytes.toString("latin1");
      const length = Number.parseInt(request.slice(0, 4), 16);
      if (request.length < 4 + length) return;
      const service = request.slice(4, 4 + length);
      request = "";
      if (service === "host:version") socket.end(`OKAY${framed("0029")}`);
      else if (service === "host:devices-l") socket.end(`OKAY${framed(this.#answer)}`);
      else if (service === "host:track-devices-l") {
        this.#watching.add(socket);
        socket.write(`OKAY${framed(this.#answer)}`);
      } else socket.end(`FAIL${framed("unknown")}`);
    });
  }
}

function framed(text: string): string {
  return `${text.length.toString(16).padStart(4, "0")}${text}`;
}

const PIXEL = "PIXEL8  device usb:1-1 product:shiba model:Pixel_8 device:shiba transport_id:1";
const LOCKED = "LOCKED  unauthorized usb:1-2 transport_id:2";

describe("Following what is connected", function () {
  this.timeout(120_000);
  const fake = new FakeServer();
  const news: string[] = [];
  const controller = new AbortController();
  let port = 0;
  let following: Promise<void> = Promise.resolve();
  before(async () => {
    port = await fake.start(0);
    fake.show();
    const server = new AdbServer({ address: { host: "127.0.0.1", port }, adbPath: "/nowhere/adb" });
    following = server.track(
      (devices) => news.push(devices.map((device) => `${device.serial} ${device.state}`).join(", ") || "none"),
      controller.signal,
      ({ problem, hint }) => news.push(`${problem}: ${hint ?? ""}`),
    );
  });
  after(async () => {
    controller.abort();
    await fake.stop();
  });

  /** Waits until that is the latest news. */
  const tells = async (expected: string | RegExp): Promise<void> => {
    const isTold = (): boolean => {
      const last = news.at(-1) ?? "";
      return typeof expected === "string" ? last === expected : expected.test(last);
    };
    for (let tries = 0; tries < 400 && !isTold(); tries += 1) await new Promise((resolve) => setTimeout(resolve, 25));
    assert.ok(isTold(), `${news.join(" | ")}, instead of ${String(expected)}`);
  };

  it("tells that nothing is, that a phone was plugged in, and that one waits to be allowed", async () => {
    await tells("none");
    fake.show(PIXEL);
    await tells("PIXEL8 device");
    fake.show(PIXEL, LOCKED);
    await tells("PIXEL8 device, LOCKED unauthorized");
  });

  it("tells that one was unplugged", async () => {
    fake.show(LOCKED);
    await tells("LOCKED unauthorized");
  });

  it("says that the server is gone and what to do, and finds it again when it is restarted", async () => {
    await fake.stop();
    await tells(/^no-server: .*edgewise\.adbPath/);
    fake.show(PIXEL);
    await fake.start(port);
    await tells("PIXEL8 device");
  });

  it("ends when nobody looks any more", async () => {
    controller.abort();
    await following;
    const told = news.length;
    fake.show();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(news.length, told);
  });

  it("knows what to do about each state that adb names", () => {
    const states = ["unauthorized", "authorizing", "offline", "no permissions", "recovery", "sideload", "bootloader"];
    for (const state of states) {
      const device = { serial: "s", state, model: null, transportId: null };
      assert.ok(!isReady(device));
      assert.ok((whyNotReady(device)?.hint.length ?? 0) > 20, state);
    }
    assert.equal(whyNotReady({ serial: "s", state: "device", model: null, transportId: null }), undefined);
  });
});
