import type { LayerId, NeutralLayer } from "../neutral/neutral-graph.ts";
import type { Form } from "../neutral/forms.ts";
import type { Weights } from "../neutral/weights.ts";
import { isFloat } from "../model/data-type.ts";
import { sizeOf } from "./onnx-graph.ts";

/** Numbers that are trained, as a part of the one vector that holds all of them. */
export interface Parameter {
  readonly weights: Weights;
  /** Layers that hold these very numbers, and the form's member that does. */
  readonly uses: readonly { readonly layer: LayerId; readonly name: string; readonly role: string }[];
  readonly offset: number;
  readonly size: number;
}

/** Which numbers are trained: all of a layer's, or those that shift and scale its channels. */
export type TrainedRoles = "all" | "biases-and-scales";

const SHIFTING = new Set(["bias", "scale", "shift", "slopes"]);
const TRAINED_OPERATIONS = new Set(["add", "subtract", "multiply", "divide"]);

/** Whether numbers of a layer can be trained. A single number beside a map is part of a formula (x·clip(x+3)/6), not a weight. */
export function isTrainable(form: Form, role: string, weights: Weights, roles: TrainedRoles): boolean {
  if (!isFloat(weights.dataType) && !isSymmetric(weights) && !isWholeBias(role, weights)) return false;
  if (form.kind === "elementwise") return TRAINED_OPERATIONS.has(form.fn) && sizeOf(weights.shape) > 1;
  return roles === "all" || SHIFTING.has(role);
}

/** Integers around zero: trained through their rounding, and stored by the same kind of scheme again. */
function isSymmetric({ dataType, quantization }: Weights): boolean {
  return dataType === "int8" && quantization?.zeroPoints.every((point) => point === 0) === true;
}

/** A bias in the scales of input and weights multiplied, far finer than both: it is trained as it is, and rounded when it is written. */
function isWholeBias(role: string, { dataType, quantization }: Weights): boolean {
  return role === "bias" && dataType === "int32" && quantization !== undefined;
}

/** Gathers parameters in the order in which they are first asked for; numbers that layers share are one parameter. */
export class ParameterList {
  readonly #byWeights = new Map<Weights, { uses: Parameter["uses"][number][]; offset: number; size: number }>();
  #size = 0;

  add({ id, name }: NeutralLayer, role: string, weights: Weights): void {
    const use = { layer: id, name, role };
    const known = this.#byWeights.get(weights);
    if (known) {
      if (!known.uses.some((each) => each.layer === id && each.role === role)) known.uses.push(use);
      return;
    }
    const size = sizeOf(weights.shape);
    this.#byWeights.set(weights, { uses: [use], offset: this.#size, size });
    this.#size += size;
  }

  /** Those that one of these layers holds, one behind the other. */
  within(layers: ReadonlySet<LayerId>): readonly Parameter[] {
    let offset = 0;
    return [...this.#byWeights].flatMap(([weights, { uses, size }]): readonly Parameter[] => {
      if (!uses.some(({ layer }) => layers.has(layer))) return [];
      offset += size;
      return [{ weights, uses, size, offset: offset - size }];
    });
  }
}
