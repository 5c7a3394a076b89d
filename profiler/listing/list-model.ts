import type { Tensor, TensorId } from "../model/model.ts";
import type { AnalysedModel } from "../profile-model.ts";
import { graphRows, type GraphRows, type Row } from "./graph-rows.ts";
import type { ModelListing } from "./listing.ts";
import { ListingWriter, type NamedTensor } from "./listing-writer.ts";
import { countRows, isRun, moduleRuns, type ModuleRun } from "./module-runs.ts";
import { attributesText, nameText, quoted, typeText } from "./notation.ts";

/**
 * A model as text, one line a layer in the style of ONNX's textual syntax, TFLite's operators by their own names:
 *
 *     outputs = Operator <attributes> (inputs)
 *
 * A node's name stands in brackets before it where its output's name does not begin with it; bodies stand indented below the layer that
 * runs them, modules below a comment with their name.
 */
export function listModel({ model, listing }: AnalysedModel): ModelListing {
  const writer = new ListingWriter();
  writer.endLine(`// ${model.file.slice(model.file.lastIndexOf("/") + 1).replaceAll(/\p{C}/gu, "�")}`);
  if (model.opsets.size > 0) {
    const opsets = [...model.opsets].map(([domain, version]) => `${quoted(domain)} : ${version}`);
    writer.endLine(`<opset_import: [${opsets.join(", ")}]>`);
  }
  const graphs = model.entries.map(({ graph }) => graph);
  graphRows(graphs, listing.layers).forEach((rows, entry) => {
    const name = model.entries[entry]?.name ?? "";
    const scope = new GraphScope(rows, `entry${entry}`);
    writer.region("graph", name, () => writeGraph(writer, name, scope, entry === 0 ? 0 : 1));
  });
  return writer.finish();
}

/** A graph that is being written: what its tensors are called and which tensors of the run they are. */
class GraphScope {
  readonly rows: GraphRows;
  readonly #id: string;
  readonly #outer: GraphScope | undefined;
  readonly #repeated: ReadonlySet<string>;

  /** @param id of the graph, for tensors that no layer reads or makes */
  constructor(rows: GraphRows, id: string, outer?: GraphScope) {
    this.rows = rows;
    this.#id = id;
    this.#outer = outer;
    this.#repeated = repeatedNames(rows.graph.tensors);
  }

  within(rows: GraphRows, layer: number): GraphScope {
    return new GraphScope(rows, `${this.#id}/${layer}/${rows.graph.name}`, this);
  }

  tensor(id: TensorId): NamedTensor {
    const tensor = this.rows.graph.tensors[id];
    const name = tensor?.name ?? "";
    return {
      key: this.#keyOf(id),
      name,
      label: this.#labelOf(name, id),
      type: typeText(tensor, this.rows.known.get(id)),
      isConstant: tensor?.constant !== undefined,
    };
  }

  /** Names and numbers that the file holds for this graph, in their order. */
  constants(): readonly TensorId[] {
    const { tensors, inputs } = this.rows.graph;
    const given = new Set(inputs);
    return tensors
      .filter(({ id, constant, outer }) => constant !== undefined && outer === undefined && !given.has(id))
      .map(({ id }) => id);
  }

  #keyOf(id: TensorId): string {
    const known = this.rows.known.get(id)?.key;
    if (known !== undefined) return known;
    const outer = this.rows.graph.tensors[id]?.outer;
    return outer !== undefined && this.#outer ? this.#outer.#keyOf(outer) : `${this.#id}#${id}`;
  }

  /** TFLite allows tensors without names, and several of one name: those have their number in the file. */
  #labelOf(name: string, id: TensorId): string {
    if (name === "") return `%${id}`;
    return this.#repeated.has(name) ? `${nameText(name)}%${id}` : nameText(name);
  }
}

function repeatedNames(tensors: readonly Tensor[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const repeated = new Set<string>();
  for (const { name } of tensors) (seen.has(name) ? repeated : seen).add(name);
  return repeated;
}

/** @param depth names of its rows' paths that stand around the graph */
function writeGraph(writer: ListingWriter, name: string, scope: GraphScope, depth: number): void {
  const { inputs, outputs } = scope.rows.graph;
  writer.write(`${nameText(name)} `);
  writeTyped(writer, scope, inputs, true);
  writer.write(" => ");
  writeTyped(writer, scope, outputs, false);
  const constants = scope.constants();
  if (constants.length > 0) writeConstants(writer, scope, constants);
  writer.endLine(" {");
  writer.indented(() => writeParts(writer, scope, moduleRuns(scope.rows.rows, depth)));
  writer.endLine("}");
}

function writeTyped(writer: ListingWriter, scope: GraphScope, ids: readonly TensorId[], isDefinition: boolean): void {
  writer.write("(");
  writeList(writer, ids, (id) => writeTypedTensor(writer, scope, id, isDefinition));
  writer.write(")");
}

function writeTypedTensor(writer: ListingWriter, scope: GraphScope, id: TensorId, isDefinition: boolean): void {
  const tensor = scope.tensor(id);
  writer.write(`${tensor.type} `);
  writer.tensor(tensor, isDefinition);
}

function writeConstants(writer: ListingWriter, scope: GraphScope, ids: readonly TensorId[]): void {
  writer.endLine();
  writer.region("constants", "", () => {
    writer.endLine("<");
    writer.indented(() =>
      ids.forEach((id, position) => {
        writeTypedTensor(writer, scope, id, true);
        writer.endLine(position < ids.length - 1 ? "," : "");
      }),
    );
  });
  writer.write(">");
}

function writeParts(writer: ListingWriter, scope: GraphScope, parts: readonly (ModuleRun | Row)[]): void {
  for (const part of parts) {
    if (isRun(part)) writeModule(writer, scope, part);
    else writeRow(writer, scope, part);
  }
}

function writeModule(writer: ListingWriter, scope: GraphScope, run: ModuleRun): void {
  writer.region("module", run.name, () => {
    writer.endLine(`// ${quoted(run.name).slice(1, -1)} · ${countRows(run)} layers`);
    writer.indented(() => writeParts(writer, scope, run.parts));
  });
}

function writeRow(writer: ListingWriter, scope: GraphScope, { layer, index, bodies }: Row): void {
  const { node, op } = layer;
  const first = layer.outputs.find(({ key }) => key !== "")?.name ?? "";
  if (node.name !== "" && !first.startsWith(node.name)) writer.write(`[${nameText(node.name)}] `);
  writeNames(writer, scope, node.outputs, true);
  const attributes = attributesText(node.attributes);
  writer.write(" = ");
  writer.operator(nameText(op), index);
  writer.write(attributes === "" ? " (" : ` ${attributes} (`);
  writeNames(writer, scope, node.inputs, false);
  writer.endLine(")");
  writer.indented(() => {
    for (const { body, rows } of bodies) {
      writer.region("body", body.label, () =>
        writeGraph(writer, body.label, scope.within(rows, index), layer.path.length + 2),
      );
    }
  });
}

/** An optional tensor that is left out is an empty name. */
function writeNames(writer: ListingWriter, scope: GraphScope, ids: readonly TensorId[], isDefinition: boolean): void {
  writeList(writer, ids, (id) => {
    if (id < 0) writer.write('""');
    else writer.tensor(scope.tensor(id), isDefinition);
  });
}

function writeList<T>(writer: ListingWriter, items: readonly T[], write: (item: T) => void): void {
  items.forEach((item, position) => {
    if (position > 0) writer.write(", ");
    write(item);
  });
}
