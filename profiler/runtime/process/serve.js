// What all processes of runtimes have in common: they answer one request after the other. Plain JavaScript, so that a process loads it
// without a compiler.
//
// A request is {id, action, value, arrays}, an answer {id, result, arrays} or {id, failure, isFatal}; the arrays are in the exchange files.
import { Worker } from "node:worker_threads";
import { ExchangeFile } from "./exchange-file.js";

/** As the process was given them. */
const FROM_OWNER = 4;
const TO_OWNER = 5;

/** @param actions each takes (value, arrays) and gives {result, arrays}; its error may have `isFatal`: the process is of no use behind it */
export function serve(actions) {
  const [memoryBytes] = process.argv.slice(2).map(Number);
  let isWatched = false;
  // A terminal tells the whole group: whoever started this one decides.
  process.on("SIGINT", () => undefined);
  process.on("disconnect", () => process.exit());
  const [from, to] = [new ExchangeFile(FROM_OWNER), new ExchangeFile(TO_OWNER)];
  let last = Promise.resolve();
  process.on("message", (request) => {
    last = last.then(() => answer(request));
  });

  async function answer({ id, action, value, arrays }) {
    // A process that was asked for nothing yet hears by itself that its owner is gone; a thread would start while it and its owner do.
    if (!isWatched) new Worker(new URL("./watchdog.js", import.meta.url), { workerData: { memoryBytes } }).unref();
    isWatched = true;
    try {
      const done = await actions[action](value, from.take(arrays));
      await send({ id, result: done.result, arrays: await to.put(done.arrays) });
    } catch (error) {
      const isFatal = error instanceof Error && error.isFatal === true;
      await send({ id, failure: error instanceof Error ? error.message : String(error), isFatal });
      if (isFatal) process.exit();
    }
  }
}

/** Until it is on its way: the next request may keep this thread busy. */
function send(message) {
  return new Promise((resolve) => {
    process.send(message, () => resolve());
  });
}
