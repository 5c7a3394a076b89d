import type { Form, FormKind, FormOf } from "../../neutral/forms.ts";
import type { Weights } from "../../neutral/weights.ts";
import type { Tape, Value } from "../tape.ts";

/** Thrown while a layer is written into a training graph, and caught there: why its gradient cannot be said. */
export class NoGradient extends Error {}

/** Where a layer's rule finds what belongs to the layer. */
export interface RuleScope {
  readonly tape: Tape;
  /**
   * Numbers of the layer, in the shape of the form that holds them: trained ones get a gradient.
   * @param role the form's member that holds them
   */
  readonly weights: (role: string, weights: Weights) => Value;
  /** Numbers that are never trained. */
  readonly numbers: (weights: Weights) => Promise<Float32Array>;
}

/**
 * Writes the forward pass of a form and records how gradients come back through it. Maps are batch, channels, spatial …, whatever the
 * format of the model; sizes are all known.
 * @throws {NoGradient}
 */
export type GradientRule<F extends Form = Form> = (
  form: F,
  inputs: readonly Value[],
  scope: RuleScope,
) => Promise<readonly Value[]> | readonly Value[];

export type GradientRules = { readonly [K in FormKind]?: GradientRule<FormOf<K>> };

/** The only input of a layer that has one. @throws {NoGradient} */
export function onlyInput(inputs: readonly Value[]): Value {
  const [input] = inputs;
  if (input === undefined) throw new NoGradient("it reads no activation");
  return input;
}
