import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { compiled, instantiated, type WasmModule } from "./web-assembly.ts";

/** What dcmjs-codecs' module exports: numbers are places in its memory, sizes in bytes, and truths. */
export interface Codecs {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly CreateCodecsContext: () => number;
  readonly ReleaseCodecsContext: (context: number) => void;
  readonly SetColumns: (context: number, columns: number) => void;
  readonly SetRows: (context: number, rows: number) => void;
  readonly SetBitsAllocated: (context: number, bits: number) => void;
  readonly SetBitsStored: (context: number, bits: number) => void;
  readonly SetSamplesPerPixel: (context: number, components: number) => void;
  readonly SetPixelRepresentation: (context: number, isSigned: number) => void;
  readonly SetPlanarConfiguration: (context: number, isPlanar: number) => void;
  readonly SetPhotometricInterpretation: (context: number, interpretation: number) => void;
  readonly SetEncodedBufferSize: (context: number, bytes: number) => void;
  readonly GetEncodedBuffer: (context: number) => number;
  readonly GetDecodedBuffer: (context: number) => number;
  readonly GetDecodedBufferSize: (context: number) => number;
  readonly CreateDecoderParameters: () => number;
  readonly ReleaseDecoderParameters: (parameters: number) => void;
  readonly SetConvertColorspaceToRgb: (parameters: number, isConverted: number) => void;
  readonly DecodeJpeg: (context: number, parameters: number) => void;
}

/** What libjpeg says of a JPEG that ends early; other warnings are of notes beside the picture. */
export const CUT_OFF = /premature end/i;

export interface StartedCodecs {
  readonly codecs: Codecs;
  /** What it said of files that end early. */
  readonly cutOff: string[];
}

let code: Promise<WasmModule> | undefined;
let loading: Promise<StartedCodecs> | undefined;

/**
 * DCMTK's decoders in WebAssembly, without the DICOM library that the package puts around them. Nothing of them runs before the first such picture.
 */
export function loadCodecs(): Promise<StartedCodecs> {
  loading ??= (async () => {
    code ??= readFile(wasmFile()).then(compiled);
    // It may be read or compiled later, where files or memory were short.
    code.catch(() => (code = undefined));
    const module = await code;
    const started: { codecs?: Codecs } = {};
    const cutOff: string[] = [];
    const buffer = (): ArrayBuffer => started.codecs?.memory.buffer ?? new ArrayBuffer(0);
    const text = (at: number, length: number): string => Buffer.from(buffer(), at, length).toString("latin1");
    const nothing = (): number => 0;
    const imports = {
      wasi_snapshot_preview1: {
        environ_get: nothing,
        environ_sizes_get: (count: number, size: number): number => {
          const view = new DataView(buffer());
          view.setUint32(count, 0, true);
          view.setUint32(size, 0, true);
          return 0;
        },
        clock_time_get: nothing,
        fd_write: nothing,
        fd_seek: nothing,
        fd_close: nothing,
        proc_exit: (code: number): never => {
          throw new Error(`the decoder ended with ${code}`);
        },
      },
      env: {
        emscripten_notify_memory_growth: nothing,
        onCodecsInfo: (at: number, length: number): void => {
          const said = text(at, length);
          if (CUT_OFF.test(said)) cutOff.push(said);
        },
        onCodecsTrace: nothing,
        onCodecsException: (at: number, length: number): never => {
          throw new Error(text(at, length).replace(/^\w+::\w+::/, ""));
        },
      },
    };
    const codecs = await instantiated<Codecs>(module, imports);
    started.codecs = codecs;
    return { codecs, cutOff };
  })();
  loading.catch(() => (loading = undefined));
  return loading;
}

/** The next picture starts them anew. */
export function forgetCodecs(): void {
  loading = undefined;
}

/** Beside the bundle; where nothing is bundled, in its package. */
function wasmFile(): string {
  const bundled = fileURLToPath(new URL("./dcmtk/dcmjs-native-codecs.wasm", import.meta.url));
  return existsSync(bundled)
    ? bundled
    : createRequire(import.meta.url).resolve("dcmjs-codecs/build/dcmjs-native-codecs.wasm");
}
