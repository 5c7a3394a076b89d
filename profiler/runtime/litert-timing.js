// Runs of a model in LiteRT.js, in a thread of this machine and in a phone's browser alike. Plain JavaScript, so that both load it without
// a compiler.

/** Fewer say nothing of the spread. */
const MIN_RUNS = 5;

/**
 * One inference: from elements that are there to outputs that can be read.
 * @param inputs elements and shape of each input, in order
 * @param lines what the runtime wrote, emptied before
 * @throws {Error} with what the runtime wrote: its `run` returns memory as it was found when a layer fails
 */
export async function runOnce(runtime, model, inputs, lines) {
  lines.length = 0;
  const tensors = inputs.map(({ data, shape }) => new runtime.Tensor(data, shape));
  let results = [];
  try {
    results = await model.run(tensors);
    const errors = lines.filter((line) => line.startsWith("ERROR:"));
    if (errors.length > 0) throw new Error(errors.map((line) => line.slice(6).trim()).join("; "));
    // Copies: what toTypedArray gives may be a view of the runtime's memory.
    return results.map((tensor) => ({
      data: tensor.toTypedArray().slice(),
      shape: [...tensor.type.layout.dimensions],
    }));
  } finally {
    for (const tensor of [...tensors, ...results]) tensor.delete();
  }
}

/**
 * Times runs on the same inputs. Outputs are the first run's: state may change those of later ones.
 * @param run one inference, gives its outputs
 * @param onRun hears between runs how far it is; what it waits for is in no time
 * @throws {Error} as `run` and `onRun` do
 */
export async function timeRuns(run, { warmUpRuns, runs, budgetSeconds }, onRun = () => undefined) {
  const timed = async () => {
    const start = performance.now();
    const outputs = await run();
    return { outputs, seconds: (performance.now() - start) / 1000 };
  };
  const first = await timed();
  for (let each = 0; each < warmUpRuns; each += 1) {
    await timed();
    await onRun(0, runs);
  }
  const runSeconds = [];
  const begun = performance.now();
  while (runSeconds.length < runs) {
    if (runSeconds.length >= MIN_RUNS && performance.now() - begun > budgetSeconds * 1000) break;
    const last = await timed();
    runSeconds.push(last.seconds);
    await onRun(runSeconds.length, runs);
  }
  return { firstSeconds: first.seconds, runSeconds, outputs: first.outputs };
}
