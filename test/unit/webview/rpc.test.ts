import assert from "node:assert/strict";
import { OptionError } from "../../../profiler/errors.ts";
import { Rpc, RpcError, type Contract, type Handlers, type Message, type None } from "../../../webview/protocol/rpc.ts";

interface Calculator extends Contract {
  readonly requests: {
    readonly double: { readonly params: number; readonly result: number };
    readonly wait: { readonly params: null; readonly result: string };
  };
  readonly events: { readonly ready: string };
}

interface Caller extends Contract {
  readonly requests: None;
  readonly events: None;
}

const HANDLERS: Handlers<Calculator> = {
  double: (number) => {
    if (number < 0) throw new OptionError("negative", { hint: "give a positive one" });
    return 2 * number;
  },
  wait: (_params, signal) =>
    new Promise((resolve) => signal.addEventListener("abort", () => resolve("aborted"), { once: true })),
};

/** Both ends of a pipe whose messages arrive later, as copies, in order. */
function connect(handlers: Handlers<Calculator> = HANDLERS): {
  caller: Rpc<Caller, Calculator>;
  calculator: Rpc<Calculator, Caller>;
  events: string[];
  sent: Message[];
} {
  const events: string[] = [];
  const sent: Message[] = [];
  const later = (deliver: () => void): unknown => setImmediate(deliver);
  const caller = new Rpc<Caller, Calculator>(
    (message) => {
      sent.push(message);
      later(() => calculator.receive(structuredClone(message)));
    },
    {},
    { ready: (text) => events.push(text) },
  );
  const calculator = new Rpc<Calculator, Caller>(
    (message) => later(() => caller.receive(structuredClone(message))),
    handlers,
  );
  return { caller, calculator, events, sent };
}

const failsWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof RpcError && error.failure.code === code;

describe("Rpc", () => {
  it("answers requests, each with its own reply", async () => {
    const { caller } = connect();
    assert.deepEqual(await Promise.all([1, 2, 3].map((n) => caller.request("double", n))), [2, 4, 6]);
  });

  it("rejects with the code, message and hint of what the handler throws", async () => {
    const { caller } = connect();
    await assert.rejects(caller.request("double", -1), (error: unknown) => {
      assert.ok(error instanceof RpcError);
      const { code, message, hint } = error.failure;
      assert.deepEqual({ code, message, hint }, { code: "option", message: "negative", hint: "give a positive one" });
      return true;
    });
  });

  it("rejects a request that the other side does not know, inherited names included", async () => {
    const { caller } = connect();
    for (const method of ["halve", "toString", "constructor"]) {
      await assert.rejects(caller.request(method as "double", 1), failsWith("internal"));
    }
  });

  it("rejects what is pending when it is disposed, and everything after", async () => {
    const { caller } = connect();
    const pending = caller.request("wait", null);
    caller.dispose();
    await assert.rejects(pending, failsWith("disposed"));
    await assert.rejects(caller.request("double", 1), failsWith("disposed"));
  });

  it("rejects what is pending with the reason of the disposal", async () => {
    const { caller } = connect();
    const pending = caller.request("wait", null);
    caller.dispose({ code: "crashed", message: "gone" });
    await assert.rejects(pending, failsWith("crashed"));
  });

  it("rejects at once when the signal aborts, and aborts the handler on the other side", async () => {
    let seen = "";
    const { caller } = connect({
      ...HANDLERS,
      wait: async (params, signal) => (seen = await HANDLERS.wait(params, signal)),
    });
    const abort = new AbortController();
    const pending = caller.request("wait", null, abort.signal);
    setImmediate(() => abort.abort());
    await assert.rejects(pending, failsWith("cancelled"));
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(seen, "aborted");
  });

  it("does not send a request whose signal is aborted already", async () => {
    const { caller, sent } = connect();
    await assert.rejects(caller.request("double", 1, AbortSignal.abort()), failsWith("cancelled"));
    assert.deepEqual(sent, []);
  });

  it("ignores replies nobody waits for and what is no message", async () => {
    const { caller } = connect();
    for (const message of [
      null,
      7,
      "x",
      {},
      { type: "result" },
      { type: "result", id: 99, result: 1 },
      { type: "?", id: 1 },
    ]) {
      caller.receive(message);
    }
    assert.equal(await caller.request("double", 4), 8);
  });

  it("delivers events to those who listen, and falls silent when disposed", async () => {
    const { calculator, events } = connect();
    calculator.send("ready", "one");
    calculator.dispose();
    calculator.send("ready", "two");
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(events, ["one"]);
  });

  it("aborts what it is doing for the other side when it is disposed", async () => {
    let seen = "";
    const { caller, calculator } = connect({
      ...HANDLERS,
      wait: async (params, signal) => (seen = await HANDLERS.wait(params, signal)),
    });
    const pending = caller.request("wait", null);
    await new Promise((resolve) => setTimeout(resolve, 5));
    calculator.dispose();
    caller.dispose();
    await assert.rejects(pending, failsWith("disposed"));
    assert.equal(seen, "aborted");
  });
});
