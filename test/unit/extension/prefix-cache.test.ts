import assert from "node:assert/strict";
import { PrefixCache } from "../../../extension/worker/prefix-cache.ts";

interface Text {
  readonly text: string;
}

describe("The cache of beginnings", () => {
  let steps: string[];
  const follow = async (cache: PrefixCache<Text>, keys: string): Promise<string> => {
    const start = { text: "" };
    const { text } = await cache.follow(Array.from(keys), start, (before, index) => {
      steps.push(keys.slice(0, index + 1));
      return Promise.resolve({ text: before.text + (keys[index] ?? "") });
    });
    return text;
  };

  beforeEach(() => {
    steps = [];
  });

  it("computes only what is new", async () => {
    const cache = new PrefixCache<Text>();
    assert.equal(await follow(cache, "ab"), "ab");
    assert.equal(await follow(cache, "abc"), "abc");
    assert.equal(await follow(cache, "a"), "a");
    assert.equal(await follow(cache, "ab"), "ab");
    assert.deepEqual(steps, ["a", "ab", "abc"]);
  });

  it("tells the same step behind another beginning apart", async () => {
    const cache = new PrefixCache<Text>();
    await follow(cache, "ab");
    assert.equal(await follow(cache, "bb"), "bb");
    assert.deepEqual(steps, ["a", "ab", "b", "bb"]);
  });

  it("forgets what was not used for longest, and starts from what it still knows", async () => {
    const cache = new PrefixCache<Text>(2);
    await follow(cache, "abc"); // "a" is forgotten
    steps.length = 0;
    assert.equal(await follow(cache, "abcd"), "abcd");
    assert.deepEqual(steps, ["abcd"]);
    assert.equal(await follow(cache, "a"), "a");
    assert.deepEqual(steps, ["abcd", "a"]);
  });

  it("keeps nothing of a step that failed", async () => {
    const cache = new PrefixCache<Text>();
    await assert.rejects(cache.follow(["a"], { text: "" }, () => Promise.reject(new Error("no"))));
    assert.equal(await follow(cache, "a"), "a");
  });
});
