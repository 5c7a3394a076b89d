import assert from "node:assert/strict";
import { timeLeft } from "../../../profiler/training/time-left.ts";

it("tells what time is left by what the part that is done took, once that is enough to tell by", () => {
  assert.equal(timeLeft(0.01, 5), "");
  assert.equal(timeLeft(0.25, 10), "30 s left");
  assert.equal(timeLeft(0.5, 0.1), "1 s left");
  assert.equal(timeLeft(0.1, 60), "9 min left");
  assert.equal(timeLeft(1, 60), "0 s left");
});
