import { join } from "node:path";
import { CalibrationError } from "../errors.ts";
import { isFloat } from "../model/data-type.ts";
import { describeShape } from "../tensors/check-inputs.ts";
import { newArray } from "../tensors/numeric-tensor.ts";
import { channelAxis, type SampledInput } from "./input-layout.ts";
import type { InputReader } from "./input-reader.ts";
import { FittedPictures } from "./fitted-pictures.ts";
import { listPictures } from "./picture-folder.ts";
import type { Picture } from "./picture.ts";
import { axisOfScaling, scaleSamples } from "./scaling.ts";
import type { ImageFolderSpec, Scaling } from "./spec.ts";

/** Eight thousand squared; no model takes more at once. */
const MOST_PIXELS = 2 ** 26;

/** Of all folders: every trial of an edit opens its samples anew. */
const pictures = new FittedPictures();

/** How a picture's elements stand in the input. */
interface PictureLayout {
  readonly height: number;
  readonly width: number;
  readonly channels: 1 | 3;
  readonly isChannelFirst: boolean;
}

/**
 * Opens a folder of pictures.
 * @throws {CalibrationError} when there are no pictures, or the input takes none
 */
export async function openImageFolder(spec: ImageFolderSpec, input: SampledInput): Promise<InputReader> {
  const layout = pictureLayout(spec, input);
  const { files, labels, classes, leftOut } = await listPictures(spec.path, spec.classes);
  const { height, width, channels, isChannelFirst } = layout;
  const shape = isChannelFirst ? [channels, height, width] : [height, width, channels];
  // Checks that there is one mean for all, or one a channel; where the channels stand is known here.
  axisOfScaling(spec.path, spec, shape);
  const scaling: Scaling = { scale: isFloat(input.dataType) ? 1 / 255 : 1, ...spec };
  const elements = height * width * channels;
  return {
    count: files.length,
    shape,
    files,
    description: leftOut.length === 0 ? spec.path : `${spec.path} (left out: ${leftOut.join(", ")})`,
    ...(labels && { labels }),
    ...(classes && { classes }),
    async read(start, count) {
      const data = newArray(input.dataType, count * elements);
      for (let sample = 0; sample < count; sample += 1) {
        const path = join(spec.path, files[start + sample] ?? "");
        const picture = await pictures.read(path, { height, width, channels, fit: spec });
        const stored = arranged(picture, isChannelFirst, spec.channels === "bgr");
        const channel = isChannelFirst ? 0 : 2;
        data.set(
          scaleSamples(stored, scaling, { dataType: input.dataType, shape, channelAxis: channel }),
          sample * elements,
        );
      }
      return data;
    },
    close: () => Promise.resolve(),
  };
}

function pictureLayout(
  { path, layout, size }: ImageFolderSpec,
  { name, dataType, shape }: SampledInput,
): PictureLayout {
  const axis = layout === undefined ? channelAxis(shape) : layout === "nchw" ? 0 : 2;
  const channels = axis === undefined ? undefined : shape[axis];
  if (shape.length !== 3 || (channels !== 1 && channels !== 3))
    throw new CalibrationError(
      `${path}: pictures do not fit input "${name}", which takes ${describeShape(dataType, ["N", ...shape])}: expected 1 or 3 channels, a height and a width`,
      { hint: layout === undefined ? "Say where the channels stand with layout=nchw or layout=nhwc." : undefined },
    );
  const [high, wide] = axis === 0 ? shape.slice(1) : shape;
  const height = typeof high === "number" ? high : size?.[0];
  const width = typeof wide === "number" ? wide : size?.[1];
  if (height === undefined || width === undefined)
    throw new CalibrationError(
      `${path}: the size of input "${name}" is dynamic: expected a height and width that pictures are brought to`,
      { hint: "Give it with size=224 or size=HEIGHTxWIDTH." },
    );
  if (height * width > MOST_PIXELS)
    throw new CalibrationError(
      `${path}: pictures are not brought to ${height}×${width}: the limit is ${MOST_PIXELS} pixels (MOST_PIXELS)`,
    );
  return { height, width, channels, isChannelFirst: axis === 0 };
}

function arranged(
  { width, height, channels, data }: Picture,
  isChannelFirst: boolean,
  isReversed: boolean,
): Float32Array {
  const result = new Float32Array(data.length);
  const pixels = width * height;
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    for (let channel = 0; channel < channels; channel += 1) {
      const from = isReversed ? channels - 1 - channel : channel;
      const place = isChannelFirst ? channel * pixels + pixel : pixel * channels + channel;
      result[place] = data[pixel * channels + from] ?? 0;
    }
  }
  return result;
}
