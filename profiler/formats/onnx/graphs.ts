import { ModelFormatError } from "../../errors.ts";
import { ABSENT, type Attribute, type Body, type Graph, type Node, type TensorId } from "../../model/model.ts";
import { attributeGraphs, attributeValue, bodyRole, type AttributeProto } from "./attributes.ts";
import { declaredType } from "./declared-type.ts";
import { functionGraph, functionName, resolveAttributes, type FunctionTable, type Setting } from "./functions.ts";
import { normalDomain } from "./opsets.ts";
import { nodeOrder } from "./order.ts";
import type { onnx } from "./schema/onnx.ts";
import { Scope } from "./scope.ts";
import type { TensorReader } from "./tensors.ts";

type GraphProto = onnx.GraphProto.$Properties;
type NodeProto = onnx.NodeProto.$Properties;
type ValueInfoProto = onnx.ValueInfoProto.$Properties;

/** What every graph of a model is read with. */
interface Reading {
  readonly file: string;
  readonly tensors: TensorReader;
  readonly functions: FunctionTable;
  readonly warnings: Set<string>;
}

type Draft = { -readonly [Key in keyof Node]: Node[Key] };

/** Where an error is: " in then_branch of node 3 (If)"; "" in the main graph. */
type Where = string;

const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();

/** Reads graphs: names become tensors, attributes values, bodies and called functions graphs of their own. */
export class GraphReader {
  constructor(private readonly reading: Reading) {}

  /**
   * @param outer the names of the graph around a body
   * @throws {ModelFormatError} when a name has no producer or two, or nodes need each other in a circle
   */
  read(definition: GraphProto, setting: Setting, where: Where = "", outer?: Scope): Graph {
    const scope = new Scope(outer);
    this.#defineInitializers(definition, scope, where);
    const inputs = (definition.input ?? []).flatMap((value) => this.#defineInput(value, scope, where));
    const nodes = definition.node ?? [];
    const outputs = nodes.map((node, index) => this.#defineOutputs(node, index, scope, where));
    for (const value of [...(definition.input ?? []), ...(definition.output ?? []), ...(definition.valueInfo ?? [])]) {
      this.#declare(value, scope, where);
    }
    const graph: Graph = {
      name: definition.name ?? "",
      tensors: scope.tensors,
      inputs,
      nodes: nodes.map((node, index) => this.#node(node, index, outputs[index] ?? [], setting, scope, where)),
      outputs: (definition.output ?? []).map((value) => this.#output(value, scope, where)),
    };
    this.#checkOrder(graph, nodes, where);
    return graph;
  }

  #defineInitializers(definition: GraphProto, scope: Scope, where: Where): void {
    const { tensors } = this.reading;
    const define = (
      name: string,
      make: (place: string) => ReturnType<TensorReader["dense"]>,
      offset?: number | null,
    ): void => {
      const place = `initializer ${name}${where}`;
      if (name === "") throw this.#fault(`an initializer${where}`, "expected a name", offset);
      if (scope.has(name)) throw this.#fault(place, "it is there twice", offset);
      scope.define(name, { constant: make(place) });
    };
    for (const tensor of definition.initializer ?? []) {
      define(tensor.name ?? "", (place) => tensors.dense(tensor, place), tensor.span?.offset);
    }
    for (const tensor of definition.sparseInitializer ?? []) {
      define(tensor.values?.name ?? "", (place) => tensors.sparse(tensor, place), tensor.span?.offset);
    }
  }

  /** Initializers that are listed as inputs (all of them before IR version 4, defaults since) are no inputs. */
  #defineInput({ name, span }: ValueInfoProto, scope: Scope, where: Where): readonly TensorId[] {
    if (!name) throw this.#fault(`an input of the graph${where}`, "expected a name", span?.offset);
    if (!scope.has(name)) return [scope.define(name)];
    if (scope.own(name)?.constant === undefined)
      throw this.#fault(`input ${name}${where}`, "it is there twice", span?.offset);
    return [];
  }

  #defineOutputs(node: NodeProto, index: number, scope: Scope, where: Where): readonly TensorId[] {
    return (node.output ?? []).map((name) => {
      if (name === "") return ABSENT;
      if (scope.has(name)) {
        const expected = `its output "${name}" is already an input, an initializer or another node's output`;
        throw this.#fault(nodePlace(node, index, where), expected, node.span?.offset);
      }
      return scope.define(name);
    });
  }

  #declare({ name, type, span }: ValueInfoProto, scope: Scope, where: Where): void {
    if (!name || !type) return;
    const fault = (expected: string): Error => this.#fault(`value ${name}${where}`, expected, span?.offset);
    scope.declare(name, declaredType(type, fault));
  }

  #output({ name, span }: ValueInfoProto, scope: Scope, where: Where): TensorId {
    const id = scope.resolve(name ?? "");
    if (id === undefined)
      throw this.#fault(`output ${name ?? ""}${where}`, "no node, input or initializer makes it", span?.offset);
    return id;
  }

  #node(
    node: NodeProto,
    index: number,
    outputs: readonly TensorId[],
    setting: Setting,
    scope: Scope,
    where: Where,
  ): Node {
    const place = (): string => nodePlace(node, index, where);
    if (!node.opType) throw this.#fault(place(), "expected an operator", node.span?.offset);
    const domain = normalDomain(node.domain);
    const inputs = (node.input ?? []).map((name) => {
      const id = name === "" ? ABSENT : scope.resolve(name);
      if (id !== undefined) return id;
      throw this.#fault(
        place(),
        `its input "${name}" has no producer: no node, input or initializer makes it`,
        node.span?.offset,
      );
    });
    const given = resolveAttributes(node, setting);
    // Optional fields are put in afterwards: spreading them in would give each of thousands of nodes a shape of its own.
    const read: Draft = {
      index,
      name: node.name ?? "",
      domain,
      op: node.opType,
      version: setting.opsets.get(domain) ?? 1,
      inputs,
      outputs,
      attributes: this.#attributes(given, place),
      bodies: [...this.#call(node, given, setting, where), ...this.#bodies(node, given, setting, scope, place)],
    };
    if (node.metadataProps?.length) read.metadata = metadataOf(node.metadataProps);
    if (node.span) read.span = { offset: node.span.offset ?? 0, length: node.span.length ?? 0 };
    return read;
  }

  #attributes(given: readonly AttributeProto[], place: () => string): ReadonlyMap<string, Attribute> {
    if (given.length === 0) return NO_ATTRIBUTES;
    const attributes = new Map<string, Attribute>();
    for (const attribute of given) {
      const value = attributeValue(attribute, this.reading.tensors, place);
      if (value !== undefined) attributes.set(attribute.name ?? "", value);
    }
    return attributes;
  }

  #call(node: NodeProto, given: readonly AttributeProto[], caller: Setting, where: Where): readonly Body[] {
    const callee = this.reading.functions.find(node);
    if (callee === undefined) return [];
    const setting = this.reading.functions.enter(callee, given, caller);
    const inside = ` in function ${functionName(callee)}${caller.calls.length === 0 ? where : ""}`;
    return [{ role: "call", label: callee.name ?? "", graph: this.read(functionGraph(callee), setting, inside) }];
  }

  #bodies(
    node: NodeProto,
    given: readonly AttributeProto[],
    setting: Setting,
    scope: Scope,
    place: () => string,
  ): readonly Body[] {
    return given.flatMap((attribute) => {
      const label = attribute.name ?? "";
      return attributeGraphs(attribute).map((graph) => ({
        role: bodyRole(node.opType ?? "", label),
        label,
        graph: this.read(graph, setting, ` in ${label} of ${place()}`, scope),
      }));
    });
  }

  #checkOrder(graph: Graph, nodes: readonly NodeProto[], where: Where): void {
    const order = nodeOrder(graph.nodes);
    if (order.kind === "sorted") return;
    if (order.kind === "unsorted") {
      this.reading.warnings.add(
        `The nodes of graph "${graph.name}" are not in the order in which they run, which ONNX asks for: some runtimes refuse the model.`,
      );
      return;
    }
    const node = nodes[order.node.index];
    if (node === undefined) return;
    const place = nodePlace(node, order.node.index, where);
    throw this.#fault(
      place,
      "it needs its own output, directly or through other nodes: the graph is cyclic",
      node.span?.offset,
    );
  }

  #fault(place: string, expected: string, offset?: number | null): ModelFormatError {
    return new ModelFormatError(this.reading.file, place, expected, { offset: offset ?? undefined });
  }
}

function nodePlace({ opType, name }: NodeProto, index: number, where: Where): string {
  const label = [opType, name].filter(Boolean).join(" ");
  return `node ${index}${label === "" ? "" : ` (${label})`}${where}`;
}

function metadataOf(entries: NonNullable<NodeProto["metadataProps"]>): ReadonlyMap<string, string> {
  return new Map(entries.map(({ key, value }) => [key ?? "", value ?? ""]));
}
