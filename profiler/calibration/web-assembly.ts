/** What a module asks for, by its module and its name. */
type Imports = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

declare const COMPILED: unique symbol;
/** Code without memory: it can be started anew in a millisecond. */
export interface WasmModule {
  readonly [COMPILED]: true;
}

/** The part of JavaScript's own that is used here: its types come with the DOM's, which the engine has none of. */
declare const WebAssembly: {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => unknown;
  readonly compile: (bytes: Uint8Array) => Promise<WasmModule>;
  readonly instantiate: (module: WasmModule, imports: Imports) => Promise<{ readonly exports: unknown }>;
};

/** 64 KiB each: 16 MiB at first, 4 GiB at most. */
const PAGES = { initial: 256, maximum: 65_536 };

export function compiled(bytes: Uint8Array): Promise<WasmModule> {
  return WebAssembly.compile(bytes);
}

/**
 * What a module exports.
 * @throws {RangeError} where the process may not reserve its memory
 */
export async function instantiated<Exports>(module: WasmModule, imports: Imports): Promise<Exports> {
  const { exports } = await WebAssembly.instantiate(module, imports);
  return exports as Exports;
}

/**
 * Asked before a library starts that says what it fails of on standard error itself.
 * @throws {RangeError} where the process may not reserve what a module's memory can grow to
 */
export function reserveMemory(): void {
  new WebAssembly.Memory(PAGES);
}

/** Whether what was thrown says that there is no memory: of a typed array, of WebAssembly, or in a module. */
export function isOutOfMemory(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return (
    cause instanceof RangeError ||
    /out of memory|OOM|memory allocation failed|resources? exhausted|allocate/i.test(cause.message)
  );
}
