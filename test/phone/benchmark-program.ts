import { readFileSync } from "node:fs";
import { join } from "node:path";

const LOG = readFileSync(join(import.meta.dirname, "../unit/device/benchmark-model/outputs/new-log.txt"), "utf8");

interface ProgramParts {
  readonly profile?: string;
  /** A file of the phone. */
  readonly outputs?: string;
  /** What it does at its end. */
  readonly behind?: string;
}

/**
 * A script stands for Google's program, which is there for Android alone: it says what that says, writes the profile that it is given,
 * and, for outputs, what lies in "answer". adb and adbd are real.
 */
export function program({ profile = "", outputs = "", behind = "" }: ProgramParts): string {
  return `#!/bin/sh
echo "$@" >> /data/local/tmp/flags
for flag; do
  case "$flag" in
    --op_profiling_output_file=*) cat > "\${flag#*=}" <<'PROFILE'
${profile}
PROFILE
    ;;
    --output_filepath=*) [ -z "${outputs}" ] || cp "${outputs}" "\${flag#*=}" ;;
  esac
done
cat >&2 <<'LOG'
${LOG}
LOG
${behind}
`;
}

/** The same, that is busy for a while between the line that begins the timed runs and the one that counts them. */
export function loopingProgram(busy: string): string {
  const lines = LOG.split("\n");
  const timed = lines.findLastIndex((line) => line.includes("Running benchmark for at least"));
  const say = (part: readonly string[]): string => `cat >&2 <<'LOG'\n${part.join("\n")}\nLOG\n`;
  return `#!/bin/sh\necho "$@" >> /data/local/tmp/flags\n${say(lines.slice(0, timed + 1))}case "$*" in *--min_secs=0*) ;; *) ${busy} ;; esac\n${say(lines.slice(timed + 1))}`;
}
