import { layerId, type Box, type Outline } from "../../../profiler/views/graph-outline.ts";
import { typeText, type Change, type ComparedLayer } from "../compared-layers.ts";
import type { Side } from "../protocol.ts";

/** What became of what a box holds. */
export interface BoxChange {
  readonly change: Change;
  /** Layers in it that are not the same in the other model. */
  readonly differing: number;
}

export function otherSide(side: Side): Side {
  return side === "before" ? "after" : "before";
}

/** The outlines of two networks, box beside box by the alignment of their layers. */
export class ComparedOutlines {
  readonly changes: Readonly<Record<Side, ReadonlyMap<string, BoxChange>>>;
  /** Rows of which a box is drawn that are not the same in both models, in their order. */
  readonly differences: readonly ComparedLayer[];
  readonly #rows: Readonly<Record<Side, ReadonlyMap<number, ComparedLayer>>>;
  /** Of each box without others in it. */
  readonly #partners: Readonly<Record<Side, ReadonlyMap<string, string>>>;

  /** @param layers rows, with those that are folded in a table */
  constructor(
    readonly outlines: Readonly<Record<Side, Outline>>,
    readonly layers: readonly ComparedLayer[],
  ) {
    this.#rows = { before: rowsBySide(layers, "before"), after: rowsBySide(layers, "after") };
    this.#partners = this.#pairLeaves();
    this.changes = { before: this.#changesOf("before"), after: this.#changesOf("after") };
    this.differences = layers.filter((row) => row.change !== "same" && this.isDrawn(row));
  }

  rowOf(side: Side, layer: number): ComparedLayer | undefined {
    return this.#rows[side].get(layer);
  }

  isDrawn({ before, after }: ComparedLayer): boolean {
    const { outlines } = this;
    return (
      (before !== null && outlines.before.paths.has(layerId(before.index))) ||
      (after !== null && outlines.after.paths.has(layerId(after.index)))
    );
  }

  /**
   * The box of the other network that holds what a box of this one does: of a module the one of that name, else the smallest that holds
   * all partners.
   */
  partnerOf(side: Side, { id, children }: Box): Box | undefined {
    const other = this.outlines[otherSide(side)];
    if (children.length === 0) return other.boxes.get(this.#partners[side].get(id) ?? "");
    const leaves = leavesOf(this.outlines[side].boxes.get(id));
    const partners = leaves.flatMap((leaf) => this.#partners[side].get(leaf) ?? []);
    const paths = partners.flatMap((partner) => [other.paths.get(partner) ?? []]);
    const named = paths.find((path) => path.some((box) => box.id === id))?.find((box) => box.id === id);
    return named ?? sharedPath(paths).at(-1);
  }

  /** The layer of a side that a row stands for, or where there is none, the nearest before it: where it would be. */
  placeOn(side: Side, { position }: ComparedLayer): number | undefined {
    for (let place = position; place >= 0; place--) {
      const layer = this.layers[place]?.[side];
      if (layer && this.outlines[side].paths.has(layerId(layer.index))) return layer.index;
    }
    return undefined;
  }

  /** Layers by the alignment; inputs and outputs by their order. */
  #pairLeaves(): Readonly<Record<Side, ReadonlyMap<string, string>>> {
    const { outlines, layers } = this;
    const pairs = layers.flatMap(({ before, after }) =>
      before && after ? [[layerId(before.index), layerId(after.index)] as const] : [],
    );
    for (const kind of ["input", "output"] as const) {
      const [before, after] = [portsOf(outlines.before, kind), portsOf(outlines.after, kind)];
      before.forEach((port, place) => {
        const partner = after[place];
        if (partner) pairs.push([port.id, partner.id]);
      });
    }
    const drawn = pairs.filter(
      ([before, after]) => outlines.before.paths.has(before) && outlines.after.paths.has(after),
    );
    return { before: new Map(drawn), after: new Map(drawn.map(([before, after]) => [after, before])) };
  }

  #changesOf(side: Side): ReadonlyMap<string, BoxChange> {
    const alone: Change = side === "before" ? "removed" : "added";
    const ofPort = (port: Box): Change => {
      const partner = this.partnerOf(side, port);
      if (!partner) return alone;
      return typeText(port.tensor) === typeText(partner.tensor) ? "same" : "changed";
    };
    const boxes = [...this.outlines[side].boxes.values()];
    return new Map(
      boxes.map((box) => {
        const changes = box.tensor
          ? [ofPort(box)]
          : box.layers.map(({ index }) => this.rowOf(side, index)?.change ?? alone);
        return [box.id, changeOf(changes)] as const;
      }),
    );
  }
}

function changeOf(changes: readonly Change[]): BoxChange {
  const [first = "same"] = changes;
  const differing = changes.filter((change) => change !== "same").length;
  return { change: changes.every((change) => change === first) ? first : "changed", differing };
}

function rowsBySide(layers: readonly ComparedLayer[], side: Side): ReadonlyMap<number, ComparedLayer> {
  return new Map(
    layers.flatMap((row) => {
      const layer = row[side];
      return layer ? [[layer.index, row] as const] : [];
    }),
  );
}

function portsOf({ paths }: Outline, kind: "input" | "output"): readonly Box[] {
  return [...paths.values()].flatMap((path) => path.at(-1) ?? []).filter((box) => box.kind === kind);
}

function leavesOf(box: Box | undefined): readonly string[] {
  if (!box) return [];
  return box.children.length === 0 ? [box.id] : box.children.flatMap(leavesOf);
}

/** What all paths begin with. */
function sharedPath([first, ...others]: readonly (readonly Box[])[]): readonly Box[] {
  let shared = first ?? [];
  for (const path of others) {
    const end = shared.findIndex((box, depth) => path[depth] !== box);
    if (end >= 0) shared = shared.slice(0, end);
    if (shared.length === 0) break;
  }
  return shared;
}
