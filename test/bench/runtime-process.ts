import { join } from "node:path";
import { ROOT } from "../../install.mjs";
import type { Finding } from "./finding.ts";
import { inTurns, median, runNode } from "./measure.ts";

/** A model of half a megabyte: what is measured is the start. */
const MODEL = join(ROOT, "media/samples/digits_resnet.onnx");
const ROUNDS = 15;

/** Of the issue that this case comes from. */
const MOST_MILLISECONDS = 100;

/**
 * What it costs that ONNX Runtime runs in a process of its own: from the start of the program to a model's first answer, against a program
 * that loads the library itself, in turns.
 * @param script the bundle of first-answer.ts
 */
export function benchRuntimeProcess(script: string): readonly Finding[] {
  const timed = (where: string) => (): number => Number(runNode([script, MODEL, where]));
  const { a: apart, b: inside } = inTurns(ROUNDS, timed("apart"), timed("inside"));
  const beyond = median(apart.map((milliseconds, round) => milliseconds - (inside[round] ?? NaN)));
  return [
    { what: "first answer, runtime inside the program", value: median(inside), unit: "ms" },
    { what: "first answer, runtime in a process of its own", value: median(apart), unit: "ms" },
    { what: "beyond it, median of pairs", value: beyond, unit: "ms", limit: MOST_MILLISECONDS },
  ];
}
