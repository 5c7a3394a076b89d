import type { TensorId } from "../../../model/model.ts";
import type { Activation } from "../../../operators/operation.ts";
import type { IntegerGrid } from "../../../neutral/integer-grid.ts";
import type { IntegerRule, IntegerSupport } from "../../../neutral/integer-support.ts";
import { isKind, type LayerId, type NeutralGraph, type NeutralLayer } from "../../../neutral/neutral-graph.ts";
import type { ConvForm, DenseForm } from "../../../neutral/forms.ts";
import { UnionFind } from "../reduce-channels/union-find.ts";

/** Convolutions and dense layers. */
export type ProductLayer = NeutralLayer<ConvForm | DenseForm>;

/** Which layers compute in integers, and which activations are integers for it. */
export interface IntegerPlan {
  /** Convolutions and dense layers among them, in the order they run. */
  readonly products: readonly ProductLayer[];
  /** Layers whose constant operand becomes integers. */
  readonly withConstants: readonly NeutralLayer[];
  /** Activations that share a scale. */
  readonly groups: readonly GridGroup[];
  /** Layers that stay float, and why. */
  readonly floats: ReadonlyMap<LayerId, string>;
}

export interface GridGroup {
  readonly tensors: readonly TensorId[];
  /** Those that are not the integers of another one, moved: they tell the range. */
  readonly sources: readonly TensorId[];
  /** Bounds that every source is cut to by an activation that goes into the rounding. */
  readonly least: number;
  readonly most: number;
  /** What the kernel that makes them writes whatever they are. */
  readonly fixed: FixedGrid | undefined;
}

type FixedGrid = Pick<IntegerGrid, "scale" | "zeroPoint">;

export function integerPlan(graph: NeutralGraph, support: IntegerSupport): IntegerPlan {
  return new Planner(graph, support).plan();
}

/** Kinds of layers that only name or size things: nobody asks why they are not of integers. */
const UNASKED: ReadonlySet<string> = new Set(["constant", "shape", "identity"]);

class Planner {
  readonly #rules = new Map<LayerId, IntegerRule>();
  readonly #floats = new Map<LayerId, string>();
  /** Activations that go into the rounding of what the layer before makes. */
  readonly #absorbed = new Map<LayerId, NeutralLayer>();
  readonly #wanted = new Set<TensorId>();
  readonly #integers = new Set<LayerId>();
  readonly #quantized = new Set<TensorId>();

  constructor(
    private readonly graph: NeutralGraph,
    private readonly support: IntegerSupport,
  ) {}

  plan(): IntegerPlan {
    const { layers } = this.graph;
    for (const layer of layers) {
      const rule = this.#ruleOf(layer);
      if (typeof rule !== "string") this.#rules.set(layer.id, rule);
      else if (!UNASKED.has(layer.form.kind)) this.#floats.set(layer.id, rule);
    }
    this.#separate();
    if (this.support.keepsFloatIo) this.#absorb();
    for (const layer of layers.toReversed()) this.#want(layer);
    for (const layer of layers) this.#choose(layer);
    const chosen = layers.filter(({ id }) => this.#integers.has(id));
    return {
      products: chosen.filter(
        (layer): layer is ProductLayer => isKind<"conv">(layer, "conv") || isKind<"dense">(layer, "dense"),
      ),
      withConstants: chosen.filter(({ id }) => this.#rules.get(id)?.quantizesConstant),
      groups: this.#groups(chosen),
      floats: this.#floats,
    };
  }

  #ruleOf(layer: NeutralLayer): IntegerRule | string {
    const rule = this.support.ruleOf(layer, this.graph);
    if (typeof rule === "string") return rule;
    const constant = rule.inputs.map((id) => this.graph.tensor(id)).find((tensor) => tensor.constant !== undefined);
    return constant ? `${constant.name}, which it reads as an activation, is constant` : rule;
  }

  /** Layers that hand on the integers they get cannot join those of a grid that a kernel fixes with others: they stay float. */
  #separate(): void {
    const fixed = new Map<TensorId, FixedGrid>();
    for (const layer of this.graph.layers) {
      const rule = this.#rules.get(layer.id);
      if (rule === undefined) continue;
      const isTied = rule.moves === true || rule.keepsGrid === true;
      const [given, ...others] = isTied ? rule.inputs.map((id) => fixed.get(id)) : [];
      if (others.some((other) => other?.scale !== given?.scale || other?.zeroPoint !== given?.zeroPoint)) {
        this.#rules.delete(layer.id);
        this.#floats.set(
          layer.id,
          `kernels fix the scale of some of what ${layer.op} joins, and others need another one`,
        );
        continue;
      }
      const grid = rule.output ?? given;
      if (grid) for (const id of layer.outputs) fixed.set(id, grid);
    }
  }

  /** A Relu, or a Clip from zero on: integers from its bounds on cut to them anyhow. */
  #absorb(): void {
    for (const layer of this.graph.layers) {
      const rule = this.#rules.get(layer.id);
      if (rule === undefined || rule.moves === true || layer.outputs.length !== 1) continue;
      const behind = this.graph.onlyConsumer(layer.outputs[0]);
      if (!behind || !isKind(behind, "activation") || cutOf(behind.form)?.least !== 0) continue;
      this.#absorbed.set(layer.id, behind);
      this.#floats.delete(behind.id);
    }
  }

  /** What a layer makes, behind an activation that goes into its rounding. */
  #made(layer: NeutralLayer): readonly TensorId[] {
    return (this.#absorbed.get(layer.id) ?? layer).outputs;
  }

  /** Whether integers of what it reads are of use: where they lead to products. */
  #want(layer: NeutralLayer): void {
    const rule = this.#rules.get(layer.id);
    if (rule === undefined) return;
    const isWanted = rule.isProduct === true || this.#isWanted(layer);
    if (isWanted) for (const id of rule.inputs) this.#wanted.add(id);
  }

  #isWanted(layer: NeutralLayer): boolean {
    return !this.support.keepsFloatIo || this.#made(layer).some((id) => this.#wanted.has(id));
  }

  #choose(layer: NeutralLayer): void {
    const rule = this.#rules.get(layer.id);
    if (rule === undefined) return;
    const isOfIntegers = rule.inputs.some((id) => this.#quantized.has(id));
    if (rule.isProduct !== true && this.support.keepsFloatIo) {
      if (!isOfIntegers || !this.#isWanted(layer)) {
        const reason = isOfIntegers
          ? "no layer behind it computes in integers"
          : "no layer in front of it computes in integers";
        if (!rule.moves) this.#floats.set(layer.id, reason);
        const cut = this.#absorbed.get(layer.id);
        if (cut) this.#floats.set(cut.id, reason);
        return;
      }
    }
    this.#integers.add(layer.id);
    for (const id of rule.inputs) this.#quantized.add(id);
    if (rule.canEndInFloat && !this.#isWanted(layer)) return;
    for (const id of this.#made(layer)) this.#quantized.add(id);
  }

  #groups(chosen: readonly NeutralLayer[]): readonly GridGroup[] {
    const ids = [...this.#quantized];
    const places = new Map(ids.map((id, place) => [id, place]));
    const tied = new UnionFind();
    tied.add(ids.length);
    const moved = new Set<TensorId>();
    const bounds = new Map<TensorId, { readonly least: number; readonly most: number }>();
    const fixed = new Map<TensorId, FixedGrid>();
    for (const layer of chosen) {
      const rule = this.#rules.get(layer.id);
      const made = this.#made(layer).filter((id) => places.has(id));
      if (rule?.moves || rule?.keepsGrid) {
        const [first = 0, ...others] = [...rule.inputs, ...made].map((id) => places.get(id) ?? 0);
        for (const other of others) tied.tie(first, other);
      }
      for (const id of made) {
        if (rule?.moves) moved.add(id);
        const cut = this.#cutBehind(layer);
        if (cut) bounds.set(id, cut);
        if (rule?.output) fixed.set(id, rule.output);
      }
    }
    const groups = new Map<number, TensorId[]>();
    for (const id of ids) {
      const root = tied.find(places.get(id) ?? 0);
      groups.set(root, [...(groups.get(root) ?? []), id]);
    }
    return [...groups.values()].map((tensors) => {
      const sources = tensors.filter((id) => !moved.has(id));
      const limits = sources.map((id) => bounds.get(id) ?? UNBOUNDED);
      return {
        tensors,
        sources,
        least: Math.min(...limits.map(({ least }) => least)),
        most: Math.max(...limits.map(({ most }) => most)),
        fixed: tensors.map((id) => fixed.get(id)).find((output) => output !== undefined),
      };
    });
  }

  #cutBehind(layer: NeutralLayer): Cut | undefined {
    const behind = this.#absorbed.get(layer.id);
    if (behind && isKind(behind, "activation")) return cutOf(behind.form);
    const { form } = layer;
    return "activation" in form && form.activation ? cutOf(form.activation) : undefined;
  }
}

interface Cut {
  readonly least: number;
  readonly most: number;
}

const UNBOUNDED: Cut = { least: -Infinity, most: Infinity };

/** Bounds of an activation that does nothing else than cutting. */
function cutOf({ fn, minimum = -Infinity, maximum = Infinity }: Activation): Cut | undefined {
  if (fn === "relu") return { least: 0, most: Infinity };
  if (fn === "relu6") return { least: 0, most: 6 };
  return fn === "clip" ? { least: minimum, most: maximum } : undefined;
}
