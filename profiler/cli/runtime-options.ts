import type { Command } from "commander";
import { formatByName } from "../formats/format-types.ts";
import { limitRuntimes } from "../runtime/process/limits.ts";
import { startRuntime } from "../runtime/process/process-pool.ts";
import { RUNTIME_NAMES } from "../runtime/open-session.ts";
import { parseBytes, parseTime } from "./quantities.ts";

interface RuntimeOptions {
  readonly runLimit?: number;
  readonly memoryLimit?: number;
}

/**
 * For commands that run models on this machine: what bounds that. The runtime starts while the command reads its model.
 * @param willRun by the options that are given
 */
export function addRuntimeOptions(
  command: Command,
  willRun: (options: Readonly<Record<string, unknown>>) => boolean = () => true,
): Command {
  return command
    .option(
      "--run-limit <time>",
      "stop a model that takes longer to load, or for one run, on this machine, such as 90s (default: 600s)",
      parseTime,
    )
    .option(
      "--memory-limit <bytes>",
      "stop a model that uses more memory on this machine, such as 2GB (default: three quarters of all memory)",
      parseBytes,
    )
    .hook("preAction", (_, { args: [file = ""] }) => {
      const { runLimit, memoryLimit } = command.opts<RuntimeOptions>();
      limitRuntimes({
        ...(runLimit !== undefined && { seconds: runLimit }),
        ...(memoryLimit !== undefined && { memoryBytes: memoryLimit }),
      });
      const format = formatByName(file);
      if (format && willRun(command.opts())) startRuntime(RUNTIME_NAMES[format]);
    });
}
