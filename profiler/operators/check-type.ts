import type { DeclaredType } from "../model/model.ts";
import type { Operation } from "./operation.ts";
import { elementsOf, HIGHEST_RANK, type Dimension, type Shape } from "../model/shape.ts";
import { VALUE_ELEMENTS_LIMIT } from "../shapes/known-tensor.ts";
import { UNKNOWN, type InferredType } from "./inferred-type.ts";

/** More elements than any memory holds: a size beyond this comes from a broken file, not from a network. */
const MOST_ELEMENTS = 2 ** 50;

/** An inferred type that later rules can rely on: whole non-negative sizes, values that fit their shape. What is not stays unknown, with the reason. */
export function plausible(inferredType: InferredType): {
  readonly inferredType: InferredType;
  readonly problem?: string;
} {
  const { shape, value } = inferredType;
  if (!shape) return { inferredType };
  if (shape.length > HIGHEST_RANK) {
    const problem = `a tensor of ${shape.length} axes is impossible; the limit is ${HIGHEST_RANK} (HIGHEST_RANK)`;
    return { inferredType: { ...UNKNOWN, dataType: inferredType.dataType }, problem };
  }
  const bad = shape.find((size) => typeof size === "number" && !(Number.isSafeInteger(size) && size >= 0));
  const elements = elementsOf(shape);
  if (bad !== undefined || (elements !== undefined && elements > MOST_ELEMENTS)) {
    const problem = `the shape ${describe(shape)} is impossible`;
    return { inferredType: { ...UNKNOWN, dataType: inferredType.dataType }, problem };
  }
  if (value === undefined || (value.length === elements && value.length <= VALUE_ELEMENTS_LIMIT))
    return { inferredType };
  const { value: unfit, ...rest } = inferredType;
  return { inferredType: rest };
}

/** How a computed inferred type differs from what the file says of the tensor; undefined when nothing contradicts. Names of sizes never contradict. */
export function disagreement(computed: InferredType, declared: DeclaredType): string | undefined {
  if (computed.dataType && declared.dataType && computed.dataType !== declared.dataType) {
    return `the file says ${declared.dataType}, computed is ${computed.dataType}`;
  }
  if (!computed.shape || !declared.shape) return undefined;
  const isSame =
    computed.shape.length === declared.shape.length &&
    computed.shape.every((size, axis) => {
      const other = declared.shape?.[axis];
      return typeof size !== "number" || typeof other !== "number" || size === other;
    });
  if (isSame) return undefined;
  const theirs = declared.shape.map((size) => (typeof size === "number" || typeof size === "string" ? size : "?"));
  return `the file says shape ${describe(theirs)}, computed is ${describe(computed.shape)}`;
}

const HAVE_WINDOWS: ReadonlySet<string> = new Set(["conv", "pool"]);

/** What a convolution or a pool loses whose window is larger than its padded input: runtimes let it make an empty tensor. */
export function lostInput(
  { kind }: Operation,
  input: Shape | undefined,
  output: InferredType | undefined,
): string | undefined {
  if (!HAVE_WINDOWS.has(kind) || input?.includes(0) !== false || output?.shape?.includes(0) !== true) return undefined;
  return `its window does not fit in its input ${describe(input)}: nothing comes out`;
}

/** Sizes of a shape that a message names: a broken file may have thousands. */
const MOST_DESCRIBED_SIZES = 12;

function describe(shape: readonly (Dimension | string)[]): string {
  const rest = shape.length - MOST_DESCRIBED_SIZES;
  const sizes = shape.slice(0, MOST_DESCRIBED_SIZES).join(", ");
  return rest > 0 ? `[${sizes}, … ${rest} more]` : `[${sizes}]`;
}
