import type { LayoutAnswer, LayoutTask } from "./layout-task.ts";
import { placeModule, type Item, type Place, type Placed, type Wire, type WireEnd } from "./place-module.ts";

/** Pixels around the contents of an open box, and of the picture. */
const PADDING = 12;

/** What comes in beside the words of a box's head; below them it turns to where it is needed. */
const TURN = 18;
const ENTRY_GAP = 12;

/** Contents that have been laid out, by what they are: identical blocks and boxes that were open before take no time. */
export interface PlacedContents {
  readonly placed: Map<string, Placed>;
  /** Numbers that stand for all that is in a box, in the descriptions of the boxes around it. */
  readonly keys: Map<string, number>;
}

export function noContents(): PlacedContents {
  return { placed: new Map(), keys: new Map() };
}

/**
 * Lays out a picture box by box, from the innermost outwards. A tensor that crosses the edge of an open box does so at one place: its
 * route is put together from those in each box on its way.
 */
export function layOut(task: LayoutTask, known: PlacedContents): LayoutAnswer {
  return new Picture(task, known).answer();
}

/** An open box, or the whole picture. */
interface Module {
  readonly children: number[];
  readonly wires: { readonly from: End; readonly to: End }[];
  /** Place in `wires` of each wire, by its ends and its tensor. */
  readonly wirePlaces: Map<string, number>;
  /** By the box that makes the tensor. */
  readonly entries: Map<number, number>;
  readonly exits: Map<number, number>;
}

/** A child box and the box that makes the tensor; child -1 is the edge of the module. */
interface End {
  readonly child: number;
  readonly maker: number;
}

interface Laid {
  readonly placed: Placed;
  /** Of the whole box. */
  readonly across: number;
  readonly along: number;
  /** Where the contents begin in it. */
  readonly start: Place;
  /** Across, in the box. */
  readonly entries: readonly number[];
  readonly exits: readonly number[];
  /** Names the contents: equal for boxes that look alike. */
  readonly key: number;
}

const ROOT = -1;

class Picture {
  readonly #modules = new Map<number, Module>();
  readonly #laid = new Map<number, Laid>();
  readonly #isDown: boolean;

  constructor(
    readonly task: LayoutTask,
    readonly known: PlacedContents,
  ) {
    this.#isDown = task.direction === "DOWN";
    this.#module(ROOT);
    task.boxes.forEach(({ parent, isOpen }, box) => {
      if (isOpen) this.#module(box);
      this.#module(parent).children.push(box);
    });
    this.#routes = task.links.map(([from, to]) => this.#route(from, to));
  }

  /** Of each link: the wires that it is made of, each in its module. */
  readonly #routes: readonly (readonly (readonly [module: number, wire: number])[])[];

  answer(): LayoutAnswer {
    const root = this.#layModule(ROOT);
    const boxes = new Float64Array(4 * this.task.boxes.length);
    const origins = new Map<number, Place>();
    this.#position(ROOT, [0, 0], boxes, origins);
    const links = this.#routes.map((route) => this.#points(route, origins));
    return {
      width: this.#isDown ? root.across : root.along,
      height: this.#isDown ? root.along : root.across,
      boxes,
      links,
    };
  }

  #module(box: number): Module {
    const known = this.#modules.get(box);
    if (known) return known;
    const module = { children: [], wires: [], wirePlaces: new Map(), entries: new Map(), exits: new Map() };
    this.#modules.set(box, module);
    return module;
  }

  #around(box: number): readonly number[] {
    const around: number[] = [];
    for (let at = this.task.boxes[box]?.parent ?? ROOT; at !== ROOT; at = this.task.boxes[at]?.parent ?? ROOT)
      around.push(at);
    return [...around, ROOT];
  }

  /** Up from one box to the innermost module that holds both, across it, and down to the other. */
  #route(from: number, to: number): readonly (readonly [module: number, wire: number])[] {
    const [up, down] = [this.#around(from), this.#around(to)];
    const shared = up.find((module) => down.includes(module)) ?? ROOT;
    const [above, below] = [up.slice(0, up.indexOf(shared)), down.slice(0, down.indexOf(shared))];
    const edge = { child: -1, maker: from };
    const route: (readonly [number, number])[] = [];
    let child = from;
    for (const module of above) {
      this.#port(this.#module(module).exits, from);
      route.push([module, this.#wire(module, { child, maker: from }, edge)]);
      child = module;
    }
    const inner = [to, ...below].reverse();
    route.push([shared, this.#wire(shared, { child, maker: from }, { child: inner[0] ?? to, maker: from })]);
    inner.slice(0, -1).forEach((module, depth) => {
      this.#port(this.#module(module).entries, from);
      route.push([module, this.#wire(module, edge, { child: inner[depth + 1] ?? to, maker: from })]);
    });
    return route;
  }

  #port(ports: Map<number, number>, maker: number): void {
    if (!ports.has(maker)) ports.set(maker, ports.size);
  }

  #wire(box: number, from: End, to: End): number {
    const module = this.#module(box);
    const key = `${from.child} ${to.child} ${from.maker}`;
    const known = module.wirePlaces.get(key);
    if (known !== undefined) return known;
    const place = module.wires.push({ from, to }) - 1;
    module.wirePlaces.set(key, place);
    return place;
  }

  #layModule(box: number): Laid {
    const known = this.#laid.get(box);
    if (known) return known;
    const module = this.#module(box);
    const places = new Map(module.children.map((child, place) => [child, place]));
    const children = module.children.map((child) => this.#item(child));
    const end = ({ child, maker }: End, side: "entries" | "exits"): WireEnd =>
      child === -1
        ? { kind: "edge", port: module[side === "exits" ? "entries" : "exits"].get(maker) ?? 0 }
        : { kind: "item", item: places.get(child) ?? 0, port: this.#modules.get(child)?.[side].get(maker) ?? 0 };
    const wires = module.wires.map(({ from, to }): Wire => ({ from: end(from, "exits"), to: end(to, "entries") }));
    const contents = {
      items: children.map(({ item }) => item),
      wires,
      entries: module.entries.size,
      exits: module.exits.size,
    };
    // Boxes that look alike have equal numbers: the contents of all in them need not be written out again.
    const text = JSON.stringify([
      children.map(({ item, key }) => key ?? [item.across, item.along]),
      wires,
      contents.entries,
      contents.exits,
      this.task.direction,
    ]);
    const placed = this.known.placed.get(text) ?? placeModule(contents);
    this.known.placed.set(text, placed);
    const headWidth = this.task.boxes[box]?.headWidth ?? 0;
    const laid = this.#framed(placed, box === ROOT ? null : headWidth, this.#keyOf(`${headWidth} ${text}`));
    this.#laid.set(box, laid);
    return laid;
  }

  #keyOf(text: string): number {
    const { keys } = this.known;
    const key = keys.get(text) ?? keys.size;
    keys.set(text, key);
    return key;
  }

  #item(box: number): { readonly item: Item; readonly key?: number } {
    const { width, height } = this.task;
    if (!this.#modules.has(box)) {
      const [across, along] = this.#isDown ? [width, height] : [height, width];
      return { item: { across, along, entries: [], exits: [] } };
    }
    const { across, along, entries, exits, key } = this.#layModule(box);
    return { item: { across, along, entries, exits }, key };
  }

  /** The contents with room around them: for the head, and so that nothing that comes in crosses its words. */
  #framed(placed: Placed, headWidth: number | null, key: number): Laid {
    const { headHeight } = this.task;
    const isBare = headWidth === null;
    const padding = PADDING;
    if (isBare || !this.#isDown) {
      const [before, above] = isBare ? [padding, padding] : [headHeight + padding, padding];
      const shifted = (ports: readonly number[]): readonly number[] => ports.map((port) => port + before);
      return {
        placed,
        start: [before, above],
        across: placed.across + before + padding,
        along: Math.max(placed.along + above + padding, isBare ? 0 : headWidth),
        entries: shifted(placed.entries),
        exits: shifted(placed.exits),
        key,
      };
    }
    const entries = besideHead(
      placed.entries.map((entry) => entry + padding),
      headWidth,
    );
    const isTurned = entries.some((entry, port) => entry !== (placed.entries[port] ?? 0) + padding);
    const above = headHeight + (isTurned ? TURN : placed.entries.length > 0 ? 0 : padding);
    return {
      placed,
      start: [padding, above],
      across: Math.max(placed.across + 2 * padding, headWidth, Math.max(0, ...entries) + padding),
      along: placed.along + above + (placed.exits.length > 0 ? 0 : padding),
      entries,
      exits: placed.exits.map((exit) => exit + padding),
      key,
    };
  }

  #position(box: number, [across, along]: Place, boxes: Float64Array, origins: Map<number, Place>): void {
    const laid = this.#layModule(box);
    origins.set(box, [across, along]);
    this.#module(box).children.forEach((child, place) => {
      const [itemAcross, itemAlong] = laid.placed.items[place] ?? [0, 0];
      const start: Place = [across + laid.start[0] + itemAcross, along + laid.start[1] + itemAlong];
      const { item } = this.#item(child);
      const [x, y, width, height] = this.#isDown
        ? [start[0], start[1], item.across, item.along]
        : [start[1], start[0], item.along, item.across];
      boxes.set([x, y, width, height], 4 * child);
      if (this.#modules.has(child)) this.#position(child, start, boxes, origins);
    });
  }

  #points(
    route: readonly (readonly [module: number, wire: number])[],
    origins: ReadonlyMap<number, Place>,
  ): Float64Array {
    const points: number[] = [];
    const add = (across: number, along: number): void => {
      const [x, y] = this.#isDown ? [across, along] : [along, across];
      if (points.at(-2) !== x || points.at(-1) !== y) points.push(x, y);
    };
    for (const [module, wire] of route) {
      const laid = this.#layModule(module);
      const [across, along] = origins.get(module) ?? [0, 0];
      const ends = this.#module(module).wires[wire];
      const isFromEdge = ends?.from.child === -1;
      const isToEdge = ends?.to.child === -1;
      if (ends && isFromEdge) {
        const entry = across + (laid.entries[this.#module(module).entries.get(ends.from.maker) ?? 0] ?? 0);
        add(entry, along);
        add(entry, along + (this.#isDown ? this.task.headHeight : 0));
      }
      for (const [placeAcross, placeAlong] of laid.placed.wires[wire] ?? []) {
        add(across + laid.start[0] + placeAcross, along + laid.start[1] + placeAlong);
      }
      if (ends && isToEdge) {
        const exit = across + (laid.exits[this.#module(module).exits.get(ends.to.maker) ?? 0] ?? 0);
        add(exit, along + laid.along);
      }
    }
    return Float64Array.from(points);
  }
}

/** Moves what would come in through the words of the head behind them, in the same order. */
function besideHead(entries: readonly number[], headWidth: number): readonly number[] {
  let least = headWidth + ENTRY_GAP;
  const moved = new Map<number, number>();
  entries
    .map((entry, port) => ({ entry, port }))
    .sort((a, b) => a.entry - b.entry)
    .forEach(({ entry, port }) => {
      const place = Math.max(entry, least);
      moved.set(port, place);
      least = place + ENTRY_GAP;
    });
  return entries.map((entry, port) => moved.get(port) ?? entry);
}
