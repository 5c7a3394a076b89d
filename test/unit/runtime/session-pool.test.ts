import assert from "node:assert/strict";

import { countsSince, countsSoFar } from "../../../profiler/counters.ts";
import type { NamedTensors } from "../../../profiler/tensors/numeric-tensor.ts";
import { RunError } from "../../../profiler/errors.ts";
import { SessionPool } from "../../../profiler/runtime/session-pool.ts";
import { of, scalingModel, valuesOf } from "./tiny-models.ts";

const batch = (...data: readonly number[]): NamedTensors => ({ x: of("float32", [data.length / 2, 2], data) });

describe("A pool of sessions", () => {
  it("opens a model once, and runs a batch once, however often both are asked for", async () => {
    const pool = new SessionPool();
    const model = await scalingModel(2);
    const before = countsSoFar();
    for (let use = 0; use < 3; use += 1) {
      const session = await pool.open(model);
      const [first, same] = await Promise.all([session.run(batch(1, 2)), session.run(batch(1, 2))]);
      assert.equal(first, same, "what is under way is waited for");
      assert.deepEqual(valuesOf(first.y), [1, 4]);
      assert.deepEqual(valuesOf((await session.run(batch(1, 3))).y), [1, 6]);
      await session.close();
    }
    const { sessions, runs } = countsSince(before);
    assert.deepEqual([sessions, runs], [1, 2]);
    await pool.close();
  });

  it("takes a session that gives more tensors, and opens one for more than it gives", async () => {
    const pool = new SessionPool();
    const model = await scalingModel(2);
    const before = countsSoFar();
    const inner = await pool.open(model, { tensors: ["product", "sum"] });
    assert.deepEqual(valuesOf((await inner.run(batch(1, 2))).product), [1, 4]);
    await pool.open(model, { tensors: ["sum"] });
    await pool.open(model);
    assert.equal(countsSince(before).sessions, 1);
    await pool.open(await scalingModel(2));
    await pool.open(model, { tensors: ["sum"], threads: 1 });
    assert.equal(countsSince(before).sessions, 3, "another model, and other options");
    await pool.close();
  });

  it("ends a session that is in use when it is handed back, and tells a failure to each who asked", async () => {
    const pool = new SessionPool();
    const session = await pool.open(await scalingModel(2));
    await pool.close();
    assert.deepEqual(valuesOf((await session.run(batch(2, 2))).y), [2, 4], "still open");
    for (let twice = 0; twice < 2; twice += 1)
      await assert.rejects(session.run({ x: of("float32", [1, 3], [1, 2, 3]) }), RunError);
    await session.close();
    await session.close();
  });
});
