import { isAbsolute, join } from "node:path";
import * as v from "valibot";
import { FileSource } from "../bytes/file-source.ts";
import { readTextFile } from "../bytes/whole-file.ts";
import { CalibrationError } from "../errors.ts";
import { listOf, parseJson } from "../outside-data.ts";

/** A folder of pictures that is a class. */
export interface ClassFolder {
  readonly name: string;
  readonly label: number;
  readonly pictures: number;
}

/**
 * The classes that folders stand for, in the folders' order.
 * @param folders sorted as Python sorts: torchvision and Keras count them so, those without pictures too
 * @param classes "sorted", "numbers", or a file of the classes' names
 * @throws {CalibrationError} for a folder that is of no class
 */
export async function classesOf(
  root: string,
  folders: readonly Omit<ClassFolder, "label">[],
  classes = "sorted",
): Promise<readonly ClassFolder[]> {
  if (classes === "sorted") return folders.map((folder, label) => ({ ...folder, label }));
  const labelOf = classes === "numbers" ? numberOf : await namesOf(root, classes);
  return folders.map((folder) => {
    const label = labelOf(folder.name);
    if (label !== undefined) return { ...folder, label };
    const expected = classes === "numbers" ? "the number of a class for a name" : `a class of ${classes}`;
    throw new CalibrationError(`${join(root, folder.name)}: expected ${expected}`);
  });
}

function numberOf(name: string): number | undefined {
  return /^\d{1,9}$/.test(name) ? Number(name) : undefined;
}

/**
 * Names a line each in a text file; in JSON a list, numbers by name, or names by number, where a class may have several (ImageNet's
 * `{"0": ["n01440764", "tench"]}`).
 */
async function namesOf(root: string, file: string): Promise<(name: string) => number | undefined> {
  const path = isAbsolute(file) ? file : await readable(file).then((isHere) => (isHere ? file : join(root, file)));
  const expected = `expected "sorted", "numbers" or a file of classes' names that can be read`;
  const text = await readTextFile(path, (cause) => new CalibrationError(`${file}: ${expected}`, { cause }));
  const names = /\.json$/i.test(path) ? fromJson(path, text) : fromLines(text);
  if (names.size === 0) throw new CalibrationError(`${path}: expected names of classes, one a line`);
  return (name) => names.get(name);
}

async function readable(path: string): Promise<boolean> {
  return FileSource.open(path).then(
    async (source) => source.close().then(() => true),
    () => false,
  );
}

/** An empty line in between is a class without a name. */
function fromLines(text: string): ReadonlyMap<string, number> {
  const lines = text.replace(/^\u{feff}/u, "").split(/\r?\n/);
  return new Map(lines.flatMap((line, label) => (line.trim() === "" ? [] : [[line.trim(), label] as const])));
}

const NAMES = v.union([v.array(v.unknown()), v.record(v.string(), v.unknown())]);
const NAME = v.union([
  v.pipe(
    v.string(),
    v.transform((name) => [name]),
  ),
  listOf(v.string()),
]);

function fromJson(path: string, text: string): ReadonlyMap<string, number> {
  const value = parseJson(text, (_, cause) => new CalibrationError(`${path}: expected JSON`, { cause }));
  if (!v.is(NAMES, value))
    throw new CalibrationError(`${path}: expected a list of names, or an object of names and numbers`);
  return new Map(
    Object.entries(value).flatMap(([key, entry]: [string, unknown]) => {
      if (typeof entry === "number") return [[key, entry] as const];
      const label = numberOf(key);
      return label === undefined ? [] : v.parse(NAME, entry).map((name) => [name, label] as const);
    }),
  );
}
