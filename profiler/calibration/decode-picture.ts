import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type * as Magick from "@imagemagick/magick-wasm";
import type { IMagickImage, MagickFormat } from "@imagemagick/magick-wasm";
import { CalibrationError } from "../errors.ts";
import type { Picture } from "./picture.ts";

/** A photograph of today's largest phone cameras; a decoded one takes four times as many bytes. */
const LARGEST_MEGAPIXELS = 200;

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

/** What the decoder says of a JPEG that ends early; other warnings are of notes beside the picture. */
const CUT_OFF = /premature end/i;
/** Of the frame header behind SOF markers: bits of a sample. */
const TWELVE_BITS = /\xff[\xc0-\xc2]..\x0c/s;

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
  if (found === undefined) throw new CalibrationError(`${name}: expected a ${PICTURE_FORMATS} picture`);
  const magick = await loadDecoder();
  const format = magick.MagickFormat[found.format];
  try {
    const { width, height } = magick.MagickImageInfo.create(bytes, new magick.MagickReadSettings({ format }));
    if (width * height > LARGEST_MEGAPIXELS * 1e6)
      throw new Error(`it has more than ${LARGEST_MEGAPIXELS} million pixels`);
    return read(magick, bytes, format, isUpright);
  } catch (cause) {
    throw new CalibrationError(`${name}: the picture cannot be decoded: ${reasonOf(cause, found.format, bytes)}`, {
      cause,
    });
  }
}

type Decoder = typeof Magick;

function read(magick: Decoder, bytes: Uint8Array, format: MagickFormat, isUpright: boolean): Picture {
  const image = magick.MagickImage.create();
  try {
    const warnings: string[] = [];
    image.onWarning = ({ error }) => void warnings.push(error.message);
    image.read(bytes, new magick.MagickReadSettings({ format }));
    if (warnings.some((warning) => CUT_OFF.test(warning))) throw new Error("the file ends before the picture does");
    // Without a profile: what trains models looks at none either.
    if (image.colorSpace === magick.ColorSpace.CMYK) image.colorSpace = magick.ColorSpace.sRGB;
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

function reasonOf(cause: unknown, format: keyof typeof MagickFormat, bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 4096)).toString("latin1");
  if (format === "Jpeg" && TWELVE_BITS.test(head)) {
    return "it has 12 bits a sample, of which there is no decoder here: save it as PNG or TIFF, or as a JPEG of 8 bits";
  }
  return cause instanceof Error ? cause.message : String(cause);
}

let decoder: Promise<Decoder> | undefined;

/** ImageMagick in WebAssembly, which takes a quarter of a second and 100 MB: it waits for the first picture. */
function loadDecoder(): Promise<Decoder> {
  decoder ??= (async () => {
    const magick = await import("@imagemagick/magick-wasm");
    await magick.initializeImageMagick(await readFile(wasmFile()));
    return magick;
  })();
  return decoder;
}

/** Beside the bundle; where nothing is bundled, in its package. */
function wasmFile(): string {
  const bundled = fileURLToPath(new URL("./magick/magick.wasm", import.meta.url));
  return existsSync(bundled) ? bundled : createRequire(import.meta.url).resolve("@imagemagick/magick-wasm/magick.wasm");
}
