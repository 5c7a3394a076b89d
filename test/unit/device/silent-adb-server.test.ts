import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { AdbServer } from "../../../profiler/device/index.ts";

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
});
