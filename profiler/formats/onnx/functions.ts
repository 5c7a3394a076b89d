import { LimitError, ModelFormatError } from "../../errors.ts";
import type { UnfoldingBudget } from "../unfolding-budget.ts";
import type { AttributeProto } from "./attributes.ts";
import { normalDomain, readOpsets } from "./opsets.ts";
import type { onnx } from "./schema/onnx.ts";

export type FunctionProto = onnx.FunctionProto.$Properties;
type NodeProto = onnx.NodeProto.$Properties;

/** A call in a call, and so on: exporters make one level for each level of the program's modules. */
export const DEEPEST_CALL = 200;
/** In what a node is read: which versions its operators have, and what stands for the attributes that refer to the function's own. */
export interface Setting {
  readonly opsets: ReadonlyMap<string, number>;
  /** Attributes of the call; undefined outside functions. */
  readonly bindings: ReadonlyMap<string, AttributeProto> | undefined;
  /** Functions that are being called, outermost first. */
  readonly calls: readonly FunctionProto[];
  /** Characters of the names of the calls, functions and nodes that it is in: each row inside is known by all of them. */
  readonly around: number;
}

/** The functions of a model, whose calls are charged as they unfold. */
export class FunctionTable {
  readonly #functions = new Map<string, FunctionProto>();

  /** @throws {ModelFormatError} when two functions have one name */
  constructor(
    functions: readonly FunctionProto[],
    private readonly file: string,
    private readonly budget: UnfoldingBudget,
  ) {
    for (const candidate of functions) {
      const key = keyOf(candidate.domain, candidate.name, candidate.overload);
      if (this.#functions.has(key)) {
        throw new ModelFormatError(file, `function ${functionName(candidate)}`, "it is defined twice", {
          offset: candidate.span?.offset ?? undefined,
        });
      }
      this.#functions.set(key, candidate);
    }
  }

  /** The function that a node calls; it goes before an operator of that name. */
  find(node: NodeProto): FunctionProto | undefined {
    if (this.#functions.size === 0) return undefined;
    return this.#functions.get(keyOf(node.domain, node.opType, node.overload));
  }

  /**
   * What the body of `callee` is read in, when a node of this name and these attributes calls it.
   * @throws {ModelFormatError} when it calls itself, directly or through others
   * @throws {LimitError} when calls are too deep or inline too many nodes
   */
  enter(callee: FunctionProto, name: string, attributes: readonly AttributeProto[], caller: Setting): Setting {
    const calls = [...caller.calls, callee];
    const cycle = caller.calls.indexOf(callee);
    if (cycle >= 0) {
      const names = calls.slice(cycle).map(functionName).join(" → ");
      throw new ModelFormatError(
        this.file,
        `function ${functionName(callee)}`,
        `it calls itself (${names}); ONNX has no recursion`,
        { offset: callee.span?.offset ?? undefined },
      );
    }
    if (calls.length > DEEPEST_CALL) {
      throw new LimitError(`${this.file}: calls nest deeper than ${DEEPEST_CALL} functions (DEEPEST_CALL)`);
    }
    const ports = (callee.node ?? []).reduce(
      (sum, node) => sum + (node.input?.length ?? 0) + (node.output?.length ?? 0),
      (callee.input?.length ?? 0) + (callee.output?.length ?? 0),
    );
    const settings = caller.opsets.size + (callee.opsetImport?.length ?? 0) + (callee.attributeProto?.length ?? 0);
    this.budget.charge(1 + (callee.node?.length ?? 0) + (callee.valueInfo?.length ?? 0), ports + settings);
    const given = [...(callee.attributeProto ?? []), ...attributes];
    return {
      opsets: new Map([...caller.opsets, ...readOpsets(callee.opsetImport ?? [])]),
      bindings: new Map(given.map((attribute) => [attribute.name ?? "", attribute])),
      calls,
      around: caller.around + name.length + (callee.name?.length ?? 0),
    };
  }
}

/** A node's attributes, those that refer to an attribute of the function replaced by what the call gives; left out where it gives none. */
export function resolveAttributes(node: NodeProto, { bindings }: Setting): readonly AttributeProto[] {
  const attributes = node.attribute ?? [];
  if (attributes.every(({ refAttrName }) => !refAttrName)) return attributes;
  return attributes.flatMap((attribute) => {
    if (!attribute.refAttrName) return [attribute];
    const bound = bindings?.get(attribute.refAttrName);
    return bound === undefined ? [] : [{ ...bound, name: attribute.name ?? "" }];
  });
}

/** The body of a function as the graph that a call runs. Its inputs and outputs have names, but no types. */
export function functionGraph(callee: FunctionProto): onnx.GraphProto.$Properties {
  return {
    name: functionName(callee),
    node: callee.node ?? [],
    input: (callee.input ?? []).map((name) => ({ name })),
    output: (callee.output ?? []).map((name) => ({ name })),
    valueInfo: callee.valueInfo ?? [],
    span: callee.span ?? null,
  };
}

export function functionName({ domain, name, overload }: FunctionProto): string {
  return [domain, name, overload].filter(Boolean).join(".");
}

function keyOf(domain?: string | null, name?: string | null, overload?: string | null): string {
  return JSON.stringify([normalDomain(domain), name ?? "", overload ?? ""]);
}
