/** Skips the running test, or a hook's whole suite, with a reason that `npm test` lists. */
export function skip(context: Mocha.Context, reason: string): never {
  const runnable = context.test;
  const marked = runnable?.type === "hook" ? runnable.parent : (runnable ?? context.currentTest);
  if (marked) Object.assign(marked, { skipReason: reason });
  context.skip();
}
