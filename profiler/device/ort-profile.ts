import * as v from "valibot";
import { RunError } from "../errors.ts";
import { runsBodies } from "../formats/onnx/operators/index.ts";
import { fields, fitting, notNegative } from "../outside-data.ts";

/** One profiled inference. Times are seconds. */
export interface ProfiledRun {
  /** Of the whole run, by the profiler's own clock. */
  readonly seconds: number;
  /** In the order in which they began. */
  readonly operators: readonly ProfiledOperator[];
}

/** One operator that ran, once. */
export interface ProfiledOperator {
  /** The node's name; "OP_INDEX" where the model gives none. */
  readonly name: string;
  readonly op: string;
  /** Its own: without the operators of a body that it ran. */
  readonly seconds: number;
  /** Names of the control-flow operators whose bodies it is in, outermost first. */
  readonly path: readonly string[];
  /** Of its outputs, as they were. */
  readonly outputShapes: readonly (readonly number[])[];
}

const MICROSECOND = 1e-6;
const SUFFIX = "_kernel_time";

interface Event {
  readonly name: string;
  readonly category: string;
  readonly start: number;
  readonly duration: number;
  /** "" where the event tells none. */
  readonly op: string;
  /** [{"float": [1, 64, 112, 112]}] */
  readonly outputs: unknown;
}

/**
 * Reads ONNX Runtime's profile: a list of events, of which `model_run` are whole inferences and those of nodes that end with
 * `_kernel_time` are operators.
 * @throws {RunError} when it is no such profile
 */
export function parseOrtProfile(text: string): readonly ProfiledRun[] {
  const events = readEvents(text);
  const runs = events.filter(({ category, name }) => category === "Session" && name === "model_run").sort(byStart);
  const kernels = events.filter(({ category, name }) => category === "Node" && name.endsWith(SUFFIX)).sort(byStart);
  let next = 0;
  return runs.map((run) => {
    const first = firstFrom(kernels, next, run.start);
    next = firstFrom(kernels, first, run.start + run.duration + 1);
    return { seconds: run.duration * MICROSECOND, operators: nest(kernels.slice(first, next)) };
  });
}

/** An event that begins while one with bodies lasts is in its body. */
function nest(kernels: readonly Event[]): readonly ProfiledOperator[] {
  const open: { readonly name: string; readonly end: number; readonly index: number }[] = [];
  const own = kernels.map(({ duration }) => duration);
  const paths = kernels.map((event, index) => {
    while (open.length > 0 && (open.at(-1)?.end ?? 0) < event.start + event.duration) open.pop();
    const parent = open.at(-1);
    if (parent !== undefined) own[parent.index] = (own[parent.index] ?? 0) - event.duration;
    const path = open.map(({ name }) => name);
    // Its own event lasts as long as those of its bodies together.
    if (runsBodies(event.op)) open.push({ name: nodeName(event), end: event.start + event.duration, index });
    return path;
  });
  return kernels.map((event, index) => ({
    name: nodeName(event),
    op: event.op,
    seconds: Math.max(0, own[index] ?? 0) * MICROSECOND,
    path: paths[index] ?? [],
    outputShapes: shapesOf(event.outputs),
  }));
}

function readEvents(text: string): readonly Event[] {
  let list: unknown;
  try {
    list = JSON.parse(withNamesEscaped(text));
  } catch (cause) {
    if (!text.trimEnd().endsWith("]")) {
      throw new RunError("ONNX Runtime's profile breaks off", {
        hint: "What it is written to may have no space left: free some, and run again",
        cause,
      });
    }
    throw new RunError("ONNX Runtime's profile is not JSON", { cause });
  }
  if (!Array.isArray(list)) throw new RunError("ONNX Runtime's profile is not a list of events");
  // Events of other kinds have other fields: they are passed over.
  return list.flatMap((item: unknown): readonly Event[] => {
    const event = fitting(PROFILED_EVENT, item);
    if (event === undefined) return [];
    const { name, cat: category, ts: start, dur: duration, args } = event;
    return [{ name, category, start, duration, op: args.op_name, outputs: args.output_type_shape }];
  });
}

const NO_ARGUMENTS = { op_name: "", output_type_shape: undefined };

const PROFILED_EVENT = fields({
  name: v.string(),
  cat: v.string(),
  ts: v.number(),
  dur: notNegative,
  args: v.fallback(
    fields({ op_name: v.fallback(v.string(), ""), output_type_shape: v.optional(v.unknown()) }),
    NO_ARGUMENTS,
  ),
});

/** How ONNX Runtime begins an event, and what stands behind its name. */
const EVENT = /\n(?=\{"cat" : "\w+","pid" :\d+,"tid" :\d+,"dur" :\d+,"ts" :\d+,"ph" : "\w","name" :")/;
const BEFORE_NAME = '"name" :"';
const BEHIND_NAME = '","args" : {';

/**
 * ONNX Runtime 1.27 writes names of nodes between quotes as they are: a quote, backslash, tab or line end in one makes the whole file no
 * JSON, or another name. Nothing behind a name is of the model's choosing, so that the last of what can follow one does.
 */
function withNamesEscaped(text: string): string {
  const [head = "", ...events] = text.split(EVENT);
  const escaped = events.map((event) => {
    const from = event.indexOf(BEFORE_NAME) + BEFORE_NAME.length;
    const to = event.lastIndexOf(BEHIND_NAME);
    if (to < from) return event;
    return `${event.slice(0, from - 1)}${JSON.stringify(event.slice(from, to))}${event.slice(to + 1)}`;
  });
  return [head, ...escaped].join("\n");
}

/** An output by the type of its elements, where it is a tensor. */
const OUTPUT_SHAPES = v.array(v.fallback(v.record(v.string(), v.fallback(v.array(v.number()), [])), {}));

function shapesOf(value: unknown): readonly (readonly number[])[] {
  return fitting(OUTPUT_SHAPES, value)?.map((output) => Object.values(output)[0] ?? []) ?? [];
}

function nodeName({ name }: Event): string {
  return name.slice(0, -SUFFIX.length);
}

/** The longer first where two begin at once: it holds the other. */
function byStart(a: Event, b: Event): number {
  return a.start - b.start || b.duration - a.duration;
}

function firstFrom(events: readonly Event[], from: number, start: number): number {
  let index = from;
  while (index < events.length && (events[index]?.start ?? 0) < start) index += 1;
  return index;
}
