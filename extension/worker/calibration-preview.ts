import {
  channelAxis,
  classesText,
  inputPorts,
  previewSamples,
  type CalibrationSpec,
  type Model,
  type PreviewedInput,
  type SamplePreview,
} from "../../profiler/editing/index.ts";
import type { CalibrationPreview, PreviewInput, PreviewSample, SampleNote } from "../../webview/protocol/editing.ts";
import type { Picture } from "../../webview/protocol/picture.ts";
import type { ModelInput } from "./protocol.ts";

/** What a model is given of its calibration samples. */

/** Numbers of a sample that a page has room for. */
const SHOWN_VALUES = 16;

/** @throws {CalibrationError} when the samples do not fit the model */
export async function noteSamples(model: Model, calibration: CalibrationSpec): Promise<SampleNote> {
  return noteOf(await previewSamples(inputPorts(model), calibration, 0));
}

/** @throws {CalibrationError} when the samples do not fit the model */
export async function previewCalibration(
  model: Model,
  calibration: CalibrationSpec,
  count: number,
): Promise<CalibrationPreview> {
  const preview = await previewSamples(inputPorts(model), calibration, count);
  const [first] = preview.samples;
  const inputs = (first?.inputs ?? []).map(({ name, tensor: { dataType, shape } }, place): PreviewInput => ({
    name,
    dataType,
    shape,
    samples: preview.samples.flatMap(({ inputs: given, label }) => {
      const input = given[place];
      return input ? [sampleOf(input, label)] : [];
    }),
  }));
  return { samples: noteOf(preview), classes: preview.classes ? classesText(preview.classes) : null, inputs };
}

export function modelInputs(model: Model): readonly ModelInput[] {
  return inputPorts(model).map(({ name, dataType, shape }) => ({
    name,
    dataType,
    shape: shape.join("×"),
    isPicture: channelAxis(shape.slice(1)) !== undefined,
  }));
}

function noteOf({ count, description, isRandom, hasLabels }: SamplePreview): SampleNote {
  return { count, description, isRandom, hasLabels };
}

function sampleOf(input: PreviewedInput, label: number | undefined): PreviewSample {
  const { data } = input.tensor;
  let [smallest, largest, sum] = [Infinity, -Infinity, 0];
  for (const value of data) {
    if (value < smallest) smallest = value;
    if (value > largest) largest = value;
    sum += value;
  }
  return {
    label: label ?? null,
    smallest,
    largest,
    mean: sum / Math.max(1, data.length),
    values: Array.from(data.subarray(0, SHOWN_VALUES)),
    picture: pictureOf(input, smallest, largest),
  };
}

/** The elements of an input that has the shape of a picture, from its darkest to its lightest. */
function pictureOf({ tensor, channelAxis: axis }: PreviewedInput, smallest: number, largest: number): Picture | null {
  if (axis === undefined) return null;
  const { data, shape } = tensor;
  const isFirst = axis === 0;
  const channels = shape[axis] ?? 1;
  const [height = 0, width = 0] = isFirst ? shape.slice(1) : shape;
  const scale = largest > smallest ? 255 / (largest - smallest) : 0;
  const rgba = Buffer.alloc(4 * width * height, 255);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let colour = 0; colour < 3; colour += 1) {
      const channel = channels === 3 ? colour : 0;
      const place = isFirst ? channel * width * height + pixel : pixel * channels + channel;
      rgba[4 * pixel + colour] = Math.round(((data[place] ?? 0) - smallest) * scale);
    }
  }
  return { width, height, rgba: rgba.toString("base64") };
}
