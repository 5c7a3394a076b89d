import { Graph, layout as dagreLayout } from "@dagrejs/dagre";

/**
 * The contents of one open box, laid out on their own. Lengths are along the direction in which the network runs ("along") and across it,
 * so that both directions share this.
 */
export interface Contents {
  readonly items: readonly Item[];
  readonly wires: readonly Wire[];
  /** How many tensors come in through the box's edge, and how many leave by it. */
  readonly entries: number;
  readonly exits: number;
}

/** A box in the box, with the places where its own entries and exits are, from its start across. */
export interface Item {
  readonly across: number;
  readonly along: number;
  readonly entries: readonly number[];
  readonly exits: readonly number[];
}

/** One end of a wire: an item, with the position of its entry or exit where it is an open box; or an entry or exit of the box itself. */
export type WireEnd =
  | { readonly kind: "item"; readonly item: number; readonly port: number }
  | { readonly kind: "edge"; readonly port: number };

export interface Wire {
  readonly from: WireEnd;
  readonly to: WireEnd;
}

export interface Placed {
  readonly across: number;
  readonly along: number;
  /** Start of each item: across, along. */
  readonly items: readonly Place[];
  /** Bends of each wire, both ends among them. */
  readonly wires: readonly (readonly Place[])[];
  /** Across. */
  readonly entries: readonly number[];
  readonly exits: readonly number[];
}

export type Place = readonly [across: number, along: number];

/** Pixels between items side by side, between wires, and between what follows each other. */
const GAP_ACROSS = 24;
const GAP_WIRES = 12;
const GAP_ALONG = 30;

/** Between wires that end at one item. */
const PORT_GAP = 14;

/**
 * Lays out one box's contents with dagre: https://github.com/dagrejs/dagre, pinned because another version may place everything anew. What comes in stands before the first items and what leaves behind
 * the last ones. A wire against the order of the items is laid out the other way round, so that the first items stay first.
 */
export function placeModule(contents: Contents): Placed {
  const graph = dagreGraph(contents);
  dagreLayout(graph);
  return new Reading(contents, graph).placed();
}

interface DagreNode {
  readonly width: number;
  readonly height: number;
  readonly x?: number;
  readonly y?: number;
}

interface DagreEdge {
  readonly points?: readonly { readonly x: number; readonly y: number }[];
  readonly weight?: number;
  readonly minlen?: number;
}

type DagreGraph = Graph<object, DagreNode, DagreEdge>;

const START = "start";
const END = "end";

function dagreGraph(contents: Contents): DagreGraph {
  const { items, wires, entries, exits } = contents;
  const graph: DagreGraph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: "TB", nodesep: GAP_ACROSS, edgesep: GAP_WIRES, ranksep: GAP_ALONG });
  for (let port = 0; port < entries; port++) graph.setNode(`entry ${port}`, point());
  items.forEach(({ across, along }, item) => graph.setNode(`${item}`, { width: across, height: along }));
  for (let port = 0; port < exits; port++) graph.setNode(`exit ${port}`, point());
  wires.forEach((wire, place) => {
    const [first, second] = [nodeOf(wire.from, "entry"), nodeOf(wire.to, "exit")];
    const [above, below] = isAgainst(wire) ? [second, first] : [first, second];
    graph.setEdge(above, below, {}, `${place}`);
  });
  holdEnds(graph, contents);
  return graph;
}

/** dagre writes into what it is given: each node has an object of its own. */
function point(): DagreNode {
  return { width: 1, height: 1 };
}

/** Entries before all items and exits behind them: both hang on a node of their own, and so do items that nothing would hold. */
function holdEnds(graph: DagreGraph, { items, entries, exits }: Contents): void {
  if (entries > 0) {
    graph.setNode(START, point());
    for (let port = 0; port < entries; port++) graph.setEdge(START, `entry ${port}`, { weight: 20, minlen: 1 }, "held");
    items.forEach((_, item) => {
      if (graph.predecessors(`${item}`)?.length === 0)
        graph.setEdge(START, `${item}`, { weight: 0, minlen: 2 }, "held");
    });
  }
  if (exits > 0) {
    graph.setNode(END, point());
    for (let port = 0; port < exits; port++) graph.setEdge(`exit ${port}`, END, { weight: 20, minlen: 1 }, "held");
    items.forEach((_, item) => {
      if (graph.successors(`${item}`)?.length === 0) graph.setEdge(`${item}`, END, { weight: 0, minlen: 2 }, "held");
    });
  }
}

function nodeOf(end: WireEnd, ownPort: "entry" | "exit"): string {
  return end.kind === "item" ? `${end.item}` : `${ownPort} ${end.port}`;
}

function isAgainst({ from, to }: Wire): boolean {
  return from.kind === "item" && to.kind === "item" && from.item > to.item;
}

/** What dagre has made of it, with room beside tall items where dagre draws wires through them. */
class Reading {
  readonly #ranks: readonly (readonly [start: number, end: number])[];
  readonly #left: number;
  readonly #top: number;

  constructor(
    readonly contents: Contents,
    readonly graph: DagreGraph,
  ) {
    this.#ranks = this.#itemRanks();
    const { items, wires } = contents;
    const starts = items.map((_, item) => this.#start(item));
    const bends = wires.flatMap((_, wire) => this.#points(wire));
    this.#left = Math.min(...starts.map(([across]) => across), ...bends.map(([across]) => across));
    this.#top = contents.entries > 0 ? this.#centre("entry 0")[1] : Math.min(...starts.map(([, along]) => along));
  }

  placed(): Placed {
    const { items, wires, entries, exits } = this.contents;
    const moved = ([across, along]: Place): Place => [across - this.#left, along - this.#top];
    const starts = items.map((_, item) => moved(this.#start(item)));
    const ends = this.#arrivals();
    const routes = wires.map((wire, place) => this.#route(wire, place, ends.get(place)).map(moved));
    const edgesOf = (kind: string, count: number): readonly number[] =>
      Array.from({ length: count }, (_, port) => moved(this.#centre(`${kind} ${port}`))[0]);
    const [entryPlaces, exitPlaces] = [edgesOf("entry", entries), edgesOf("exit", exits)];
    const rightmost = [
      ...starts.map(([across], item) => across + (items[item]?.across ?? 0)),
      ...routes.flat().map(([across]) => across),
      ...entryPlaces,
      ...exitPlaces,
    ];
    const last =
      exits > 0
        ? moved(this.#centre("exit 0"))[1]
        : Math.max(0, ...starts.map(([, along], item) => along + (items[item]?.along ?? 0)));
    return {
      across: Math.max(0, ...rightmost),
      along: last,
      items: starts,
      wires: routes,
      entries: entryPlaces,
      exits: exitPlaces,
    };
  }

  /** From end to end; it leaves the rank of what it begins at, and enters that of what it ends at, straight. */
  #route(wire: Wire, place: number, spread: number | undefined): readonly Place[] {
    const isUp = isAgainst(wire);
    const start = this.#attach(wire.from, "exits", isUp, undefined);
    const end = this.#attach(wire.to, "entries", isUp, spread);
    const [left, entered] = [this.#rankOf(wire.from), this.#rankOf(wire.to)];
    const bends = this.#bends(place);
    return [
      start,
      ...(left ? [[start[0], left[isUp ? 0 : 1]] as const] : []),
      ...(isUp ? bends.toReversed() : bends),
      ...(entered ? [[end[0], entered[isUp ? 1 : 0]] as const] : []),
      end,
    ];
  }

  #rankOf(end: WireEnd): readonly [start: number, end: number] | undefined {
    if (end.kind === "edge") return undefined;
    const [, centre] = this.#centre(`${end.item}`);
    return this.#ranks.find(([first, last]) => first <= centre && centre <= last);
  }

  #centre(name: string): Place {
    const { x = 0, y = 0 } = this.graph.node(name);
    return [x, y];
  }

  #start(item: number): Place {
    const [x, y] = this.#centre(`${item}`);
    const { across = 0, along = 0 } = this.contents.items[item] ?? {};
    return [x - across / 2, y - along / 2];
  }

  /** Where a wire touches what it begins or ends at. */
  #attach(end: WireEnd, side: "entries" | "exits", isUp: boolean, spread: number | undefined): Place {
    if (end.kind === "edge") return this.#centre(`${side === "exits" ? "entry" : "exit"} ${end.port}`);
    const item = this.contents.items[end.item];
    const [across, along] = this.#start(end.item);
    const port = item?.[side][end.port] ?? (item?.across ?? 0) / 2 + (spread ?? 0);
    return [across + port, (side === "exits") === isUp ? along : along + (item?.along ?? 0)];
  }

  /** Wires that end at one item which is no open box come in side by side, in the order in which they come. */
  #arrivals(): ReadonlyMap<number, number> {
    const { items, wires } = this.contents;
    const arriving = new Map<number, { readonly wire: number; readonly from: number }[]>();
    wires.forEach((wire, place) => {
      if (wire.to.kind !== "item" || items[wire.to.item]?.entries[wire.to.port] !== undefined) return;
      const bends = this.#bends(place);
      const last = isAgainst(wire) ? bends[0] : bends.at(-1);
      const [from] = last ?? this.#attach(wire.from, "exits", isAgainst(wire), undefined);
      const known = arriving.get(wire.to.item) ?? [];
      known.push({ wire: place, from });
      arriving.set(wire.to.item, known);
    });
    const offsets = new Map<number, number>();
    for (const [item, group] of arriving) {
      const gap = Math.min(PORT_GAP, (0.8 * (items[item]?.across ?? 0)) / group.length);
      group
        .sort((a, b) => a.from - b.from)
        .forEach(({ wire }, place) => offsets.set(wire, (place - (group.length - 1) / 2) * gap));
    }
    return offsets;
  }

  /** dagre bends a wire once where it passes a rank of items: it must pass the whole of the rank straight, however tall its items are. */
  #bends(wire: number): readonly Place[] {
    return this.#points(wire).flatMap(([across, along]): readonly Place[] => {
      const rank = this.#ranks.find(([start, end]) => start <= along && along <= end);
      return rank
        ? [
            [across, rank[0]],
            [across, rank[1]],
          ]
        : [];
    });
  }

  #points(wire: number): readonly Place[] {
    const { from, to } = this.contents.wires[wire] ?? {};
    if (!from || !to) return [];
    const [first, second] = [nodeOf(from, "entry"), nodeOf(to, "exit")];
    const { graph } = this;
    const edge = graph.hasEdge(first, second, `${wire}`)
      ? graph.edge(first, second, `${wire}`)
      : graph.edge(second, first, `${wire}`);
    const { points = [] } = edge;
    return points.slice(1, -1).map(({ x, y }): Place => [x, y]);
  }

  #itemRanks(): readonly (readonly [start: number, end: number])[] {
    const ranks = new Map<number, number>();
    this.contents.items.forEach(({ along }, item) => {
      const [, centre] = this.#centre(`${item}`);
      ranks.set(centre, Math.max(ranks.get(centre) ?? 0, along / 2));
    });
    return [...ranks].map(([centre, half]) => [centre - half, centre + half] as const);
  }
}
