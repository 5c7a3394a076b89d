import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { format, type FormatConfig } from "oxfmt";
import { ROOT } from "../install.mjs";

/** A file's text as `npm run format` leaves it. @throws {Error} when it cannot be read */
export async function formatted(path: string, text: string): Promise<string> {
  const config = JSON.parse(readFileSync(join(ROOT, ".oxfmtrc.json"), "utf8")) as FormatConfig;
  const { code, errors } = await format(basename(path), text, config);
  if (errors.length > 0) throw new Error(`${path}: ${errors.map(({ message }) => message).join(", ")}`);
  return code;
}
