import { ABSENT, type TensorId } from "../model/model.ts";
import type { IntegerGrid } from "./integer-grid.ts";
import type { NeutralLayer, NeutralTensor } from "./neutral-layer.ts";

/** What a format's runtime computes in integers, and what it asks for: what quantizing a whole model goes by. */
export interface IntegerSupport {
  /** Of activations. */
  readonly dataType: IntegerGrid["dataType"];
  /** Whether the weights of a product have a scale for each output; otherwise one for all. */
  hasChannelScales(layer: NeutralLayer): boolean;
  /** Why weights cannot have one scale where they can have more; undefined where the runtime takes that, too. */
  readonly whyChannelScales: string | undefined;
  /** What leads to no product stays float; otherwise all that can is of integers. */
  readonly keepsFloatIo: boolean;
  /** Types of integers that inputs and outputs of the model can have, instead of floats. */
  readonly ioTypes: readonly IntegerGrid["dataType"][];
  /** Products have a bias, of zeros where they had none. */
  readonly needsBias: boolean;
  /** Files can hold integers of fewer bits than 8 that are computed with as int8. */
  readonly packsWeights: boolean;
  /** How a layer computes in integers, or why it stays float. */
  ruleOf(layer: NeutralLayer, graph: LayerSurroundings): IntegerRule | string;
}

/** What a format asks of the graph around a layer. */
export interface LayerSurroundings {
  tensor(id: TensorId): NeutralTensor;
  /** The layer that makes a tensor; undefined for inputs and constants. */
  producer(tensor: TensorId | undefined): NeutralLayer | undefined;
}

export interface IntegerRule {
  /** Activations that are to be integers; the others are settings. */
  readonly inputs: readonly TensorId[];
  /** It only moves numbers: input and output are the same integers, and what is behind need not be quantized for its sake. */
  readonly moves?: true;
  /** What it makes has the grid of what it gets, though it computes. */
  readonly keepsGrid?: true;
  /** It can hand on floats, made of integers, where nothing behind it computes in integers. */
  readonly canEndInFloat?: true;
  /** It multiplies activations by weights: what is worth computing in integers. */
  readonly isProduct?: true;
  /** The one grid that its kernel writes. */
  readonly output?: Pick<IntegerGrid, "scale" | "zeroPoint">;
  /** Its constant operand is to be integers too. */
  readonly quantizesConstant?: true;
}

/** Why numbers of some of these tensors cannot become integers: the file has them, or they are no float32. @param op that computes with them */
export function whyNoIntegers(op: string, ids: readonly TensorId[], graph: LayerSurroundings): string | undefined {
  for (const id of ids) {
    if (id === ABSENT) return `the file leaves out what ${op} reads or makes`;
    const { dataType, constant } = graph.tensor(id);
    if (constant) return "it reads numbers of the file";
    if (dataType !== "float32") return `${op} computes in ${dataType ?? "a type that is not known"}`;
  }
  return undefined;
}
