import type { Node } from "../model/model.ts";
import type { Layer } from "../layers/layer.ts";
import type { LayerProfile, Profile } from "../profile.ts";
import type { Severity } from "./severity.ts";
import type { NeutralGraph, NeutralLayer } from "../neutral/neutral-graph.ts";

/** Something about a model that costs more than it may have to. Plain data. */
export interface Diagnosis {
  /** Of the rule: stable, for settings and documentation. */
  readonly code: string;
  readonly severity: Exclude<Severity, "off">;
  /** Index of the row it stands at. */
  readonly layer: number;
  /** One or two sentences, with the numbers. */
  readonly message: string;
  /** Rows that have a part in it. */
  readonly related: readonly number[];
  /** Restructurings that answer it, the best first. Whether one fits there is for its `find` to say, and for the suggestions. */
  readonly answers: readonly Answer[];
}

export interface Answer {
  readonly restructuring: string;
  /** Name of the row's layer; empty for one of the whole model. */
  readonly target: string;
}

/** What a rule found, before it is known which of its answers apply. */
export interface Finding {
  readonly layer: number;
  readonly message: string;
  readonly related?: readonly number[];
}

/** A model as rules look at it: what its rows cost, and what they are. */
export class Subject {
  readonly #rows: ReadonlyMap<NeutralLayer["node"], number>;
  readonly #lifted: ReadonlyMap<number, NeutralLayer>;

  constructor(
    readonly profile: Profile,
    /** By row. */
    readonly layers: readonly Layer[],
    readonly graph: NeutralGraph,
    /** By operator, why the format's runtime for microcontrollers does not run it. */
    readonly microcontrollerRefusals: ReadonlyMap<Node, string>,
  ) {
    this.#rows = new Map(layers.map(({ node }, row) => [node, row]));
    this.#lifted = new Map(graph.layers.flatMap((layer) => this.rowsOf(layer).map((row) => [row, layer])));
  }

  /** Rows that are in the totals. */
  counted(): readonly LayerProfile[] {
    return this.profile.layers.filter(({ isCounted, role }) => isCounted && role === "compute");
  }

  /** The row of a layer, as a list that may be empty. */
  rowsOf({ node }: NeutralLayer): readonly number[] {
    const row = this.#rows.get(node);
    return row === undefined ? [] : [row];
  }

  /** The layer that edits name; undefined for rows of bodies. */
  layerOf(row: number): NeutralLayer | undefined {
    return this.#lifted.get(row);
  }
}
