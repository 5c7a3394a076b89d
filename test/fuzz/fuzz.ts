// Tries seeded mutants of small models in processes of their own: `npm run fuzz -- [--format onnx] [--cases 10000] [--seed 1]`.
// Fails where one hangs, dies, takes more than 2 s of processor time or 1 GB, throws what is no typed error, or writes no JSON. Files of
// such cases are written to --out, to become tests of their kind.
import { build } from "esbuild";
import { fork } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ROOT } from "../../install.mjs";
import type { CaseMessage } from "./cases.ts";
import type { FuzzedFormat } from "./corpus.ts";
import { caseFile } from "./exercise.ts";

const { values } = parseArgs({
  options: {
    format: { type: "string" },
    cases: { type: "string", default: "2000" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    out: { type: "string", default: join(tmpdir(), "edgewise-fuzz") },
  },
});

/** Processor time without a word. Where the system does not tell it, wall time, which a busy machine takes more of. */
const HANGS_AFTER_SECONDS = 30;
const HANGS_AFTER_WALL_SECONDS = 600;
const LOOKS_EVERY_MS = 5000;
/** What Linux counts processor time in, whatever the machine. */
const TICKS_A_SECOND = 100;
/** A process is left for a new one now and then: what it had compiled and kept hides what a case takes. */
const CASES_A_PROCESS = 20_000;

const FORMATS: readonly FuzzedFormat[] = ["onnx", "tflite"];
const wanted = FORMATS.filter((format) => values.format === undefined || values.format === format);
if (wanted.length === 0)
  throw new Error(`There is no format "${values.format}": expected one of ${FORMATS.join(", ")}`);
const seed = Number(values.seed);
const folder = mkdtempSync(join(tmpdir(), "edgewise-fuzz-run-"));
const script = await bundled("cases");
const progressFile = join(folder, "case");
let faults = 0;

for (const format of wanted) {
  const [from, to] = [Number(values.from), Number(values.from) + Number(values.cases)];
  const sum = { tried: 0, refused: 0, seconds: 0, longest: 0 };
  for (let next = from; next < to;) {
    next = await tryRange(format, next, Math.min(to, next + CASES_A_PROCESS), sum);
    if (next < to) console.log(`${format}, seed ${seed}: ${next} of ${to}, ${faults} faults`);
  }
  const { tried, refused, seconds, longest } = sum;
  console.log(
    `${format}, seed ${seed}, cases ${from} to ${to}: ${tried} tried, ${refused} refused by typed errors, ` +
      `${seconds.toFixed(0)} s of processor time, ${longest.toFixed(2)} s the longest`,
  );
}
rmSync(folder, { recursive: true });
console.log(faults === 0 ? "No faults." : `${faults} faults: their files are in ${values.out}`);
process.exitCode = faults === 0 ? 0 : 1;

/** Compiled once, and without names for every function, the engine takes half the time. */
async function bundled(name: string): Promise<string> {
  const outfile = join(folder, `${name}.mjs`);
  await build({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    sourcemap: "inline",
    external: ["onnxruntime-node"],
    // Where install.mjs looks for the project.
    define: { "import.meta.dirname": JSON.stringify(ROOT) },
    logLevel: "warning",
  });
  return outfile;
}

/** @returns the case to go on with: behind the last one, or behind one that the process did not survive */
function tryRange(
  format: FuzzedFormat,
  from: number,
  to: number,
  sum: { tried: number; refused: number; seconds: number; longest: number },
): Promise<number> {
  return new Promise((resolve) => {
    const progress = openSync(progressFile, "w");
    const child = fork(script, [format, String(seed), String(from), String(to)], {
      execArgv: ["--enable-source-maps", "--max-old-space-size=1500"],
      stdio: ["ignore", "inherit", "inherit", "ipc", progress],
    });
    closeSync(progress);
    let isHanging = false;
    let since = { number: from, ...spentBy(child.pid) };
    const watch = setInterval(() => {
      const now = { number: currentCase(from), ...spentBy(child.pid) };
      if (now.number !== since.number) since = now;
      const most = now.isProcessorTime ? HANGS_AFTER_SECONDS : HANGS_AFTER_WALL_SECONDS;
      if (now.seconds - since.seconds < most) return;
      isHanging = true;
      child.kill("SIGKILL");
    }, LOOKS_EVERY_MS);
    child.on("message", (message: CaseMessage) => {
      if ("fault" in message) {
        tell(format, message.number, message.fault);
        return;
      }
      sum.tried += message.tried;
      sum.refused += message.refused;
      sum.seconds += message.seconds;
      sum.longest = Math.max(sum.longest, message.longest);
    });
    child.on("exit", (code, signal) => {
      clearInterval(watch);
      const current = currentCase(from);
      if (code !== 0) {
        // What it had counted is gone with it.
        sum.tried += current - from + 1;
        tell(format, current, isHanging ? "it hangs" : `the process died of it (${signal ?? code})`);
      }
      resolve(code === 0 ? to : current + 1);
    });
  });
}

function currentCase(from: number): number {
  const text = readFileSync(progressFile, "utf8").trim();
  return text === "" ? from : Number(text);
}

/** Seconds that a process has taken so far. */
function spentBy(pid: number | undefined): { readonly seconds: number; readonly isProcessorTime: boolean } {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // Behind the program's name, which may hold blanks: user and system time are the 12th and 13th.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { seconds: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND, isProcessorTime: true };
  } catch {
    return { seconds: performance.now() / 1000, isProcessorTime: false };
  }
}

function tell(format: FuzzedFormat, number: number, fault: string): void {
  faults += 1;
  mkdirSync(values.out, { recursive: true });
  const file = join(values.out, `seed${seed}-case${number}.${format}`);
  writeFileSync(file, caseFile(format, seed, number));
  console.log(`${file}: ${fault.split("\n").slice(0, 6).join("\n")}`);
}
