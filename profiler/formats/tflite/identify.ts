import type { ByteSource } from "../../bytes/byte-source.ts";
import { ModelFormatError } from "../../errors.ts";

/** Where a flatbuffer has its file identifier: behind the root table's offset. */
const IDENTIFIER = { offset: 4, text: "TFL3" };
const BYTES_LOOKED_AT = 24;

/** What a file is instead, told from its first bytes, read as Latin-1. The first match counts. */
const LOOK_ALIKES: readonly { readonly starts: RegExp; readonly what: string; readonly hint: string }[] = [
  {
    starts: /^version https:\/\/git-lfs/,
    what: "a Git LFS pointer, not the model itself",
    hint: "Fetch the file with `git lfs pull`.",
  },
  {
    starts: /^PK\x03\x04/,
    what: "a zip archive (a MediaPipe .task bundle is one)",
    hint: "Unzip it and open the .tflite file inside.",
  },
  {
    starts: /^[^]{4}TFL\d/,
    what: "an older TFLite schema",
    hint: "Convert the original model again with a TFLite converter of today.",
  },
  // Field 1 of ONNX's ModelProto (ir_version, a varint below 128), then field 2 or a later one.
  {
    starts: /^\x08[\x01-\x7f][\x12\x1a\x22\x2a\x32\x3a]/,
    what: "an ONNX model",
    hint: "Give the file the ending .onnx.",
  },
  { starts: /^\x89HDF/, what: "a Keras HDF5 file", hint: "Convert it to .tflite first." },
  { starts: /^\x1f\x8b/, what: "a gzip archive", hint: "Unpack it first." },
  { starts: /^\s*</, what: "a web page", hint: "The download failed: download the model again." },
];

/** Whether a file has the identifier of a TFLite model. */
export async function isTfliteFile(source: ByteSource): Promise<boolean> {
  const { offset, text } = IDENTIFIER;
  if (source.size < offset + text.length) return false;
  return String.fromCharCode(...(await source.read(offset, text.length))) === text;
}

/** @throws {ModelFormatError} saying what the file looks like, when it does not carry TFLite's identifier */
export async function identify(source: ByteSource): Promise<void> {
  if (source.size === 0) {
    throw new ModelFormatError(source.name, "header", "a TFLite model expected, but the file is empty", {
      offset: 0,
      hint: "Download or export it again.",
    });
  }
  const bytes = await source.read(0, Math.min(BYTES_LOOKED_AT, source.size));
  const text = String.fromCharCode(...bytes);
  if (text.startsWith(IDENTIFIER.text, IDENTIFIER.offset)) return;
  const expected = `the identifier ${IDENTIFIER.text} of a TFLite model expected`;
  const lookAlike = LOOK_ALIKES.find(({ starts }) => starts.test(text));
  const found = lookAlike === undefined ? "" : `; it looks like ${lookAlike.what}`;
  throw new ModelFormatError(source.name, "header", expected + found, {
    offset: IDENTIFIER.offset,
    hint: lookAlike?.hint,
  });
}
