import { RunError } from "../errors.ts";
import type { Model, TensorId } from "../model/model.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import type { NamedTensors } from "../tensors/numeric-tensor.ts";
import { openSession } from "../runtime/open-session.ts";
import type { Session } from "../runtime/session.ts";
import { runThrough, type Columns } from "./sample-pool.ts";
import { NAMES } from "./step-graph.ts";
import { uniqueNames, type TargetPair } from "./targets.ts";

/** The teacher, and the student for tensors that its training does not change: they run once over the samples. */
export class ModelPair {
  private constructor(
    private readonly teacher: Session,
    /** undefined when the training graph reads nothing but inputs. */
    private readonly student: Session | undefined,
    private readonly targets: readonly TargetPair[],
    /** Tensors of the student by the name that its session knows. */
    private readonly fed: ReadonlyMap<TensorId, string>,
  ) {}

  /** @throws {RunError} when a model does not run, or a tensor cannot be given out of a run */
  static async open(
    teacher: Model,
    student: Model,
    lifted: NeutralGraph,
    targets: readonly TargetPair[],
    fed: readonly TensorId[],
    signal?: AbortSignal,
  ): Promise<ModelPair> {
    const ending = signal ? { signal } : {};
    const unique = uniqueNames(lifted);
    const names = fed.map((id): readonly [TensorId, string] => {
      const { name } = lifted.tensor(id);
      if (unique.get(name) !== id) throw new RunError(`${student.file}: tensor ${id} has no name of its own`);
      return [id, name];
    });
    const inner = names.filter(([id]) => !lifted.tensor(id).isInput);
    const taught = await openSession(teacher, { tensors: targets.map((pair) => pair.teacher), ...ending });
    try {
      const taken = names.length === 0 ? [] : inner.map(([, name]) => name);
      const studying = needsStudent(taught, lifted, names)
        ? await openSession(student, { tensors: taken, ...ending })
        : undefined;
      return new ModelPair(taught, studying, targets, new Map(names));
    } catch (error) {
      await taught.close();
      throw error;
    }
  }

  /** What the training graph is given for samples, by the names of its inputs, one sample behind the other. */
  async columns(samples: readonly NamedTensors[], signal?: AbortSignal): Promise<Columns> {
    const columns = new Map<string, Float32Array>();
    const wanted = await runThrough(
      this.teacher,
      samples,
      this.targets.map((pair) => pair.teacher),
      signal,
    );
    for (const { student, teacher } of this.targets)
      columns.set(NAMES.target(student), wanted.get(teacher) ?? new Float32Array());
    const names = [...this.fed.values()];
    const given = await runThrough(this.student ?? this.teacher, samples, names, signal);
    for (const [id, name] of this.fed) columns.set(NAMES.fed(id), given.get(name) ?? new Float32Array());
    return columns;
  }

  async close(): Promise<void> {
    await this.student?.close();
    await this.teacher.close();
  }
}

/** Inputs that both models take alike need no run of the student. */
function needsStudent(teacher: Session, lifted: NeutralGraph, fed: readonly (readonly [TensorId, string])[]): boolean {
  return fed.some(([id, name]) => {
    const port = teacher.inputs.find((each) => each.name === name);
    const { isInput, shape } = lifted.tensor(id);
    const isAlike = port?.shape.slice(1).every((size, axis) => typeof size === "string" || size === shape?.[axis + 1]);
    return !isInput || isAlike !== true;
  });
}
