import { once } from "node:events";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ROOT } from "../../../install.mjs";
import { VscodeServer } from "./server.ts";

/** Serves a VS Code that has the extension and opens `model`, and prints its address. Ends at Ctrl+C. EDGEWISE_PORT names a port. */
export async function serve(model: string): Promise<void> {
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"].map((signal) => once(process, signal));
  const ended = Promise.race([...signals, orphaned()]);
  const server = await VscodeServer.start({ extensions: [ROOT], port: Number(process.env.EDGEWISE_PORT ?? 0) });
  const address = server.url(dirname(model), [["openFile", server.remote(model)]]);
  console.log(
    `\nVS Code with Edgewise is at\n\n  ${address}\n\nOpen it in a browser on this machine. Ctrl+C stops it.`,
  );
  await ended;
  await server.stop();
}

/** npm's shell passes no SIGTERM on: who ends `npm start` that way leaves us without our parent. */
async function orphaned(): Promise<void> {
  const parent = process.ppid;
  while (process.ppid === parent) await sleep(1_000, undefined, { ref: false });
}
