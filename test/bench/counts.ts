import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { countsSince, countsSoFar, type Counts } from "../../profiler/counters.ts";
import { Random } from "../../profiler/numeric/random.ts";
import { runCli } from "../unit/cli/run-cli.ts";
import { bytesOf, npyFile } from "../unit/runtime/npy-file.ts";
import type { Finding } from "./finding.ts";

const MODEL = "media/samples/digits_lenet.onnx";
const SAMPLES = 64;
const PIXELS = 32 * 32;

/** How often commands on a network of digits do what takes long: it does not depend on the machine. */
export async function benchCounts(folder: string): Promise<readonly Finding[]> {
  const data = join(folder, "samples.npy");
  const pixels = Float32Array.from({ length: SAMPLES * PIXELS }, numbers(7));
  writeFileSync(data, npyFile("<f4", [SAMPLES, 1, 32, 32], bytesOf(pixels)));
  const out = join(folder, "counted.onnx");
  const commands: readonly (readonly [string, readonly string[]])[] = [
    ["suggest", ["suggest", MODEL]],
    ["apply with samples", ["apply", MODEL, "--edit", "reduce-channels::ratio=0.75", "--data", data, "--out", out]],
    ["fit", ["fit", MODEL, "--max-macs", "3.6M", "--out", out]],
  ];
  const findings: Finding[] = [];
  for (const [name, words] of commands) {
    const before = countsSoFar();
    const { code, stderr } = await runCli(...words);
    if (code !== 0) throw new Error(`edgewise ${words.join(" ")}: ${stderr}`);
    findings.push(...asFindings(name, countsSince(before)));
  }
  return findings;
}

/** One file, one parse: all else says how much of the work was asked for twice. */
function asFindings(
  command: string,
  { parses, inferences, inferredNodes, sessions, runs }: Counts,
): readonly Finding[] {
  return [
    { what: `${command}: model files read`, value: parses, unit: "", limit: 1 },
    { what: `${command}: graphs gone through`, value: inferences, unit: "" },
    { what: `${command}: nodes inferred`, value: inferredNodes, unit: "" },
    { what: `${command}: sessions of a runtime`, value: sessions, unit: "" },
    { what: `${command}: batches run`, value: runs, unit: "" },
  ];
}

function numbers(seed: number): () => number {
  const random = new Random(seed);
  return () => random.uniform();
}
