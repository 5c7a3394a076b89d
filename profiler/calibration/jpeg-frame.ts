/** What the headers of a JPEG say before its first scan (ITU-T T.81, Annex B). */
export interface JpegFrame {
  /** Bits of a sample. */
  readonly precision: number;
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly isLossless: boolean;
  /** Of four components: stored as YCCK, as Adobe's marker says. */
  readonly isYcck: boolean;
  /** APP1 segments with their markers: camera notes (EXIF) are in one. */
  readonly notes: readonly Uint8Array[];
}

const MARKER = 0xff;
const START_OF_IMAGE = 0xd8;
const START_OF_SCAN = 0xda;
const LOSSLESS = 0xc3;
const APP1 = 0xe1;
const APP14 = 0xee;

/** SOF0 to SOF15; DHT, JPG and DAC stand between them. */
const isFrame = (marker: number): boolean => marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

/** @returns undefined where the headers end before a frame's, or are none */
export function jpegFrameOf(bytes: Uint8Array): JpegFrame | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const notes: Uint8Array[] = [];
  let adobeTransform: number | undefined;
  let at = 0;
  while (at + 4 <= bytes.length && bytes[at] === MARKER) {
    const marker = bytes[at + 1] ?? 0;
    // A marker may have bytes before it to fill a place.
    if (marker === MARKER) at += 1;
    else if (marker === START_OF_IMAGE) at += 2;
    else {
      const end = at + 2 + view.getUint16(at + 2);
      if (end > bytes.length || marker === START_OF_SCAN) return undefined;
      const segment = bytes.subarray(at, end);
      if (isFrame(marker)) return frameOf(marker, segment, notes, adobeTransform);
      if (marker === APP1) notes.push(segment);
      if (marker === APP14) adobeTransform = adobeTransformOf(segment) ?? adobeTransform;
      at = end;
    }
  }
  return undefined;
}

function frameOf(
  marker: number,
  segment: Uint8Array,
  notes: readonly Uint8Array[],
  adobeTransform: number | undefined,
): JpegFrame | undefined {
  if (segment.length < 10) return undefined;
  const view = new DataView(segment.buffer, segment.byteOffset, segment.byteLength);
  const components = view.getUint8(9);
  return {
    precision: view.getUint8(4),
    height: view.getUint16(5),
    width: view.getUint16(7),
    components,
    isLossless: marker === LOSSLESS,
    isYcck: components === 4 && adobeTransform === 2,
    notes,
  };
}

/** Adobe's marker (Technical Note 5116): what was done to the colours. */
function adobeTransformOf(segment: Uint8Array): number | undefined {
  const isAdobe = Buffer.from(segment.subarray(4, 9)).toString("latin1") === "Adobe";
  return isAdobe ? segment[15] : undefined;
}
