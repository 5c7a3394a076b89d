import { realpathSync } from "node:fs";
import { dirname, isAbsolute, join, posix, relative, sep } from "node:path";

import { ExternalDataError, FileAccessError, MissingDataError } from "../errors.ts";
import type { ByteSource, ExternalDataFiles } from "./byte-source.ts";
import { FileSource } from "./file-source.ts";

/** A drive, a share or a path from the root, in the spelling of any system. */
const ABSOLUTE = /^(?:[a-z]:|[\\/])/i;

/**
 * The data files beside a model. A model from elsewhere must not make us read anything else, so a path stays inside the model's
 * folder, symbolic links followed. Where the model itself is a link (as in download caches, which link every file to a store of
 * their own), the folder of the file it points to is the model's folder too.
 */
export class ExternalDataFolder implements ExternalDataFiles {
  constructor(private readonly modelPath: string) {}

  async open(relativePath: string): Promise<ByteSource> {
    const name = `data file "${relativePath}" of ${this.modelPath}`;
    if (relativePath === "" || relativePath.includes("\0")) throw new ExternalDataError(`${name}: not a file name`);
    if (ABSOLUTE.test(relativePath)) throw outside(name, "is an absolute path");
    const spelled = posix.normalize(relativePath.replaceAll("\\", "/"));
    if (spelled === ".." || spelled.startsWith("../")) throw outside(name, "lies outside the model's folder");
    const path = realPath(join(dirname(this.modelPath), spelled), name);
    if (!this.#folders().some((folder) => isInside(folder, path)))
      throw outside(name, "is a link out of the model's folder");
    try {
      return await FileSource.open(path, { name, isOpenedForEachRead: true });
    } catch (error) {
      if (!(error instanceof FileAccessError)) throw error;
      throw new ExternalDataError(error.message, { cause: error });
    }
  }

  #folders(): readonly string[] {
    return [realpathSync(dirname(this.modelPath)), dirname(realpathSync(this.modelPath))];
  }
}

function realPath(path: string, name: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new MissingDataError(`${name}: the file is missing, so the weights in it are too`, path, {
      hint: "Put the data file beside the model, under the name the model has for it.",
      cause: error,
    });
  }
}

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

function outside(name: string, what: string): ExternalDataError {
  return new ExternalDataError(`${name}: it ${what}, and is not read`, {
    hint: "External data must be a relative path inside the model's folder.",
  });
}
