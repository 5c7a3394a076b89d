import { convertIndexedToRgb, decode as decodePng, type DecodedPng } from "fast-png";
import jpeg from "jpeg-js";
import { CalibrationError } from "../errors.ts";
import { resampled } from "./resample.ts";

/** Pixels of 0 to 255, row by row, the channels of a pixel side by side. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 1 for grey, 3 for red, green and blue. */
  readonly channels: 1 | 3;
  readonly data: Float32Array;
}

/** A photograph of today's largest phone cameras; a decoded one takes four times as many bytes. */
const LARGEST_MEGAPIXELS = 200;
const LARGEST_MEMORY_MIB = 2048;

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47];
const JPEG_SIGNATURE = [0xff, 0xd8, 0xff];
/** Of width and height in a PNG's first chunk. */
const PNG_SIZE = 16;

/**
 * Decodes a PNG or JPEG file. Transparency is left out, and so is the orientation that a camera notes beside the picture.
 * @throws {CalibrationError} when it is neither, is broken, or too large
 */
export function decodePicture(name: string, bytes: Uint8Array): Picture {
  const decode = starts(bytes, PNG_SIGNATURE) ? fromPng : starts(bytes, JPEG_SIGNATURE) ? fromJpeg : undefined;
  if (decode === undefined) throw new CalibrationError(`${name}: expected a PNG or JPEG picture`);
  try {
    return decode(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new CalibrationError(`${name}: the picture cannot be decoded: ${reason}`, { cause });
  }
}

function fromPng(bytes: Uint8Array): Picture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(PNG_SIZE) * view.getUint32(PNG_SIZE + 4) > LARGEST_MEGAPIXELS * 1e6)
    throw new Error(`it has more than ${LARGEST_MEGAPIXELS} million pixels`);
  const png = decodePng(bytes);
  if (png.palette !== undefined) return picture(png, convertIndexedToRgb(png), png.palette[0]?.length ?? 3, 1);
  // Grey of a few bits is packed like numbers of a palette.
  if (png.depth < 8) return picture(png, convertIndexedToRgb({ ...png, palette: greys(png.depth) }), 3, 1);
  return picture(png, png.data, png.channels, png.depth === 16 ? 1 / 257 : 1);
}

function fromJpeg(bytes: Uint8Array): Picture {
  const options = { useTArray: true, formatAsRGBA: false, maxResolutionInMP: LARGEST_MEGAPIXELS } as const;
  const decoded = jpeg.decode(bytes, { ...options, maxMemoryUsageInMB: LARGEST_MEMORY_MIB });
  return picture(decoded, decoded.data, 3, 1);
}

/** @param stored channels of a pixel in `data`: grey, grey and alpha, colours, colours and alpha */
function picture(
  { width, height }: Pick<DecodedPng, "width" | "height">,
  data: ArrayLike<number>,
  stored: number,
  scale: number,
): Picture {
  const channels = stored < 3 ? 1 : 3;
  const pixels = new Float32Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    for (let channel = 0; channel < channels; channel += 1)
      pixels[pixel * channels + channel] = (data[pixel * stored + channel] ?? 0) * scale;
  }
  return { width, height, channels, data: pixels };
}

function greys(depth: number): [number, number, number][] {
  const levels = 2 ** depth;
  return Array.from({ length: levels }, (_, level) => {
    const grey = (255 * level) / (levels - 1);
    return [grey, grey, grey];
  });
}

function starts(bytes: Uint8Array, signature: readonly number[]): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

/** Luma of ITU-R BT.601. */
const LUMA = [0.299, 0.587, 0.114] as const;

/** Grey or colour, as asked for. */
export function withChannels(picture: Picture, channels: 1 | 3): Picture {
  if (picture.channels === channels) return picture;
  const pixels = picture.width * picture.height;
  const from = picture.data;
  const data = new Float32Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel += 1) {
    if (channels === 3) data.fill(from[pixel] ?? 0, pixel * 3, pixel * 3 + 3);
    else data[pixel] = LUMA.reduce((sum, share, channel) => sum + share * (from[pixel * 3 + channel] ?? 0), 0);
  }
  return { ...picture, channels, data };
}

/** Stretched to a size, as PIL and torchvision do. */
export function resized(picture: Picture, height: number, width: number): Picture {
  const { width: before, height: rows, channels } = picture;
  if (before === width && rows === height) return picture;
  const wide = resampled(picture.data, [rows, before, channels], 1, width);
  return { width, height, channels, data: resampled(wide, [rows, width, channels], 0, height) };
}
