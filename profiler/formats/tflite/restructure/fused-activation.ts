import { ownEntry } from "../../../own-entry.ts";
import type { Attribute } from "../../../model/model.ts";
import type { Activation } from "../../../operators/operation.ts";

/**
 * Activations that kernels compute along with their result, by their names in the schema. The schema has TANH and SIGN_BIT too, which
 * the kernels leave out without a word: these are never fused.
 */
const FUSED: Readonly<Record<string, Activation>> = {
  RELU: { fn: "relu" },
  RELU6: { fn: "relu6" },
  RELU_N1_TO_1: { fn: "clip", minimum: -1, maximum: 1 },
};

export function fusedActivationOf(name: string): Activation | undefined {
  return ownEntry(FUSED, name);
}

/** The schema's name of an activation, where operators can have it fused. */
export function fusedName({ fn, minimum, maximum }: Activation): string | undefined {
  const isSame = (known: Activation): boolean =>
    known.fn === fn && (fn !== "clip" || (known.minimum === minimum && known.maximum === maximum));
  return Object.entries(FUSED).find(([, known]) => isSame(known))?.[0];
}

/** The option for an activation that `fusedName` knows. */
export function fusedOption(activation: Activation | undefined): Readonly<Record<string, Attribute>> {
  return { fused_activation_function: (activation && fusedName(activation)) ?? "NONE" };
}
