import assert from "node:assert/strict";
import { Random } from "../../../profiler/numeric/random.ts";
import type { Form } from "../../../profiler/neutral/forms.ts";
import { newWeights, type Weights } from "../../../profiler/neutral/weights.ts";
import { loadOnnxRuntime } from "../../../profiler/onnx-runtime.ts";
import { sizeOf } from "../../../profiler/training/onnx-graph.ts";
import { GRADIENT_RULES } from "../../../profiler/training/rules/index.ts";
import type { GradientRule, RuleScope } from "../../../profiler/training/rules/rule.ts";
import { Tape, type Value } from "../../../profiler/training/tape.ts";

type Shape = readonly number[];

export interface GradientCase {
  readonly form: Form;
  readonly inputs: readonly Shape[];
  /** Numbers of the inputs and weights instead of normal ones: where a function has kinks or poles. */
  readonly sample?: (random: Random) => number;
}

/** Distance of the four points at which a derivative is taken: the error of the formula falls with its fourth power. */
const STEP = 0.02;
const TOLERANCE = 1e-4;

/**
 * Runs a form's rule and holds every element of every gradient against central differences of fourth order of Σ r·y, r random.
 */
export async function checkGradient({ form, inputs, sample }: GradientCase): Promise<void> {
  const random = new Random(7);
  const draw = (shape: Shape): Float32Array =>
    Float32Array.from({ length: sizeOf(shape) }, () => (sample ? sample(random) : random.normal()));
  const feeds = new Map<string, { shape: Shape; data: Float32Array }>();
  const tape = new Tape();
  const entered = (name: string, shape: Shape, data: Float32Array): Value => {
    feeds.set(name, { shape, data });
    return tape.trained(tape.graph.input(name, shape));
  };
  const values = inputs.map((shape, index) => entered(`input${index}`, shape, draw(shape)));
  const given = new Map<string, Float32Array>();
  for (const [role, weights] of Object.entries(form) as [string, unknown][])
    if (isWeights(weights)) given.set(role, await weights.read());
  const scope: RuleScope = {
    tape,
    weights: (role, weights) => entered(role, weights.shape, given.get(role) ?? new Float32Array()),
    numbers: (weights) => weights.read(),
  };
  const rule = GRADIENT_RULES[form.kind] as GradientRule | undefined;
  assert.ok(rule, `no rule for ${form.kind}`);
  const outputs = await rule(form, values, scope);
  const seeds = outputs.map(({ shape }, index) => {
    const data = draw(shape);
    return { name: `seed${index}`, shape, data };
  });
  for (const [index, output] of outputs.entries()) tape.graph.output(`output${index}`, output);
  const trained = [...feeds.keys()];
  const started = outputs.map(({ name }, index): [string, Value] => {
    const { name: seed, shape } = seeds[index] ?? { name: "", shape: [] };
    return [name, tape.fixed(tape.graph.input(seed, shape))];
  });
  const gradients = tape.gradients(new Map(started));
  for (const name of trained) {
    const gradient = gradients.get(name);
    assert.ok(gradient, `no gradient of ${name}`);
    tape.graph.output(`gradient of ${name}`, gradient);
  }
  const { InferenceSession, Tensor } = await loadOnnxRuntime();
  const session = await InferenceSession.create(tape.graph.bytes(), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const run = async (): Promise<Readonly<Record<string, Float32Array>>> => {
    const all = [...[...feeds].map(([name, { shape, data }]) => ({ name, shape, data })), ...seeds];
    const tensors = all.map(({ name, shape, data }) => [name, new Tensor("float32", data, shape)] as const);
    const results = await session.run(Object.fromEntries(tensors));
    return Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data as Float32Array]));
  };
  /** Σ r·y less what it is at the start, output by output, so that large sums do not swallow the difference. */
  const start = await run();
  const change = async (): Promise<number> => {
    const results = await run();
    let sum = 0;
    for (const [index, { data }] of seeds.entries()) {
      const [now, before] = [results[`output${index}`], start[`output${index}`]];
      data.forEach((seed, at) => (sum += seed * ((now?.[at] ?? 0) - (before?.[at] ?? 0))));
    }
    return sum;
  };
  try {
    for (const [name, { data }] of feeds) {
      const analytic = start[`gradient of ${name}`] ?? new Float32Array();
      assert.equal(analytic.length, data.length);
      const largest = analytic.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assert.ok(largest > 0, `the gradient of ${name} is zero`);
      for (const index of data.keys()) {
        const before = data[index] ?? 0;
        const at = async (steps: number): Promise<number> => {
          data[index] = before + steps * STEP;
          return change();
        };
        const near = (await at(1)) - (await at(-1));
        const far = (await at(2)) - (await at(-2));
        data[index] = before;
        const numeric = (8 * near - far) / (12 * STEP);
        const error = Math.abs(numeric - (analytic[index] ?? 0));
        assert.ok(
          error <= TOLERANCE * largest,
          `${name}[${index}]: ${analytic[index] ?? NaN}, by differences ${numeric}, of ${largest}`,
        );
      }
    }
  } finally {
    await session.release();
  }
}

function isWeights(member: unknown): member is Weights {
  return typeof member === "object" && member !== null && "read" in member;
}

/** Normal weights of that shape. */
export function randomWeights(shape: Shape, seed: number): Weights {
  return newWeights(shape, new Random(seed).normals(sizeOf(shape)));
}
