import type { ChildProcess } from "node:child_process";

/** Kills a process of ours without a word, and waits until it is gone; one that has ended by itself says so no second time. */
export async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
