import type { ByteSource } from "../../bytes/byte-source.ts";

/** A kind of file that gets opened as a model by mistake. */
interface OtherFile {
  readonly what: string;
  readonly matches: (head: Head) => boolean;
  readonly hint: string;
}

interface Head {
  readonly bytes: Uint8Array;
  /** The same, each byte one character. */
  readonly text: string;
}

const HEAD_BYTES = 512;

const EXPORT_PYTORCH = "Export it with torch.onnx.export and open the .onnx file.";
const DOWNLOAD_AGAIN = "Download the model itself, not the page that describes it.";

/** In the order in which they are tried. */
const OTHER_FILES: readonly OtherFile[] = [
  {
    what: "a Git LFS pointer, not the model it stands for",
    matches: ({ text }) => text.startsWith("version https://git-lfs"),
    hint: 'Run "git lfs pull" in its repository to fetch the model.',
  },
  {
    what: "a TensorFlow Lite model",
    matches: ({ text }) => text.startsWith("TFL3", 4),
    hint: "Rename it to end in .tflite.",
  },
  {
    what: "a model in ONNX Runtime's own format (.ort)",
    matches: ({ text }) => text.startsWith("ORTM", 4),
    hint: "Open the .onnx file that it was made from.",
  },
  {
    what: "a zip archive: a PyTorch checkpoint (.pt, .pth), a Keras model (.keras), or a packed model",
    matches: ({ text }) => text.startsWith("PK\x03\x04"),
    hint: `If it holds a model, unpack it. If it is a checkpoint: ${EXPORT_PYTORCH}`,
  },
  {
    what: "a Python pickle: an older PyTorch checkpoint (.pt, .pth)",
    matches: ({ bytes }) => bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && (bytes[1] ?? 0) <= 5,
    hint: EXPORT_PYTORCH,
  },
  {
    what: "an HDF5 file: a Keras model (.h5)",
    matches: ({ text }) => text.startsWith("\x89HDF\r\n\x1a\n"),
    hint: "Convert it with tf2onnx, or with TFLiteConverter to .tflite.",
  },
  {
    what: "compressed with gzip",
    matches: ({ bytes }) => bytes[0] === 0x1f && bytes[1] === 0x8b,
    hint: "Unpack it and open the .onnx file.",
  },
  {
    what: "a GGUF file of llama.cpp",
    matches: ({ text }) => text.startsWith("GGUF"),
    hint: "It holds weights without a graph: export the original model to ONNX.",
  },
  {
    what: "a safetensors file",
    matches: ({ text }) => text.startsWith('{"', 8),
    hint: "It holds weights without a graph: export the original model to ONNX.",
  },
  { what: "a web page", matches: ({ text }) => /^\s*<(?:!doctype|html|\?xml)/i.test(text), hint: DOWNLOAD_AGAIN },
  {
    what: "ONNX in its text form",
    matches: ({ text }) => /^\s*<\s*ir_version/.test(text),
    hint: "Convert it with onnx.parser.parse_model and onnx.save.",
  },
  {
    what: "JSON text",
    matches: ({ text }) => /^(?:\xef\xbb\xbf)?\s*[{[]\s*["{[\]}\d-]/.test(text),
    hint: "Open the model that it belongs to.",
  },
  {
    what: "plain text",
    matches: ({ text }) => /^[\t\n\r -~]+$/.test(text),
    hint: "Export the model to ONNX in its binary form.",
  },
];

export interface Likeness {
  readonly what: string;
  readonly hint: string;
}

/** What a file that is no ONNX model seems to be, by its first bytes. */
export async function looksLike(source: ByteSource): Promise<Likeness | undefined> {
  const bytes = await source.read(0, Math.min(HEAD_BYTES, source.size));
  const head = { bytes, text: Buffer.from(bytes).toString("latin1") };
  return OTHER_FILES.find(({ matches }) => matches(head));
}
