import { listPictures } from "./picture-folder.ts";
import type { ClassFolder } from "./class-folders.ts";
import type { CalibrationSpec } from "./spec.ts";

/** Of many classes the first ones show the order. */
const SHOWN_CLASSES = 12;

/** "0 = cat (12), 1 = dog (9)" */
export function classesText(classes: readonly ClassFolder[]): string {
  const shown = classes.slice(0, SHOWN_CLASSES).map(({ label, name, pictures }) => `${label} = ${name} (${pictures})`);
  const last = classes.at(-1);
  const rest = classes.length - shown.length;
  return rest > 0 && last ? `${shown.join(", ")}, … ${last.label} = ${last.name} (${last.pictures})` : shown.join(", ");
}

/**
 * What is to be known of folders of pictures before anything is measured on them: a line each on classes and on what is left out.
 * @throws {CalibrationError} when a folder has no pictures
 */
export async function describeFolders({ inputs = {}, labels }: CalibrationSpec): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const spec of Object.values(inputs)) {
    if (spec.kind !== "images") continue;
    const { classes, leftOut } = await listPictures(spec.path, spec.classes);
    if (classes && labels === undefined)
      lines.push(`${spec.path}: classes by folder, with their pictures: ${classesText(classes)}`);
    if (leftOut.length > 0) lines.push(`${spec.path}: left out: ${leftOut.join(", ")}`);
  }
  return lines;
}
