import { setFlagsFromString } from "node:v8";

/**
 * How much of its bytecode a function runs, in bytes, before V8 compiles it with all optimizations. A command is over in seconds and spreads
 * over thousands of functions: with V8 11's own 132 KB a third of the processor time of `suggest` was that compiler's.
 */
const INTERRUPT_BUDGET = 600_000;

/** Node 20's. Later ones wait by themselves (`--invocation-count-for-turbofan=3000`), and do not know the flag. */
if (process.versions.v8.startsWith("11.")) setFlagsFromString(`--interrupt-budget=${INTERRUPT_BUDGET}`);
