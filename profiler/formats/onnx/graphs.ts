import { ModelFormatError } from "../../errors.ts";
import { ABSENT, type Attribute, type Body, type Graph, type Node, type TensorId } from "../../model/model.ts";
import { attributeGraphs, attributeValue, bodyRole, holdsGraphs, valuesIn, type AttributeProto } from "./attributes.ts";
import { declaredType } from "./declared-type.ts";
import { functionGraph, functionName, resolveAttributes, type FunctionTable, type Setting } from "./functions.ts";
import { normalDomain } from "./opsets.ts";
import { nodeOrder } from "./order.ts";
import type { onnx } from "./schema/onnx.ts";
import { Scope } from "./scope.ts";
import type { TensorReader } from "./tensors.ts";
import type { UnfoldingBudget } from "../unfolding-budget.ts";

type GraphProto = onnx.GraphProto.$Properties;
type NodeProto = onnx.NodeProto.$Properties;
type TensorProto = onnx.TensorProto.$Properties;
type ValueInfoProto = onnx.ValueInfoProto.$Properties;

/** What every graph of a model is read with. */
interface Reading {
  readonly file: string;
  readonly tensors: TensorReader;
  readonly functions: FunctionTable;
  /** Charged for what is read in functions: each call reads it anew. */
  readonly budget: UnfoldingBudget;
  readonly warnings: Set<string>;
}

/** A graph as protobuf says it; nodes and initializers may be decoded while one walks over them. */
export interface GraphMessages extends Omit<GraphProto, "node" | "initializer"> {
  readonly node?: Iterable<NodeProto> | null;
  readonly initializer?: Iterable<TensorProto> | null;
}

type Draft = { -readonly [Key in keyof Node]: Node[Key] };

/** A node whose inputs and bodies wait until every name of the graph is known. */
interface Unlinked {
  readonly node: Draft;
  readonly inputs: readonly string[];
  /** Only where it has bodies: the others are forgotten as soon as they are read. */
  readonly message: NodeProto | undefined;
}

/** Where an error is: " in then_branch of node 3 (If)"; "" in the main graph. */
type Where = string;

const NO_DEFAULT_DOMAIN =
  "The model does not say which version of ONNX's own operators it uses (opset_import): they are read as version 1.";

const NOTHING: readonly never[] = [];
const NO_ATTRIBUTES: ReadonlyMap<string, Attribute> = new Map();

/** Reads graphs: names become tensors, attributes values, bodies and called functions graphs of their own. */
export class GraphReader {
  constructor(private readonly reading: Reading) {}

  /**
   * @param outer the names of the graph around a body
   * @throws {ModelFormatError} when a name has no producer or two, or nodes need each other in a circle
   */
  read(definition: GraphMessages, setting: Setting, where: Where = "", outer?: Scope): Graph {
    const scope = new Scope(outer);
    this.#defineInitializers(definition, scope, where);
    const inputs = (definition.input ?? []).flatMap((value) => this.#defineInput(value, scope, where));
    const unlinked: Unlinked[] = [];
    for (const node of definition.node ?? []) unlinked.push(this.#node(node, unlinked.length, setting, scope, where));
    for (const value of [...(definition.input ?? []), ...(definition.output ?? []), ...(definition.valueInfo ?? [])]) {
      this.#declare(value, scope, where);
    }
    const graph: Graph = {
      name: definition.name ?? "",
      tensors: scope.tensors,
      inputs,
      nodes: unlinked.map((node) => this.#link(node, setting, scope, where)),
      outputs: (definition.output ?? []).map((value) => this.#output(value, scope, where)),
    };
    this.#checkOrder(graph, where);
    return graph;
  }

  #defineInitializers(definition: GraphMessages, scope: Scope, where: Where): void {
    const { tensors } = this.reading;
    const define = (
      name: string,
      make: (place: string) => ReturnType<TensorReader["dense"]>,
      offset?: number | null,
    ): void => {
      const place = `initializer ${name}${where}`;
      if (name === "") throw this.#fault(`an initializer${where}`, "expected a name", offset);
      if (scope.has(name)) throw this.#fault(place, "it is there twice", offset);
      scope.define(name, make(place));
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
        throw this.#fault(nodePlace(node.opType, node.name, index, where), expected, node.span?.offset);
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

  #node(node: NodeProto, index: number, setting: Setting, scope: Scope, where: Where): Unlinked {
    const { opType, name = "" } = node;
    const place = (): string => nodePlace(opType, name, index, where);
    if (!opType) throw this.#fault(place(), "expected an operator", node.span?.offset);
    const given = resolveAttributes(node, setting);
    this.#chargeNames(node, setting);
    const domain = normalDomain(node.domain);
    // Optional fields are put in afterwards: spreading them in would give each of thousands of nodes a shape of its own.
    const read: Draft = {
      index,
      name: name ?? "",
      domain,
      op: opType,
      version: this.#version(domain, setting),
      inputs: NOTHING,
      outputs: this.#defineOutputs(node, index, scope, where),
      attributes: this.#attributes(given, place, setting.calls.length > 0),
      bodies: NOTHING,
    };
    if (node.metadataProps?.length) read.metadata = metadataOf(node.metadataProps);
    if (node.span) read.span = { offset: node.span.offset ?? 0, length: node.span.length ?? 0 };
    const hasBodies = given.some(holdsGraphs) || this.reading.functions.find(node) !== undefined;
    return { node: read, inputs: node.input ?? NOTHING, message: hasBodies ? node : undefined };
  }

  #link({ node, inputs, message }: Unlinked, setting: Setting, scope: Scope, where: Where): Node {
    node.inputs = inputs.map((name) => {
      const id = name === "" ? ABSENT : scope.resolve(name);
      if (id !== undefined) return id;
      const fault = `its input "${name}" has no producer: no node, input or initializer makes it`;
      throw this.#fault(placeOf(node, where), fault, node.span?.offset);
    });
    if (message !== undefined) {
      const given = resolveAttributes(message, setting);
      node.bodies = [
        ...this.#call(message, given, setting, where),
        ...this.#bodies(message, given, setting, scope, placeOf(node, where)),
      ];
    }
    return node;
  }

  /** Without an import of its domain an operator is read as the first version has it. */
  #version(domain: string, { opsets }: Setting): number {
    const version = opsets.get(domain);
    if (version === undefined && domain === "") this.reading.warnings.add(NO_DEFAULT_DOMAIN);
    return version ?? 1;
  }

  #attributes(
    given: readonly AttributeProto[],
    place: () => string,
    isCalled: boolean,
  ): ReadonlyMap<string, Attribute> {
    if (given.length === 0) return NO_ATTRIBUTES;
    const attributes = new Map<string, Attribute>();
    for (const attribute of given) {
      if (isCalled) this.reading.budget.charge(1, valuesIn(attribute));
      const value = attributeValue(attribute, this.reading.tensors, place);
      if (value !== undefined) attributes.set(attribute.name ?? "", value);
    }
    return attributes;
  }

  #call(node: NodeProto, given: readonly AttributeProto[], caller: Setting, where: Where): readonly Body[] {
    const callee = this.reading.functions.find(node);
    if (callee === undefined) return [];
    const setting = this.reading.functions.enter(callee, node.name ?? "", given, caller);
    const inside = ` in function ${functionName(callee)}${caller.calls.length === 0 ? where : ""}`;
    return [{ role: "call", label: callee.name ?? "", graph: this.read(functionGraph(callee), setting, inside) }];
  }

  /** A body in a function is one more at each call of it. */
  #chargeBody({ node, initializer, input, valueInfo }: onnx.GraphProto.$Properties): void {
    const lists = [node, initializer, input, valueInfo];
    this.reading.budget.charge(lists.reduce((sum, list) => sum + (list?.length ?? 0), 1));
  }

  /** A row is named by all around it, and each call of a function names and describes its nodes anew. */
  #chargeNames({ name, opType, domain, output, metadataProps }: NodeProto, { calls, around }: Setting): void {
    const { budget } = this.reading;
    // A call is named by itself and by its function, mostly in the same words.
    budget.chargeName(around / 2);
    if (calls.length === 0) return;
    budget.charge(0, metadataProps?.length ?? 0);
    for (const each of [name, opType, domain, ...(output ?? [])]) budget.chargeName(each?.length ?? 0);
  }

  #bodies(
    node: NodeProto,
    given: readonly AttributeProto[],
    setting: Setting,
    scope: Scope,
    place: string,
  ): readonly Body[] {
    const inside = { ...setting, around: setting.around + (node.name?.length ?? 0) };
    return given.flatMap((attribute) => {
      const label = attribute.name ?? "";
      return attributeGraphs(attribute).map((graph) => {
        if (setting.calls.length > 0) this.#chargeBody(graph);
        return {
          role: bodyRole(node.opType ?? "", label),
          label,
          graph: this.read(graph, inside, ` in ${label} of ${place}`, scope),
        };
      });
    });
  }

  #checkOrder(graph: Graph, where: Where): void {
    const order = nodeOrder(graph);
    if (order.kind === "sorted") return;
    if (order.kind === "unsorted") {
      this.reading.warnings.add(
        `The nodes of graph "${graph.name}" are not in the order in which they run, which ONNX asks for: some runtimes refuse the model.`,
      );
      return;
    }
    throw this.#fault(
      placeOf(order.node, where),
      "it needs its own output, directly or through other nodes: the graph is cyclic",
      order.node.span?.offset,
    );
  }

  #fault(place: string, expected: string, offset?: number | null): ModelFormatError {
    return new ModelFormatError(this.reading.file, place, expected, { offset: offset ?? undefined });
  }
}

function placeOf({ op, name, index }: Node, where: Where): string {
  return nodePlace(op, name, index, where);
}

type Text = string | null | undefined;

function nodePlace(op: Text, name: Text, index: number, where: Where): string {
  const label = [op, name].filter(Boolean).join(" ");
  return `node ${index}${label === "" ? "" : ` (${label})`}${where}`;
}

function metadataOf(entries: NonNullable<NodeProto["metadataProps"]>): ReadonlyMap<string, string> {
  return new Map(entries.map(({ key, value }) => [key ?? "", value ?? ""]));
}
