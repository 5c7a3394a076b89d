/** Skips the running test, or a hook's whole suite, with a reason that `npm test` lists. */
export function skip(context: Mocha.Context, reason: string): never {
  const { test } = context;
  const isHook = test !== undefined && "type" in test && test.type === "hook";
  const marked = isHook ? test.parent : test;
  if (marked) Object.assign(marked, { skipReason: reason });
  return context.skip();
}
