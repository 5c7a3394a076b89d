import { count } from "../counters.ts";
import { ABSENT, type Node } from "../model/model.ts";
import { spliced, type Runs } from "../model/runs.ts";
import type { NodeView } from "../operators/node-view.ts";
import type { InferredBody, InferredGraph, InferredNode, Problem } from "../operators/infer.ts";
import { mostExpensiveBranch } from "./most-expensive-branch.ts";
import type { Layer, LayerTensor } from "./layer.ts";
import { editedRoles } from "./edited-roles.ts";
import { Groups } from "./grouped-row.ts";
import { LayerTensors } from "./layer-tensors.ts";
import type { Listing } from "./listing.ts";
import { logicalOrigin } from "./logical-weight.ts";
import { metadataPath, modulePath } from "./module-path.ts";
import type { Grouping, OperatorGroup } from "./operator-group.ts";
import { PreviousListing, type NodeRows } from "./previous-listing.ts";
import { rolesOf } from "./roles.ts";

/** One entry of the model, inferred; only the profiled one counts. */
export interface InferredEntry {
  readonly name: string;
  readonly inferred: InferredGraph;
  readonly isProfiled: boolean;
}

/**
 * Rows of a whole model: one a node, in file order, each followed by the rows of its bodies.
 * @param grouping what the runtime runs as one operator: its other nodes get rows that cost nothing
 * @param previous of the model that this one was edited from: rows of what inference found again are taken over from it
 */
export function listLayers(entries: readonly InferredEntry[], grouping: Grouping, previous?: Listing): Listing {
  const edited = previous && listEdited(entries, grouping, PreviousListing.of(previous));
  if (edited) return edited;
  const lister = new Lister(grouping, previous);
  for (const { name, inferred, isProfiled } of entries) {
    const notes = [`Runs only from entry "${name}", which is not the one profiled.`];
    lister.list(inferred, isProfiled ? TOP : { path: [name], repeats: 1, isCounted: false, notes });
  }
  const outputs = entries.flatMap(({ inferred }) => inferred.graph.outputs.map((id) => inferred.keys[id] ?? ""));
  const { rows, problems, found, grouped } = lister;
  const roles = rolesOf(rows, new Set(outputs));
  const layers = rows.map((row, index): Layer => {
    const role = row.role === "fused" ? row.role : (roles[index] ?? "compute");
    return row.role === role ? row : { ...row, role };
  });
  return { layers, problems, found, grouped };
}

/** Only rows of what an edit touched; undefined where those of others may change with them. */
function listEdited(
  entries: readonly InferredEntry[],
  grouping: Grouping,
  previous: PreviousListing,
): Listing | undefined {
  const [entry, another] = entries;
  const edit = entry?.inferred.edit;
  const { listing } = previous;
  const starts = edit && another === undefined ? previous.startsOf(edit.before) : undefined;
  if (entry === undefined || edit === undefined || starts === undefined) return undefined;
  const lister = new Lister(grouping, listing);
  const tensors = new LayerTensors(entry.inferred);
  const found = edit.runs.parts.flatMap(({ came }) => came);
  if (found.some(({ node }) => node.bodies.length > 0)) return undefined;
  const isGroupable = previous.hasGroupable(edit.before, grouping.isIn) || found.some(grouping.isIn);
  if (isGroupable && groupsOf(entry.inferred, grouping).length > 0) return undefined;
  const described = found.map((one) => previous.row(one) ?? lister.describe(one, tensors, TOP));
  const before = previous.rowsOf(entry.inferred, starts);
  const roles = editedRoles(before, starts, entry.inferred, described);
  if (roles === undefined) return undefined;
  const rows = new Map(
    found.map((one, place) => {
      const [row, role] = [described[place], roles[place] ?? "compute"];
      return [one, row === undefined || row.role === role ? row : { ...row, role }];
    }),
  );
  const parts = edit.runs.parts.map(({ from, to, came }) => {
    return { from: starts.first(from), to: starts.first(to), came: came.flatMap((one) => rows.get(one) ?? []) };
  });
  // None of them has bodies: see `editedRoles`.
  const runs = { parts, gone: edit.runs.gone.map((position) => starts.first(position)) };
  const ofRows = starts.isFlat ? entry.inferred.nodes : foundOfRows(entry.inferred, edit.runs, listing, starts);
  const isFine = listing.problems.length === 0 && found.every(({ problems }) => problems.length === 0);
  return {
    layers: spliced(runs, before, (row) => row),
    problems: isFine ? [] : ofRows.flatMap(({ problems }, layer) => problems.map((problem) => ({ ...problem, layer }))),
    found: ofRows,
    grouped: listing.grouped,
    edit: { before, runs },
  };
}

/** What was found of the nodes of an edited graph, each with what was found of its bodies' behind it. */
function foundOfRows(
  { nodes }: InferredGraph,
  { parts }: Runs<InferredNode>,
  { found }: Listing,
  starts: NodeRows,
): readonly InferredNode[] {
  const ofRows: InferredNode[] = [];
  let next = 0;
  const take = (): void => {
    const node = nodes[next++];
    if (node) ofRows.push(node);
  };
  for (const { from, to, came } of parts) {
    for (let position = from; position < to; position += 1) {
      take();
      for (let row = starts.first(position) + 1; row < starts.first(position + 1); row += 1) {
        const inner = found[row];
        if (inner) ofRows.push(inner);
      }
    }
    came.forEach(take);
  }
  return ofRows;
}

/** What a row has from the bodies around it. */
interface Around {
  readonly path: readonly string[];
  readonly repeats: number;
  readonly isCounted: boolean;
  readonly notes: readonly string[];
}

const TOP: Around = { path: [], repeats: 1, isCounted: true, notes: [] };

class Lister {
  /** The role of each is told when all are listed. */
  readonly rows: Layer[] = [];
  readonly problems: (Problem & { readonly layer: number })[] = [];
  readonly found: InferredNode[] = [];
  readonly grouped = new Set<NodeView>();

  readonly #modulePaths = new Map<string, readonly string[]>();
  readonly #previous: PreviousListing | undefined;

  constructor(
    private readonly grouping: Grouping,
    previous: Listing | undefined,
  ) {
    this.#previous = previous && PreviousListing.of(previous);
  }

  list(inferred: InferredGraph, around: Around): void {
    const tensors = new LayerTensors(inferred);
    const groups = new Groups(groupsOf(inferred, this.grouping));
    for (const node of inferred.nodes) {
      const isGrouped = groups.has(node.node);
      // Rows of the graph that a run starts from have nothing around them.
      const known = isGrouped || around !== TOP ? undefined : this.#previous?.row(node);
      const row = known ?? groups.placed(this.describe(node, tensors, around), tensors);
      if (isGrouped) this.grouped.add(node.view);
      this.found.push(node);
      for (const problem of node.problems) this.problems.push({ ...problem, layer: this.rows.length });
      const counted = node.rule?.control?.isChoice === true ? mostExpensiveBranch(node.bodies) : undefined;
      const isNoted = counted === undefined || known !== undefined;
      this.rows.push(isNoted ? row : { ...row, notes: [...row.notes, choiceNote(counted)] });
      for (const body of node.bodies) this.list(body.graph, within(row, around, body, counted));
    }
  }

  describe(inferred: InferredNode, tensors: LayerTensors, around: Around): Layer {
    count("describedRows");
    const { node, rule, view, operation, problems } = inferred;
    const outputs = node.outputs.map((id) => tensors.data(id));
    const name = node.name === "" ? (outputs.find(({ key }) => key !== "")?.name ?? "") : node.name;
    const computesIn = rule?.computesIn?.(view);
    const modules = metadataPath(node.metadata) ?? modulePath(name, this.#modulePaths);
    return {
      name,
      op: qualifiedOp(node),
      operation,
      path: joined(around.path, modules),
      inputs: layerInputs(inferred, tensors),
      outputs,
      role: "compute",
      repeats: around.repeats,
      isCounted: around.isCounted,
      isView: rule?.isView === true,
      inPlace: rule?.inPlace ?? NOTHING,
      ...(computesIn && { computesIn }),
      notes: joined(joined(around.notes, view.notes), failureNotes(problems, node)),
      node,
    };
  }
}

function groupsOf(inferred: InferredGraph, { isIn, find }: Grouping): readonly OperatorGroup[] {
  return inferred.nodes.some(isIn) ? find(inferred) : NOTHING;
}

function layerInputs(inferred: InferredNode, tensors: LayerTensors): readonly LayerTensor[] {
  const { node, rule, view } = inferred;
  const configuration = configurationInputs(inferred, tensors);
  return node.inputs.map((id, position) => {
    const tensor = configuration.includes(position) ? tensors.configuration(id) : tensors.data(id);
    const logical = tensor.constant && rule?.weightElements?.(view, position);
    return tensor.constant && logical ? { ...tensor, constant: logicalOrigin(tensor.constant, logical) } : tensor;
  });
}

/**
 * An input that a body gets as the very tensor it is, is handed on to the body's rows: there it is data, if it is. What a loop starts
 * from, and what it takes slices of, is data of the loop itself.
 */
function configurationInputs({ node, rule, view, bodies }: InferredNode, tensors: LayerTensors): readonly number[] {
  const positions = rule?.configuration ?? NOTHING;
  const told = typeof positions === "function" ? positions(view) : positions;
  if (bodies.length === 0) return told;
  const inside = new Set(bodies.flatMap(({ graph: { graph, keys } }) => graph.inputs.map((id) => keys[id])));
  return [...node.inputs.keys()].filter((position) => {
    const { key, constant } = tensors.data(node.inputs[position] ?? ABSENT);
    return told.includes(position) || constant !== undefined || inside.has(key);
  });
}

const NOTHING: readonly never[] = [];

/** Both lists as one, and no new list where one is empty: most rows have nothing to say. */
function joined<T>(a: readonly T[], b: readonly T[]): readonly T[] {
  if (a.length === 0) return b;
  return b.length === 0 ? a : [...a, ...b];
}

function failureNotes(problems: readonly Problem[], node: Node): readonly string[] {
  return problems.flatMap(({ code, message }) => {
    if (code === "unknown-operator") return [`Edgewise has no rule for ${qualifiedOp(node)}: its cost is unknown.`];
    return code === "shape-disagrees" ? [] : [message];
  });
}

function choiceNote({ body }: InferredBody): string {
  return `Of its branches the more expensive counts: ${body.label}.`;
}

/** Where the rows of a body stand; `counted` is the most expensive of a choice's branches. */
function within(row: Layer, around: Around, inferred: InferredBody, counted: InferredBody | undefined): Around {
  const { body, trips } = inferred;
  const isMostExpensive = counted === undefined || counted === inferred;
  const notes: string[] = [];
  if (trips === undefined) notes.push("Runs as often as the data ask for; counted once.");
  else if (trips > 1) notes.push(`Runs ${trips} times in one inference; the costs are those of all runs.`);
  if (trips === 0) notes.push("Does not run in an inference; not counted.");
  else if (!isMostExpensive) notes.push("The cheaper branch of a choice: shown, not counted.");
  return {
    path: [...row.path, lastPart(row.name), body.label],
    repeats: row.repeats * Math.max(trips ?? 1, 1),
    isCounted: row.isCounted && isMostExpensive && trips !== 0,
    notes: [...new Set([...around.notes, ...notes])],
  };
}

function lastPart(name: string): string {
  return name.split("/").at(-1) ?? name;
}

function qualifiedOp({ domain, op }: Node): string {
  return domain === "" ? op : `${domain}.${op}`;
}
