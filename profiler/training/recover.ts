import { ownEntry } from "../own-entry.ts";
import { CalibrationError, OptionError } from "../errors.ts";
import type { Model, TensorId } from "../model/model.ts";
import type { Shape } from "../model/shape.ts";
import { Random } from "../numeric/random.ts";
import { formatDecibels } from "../numeric/decibels.ts";
import type { NeutralGraph } from "../neutral/neutral-graph.ts";
import { trainableGraphOf } from "../translation/known-graph.ts";
import { positionsToHold } from "../calibration/held-out.ts";
import { openSamples } from "../calibration/sample-set.ts";
import type { CalibrationSpec } from "../calibration/spec.ts";
import { isPerClass } from "../runtime/difference.ts";
import { inputPorts } from "../runtime/model-ports.ts";
import type { NamedTensors } from "../tensors/numeric-tensor.ts";
import { AUGMENTATIONS, augmentationFor, type Augmentation } from "./augmentation.ts";
import { stepSizes } from "./adam.ts";
import { editedLayers } from "./edited-layers.ts";
import { trainingLoop, type HeldOut, type LoopOptions, type LoopResult, type TrainingPoint } from "./loop.ts";
import { labelledOutput, originalAccuracy, withClasses, type LabelledOutput } from "./labelled-output.ts";
import { defaultRate, hasFewLevels } from "./learning-rate.ts";
import { ModelPair } from "./model-pair.ts";
import type { Parameter, TrainedRoles } from "./parameters.ts";
import { planTraining, type Stop, type TrainingPlan } from "./plan.ts";
import { activationGrids, requireFloatInputsOutputs } from "./rounded-activations.ts";
import { augmentedCopy, readSamples, type Columns, type TrainingSample } from "./sample-pool.ts";
import { errorGraph, NAMES, stepGraph, type Target } from "./step-graph.ts";
import { innerPairs, outputPairs, type TargetPair } from "./targets.ts";
import { timeLeft } from "./time-left.ts";
import { TrainingError } from "./training-error.ts";

export interface RecoverOptions {
  /** Steps of training; DEFAULT_STEPS when neither they nor a time is given. */
  readonly steps?: number;
  /** Ends after so many seconds: how many steps that are, and so what comes of it, differs from machine to machine. */
  readonly seconds?: number;
  /** Largest learning rate: by what share of the size of a tensor's weights a step moves each of them, at most; RATE when left out. */
  readonly rate?: number;
  /** Samples of a step. */
  readonly batch?: number;
  /** Id of an augmentation; by what the inputs are when left out. */
  readonly augmentation?: string;
  /** Copies of the samples, the first one as they are. */
  readonly copies?: number;
  readonly roles?: TrainedRoles;
  /** Trains only layers that are others than the teacher's, and their neighbours. */
  readonly editedOnly?: boolean;
  /** Weight of the errors of inner tensors that both models have, beside those of the outputs; 0: outputs alone. */
  readonly inner?: number;
  /** Weight of the cross entropy with the samples' own classes, beside the outputs' errors; 0 when left out. Asks for labelled samples. */
  readonly crossEntropy?: number;
  readonly seed?: number;
  /** The student was fitted to none of the samples that are held out: what it answers of these, as they are, is what it answers of others. */
  readonly isUnseen?: boolean;
  readonly threads?: number;
  /** Ends early and keeps the best that was found. */
  readonly stop?: AbortSignal;
  /** Ends with the signal's reason and keeps nothing. */
  readonly signal?: AbortSignal;
  /** @param done share that is done, 0 to 1 */
  readonly onProgress?: (done: number, what: string) => void;
  readonly onPoint?: (point: TrainingPoint, done: number) => void;
}

/** What training came to. */
export interface Recovery extends LoopResult {
  /** Parts of `weights`. */
  readonly parameters: readonly Parameter[];
  readonly samples: {
    readonly trained: number;
    readonly heldOut: number;
    readonly copies: number;
    /** Errors are measured on changed copies of those held out, and agreement on both. */
    readonly isChanged: boolean;
  };
  readonly augmentation: string;
  readonly rate: number;
  /** The weights before, of all parameters, each at its offset. */
  readonly start: Float32Array;
  /** Layers that no gradient comes through: what is behind them stayed as it was. */
  readonly stops: readonly Stop[];
}

export const DEFAULT_STEPS = 400;
const DEFAULT_BATCH = 32;
const DEFAULT_COPIES = 8;
/** Fewer samples tell nothing of those that were not trained on. */
export const FEWEST_SAMPLES = 16;
/** Elements that the pool may hold, all copies of all tensors together: half a gigabyte. */
const MOST_POOL_ELEMENTS = 2 ** 27;

/**
 * Trains a model to answer as another one does, on samples without labels (distillation: Hinton et al., 2015; by the mean square error of
 * the logits: Ba and Caruana, 2014). The teacher runs once over all augmented samples; a step is one run of an ONNX graph.
 * @param student has the teacher's inputs, but for the sides of maps
 * @throws {TrainingError} when nothing in it can be trained
 * @throws {CalibrationError} when there are too few samples, or they do not fit
 */
export async function recoverWeights(
  student: Model,
  teacher: Model,
  calibration: CalibrationSpec,
  options: RecoverOptions = {},
): Promise<Recovery> {
  const ports = inputPorts(teacher);
  const samples = await openSamples({ madeFor: ports, ...calibration }, ports);
  try {
    const { count, description, hasLabels } = samples;
    if ((options.crossEntropy ?? 0) > 0 && !hasLabels)
      throw new CalibrationError(`${description}: cross entropy needs the class of each sample, and none are given`, {
        hint: "Give labels with the samples, or pictures in a folder for each class.",
      });
    if (count < FEWEST_SAMPLES)
      throw new CalibrationError(
        `${description}: expected at least ${FEWEST_SAMPLES} samples to train on, not ${count}`,
      );
    const base = await readSamples(samples, positionsToHold(count, "to-train"));
    const held = await readSamples(samples, positionsToHold(count, "to-judge"));
    return await new Distillation(student, teacher, options).run(base, held);
  } finally {
    await samples.close();
  }
}

/** What the models are run for. */
interface Taught {
  readonly used: readonly TargetPair[];
  readonly plan: TrainingPlan;
  readonly labelled: LabelledOutput | undefined;
}

class Distillation {
  readonly #student: NeutralGraph;
  readonly #teacher: NeutralGraph;
  readonly #pairs: readonly TargetPair[];
  readonly #grids: ReturnType<typeof activationGrids>;

  constructor(
    private readonly studentModel: Model,
    private readonly teacherModel: Model,
    private readonly options: RecoverOptions,
  ) {
    this.#teacher = trainableGraphOf(teacherModel);
    this.#student = trainableGraphOf(studentModel);
    this.#grids = activationGrids(studentModel, this.#student);
    requireFloatInputsOutputs(
      { model: studentModel, graph: this.#student },
      { model: teacherModel, graph: this.#teacher },
      this.#grids,
    );
    const inner = (options.inner ?? 0) > 0 ? innerPairs(this.#student, this.#teacher) : [];
    this.#pairs = [...outputPairs(this.#student, this.#teacher), ...inner];
  }

  async run(base: readonly TrainingSample[], heldOut: readonly TrainingSample[]): Promise<Recovery> {
    const { options } = this;
    const sizes = this.#student.sizesFor(inputShapes(this.#student, base[0]?.inputs ?? {}));
    const batch = Math.min(options.batch ?? DEFAULT_BATCH, base.length, heldOut.length);
    const only = options.editedOnly ? await editedLayers(this.#student, this.#teacher) : undefined;
    const plan = await planTraining(this.#student, {
      targets: this.#pairs.map((pair) => pair.student),
      sizes,
      batch,
      grids: this.#grids,
      roles: options.roles ?? "all",
      ...(only && { only }),
    });
    const used = this.#pairs.filter((pair) => plan.targets.includes(pair.student));
    if (plan.parameters.length === 0 || !used.some((pair) => pair.isOutput))
      throw nothingToTrain(this.studentModel, plan);
    const labelled = labelledOutput(this.#student, used, [...base, ...heldOut]);
    const crossEntropy = options.crossEntropy ?? 0;
    if (crossEntropy > 0) requireLogits(this.studentModel, this.#student, labelled);
    const random = new Random(options.seed ?? 0);
    const { pool, held, augmentation } = await this.#pool(base, heldOut, { used, plan, labelled }, random);
    const targets = used.map(({ student, isOutput }) => {
      const weight = isOutput ? 1 : (options.inner ?? 0) / used.filter((pair) => !pair.isOutput).length;
      const energy = energyOf(held[0]?.columns.get(NAMES.target(student)));
      return { id: student, isOutput, weight, energy, isLabelled: student === labelled?.id };
    });
    const start = await startOf(plan);
    const rate = options.rate ?? defaultRate(plan);
    const graph = { sizes, batch, grids: this.#grids, targets, crossEntropy };
    const error = await errorGraph(this.#student, plan, {
      ...graph,
      targets: used.filter(({ isOutput }) => isOutput).map((pair) => this.#judged(pair, held[0], labelled)),
    });
    const result = await trainingLoop({
      step: await stepGraph(this.#student, plan, graph, stepSizes(plan.parameters, start)),
      error,
      batch,
      targets,
      pool,
      count: base.length,
      held,
      start,
      rate,
      crossEntropy,
      ...(labelled && held[0] && { originalAccuracy: originalAccuracy(held[0].columns, labelled) }),
      random,
      onStart: ({ heldOut: error }) => refuseIfNear(this.studentModel, error),
      ...durationOf(options),
      ...listening(options),
    });
    const samples = { trained: base.length, heldOut: heldOut.length, copies: pool.length, isChanged: held.length > 1 };
    return {
      ...result,
      parameters: plan.parameters,
      samples,
      augmentation: augmentation.id,
      rate,
      start,
      stops: plan.stops,
    };
  }

  async #pool(
    base: readonly TrainingSample[],
    heldOut: readonly TrainingSample[],
    { used, plan, labelled }: Taught,
    random: Random,
  ): Promise<{ pool: readonly Columns[]; held: readonly HeldOut[]; augmentation: Augmentation }> {
    const { onProgress } = this.options;
    const signal = eitherOf(this.options);
    const augmentation = augmentationOf(this.options, base[0]?.inputs ?? {}, plan);
    const models = await ModelPair.open(this.teacherModel, this.studentModel, this.#student, used, plan.fed, signal);
    const columnsOf = async (samples: readonly TrainingSample[]): Promise<Columns> => {
      const inputs = samples.map((sample) => sample.inputs);
      return withClasses(await models.columns(inputs, signal), samples, labelled);
    };
    try {
      // As they are: a model can come nearer on changed samples and fall behind on those that it will be asked (kws at half its MACs).
      const asTheyAre = { columns: await columnsOf(heldOut), count: heldOut.length };
      const changed = this.#changed(heldOut, augmentation, random);
      const held =
        changed.length === 0 ? [asTheyAre] : [asTheyAre, { columns: await columnsOf(changed), count: changed.length }];
      const wanted = augmentation.id === "none" ? 1 : (this.options.copies ?? DEFAULT_COPIES);
      const copies = copiesWithin(wanted, asTheyAre.columns, base.length / heldOut.length);
      const pool: Columns[] = [];
      for (let copy = 0; copy < copies; copy += 1) {
        onProgress?.(0, `running the original on its samples, ${copy + 1} of ${copies}`);
        pool.push(await columnsOf(copy === 0 ? base : augmentedCopy(base, augmentation, random)));
      }
      return { pool, held, augmentation };
    } finally {
      await models.close();
    }
  }

  /** What the model answers is measured: logits have an offset that no answer depends on. */
  #judged(
    { student, isBeforeSoftmax }: TargetPair,
    held: HeldOut | undefined,
    labelled: LabelledOutput | undefined,
  ): Target {
    const column = held?.columns.get(NAMES.target(student)) ?? new Float32Array();
    const shape = (this.#student.tensor(student).shape ?? [])
      .slice(1)
      .map((size) => (typeof size === "number" ? size : 1));
    const isAnswer = isBeforeSoftmax === true && isPerClass([1, ...shape], 1);
    const numbers = isAnswer ? softmaxOfRows(column, held?.count ?? 1) : column;
    const isLabelled = student === labelled?.id;
    return { id: student, weight: 1, energy: energyOf(numbers), isBeforeSoftmax: isAnswer, isLabelled };
  }

  /** A student that may have been fitted to the samples held out knows them by heart, not what is like them. */
  #changed(heldOut: readonly TrainingSample[], augmentation: Augmentation, random: Random): readonly TrainingSample[] {
    if (this.options.isUnseen === true || augmentation.id === "none") return [];
    return Array.from({ length: CHANGED_COPIES }, () => augmentedCopy(heldOut, augmentation, random)).flat();
  }
}

const CHANGED_COPIES = 2;

/** Where nothing is trained yet, nothing is kept of it either. */
function eitherOf({ signal, stop }: RecoverOptions): AbortSignal | undefined {
  const signals = [signal, stop].flatMap((each) => each ?? []);
  return signals.length === 0 ? undefined : AbortSignal.any(signals);
}

/** Shapes for one sample. Maps keep the sides that the model declares. */
function inputShapes(lifted: NeutralGraph, sample: NamedTensors): ReadonlyMap<TensorId, Shape> {
  const given = Object.values(sample);
  return new Map(
    lifted.tensors
      .filter(({ isInput, constant }) => isInput && constant === undefined)
      .flatMap(({ id, name, shape = [] }, place) => {
        const tensor = ownEntry(sample, name) ?? given[place];
        if (tensor === undefined) return [];
        const sizes = tensor.shape.map((size, axis) => {
          const declared = shape[axis];
          return axis > 0 && typeof declared === "number" ? declared : size;
        });
        return [[id, sizes] as const];
      }),
  );
}

function augmentationOf({ augmentation }: RecoverOptions, sample: NamedTensors, plan: TrainingPlan): Augmentation {
  const shapes = Object.values(sample).map(({ shape }) => shape.slice(1));
  const id = augmentation ?? augmentationFor(shapes, hasFewLevels(plan));
  const found = AUGMENTATIONS.find((each) => each.id === id);
  if (found) return found;
  throw new OptionError(`augmentation "${id}" is not known: ${AUGMENTATIONS.map((each) => each.id).join(", ")}`);
}

/** As many copies as are asked for, and memory has room for. @param times how many times the samples are as many as those held out */
function copiesWithin(copies: number, held: Columns, times: number): number {
  const each = times * [...held.values()].reduce((sum, { length }) => sum + length, 0);
  return Math.max(1, Math.min(copies, Math.floor(MOST_POOL_ELEMENTS / Math.max(1, each))));
}

function softmaxOfRows(column: Float32Array, rows: number): Float32Array {
  const size = column.length / rows;
  const result = new Float32Array(column.length);
  for (let start = 0; start < column.length; start += size) {
    const row = column.subarray(start, start + size);
    const largest = row.reduce((most, value) => Math.max(most, value), -Infinity);
    const powers = row.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((all, value) => all + value, 0);
    result.set(
      powers.map((value) => value / sum),
      start,
    );
  }
  return result;
}

/** Mean square; 1 for a tensor of zeros, whose error counts as it is. */
function energyOf(elements: Float32Array = new Float32Array()): number {
  let sum = 0;
  for (const value of elements) sum += value * value;
  return sum === 0 ? 1 : sum / elements.length;
}

async function startOf({ parameters }: TrainingPlan): Promise<Float32Array> {
  const start = new Float32Array(parameters.reduce((sum, { size }) => sum + size, 0));
  for (const { weights, offset } of parameters) start.set(await weights.read(), offset);
  return start;
}

function durationOf({ steps, seconds }: RecoverOptions): Pick<LoopOptions, "steps" | "seconds"> {
  const isTimed = seconds !== undefined && steps === undefined;
  return { steps: steps ?? (isTimed ? Infinity : DEFAULT_STEPS), seconds: seconds ?? Infinity };
}

function listening({ threads, stop, signal, onPoint, onProgress }: RecoverOptions): Partial<LoopOptions> {
  return {
    ...(threads !== undefined && { threads }),
    ...(stop && { stop }),
    ...(signal && { signal }),
    ...(onPoint && { onPoint }),
    ...(onProgress && { onStep: tellingSteps(onProgress) }),
  };
}

/** Often enough for who watches: a step of a small network takes some milliseconds, and who draws each takes them from the training. */
const TELLING_MILLISECONDS = 200;

/** "training, step 340, 12 s left" */
function tellingSteps(tell: NonNullable<RecoverOptions["onProgress"]>): NonNullable<LoopOptions["onStep"]> {
  let begun: number | undefined;
  let told = -Infinity;
  return (step, done) => {
    const now = performance.now();
    begun ??= now;
    if (now - told < TELLING_MILLISECONDS) return;
    told = now;
    const left = timeLeft(done, (now - begun) / 1000);
    tell(done, [`training, step ${step}`, ...(left === "" ? [] : [left])].join(", "));
  };
}

/** Nearer than this, training a model only harms it: what it gains on its samples it loses elsewhere. */
export const LEAST_ERROR_TO_TRAIN = 10 ** -2.5;

function refuseIfNear({ file }: Model, error: number): void {
  if (error > LEAST_ERROR_TO_TRAIN) return;
  throw new TrainingError(
    `${file}: it answers as the original does to ${formatDecibels(error)} dB: training would only harm it`,
  );
}

/** @throws {TrainingError} when no output gives a number a class, or only probabilities, whose logits the original has no name for */
function requireLogits({ file }: Model, graph: NeutralGraph, labelled: LabelledOutput | undefined): void {
  const producer = labelled && graph.producer(labelled.id);
  if (labelled && producer?.form.kind !== "softmax") return;
  throw new TrainingError(
    labelled
      ? `${file}: cross entropy needs what goes into "${producer?.name ?? ""}", which the original does not give`
      : `${file}: cross entropy needs an output of one number a class`,
  );
}

function nothingToTrain({ file }: Model, { stops }: TrainingPlan): TrainingError {
  const [stop] = stops;
  const why = stop
    ? `no gradient comes through ${stop.op} "${stop.layer}": ${stop.why}`
    : "it has no weights of floats";
  return new TrainingError(`${file}: nothing in it can be trained: ${why}`);
}
