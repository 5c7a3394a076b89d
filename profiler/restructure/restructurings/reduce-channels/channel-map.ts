import type { TensorId } from "../../../model/model.ts";
import type { NeutralGraph } from "../../../neutral/neutral-graph.ts";
import { UnionFind } from "./union-find.ts";

/** A channel as somebody made it: one of an output of a convolution or dense layer. Channels that go together are tied into one unit. */
export type Channel = number;

/** Channels that one decision takes out together, wherever they are: known by the first of them. */
export type Unit = Channel;

/** Which channel each position along one axis of a tensor belongs to. Positions along other axes do not matter. */
export interface Labels {
  readonly axis: number;
  readonly channels: readonly Channel[];
  /** The list stands there for each sample again, as many times as only the run knows: heads of all samples along one axis. */
  readonly isRepeated?: true;
}

/** Which channels tensors carry, and which of them can only go together or not at all. */
export class ChannelMap {
  readonly #channels = new UnionFind();
  readonly #labels = new Map<TensorId, Labels>();
  readonly #kept = new Map<Channel, string>();
  /** Of labels that somebody asked for since the last tie: tensors share them. */
  readonly #units = new Map<Labels, readonly Channel[]>();

  constructor(readonly graph: NeutralGraph) {}

  /** undefined for tensors whose channels nobody can take out. */
  labels(tensor: TensorId | undefined): Labels | undefined {
    return tensor === undefined ? undefined : this.#labels.get(tensor);
  }

  label(tensor: TensorId | undefined, labels: Labels | undefined): void {
    if (tensor !== undefined && labels !== undefined) this.#labels.set(tensor, labels);
  }

  /** Those of all tensors, each once. */
  allLabels(): ReadonlySet<Labels> {
    return new Set(this.#labels.values());
  }

  /** How many channels there are: their numbers are below it. */
  get size(): number {
    return this.#channels.size;
  }

  add(count: number): readonly Channel[] {
    return this.#channels.add(count);
  }

  /** Channels that must stay. */
  addKept(count: number, why: string): readonly Channel[] {
    const channels = this.add(count);
    for (const channel of channels) this.keep(channel, why);
    return channels;
  }

  tie(a: Channel | undefined, b: Channel | undefined): void {
    if (a === undefined || b === undefined) return;
    this.#channels.tie(a, b);
    this.#units.clear();
  }

  /** Ties channels that stand at the same place of two lists. */
  tieAll(a: readonly Channel[], b: readonly Channel[]): void {
    for (const [index, channel] of a.entries()) this.tie(channel, b[index]);
  }

  keep(channel: Channel, why: string): void {
    this.#kept.set(channel, why);
  }

  keepAll(labels: Labels | undefined, why: string): void {
    for (const channel of labels?.channels ?? []) this.keep(channel, why);
  }

  /** The channel that stands for all it is tied to. */
  unit(channel: Channel): Channel {
    return this.#channels.find(channel);
  }

  units(labels: Labels): readonly Channel[] {
    const known = this.#units.get(labels);
    if (known) return known;
    const units = labels.channels.map((channel) => this.unit(channel));
    this.#units.set(labels, units);
    return units;
  }

  /** Units that must stay, with the first reason why. */
  keptUnits(): ReadonlyMap<Channel, string> {
    const kept = new Map<Channel, string>();
    for (const [channel, why] of this.#kept) {
      const unit = this.unit(channel);
      if (!kept.has(unit)) kept.set(unit, why);
    }
    return kept;
  }
}
