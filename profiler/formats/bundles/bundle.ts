import type { ByteSource } from "../../bytes/byte-source.ts";
import { ModelFormatError } from "../../errors.ts";
import type { BundledFile } from "./bundled-file.ts";
import { litertlmSections } from "./litertlm.ts";
import { zipFiles } from "./zip.ts";

export type { BundledFile } from "./bundled-file.ts";

/** Files that hold models and what belongs to them: MediaPipe's tasks, and LiteRT-LM's language models. */
const BUNDLES: readonly {
  readonly starts: string;
  readonly files: (source: ByteSource) => Promise<readonly BundledFile[]>;
}[] = [
  { starts: "PK\x03\x04", files: zipFiles },
  { starts: "LITERTLM", files: litertlmSections },
];

const IDENTIFIER = { offset: 4, text: "TFL3" };
const HEAD_BYTES = 8;

/**
 * The TFLite models inside of a bundle, under names of their own; undefined for a file that is none, an empty list for one without models.
 * @throws {ModelFormatError} for a broken bundle
 */
export async function modelsIn(source: ByteSource): Promise<readonly BundledFile[] | undefined> {
  if (source.size < HEAD_BYTES) return undefined;
  const head = await textAt(source, 0, HEAD_BYTES);
  const bundle = BUNDLES.find(({ starts }) => head.startsWith(starts));
  if (bundle === undefined) return undefined;
  const models: BundledFile[] = [];
  for (const file of await bundle.files(source)) if (await isModel(file)) models.push(file);
  return distinct(models);
}

/**
 * One model of a bundle.
 * @param name its own, or undefined for the only one
 * @throws {ModelFormatError} when there is no such model, or no name and several
 */
export async function modelIn(source: ByteSource, models: readonly BundledFile[], name?: string): Promise<ByteSource> {
  const [first, ...others] = models;
  const chosen =
    name === undefined ? (others.length === 0 ? first : undefined) : models.find((one) => one.name === name);
  if (chosen) return chosen.open();
  const names = models.map((one) => `"${one.name}"`).join(", ");
  const expected =
    name === undefined
      ? `one model expected, but it is a bundle of ${models.length}: ${names}`
      : `no model "${name}" is in it: ${names}`;
  throw new ModelFormatError(source.name, "the bundle", expected, {
    hint: `Name one behind the file: "${source.name}#${first?.name ?? ""}".`,
  });
}

/** Which model of a bundle, and which entry of that, a part's name means: MODEL, MODEL#ENTRY or, where there is one model, ENTRY. */
export function partOf(
  models: readonly BundledFile[],
  part: string | undefined,
): { readonly model?: string; readonly entry?: string } {
  if (part === undefined) return {};
  const model = models.find(({ name }) => part === name || part.startsWith(`${name}#`))?.name;
  if (model === undefined) return models.length === 1 ? { entry: part } : { model: part };
  return part === model ? { model } : { model, entry: part.slice(model.length + 1) };
}

async function isModel(file: BundledFile): Promise<boolean> {
  if (file.size < HEAD_BYTES) return false;
  // The bundle stays open: it is closed with the model that is chosen.
  const opened = await file.open();
  return (await textAt(opened, IDENTIFIER.offset, IDENTIFIER.text.length)) === IDENTIFIER.text;
}

async function textAt(source: ByteSource, offset: number, length: number): Promise<string> {
  return new TextDecoder("latin1").decode(await source.read(offset, length));
}

/** Names that repeat are numbered. */
function distinct(files: readonly BundledFile[]): readonly BundledFile[] {
  const counts = new Map<string, number>();
  return files.map((file) => {
    const count = (counts.get(file.name) ?? 0) + 1;
    counts.set(file.name, count);
    return count === 1 ? file : { ...file, name: `${file.name} (${count})` };
  });
}
