import { randomBytes } from "node:crypto";
import type { AdbDevice } from "../adb-device.ts";

/**
 * Runs several commands of the phone's shell in one go and tells each one's answer. A phone that lacks a command answers that there is
 * none: parsers then find nothing in it. The marks between are random, so that no answer can look like the next one.
 *
 * @param commands by name; fixed text, or words from `shellWord`
 */
export async function askAll<Name extends string>(
  device: AdbDevice,
  commands: Readonly<Record<Name, string>>,
  signal?: AbortSignal,
): Promise<Readonly<Record<Name, string>>> {
  const mark = `--${randomBytes(12).toString("hex")} `;
  const names = Object.keys(commands) as Name[];
  const script = names.map((name) => `echo '${mark}${name}'; { ${commands[name]}\n} 2>&1 </dev/null`).join("\n");
  const { stdout } = await device.shell(script, { signal });
  const answers = new Map(
    stdout.split(mark).map((section) => {
      const end = section.indexOf("\n");
      return [section.slice(0, end).trimEnd(), section.slice(end + 1)] as const;
    }),
  );
  return Object.fromEntries(names.map((name) => [name, answers.get(name) ?? ""])) as Record<Name, string>;
}
