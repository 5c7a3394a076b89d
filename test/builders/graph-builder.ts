import {
  ABSENT,
  type Attribute,
  type Body,
  type DeclaredType,
  type Graph,
  type Model,
  type Node,
  type Tensor,
} from "../../profiler/model/model.ts";

/** A graph by tensor names, for tests of what stands above the formats. An empty name is an omitted tensor. */
export interface GraphSketch {
  readonly name?: string;
  readonly inputs?: Readonly<Record<string, DeclaredType>>;
  /** Constants with all their elements. */
  readonly constants?: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly values: readonly number[] }>
  >;
  /** Tensors of the graph around this one. */
  readonly captured?: Readonly<Record<string, number>>;
  readonly declared?: Readonly<Record<string, DeclaredType>>;
  readonly outputs?: readonly string[];
  readonly nodes: readonly NodeSketch[];
}

export interface NodeSketch {
  readonly op: string;
  readonly name?: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly bodies?: readonly Body[];
  readonly metadata?: ReadonlyMap<string, string>;
}

export function graphOf(sketch: GraphSketch): Graph {
  const ids = new Map<string, number>();
  const idOf = (name: string): number => {
    if (name === "") return ABSENT;
    const id = ids.get(name) ?? ids.size;
    ids.set(name, id);
    return id;
  };
  const inputs = Object.keys(sketch.inputs ?? {}).map(idOf);
  for (const name of [...Object.keys(sketch.constants ?? {}), ...Object.keys(sketch.captured ?? {})]) idOf(name);
  const nodes = sketch.nodes.map((node, index): Node => {
    const common = {
      index,
      name: node.name ?? "",
      domain: node.domain ?? "",
      op: node.op,
      version: 17,
      inputs: node.inputs.map(idOf),
      outputs: node.outputs.map(idOf),
      attributes: new Map(Object.entries(node.attributes ?? {})),
      bodies: node.bodies ?? [],
    };
    return node.metadata ? { ...common, metadata: node.metadata } : common;
  });
  const outputs = (sketch.outputs ?? []).map(idOf);
  const tensors = [...ids].map(([name, id]): Tensor => {
    const declared = sketch.inputs?.[name] ?? sketch.declared?.[name];
    const constant = sketch.constants?.[name];
    const outer = sketch.captured?.[name];
    return {
      id,
      name,
      ...(declared && { declared }),
      ...(constant && {
        constant: {
          dataType: "float32",
          storedBytes: constant.values.length * 4,
          storage: { kind: "none" },
          ...constant,
        },
      }),
      ...(outer !== undefined && { outer }),
    };
  });
  return { name: sketch.name ?? "main", tensors, nodes, inputs, outputs };
}

export function modelOf(graph: Graph, format: Model["format"] = "onnx"): Model {
  return {
    format,
    file: `test.${format}`,
    fileBytes: 0,
    entries: [{ name: graph.name, graph }],
    opsets: new Map([["", 17]]),
    properties: new Map(),
    warnings: [],
  };
}
