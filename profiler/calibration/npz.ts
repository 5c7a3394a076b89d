import { unzipSync } from "fflate";
import type { ByteSource } from "../bytes/byte-source.ts";
import { MemorySource } from "../bytes/memory-source.ts";
import { CalibrationError } from "../errors.ts";

/** Entries are unpacked into memory as a whole; a larger array belongs into a `.npy`, which is read piece by piece. */
const LARGEST_ENTRY = 2 ** 30;

/**
 * One array of a `.npz`, unpacked.
 * @param entry its name; when left out: the one called `preferred`, or the only one
 * @throws {CalibrationError} when there is no such array, or it is too large
 */
export async function openNpzEntry(
  source: ByteSource,
  entry: string | undefined,
  preferred: string,
): Promise<ByteSource> {
  if (source.size > LARGEST_ENTRY) throw tooLarge(source.name);
  const bytes = await source.read(0, source.size);
  const names: string[] = [];
  unzip(source.name, bytes, (file) => {
    names.push(file.name.replace(/\.npy$/, ""));
    return false;
  });
  const wanted = entry ?? (names.includes(preferred) ? preferred : names.length === 1 ? names[0] : undefined);
  if (wanted === undefined || !names.includes(wanted)) {
    const what = entry === undefined ? `an array called "${preferred}", or a single one` : `an array called "${entry}"`;
    throw new CalibrationError(`${source.name}: expected ${what}: it holds ${names.join(", ")}`);
  }
  const [array] = Object.values(
    unzip(source.name, bytes, ({ name, originalSize }) => {
      if (name.replace(/\.npy$/, "") !== wanted) return false;
      if (originalSize > LARGEST_ENTRY) throw tooLarge(`${source.name}, ${wanted}`);
      return true;
    }),
  );
  return new MemorySource(`${source.name}, ${wanted}`, array ?? new Uint8Array(0));
}

function unzip(
  name: string,
  bytes: Uint8Array,
  filter: (file: { readonly name: string; readonly originalSize: number }) => boolean,
): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes, { filter });
  } catch (cause) {
    if (cause instanceof CalibrationError) throw cause;
    throw new CalibrationError(`${name}: expected a zip archive of NumPy arrays (.npz)`, { cause });
  }
}

function tooLarge(what: string): CalibrationError {
  return new CalibrationError(`${what}: it has more than ${LARGEST_ENTRY} bytes, too many to unpack into memory`, {
    hint: "Save the array as .npy.",
  });
}
