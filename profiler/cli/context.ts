/** What a command sees of the process it runs in. */
export interface CliContext {
  /** To standard output: the answer, and nothing else. */
  readonly write: (text: string) => void;
  /** A line beside the answer, to standard error. */
  readonly remark: (text: string) => void;
  /** How far long work is: a line that the next call replaces, "" takes it away. Only where somebody sees it, on a terminal. */
  readonly progress?: (text: string) => void;
  /** Columns of the terminal; undefined when the answer goes to a file or another program. */
  readonly width: number | undefined;
  readonly setExitCode: (code: ExitCode) => void;
  /** Its signal aborts with `Interrupted` at the next Ctrl-C, which then ends no process; the one after does. For work that must clean up. */
  readonly interruption?: () => AbortSignal;
}

/** The user pressed Ctrl-C. */
export class Interrupted extends Error {}

export const EXIT = {
  ok: 0,
  /** A limit of `check` is exceeded, a budget of `fit` cannot be kept, the outputs of a `run` are wrong, or it ran on the CPU where another processor was asked for. */
  failed: 1,
  /** The command could not answer: bad options, a broken or missing file. */
  error: 2,
  /** As shells have it: 128 and the number of SIGINT. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
