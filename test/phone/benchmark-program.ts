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

/** LiteRT 2's, which knows other flags, makes its inputs itself and writes neither outputs nor CSV. */
export const COMPILED_MODEL_PROGRAM = `#!/bin/sh
echo "$@" >> /data/local/tmp/flags
case "$*" in *--help*) printf 'usage: ./benchmark_model <flags>\\n\\t--use_npu=false\\tbool\\toptional\\n' >&2; exit 1 ;; esac
case "$*" in *--input_layer*) echo "WARNING: Unconsumed cmdline flags: --input_layer" >&2 ;; esac
cat >&2 <<'LOG'
INFO: Initialized session in 12.5ms.
INFO: Running benchmark for at least 1 iterations and at least 0 seconds but terminate if exceeding 20 seconds.
INFO: count=1 curr=7000
INFO: Running benchmark for at least 5 iterations and at least 0 seconds but terminate if exceeding 20 seconds.
INFO: count=5 first=6000 curr=6000 min=5900 max=6200 avg=6000 std=50 p5=5900 median=6010 p95=6200
========== BENCHMARK RESULTS ==========
INFO: [benchmark_litert_model.h:94] Model initialization: 12.50 ms
INFO: [benchmark_litert_model.h:126] Init footprint:       10.00 MB
INFO: [benchmark_litert_model.h:128] Overall footprint:    12.00 MB
LOG
`;

/** The same, that is busy for a while between the line that begins the timed runs and the one that counts them. */
export function loopingProgram(busy: string): string {
  const lines = LOG.split("\n");
  const timed = lines.findLastIndex((line) => line.includes("Running benchmark for at least"));
  const say = (part: readonly string[]): string => `cat >&2 <<'LOG'\n${part.join("\n")}\nLOG\n`;
  return `#!/bin/sh\necho "$@" >> /data/local/tmp/flags\n${say(lines.slice(0, timed + 1))}case "$*" in *--min_secs=0*) ;; *) ${busy} ;; esac\n${say(lines.slice(timed + 1))}`;
}
