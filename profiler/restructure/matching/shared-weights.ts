import type { ConvForm, ConvTransposeForm, DenseForm, Form, LinearForm } from "../../neutral/forms.ts";
import type { Weights } from "../../neutral/weights.ts";
import type { NewLayer, Rewrite, TensorRef } from "../../neutral/rewrite.ts";
import { isKind, type LayerId, type NeutralGraph, type NeutralLayer } from "../../neutral/neutral-graph.ts";

type LinearLayer = NeutralLayer<ConvForm> | NeutralLayer<ConvTransposeForm> | NeutralLayer<DenseForm>;

/** Layers that read the same numbers in the same way, in execution order. */
export type SharingLayers = readonly [LinearLayer, LinearLayer, ...LinearLayer[]];

const FOUND = new WeakMap<NeutralGraph, readonly SharingLayers[]>();

/** The steps of a recursive network, a head at several scales: layers that share with nobody are in none of the lists. */
export function sharingWeights(graph: NeutralGraph): readonly SharingLayers[] {
  const found = FOUND.get(graph) ?? findSharing(graph);
  FOUND.set(graph, found);
  return found;
}

function findSharing(graph: NeutralGraph): readonly SharingLayers[] {
  const readers = new Map<Weights, Map<string, LinearLayer[]>>();
  for (const layer of graph.layers) {
    if (!isLinear(layer)) continue;
    const { weight } = layer.form;
    const source = weight.origin?.weights ?? weight;
    const ways = readers.get(source) ?? new Map<string, LinearLayer[]>();
    readers.set(source, ways);
    const way = wayOf(layer.form);
    const alike = ways.get(way) ?? [];
    ways.set(way, alike);
    alike.push(layer);
  }
  return [...readers.values()].flatMap((ways) =>
    [...ways.values()].flatMap(([first, second, ...others]): readonly SharingLayers[] =>
      first && second ? [[first, second, ...others]] : [],
    ),
  );
}

/** How a layer reads the numbers. */
function wayOf(form: LinearForm): string {
  const { kind, weight } = form;
  const groups = form.kind === "dense" ? 1 : form.groups;
  return [kind, groups, weight.shape.join("×"), weight.origin?.permutation.join() ?? ""].join(" ");
}

function isLinear(layer: NeutralLayer): layer is LinearLayer {
  return isKind(layer, "conv") || isKind(layer, "conv-transpose") || isKind(layer, "dense");
}

/**
 * New forms of layers, with those that shared their weights sharing the new ones: the first one's weights are those of all, and its bias
 * that of all that had the same. Otherwise each would get numbers of its own, and the file would grow.
 */
export function sharedAgain(graph: NeutralGraph, forms: ReadonlyMap<LayerId, Form>): Map<LayerId, Form> {
  const shared = new Map(forms);
  for (const [first, ...others] of sharingWeights(graph)) {
    const form = linearForm(forms.get(first.id));
    if (form?.kind !== first.form.kind) continue;
    for (const other of others) {
      const own = linearForm(forms.get(other.id)) ?? other.form;
      const bias = other.form.bias === first.form.bias ? form.bias : own.bias;
      if (own.kind === form.kind) shared.set(other.id, { ...own, weight: form.weight, bias });
    }
  }
  return shared;
}

/** Others that read the same weights and the same bias, and do the same with what they are given. */
export function tiedTo(graph: NeutralGraph, id: LayerId): readonly NeutralLayer[] {
  const alike = sharingWeights(graph).find((layers) => layers.some((layer) => layer.id === id)) ?? [];
  const own = alike.find((layer) => layer.id === id);
  return own === undefined ? [] : alike.filter((layer) => layer !== own && doTheSame(layer.form, own.form));
}

function doTheSame(a: LinearForm, b: LinearForm): boolean {
  const settings = (form: LinearForm): string => JSON.stringify({ ...form, weight: null, bias: null });
  return a.bias === b.bias && settings(a) === settings(b);
}

/** What takes the place of one layer, or changes it, does so with those tied to it too, with the same new weights: these stay tied. */
export function repeatedForTied(graph: NeutralGraph, rewrite: Rewrite): Rewrite {
  const { remove = [], insert = [], replace, ...rest } = rewrite;
  if (replace && remove.length + insert.length === 0) {
    const tied = [...replace].flatMap(([id, form]) => tiedTo(graph, id).map((other) => [other.id, form] as const));
    return { ...rest, replace: new Map([...tied, ...replace]) };
  }
  const layer = graph.layers.find(({ id }) => remove.length === 1 && id === remove[0]);
  if (layer === undefined || insert.length === 0 || replace || Object.keys(rest).length > 0) return rewrite;
  const tied = tiedTo(graph, layer.id);
  return {
    remove: [layer.id, ...tied.map(({ id }) => id)],
    insert: [...insert, ...tied.flatMap((other) => insert.map((made) => inPlaceOf(other, layer, made)))],
  };
}

function inPlaceOf(other: NeutralLayer, layer: NeutralLayer, made: NewLayer): NewLayer {
  const named = (name: string): string =>
    name.startsWith(layer.name) ? `${other.name}${name.slice(layer.name.length)}` : `${other.name}_${name}`;
  const ref = (tensor: TensorRef): TensorRef => {
    if (typeof tensor === "string") return named(tensor);
    const [input, output] = [layer.inputs.indexOf(tensor), layer.outputs.indexOf(tensor)];
    return (input >= 0 ? other.inputs[input] : other.outputs[output]) ?? tensor;
  };
  return { name: named(made.name), form: made.form, inputs: made.inputs.map(ref), outputs: made.outputs.map(ref) };
}

function linearForm(form: Form | undefined): LinearForm | undefined {
  return form?.kind === "conv" || form?.kind === "conv-transpose" || form?.kind === "dense" ? form : undefined;
}
