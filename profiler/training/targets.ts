import type { TensorId } from "../model/model.ts";
import { isKind, type NeutralGraph } from "../neutral/neutral-graph.ts";

/** A tensor of the student, and the teacher's that it is brought to, by the name under which a run gives it. */
export interface TargetPair {
  readonly student: TensorId;
  readonly teacher: string;
  /** An output, or what an output is the softmax of; else an inner tensor. */
  readonly isOutput: boolean;
  /** The output is its softmax. */
  readonly isBeforeSoftmax?: boolean;
}

/**
 * The outputs that both models have. Of probabilities that both make by a softmax, what goes into the softmax is compared: close to 0 and 1
 * they tell little of how far off it is.
 */
export function outputPairs(student: NeutralGraph, teacher: NeutralGraph): readonly TargetPair[] {
  const names = uniqueNames(teacher);
  const teachers = teacher.tensors.filter(({ isOutput }) => isOutput);
  return student.tensors
    .filter(({ isOutput }) => isOutput)
    .flatMap(({ id, name }, place): readonly TargetPair[] => {
      const partner = teachers.find((each) => each.name === name) ?? teachers[place];
      if (partner === undefined) return [];
      const [before, partnerBefore] = [beforeSoftmax(student, id), beforeSoftmax(teacher, partner.id)];
      const isBefore =
        before !== undefined && partnerBefore !== undefined && names.has(teacher.tensor(partnerBefore).name);
      const pair = isBefore ? { student: before, teacher: partnerBefore } : { student: id, teacher: partner.id };
      return [
        {
          student: pair.student,
          teacher: teacher.tensor(pair.teacher).name,
          isOutput: true,
          isBeforeSoftmax: isBefore,
        },
      ];
    });
}

/** Inner tensors that both models have under one name, of one shape, behind an activation or a sum: what blocks hand on. */
export function innerPairs(student: NeutralGraph, teacher: NeutralGraph): readonly TargetPair[] {
  const names = uniqueNames(teacher);
  const own = uniqueNames(student);
  return student.layers.flatMap((layer): readonly TargetPair[] => {
    const [id = -1] = layer.outputs;
    const tensor = student.tensors[id];
    const partner = tensor && names.get(tensor.name);
    if (tensor === undefined || partner === undefined || tensor.isOutput || !own.has(tensor.name)) return [];
    const { shape } = teacher.tensor(partner);
    const isAlike = shape?.slice(1).join() === tensor.shape?.slice(1).join() && (shape?.length ?? 0) >= 3;
    return isAlike && HANDED_ON.has(layer.form.kind) ? [{ student: id, teacher: tensor.name, isOutput: false }] : [];
  });
}

const HANDED_ON = new Set(["conv", "activation", "elementwise", "concat", "pool", "batch-norm"]);

function beforeSoftmax(graph: NeutralGraph, id: TensorId): TensorId | undefined {
  const producer = graph.producer(id);
  return producer && isKind(producer, "softmax") ? producer.inputs[0] : undefined;
}

/** Tensors by their names, where a name is one tensor's alone. */
export function uniqueNames({ tensors }: NeutralGraph): ReadonlyMap<string, TensorId> {
  const found = new Map<string, TensorId>();
  const repeated = new Set<string>([""]);
  for (const { id, name } of tensors) {
    if (found.has(name)) repeated.add(name);
    found.set(name, id);
  }
  for (const name of repeated) found.delete(name);
  return found;
}
