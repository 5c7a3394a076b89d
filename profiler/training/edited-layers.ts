import type { Weights } from "../neutral/weights.ts";
import type { LayerId, NeutralGraph, NeutralLayer } from "../neutral/neutral-graph.ts";

/**
 * Layers of the student that edits changed, and their neighbours: the nearest layers with weights before and behind them, which can make
 * up for what those lost. A layer is unchanged where the teacher has one of its name with the same numbers.
 */
export async function editedLayers(student: NeutralGraph, teacher: NeutralGraph): Promise<ReadonlySet<LayerId>> {
  const weighted = new Set(student.layers.filter((layer) => weightsOf(layer).length > 0).map(({ id }) => id));
  const edited: NeutralLayer[] = [];
  for (const layer of student.layers)
    if (weighted.has(layer.id) && !(await isUnchanged(layer, teacher.layer(layer.name)))) edited.push(layer);
  const found = new Set(edited.map(({ id }) => id));
  for (const layer of edited) {
    const before = nearest(layer, weighted, ({ inputs }) => inputs.flatMap((id) => student.producer(id) ?? []));
    const behind = nearest(layer, weighted, ({ outputs }) => outputs.flatMap((id) => student.consumers(id)));
    for (const id of [...before, ...behind]) found.add(id);
  }
  return found;
}

async function isUnchanged(layer: NeutralLayer, other: NeutralLayer | undefined): Promise<boolean> {
  if (other?.form.kind !== layer.form.kind) return false;
  const [own, theirs] = [weightsOf(layer), new Map(weightsOf(other))];
  if (own.length !== theirs.size) return false;
  for (const [role, weights] of own) {
    const partner = theirs.get(role);
    if (partner?.shape.join() !== weights.shape.join()) return false;
    const [mine, wanted] = [await weights.read(), await partner.read()];
    if (mine.some((value, at) => value !== wanted[at])) return false;
  }
  return true;
}

/** The first layers with weights on every way from a layer. */
function nearest(
  layer: NeutralLayer,
  weighted: ReadonlySet<LayerId>,
  next: (layer: NeutralLayer) => readonly NeutralLayer[],
): ReadonlySet<LayerId> {
  const found = new Set<LayerId>();
  const seen = new Set<LayerId>([layer.id]);
  const pending = [...next(layer)];
  for (let each = pending.pop(); each !== undefined; each = pending.pop()) {
    if (seen.has(each.id)) continue;
    seen.add(each.id);
    if (weighted.has(each.id)) found.add(each.id);
    else pending.push(...next(each));
  }
  return found;
}

function weightsOf({ form }: NeutralLayer): readonly (readonly [string, Weights])[] {
  return (Object.entries(form) as [string, unknown][]).filter((entry): entry is [string, Weights] =>
    isWeights(entry[1]),
  );
}

function isWeights(member: unknown): member is Weights {
  return typeof member === "object" && member !== null && "read" in member;
}
