import { join } from "node:path";
import { ROOT } from "../../install.mjs";
import type { Finding } from "./finding.ts";
import { inTurns, median, runNode } from "./measure.ts";

/** A model of half a megabyte: what is measured is the start. */
const MODEL = join(ROOT, "media/samples/digits_resnet.onnx");
const ROUNDS = 15;

/** From the start of a program. */
interface Answer {
  readonly milliseconds: number;
  /** Of all processes: what others on the machine do changes it little. */
  readonly processor: number;
}

/** Of the issue that this case comes from. */
const MOST_MILLISECONDS = 100;

/**
 * What it costs that ONNX Runtime runs in a process of its own: from the start of the program to a model's first answer, against a program
 * that loads the library itself, in turns.
 * @param script the bundle of first-answer.ts
 */
export function benchRuntimeProcess(script: string): readonly Finding[] {
  const timed = (where: string) => (): Answer => {
    const [milliseconds = NaN, processor = NaN] = runNode([script, MODEL, where]).split(" ").map(Number);
    return { milliseconds, processor };
  };
  const { a: apart, b: inside } = inTurns(ROUNDS, timed("apart"), timed("inside"));
  const medianOf = (answers: readonly Answer[], of: keyof Answer): number =>
    median(answers.map((answer) => answer[of]));
  const beyond = (of: keyof Answer): number =>
    median(apart.map((answer, round) => answer[of] - (inside[round]?.[of] ?? NaN)));
  return [
    { what: "first answer, runtime inside the program", value: medianOf(inside, "milliseconds"), unit: "ms" },
    { what: "first answer, runtime in a process of its own", value: medianOf(apart, "milliseconds"), unit: "ms" },
    { what: "beyond it, median of pairs", value: beyond("milliseconds"), unit: "ms", limit: MOST_MILLISECONDS },
    { what: "processor time until then, inside", value: medianOf(inside, "processor"), unit: "ms" },
    { what: "processor time until then, both processes", value: medianOf(apart, "processor"), unit: "ms" },
    { what: "beyond it, median of pairs", value: beyond("processor"), unit: "ms" },
  ];
}
