// Runs one child process to its end and keeps what it said.
import { spawn } from "node:child_process";

/** A check that takes longer hangs: the slowest, the unit tests, take about a third of it on two cores that nobody else uses. */
const LIMIT_MILLISECONDS = 30 * 60_000;

/** Ends of those that still run, called when we are interrupted. */
const running = new Set();
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => {
    for (const end of running) end();
    process.exit(130);
  });
}

/**
 * Runs Node with `args` in a process group of its own, which is ended with everything it started.
 * @returns {Promise<{ isGood: boolean, output: string }>} isGood: it ended by itself with exit code 0
 */
export function runNode(args, { cwd, env = {} }) {
  const child = spawn(process.execPath, args, {
    cwd,
    detached: true,
    // Certificates are read by each Node that starts (62 ms for 150 of them): no test speaks to the world.
    env: { ...process.env, NODE_EXTRA_CA_CERTS: undefined, FORCE_COLOR: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text) => (output += text));
  }
  const end = () => endGroup(child.pid);
  running.add(end);
  const timer = setTimeout(() => {
    output += `\nEnded after ${LIMIT_MILLISECONDS / 60_000} minutes.\n`;
    end();
  }, LIMIT_MILLISECONDS);
  return new Promise((resolve) => {
    child.on("error", (error) => (output += String(error)));
    child.on("close", (code) => {
      clearTimeout(timer);
      running.delete(end);
      end();
      resolve({ isGood: code === 0, output });
    });
  });
}

function endGroup(pid) {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of the group is left, which is what we want.
  }
}
