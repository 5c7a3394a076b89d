import { readdir, stat } from "node:fs/promises";
import { extname, join } from "node:path";
import { CalibrationError } from "../errors.ts";
import { ownEntry } from "../own-entry.ts";
import { classesOf, type ClassFolder } from "./class-folders.ts";
import { PICTURE_FORMATS } from "./decode-picture.ts";
import { byCodePoint } from "./code-point-order.ts";

/** Endings of files that are decoded; `.jfif` is a JPEG as browsers save it, `.dib` a bitmap. */
const PICTURE = /\.(?:jpe?g|jpe|jfif|png|webp|tiff?|bmp|dib|p[bgpn]m|gif|hei[cf]|avif)$/i;
const MAC_ARCHIVE = "__MACOSX";

/** Pictures that are not decoded. */
const UNDECODED: Readonly<Record<string, string>> = { ".svg": "SVG drawing", ".jxl": "JPEG XL picture" };

export interface PictureFolder {
  /** Relative to the folder, in the order of the samples. */
  readonly files: readonly string[];
  /** Class of each file, where folders are classes. */
  readonly labels?: readonly number[];
  readonly classes?: readonly ClassFolder[];
  /** What else is there, counted, in words: "2 hidden files". */
  readonly leftOut: readonly string[];
}

/**
 * The pictures of a folder. Where it has none itself but folders, each of those is a class, with the pictures of all folders in it.
 * @param classes as in `ImageFolderSpec`
 * @throws {CalibrationError} when there are no pictures, or a folder is of no class
 */
export async function listPictures(folder: string, classes: string | undefined): Promise<PictureFolder> {
  const leftOut = new LeftOut();
  const { files, folders } = await list(folder, leftOut);
  if (files.length > 0) {
    if (classes !== undefined)
      throw new CalibrationError(
        `${folder}: it has pictures beside its folders: expected folders by class alone, as classes=${classes} says`,
      );
    leftOut.add("sub-folder", folders.length);
    return { files: files.toSorted((a, b) => collator.compare(a, b)), leftOut: leftOut.inWords() };
  }
  const found = await Promise.all(folders.map(async (name) => ({ name, files: await walk(folder, name, leftOut) })));
  if (found.every(({ files: inside }) => inside.length === 0)) {
    const others = leftOut.inWords();
    throw new CalibrationError(
      `${folder}: expected ${PICTURE_FORMATS} pictures in it, or in folders by class${others.length === 0 ? "" : `: there are ${others.join(", ")}`}`,
    );
  }
  const numbered = await classesOf(
    folder,
    found.map(({ name, files: inside }) => ({ name, pictures: inside.length })),
    classes,
  );
  const pictures = found.flatMap(({ files: inside }, place) =>
    inside.map((file) => ({ file, label: numbered[place]?.label ?? 0 })),
  );
  return {
    files: pictures.map(({ file }) => file),
    labels: pictures.map(({ label }) => label),
    classes: numbered,
    leftOut: leftOut.inWords(),
  };
}

/** All pictures in a class's folder: folder by folder, names sorted in each, as torchvision walks. */
async function walk(root: string, at: string, leftOut: LeftOut): Promise<readonly string[]> {
  const { files, folders } = await list(join(root, at), leftOut);
  const inside: (readonly string[])[] = [];
  for (const name of folders) inside.push(await walk(root, join(at, name), leftOut));
  return [...files.map((file) => join(at, file)), ...inside.flat()];
}

async function list(
  folder: string,
  leftOut: LeftOut,
): Promise<{ readonly files: readonly string[]; readonly folders: readonly string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new CalibrationError(`${folder}: expected a folder of pictures that can be read`, { cause });
  });
  const [files, folders]: [string[], string[]] = [[], []];
  for (const entry of entries) {
    const { name } = entry;
    const kind = entry.isSymbolicLink() ? await stat(join(folder, name)).catch(() => undefined) : entry;
    if (kind?.isDirectory()) {
      if (name.startsWith(".") || name === MAC_ARCHIVE) leftOut.add("hidden folder");
      // A link to a folder may lead in circles.
      else if (entry.isSymbolicLink()) leftOut.add("linked folder");
      else folders.push(name);
    } else if (name.startsWith("._")) leftOut.add("AppleDouble file");
    else if (name.startsWith(".")) leftOut.add("hidden file");
    else if (kind?.isFile() !== true) leftOut.add("entry that is not a file");
    else if (PICTURE.test(name)) files.push(name);
    else leftOut.addFile(name);
  }
  return { files: files.sort(byCodePoint), folders: folders.sort(byCodePoint) };
}

/** What is no picture, counted by kind. */
class LeftOut {
  readonly #counts = new Map<string, number>();

  add(kind: string, count = 1): void {
    if (count > 0) this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + count);
  }

  addFile(name: string): void {
    const ending = extname(name).toLowerCase();
    this.add(Object.hasOwn(UNDECODED, ending) ? ending : ending === "" ? "file without an ending" : `${ending} file`);
  }

  inWords(): readonly string[] {
    return [...this.#counts]
      .sort(([a], [b]) => byCodePoint(a, b))
      .map(([kind, count]) => {
        const undecoded = ownEntry(UNDECODED, kind);
        if (undecoded === undefined) return `${count} ${plural(kind, count)}`;
        return `${count} ${plural(undecoded, count)} (make JPEG or PNG of ${count === 1 ? "it" : "them"})`;
      });
  }
}

/** "2 hidden files", "3 files without an ending". */
function plural(kind: string, count: number): string {
  if (count === 1) return kind;
  const [word] = /file|folder|entry|picture|drawing/.exec(kind) ?? [];
  return word === undefined
    ? kind
    : kind.replace(word, word === "entry" ? "entries" : `${word}s`).replace("that is not a file", "that are not files");
}

/** "image10" behind "image9", the same on every machine. */
const collator = new Intl.Collator("en", { numeric: true });
