import { resampledBytes, type Resampling } from "./resample.ts";

/** Pixels of 0 to 255, row by row, the channels of a pixel side by side. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: 1 | 3;
  readonly data: Float32Array;
}

/** Luma of ITU-R BT.601 in parts of 65,536, as Pillow has it: grey stays whole numbers. */
const LUMA = [19_595, 38_470, 7471] as const;

/** Grey or colour, as asked for. */
export function withChannels(picture: Picture, channels: 1 | 3): Picture {
  if (picture.channels === channels) return picture;
  const pixels = picture.width * picture.height;
  const from = picture.data;
  const data = new Float32Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    if (channels === 3) data.fill(from[pixel] ?? 0, pixel * 3, pixel * 3 + 3);
    else {
      const luma = LUMA.reduce((sum, share, channel) => sum + share * (from[pixel * 3 + channel] ?? 0), 0);
      data[pixel] = Math.floor(luma / 65_536 + 0.5);
    }
  }
  return { ...picture, channels, data };
}

/** Stretched to a size, as Pillow and torchvision do: along rows first, whole numbers after each. */
export function resized(picture: Picture, height: number, width: number, how: Resampling = {}): Picture {
  const { width: before, height: rows, channels } = picture;
  const wide = before === width ? picture.data : resampledBytes(picture.data, [rows, before, channels], 1, width, how);
  const data = rows === height ? wide : resampledBytes(wide, [rows, width, channels], 0, height, how);
  return data === picture.data ? picture : { width, height, channels, data };
}
