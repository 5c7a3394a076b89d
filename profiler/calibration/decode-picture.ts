import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Magick from "@imagemagick/magick-wasm";
import type { IMagickImage, MagickFormat, Orientation } from "@imagemagick/magick-wasm";
import { CalibrationError } from "../errors.ts";
import { CUT_OFF } from "./dcmtk-codecs.ts";
import { deepJpegAsPam, isDeep } from "./deep-jpeg.ts";
import { jpegFrameOf } from "./jpeg-frame.ts";
import type { Picture } from "./picture.ts";
import { isOutOfMemory, reserveMemory } from "./web-assembly.ts";

/** A photograph of today's largest phone cameras; a decoded one takes four times as many bytes. */
const LARGEST_MEGAPIXELS = 200;

/** Measured: WebAssembly reserves addresses that it never uses, and 30 million pixels took 21 to 36 bytes each. */
const MEMORY_NEEDED =
  "each decoder of pictures reserves about 12 GB of addresses (ulimit -v), and a picture takes up to 36 bytes a pixel beside 150 MB";

/** Formats by how their files begin: the ending of a name may be wrong, and decides nothing. */
const SIGNATURES: readonly { readonly format: keyof typeof MagickFormat; readonly bytes: RegExp }[] = [
  { format: "Jpeg", bytes: /^\xff\xd8\xff/s },
  { format: "Png", bytes: /^\x89PNG\r\n\x1a\n/s },
  { format: "WebP", bytes: /^RIFF.{4}WEBP/s },
  { format: "Tiff", bytes: /^(?:II\*\0|MM\0\*)/s },
  { format: "Bmp", bytes: /^BM/s },
  { format: "Pnm", bytes: /^P[1-6]\s/s },
  { format: "Gif", bytes: /^GIF8[79]a/s },
  { format: "Avif", bytes: /^.{4}ftypavi[fs]/s },
  { format: "Heic", bytes: /^.{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1)/s },
];

/** As messages list them. */
export const PICTURE_FORMATS = "JPEG, PNG, WebP, TIFF, BMP, PNM, GIF, HEIC or AVIF";

/**
 * Decodes a picture as Pillow does, to the same numbers: grey stays one channel, CMYK becomes RGB without a profile, transparency is left out.
 * Of several pictures in a file it is the first. HEIC and AVIF are libheif's, which turns them itself, whatever `isUpright` says, and spreads
 * colours that are stored at half the size otherwise than Pillow.
 * @param isUpright whether it is turned as the camera notes beside it that it is to be shown (EXIF)
 * @throws {CalibrationError} when it is of no such format, broken, or too large
 */
export async function decodePicture(name: string, bytes: Uint8Array, isUpright = true): Promise<Picture> {
  const head = Buffer.from(bytes.subarray(0, 16)).toString("latin1");
  const found = SIGNATURES.find((signature) => signature.bytes.test(head));
  if (found === undefined)
    throw new CalibrationError(
      `${name}: expected a ${PICTURE_FORMATS} picture, and ${bytes.length === 0 ? "the file is empty" : "it begins like none of them"}`,
    );
  try {
    const magick = await loadDecoder();
    const source = found.format === "Jpeg" ? await jpegSource(magick, bytes) : { bytes, format: found.format };
    return read(magick, source, isUpright);
  } catch (cause) {
    throw new CalibrationError(`${name}: the picture cannot be decoded: ${reasonOf(cause)}`, { cause });
  }
}

type Decoder = typeof Magick;

/** What ImageMagick is given to read. */
interface Source {
  readonly bytes: Uint8Array;
  readonly format: keyof typeof MagickFormat;
  /** Where it stands beside those bytes. */
  readonly orientation?: Orientation;
}

async function jpegSource(magick: Decoder, bytes: Uint8Array): Promise<Source> {
  const frame = jpegFrameOf(bytes);
  if (frame === undefined || !isDeep(frame)) return { bytes, format: "Jpeg" };
  checkSize(frame);
  const orientation = orientationOf(magick, frame.notes);
  return { bytes: await deepJpegAsPam(bytes, frame), format: "Pam", orientation };
}

/** As camera notes say it, which are read in a JPEG of one pixel. */
function orientationOf(magick: Decoder, notes: readonly Uint8Array[]): Orientation {
  if (notes.length === 0) return magick.Orientation.Undefined;
  const image = magick.MagickImage.create(magick.MagickColors.White, 1, 1);
  try {
    const pixel = image.write(magick.MagickFormat.Jpeg, (data) => Buffer.from(data));
    return magick.MagickImageInfo.create(Buffer.concat([pixel.subarray(0, 2), ...notes, pixel.subarray(2)]))
      .orientation;
  } finally {
    image.dispose();
  }
}

function checkSize({ width, height }: { readonly width: number; readonly height: number }): void {
  if (width * height > LARGEST_MEGAPIXELS * 1e6)
    throw new Error(`it has more than ${LARGEST_MEGAPIXELS} million pixels`);
}

function read(magick: Decoder, source: Source, isUpright: boolean): Picture {
  const settings = new magick.MagickReadSettings({ format: magick.MagickFormat[source.format] });
  checkSize(magick.MagickImageInfo.create(source.bytes, settings));
  const image = magick.MagickImage.create();
  try {
    const warnings: string[] = [];
    image.onWarning = ({ error }) => void warnings.push(error.message);
    image.read(source.bytes, settings);
    if (warnings.some((warning) => CUT_OFF.test(warning))) throw new Error("the file ends before the picture does");
    // Without a profile: what trains models looks at none either.
    if (image.colorSpace === magick.ColorSpace.CMYK) image.colorSpace = magick.ColorSpace.sRGB;
    if (source.orientation !== undefined) image.orientation = source.orientation;
    if (isUpright) image.autoOrient();
    return pixelsOf(image, isGrey(magick, image) ? 1 : 3);
  } finally {
    image.dispose();
  }
}

function isGrey({ ColorSpace }: Decoder, { colorSpace }: IMagickImage): boolean {
  return colorSpace === ColorSpace.Gray || colorSpace === ColorSpace.LinearGray;
}

function pixelsOf(image: IMagickImage, channels: 1 | 3): Picture {
  const { width, height } = image;
  const mapping = channels === 1 ? "R" : "RGB";
  const data = image.getPixels((pixels) => pixels.toByteArray(0, 0, width, height, mapping));
  if (data === null) throw new Error("it has no pixels");
  return { width, height, channels, data: Float32Array.from(data) };
}

function reasonOf(cause: unknown): string {
  const said = cause instanceof Error ? cause.message : String(cause);
  if (!isOutOfMemory(cause)) return said;
  // What a module was in the middle of is never taken up again.
  decoder = undefined;
  return `there is not enough memory for it (${said}): ${MEMORY_NEEDED}`;
}

let decoder: Promise<Decoder> | undefined;

/** ImageMagick in WebAssembly, which takes a quarter of a second and 100 MB: it waits for the first picture. */
function loadDecoder(): Promise<Decoder> {
  decoder ??= (async () => {
    reserveMemory();
    const magick = await import("@imagemagick/magick-wasm");
    await magick.initializeImageMagick(await readFile(wasmFile()));
    return magick;
  })();
  decoder.catch(() => (decoder = undefined));
  return decoder;
}

/** Beside the bundle; where nothing is bundled, in its package. */
function wasmFile(): string {
  const bundled = fileURLToPath(new URL("./magick/magick.wasm", import.meta.url));
  return existsSync(bundled) ? bundled : createRequire(import.meta.url).resolve("@imagemagick/magick-wasm/magick.wasm");
}
