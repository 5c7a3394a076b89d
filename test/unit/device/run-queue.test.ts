import assert from "node:assert/strict";
import { RunQueue } from "../../../profiler/device/run-queue.ts";

/** Work that ends when it is told to. */
function endless(): { readonly work: () => Promise<void>; readonly end: () => void; readonly begun: () => boolean } {
  let [hasBegun, end] = [false, (): void => undefined];
  const over = new Promise<void>((resolve) => (end = resolve));
  const work = (): Promise<void> => {
    hasBegun = true;
    return over;
  };
  return { work, end: () => end(), begun: () => hasBegun };
}

const turns = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Runs that queue", () => {
  it("begin when the one before has ended, and say that they wait", async () => {
    const queue = new RunQueue();
    const waiting: string[] = [];
    const [a, b] = [endless(), endless()];
    const first = queue.take(undefined, () => waiting.push("a"), a.work);
    const second = queue.take(undefined, () => waiting.push("b"), b.work);
    await turns();
    assert.deepEqual([a.begun(), b.begun(), waiting], [true, false, ["b"]]);
    a.end();
    await first;
    await turns();
    assert.ok(b.begun());
    b.end();
    await second;
  });

  it("give up waiting at once, and let those behind them wait for those before", async () => {
    const queue = new RunQueue();
    const [a, b, c] = [endless(), endless(), endless()];
    const controller = new AbortController();
    const first = queue.take(undefined, () => undefined, a.work);
    const given = queue.take(controller.signal, () => undefined, b.work);
    const third = queue.take(undefined, () => undefined, c.work);
    controller.abort();
    await assert.rejects(given, { name: "AbortError" });
    await turns();
    assert.deepEqual([b.begun(), c.begun()], [false, false]);
    a.end();
    await first;
    await turns();
    assert.ok(c.begun());
    c.end();
    await third;
  });

  it("go on behind one that failed", async () => {
    const queue = new RunQueue();
    const failed = queue.take(undefined, () => undefined, () => Promise.reject(new Error("no"))); // oxfmt-ignore
    const next = queue.take(undefined, () => undefined, () => Promise.resolve("done")); // oxfmt-ignore
    await assert.rejects(failed, /no/);
    assert.equal(await next, "done");
  });
});
