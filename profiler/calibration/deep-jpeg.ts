import { forgetCodecs, loadCodecs, type StartedCodecs } from "./dcmtk-codecs.ts";
import type { JpegFrame } from "./jpeg-frame.ts";

/** By how many components a picture has: grey, colours, and inks. */
const TUPLE_TYPES: Readonly<Record<number, string>> = { 1: "GRAYSCALE", 3: "RGB", 4: "CMYK" };

/** Libjpeg's in ImageMagick is built for eight bits, and has no lossless process. */
export const isDeep = ({ precision, isLossless }: JpegFrame): boolean => isLossless || precision === 12;

/**
 * A JPEG of 12 bits a sample, or a lossless one of 2 to 16, as a PAM of all its bits (http://netpbm.sourceforge.net/doc/pam.html), which says what djpeg of
 * libjpeg-turbo 3 says to the last bit. Inks are inverted, as all readers take them to be stored by Adobe's convention.
 * @throws {Error} when it is broken, of a process that is not decoded, or too large for the memory there is
 */
export async function deepJpegAsPam(bytes: Uint8Array, frame: JpegFrame): Promise<Uint8Array> {
  const { width, height, components, precision } = frame;
  const tupleType = TUPLE_TYPES[components];
  if (tupleType === undefined) throw new Error(`it has ${components} components a pixel, expected 1, 3 or 4`);
  const bytesOfSample = precision > 8 ? 2 : 1;
  const most = 2 ** precision - 1;
  const samples = decoded(await loadCodecs(), bytes, frame, bytesOfSample);
  if (frame.isYcck) ycckToCmyk(samples, most);
  if (components === 4) samples.forEach((sample, at) => (samples[at] = most - sample));
  const raw = Buffer.from(samples.buffer);
  const head = `P7\nWIDTH ${width}\nHEIGHT ${height}\nDEPTH ${components}\nMAXVAL ${most}\nTUPLTYPE ${tupleType}\nENDHDR\n`;
  return Buffer.concat([Buffer.from(head, "latin1"), bytesOfSample === 2 ? raw.swap16() : raw]);
}

/** DICOM's words for colours, by their places in the module's table. */
const MONOCHROME2 = 1;
const YBR_FULL = 4;

/** @returns samples of a pixel side by side, pixels row by row: Uint8Array or Uint16Array, of `bytesOfSample` */
function decoded(
  { codecs, cutOff }: StartedCodecs,
  bytes: Uint8Array,
  frame: JpegFrame,
  bytesOfSample: 1 | 2,
): Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> {
  const expected = frame.width * frame.height * frame.components * bytesOfSample;
  cutOff.length = 0;
  try {
    const context = codecs.CreateCodecsContext();
    codecs.SetColumns(context, frame.width);
    codecs.SetRows(context, frame.height);
    codecs.SetBitsAllocated(context, bytesOfSample * 8);
    codecs.SetBitsStored(context, frame.precision);
    codecs.SetSamplesPerPixel(context, frame.components);
    codecs.SetPixelRepresentation(context, 0);
    codecs.SetPlanarConfiguration(context, 0);
    codecs.SetPhotometricInterpretation(context, frame.components === 1 ? MONOCHROME2 : YBR_FULL);
    codecs.SetEncodedBufferSize(context, bytes.length);
    new Uint8Array(codecs.memory.buffer).set(bytes, codecs.GetEncodedBuffer(context));
    const parameters = codecs.CreateDecoderParameters();
    // From what the file's own markers say they are.
    codecs.SetConvertColorspaceToRgb(parameters, 1);
    codecs.DecodeJpeg(context, parameters);
    codecs.ReleaseDecoderParameters(parameters);
    const at = codecs.GetDecodedBuffer(context);
    const size = codecs.GetDecodedBufferSize(context);
    if (cutOff.length > 0) throw new Error("the file ends before the picture does");
    if (size !== expected) throw new Error(`the decoder gave ${size} bytes, expected ${expected}`);
    const own = codecs.memory.buffer.slice(at, at + size);
    codecs.ReleaseCodecsContext(context);
    return bytesOfSample === 1 ? new Uint8Array(own) : new Uint16Array(own);
  } catch (error) {
    // What it was in the middle of is never taken up again.
    forgetCodecs();
    throw error;
  }
}

/** As libjpeg does it: 16 bits behind the point, rounded once for each. Of samples of 16 bits the products take more than 32. */
export function ycckToCmyk(samples: Uint8Array | Uint16Array, most: number): void {
  const centre = (most + 1) / 2;
  const unscaled = (product: number): number => Math.floor((product + 32_768) / 65_536);
  const inRange = (value: number): number => Math.min(most, Math.max(0, value));
  for (let at = 0; at < samples.length; at += 4) {
    const [luma = 0, blue = 0, red = 0] = samples.subarray(at, at + 3);
    const [cb, cr] = [blue - centre, red - centre];
    samples[at] = inRange(most - (luma + unscaled(91_881 * cr)));
    samples[at + 1] = inRange(most - (luma + unscaled(-22_554 * cb - 46_802 * cr)));
    samples[at + 2] = inRange(most - (luma + unscaled(116_130 * cb)));
  }
}
