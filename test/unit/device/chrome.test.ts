import assert from "node:assert/strict";
import { gpuRuns, readGpuProfile } from "../../../profiler/device/chrome/gpu-profile.ts";
import { LoopbackServer } from "../../../profiler/device/chrome/loopback-server.ts";
import { problemOf } from "../../../profiler/device/chrome/open-in-chrome.ts";
import { chromeVersion, readPageProgress, readPageResult } from "../../../profiler/device/chrome/page-result.ts";

/** Answers of `am start`, of Android's `ActivityManagerShellCommand`. */
const STARTED = "Starting: Intent { act=android.intent.action.VIEW dat=http://127.0.0.1/... pkg=com.android.chrome }\n";

describe("opening a page in a phone's Chrome", () => {
  const ANSWERS: readonly (readonly [what: string, answer: string, exitCode: number, kind: string | undefined])[] = [
    ["started", STARTED, 0, undefined],
    [
      "brought to the front",
      `${STARTED}Warning: Activity not started, its current task has been brought to the front\n`,
      0,
      undefined,
    ],
    ["without Chrome", `${STARTED}Error: Activity not started, unable to resolve Intent { act=… }\n`, 0, "unsupported"],
    ["without a shell of Android's", "sh: am: not found\n", 127, "unsupported"],
    ["forbidden", `${STARTED}Security exception: Permission Denial: starting Intent { … }\n`, 255, "failed"],
    ["mute", "", 0, "failed"],
    ["hostile", "\u001b[2J".repeat(10_000), 0, "failed"],
  ];
  for (const [what, answer, exitCode, kind] of ANSWERS) {
    it(`understands a phone that answers: ${what}`, () => {
      const problem = problemOf(answer, exitCode);
      assert.equal(problem?.kind, kind);
      assert.ok((problem?.message.length ?? 0) < 300);
    });
  }
});

describe("the GPU's profile", () => {
  it("is runs of programs, the first left out with what it alone does", () => {
    const events = [
      ["weights&Transpose&Transpose", 900],
      ["/0/Conv_token_1&Conv&Conv2dMM", 500],
      ["a&b&Relu&Relu", 50],
      ["/0/Conv_token_1&Conv&Conv2dMM", 100],
      ["a&b&Relu&Relu", 10],
      ["/0/Conv_token_1&Conv&Conv2dMM", 200],
      ["a&b&Relu&Relu", 30],
    ] as const;
    const runs = gpuRuns({ runs: 2, events });
    assert.deepEqual(
      runs.map(({ operators }) => operators.map(({ name, op, seconds }) => [name, op, Math.round(seconds * 1e6)])),
      [
        [
          ["/0/Conv_token_1", "Conv", 100],
          ["a&b", "Relu", 10],
        ],
        [
          ["/0/Conv_token_1", "Conv", 200],
          ["a&b", "Relu", 30],
        ],
      ],
    );
  });

  it("is nothing else", () => {
    for (const text of [
      "",
      "[]",
      '{"runs":-1,"events":[]}',
      '{"runs":1,"events":[["a",-1]]}',
      '{"runs":1,"events":[["a"]]}',
    ])
      assert.equal(readGpuProfile(text), undefined, text);
    assert.deepEqual(readGpuProfile('{"runs":1,"events":[["a&b&c",1]]}'), { runs: 1, events: [["a&b&c", 1]] });
  });
});

describe("what the page tells", () => {
  const result = {
    loadSeconds: 1,
    firstSeconds: 0.5,
    runSeconds: [0.1, 0.2],
    threads: 4,
    shapes: [[1, 10], []],
    wasHidden: false,
    adapter: null,
    browser:
      "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36",
  };

  it("is taken as it is, or not at all", () => {
    assert.deepEqual(readPageResult(JSON.stringify({ ...result, more: 1 })), result);
    const wrong = { runSeconds: [], threads: 1.5, shapes: [[-1]], wasHidden: 1, browser: null, loadSeconds: "1" };
    for (const [field, value] of Object.entries(wrong))
      assert.equal(readPageResult(JSON.stringify({ ...result, [field]: value })), undefined, field);
    for (const text of ["", "null", "[]", "{"]) assert.equal(readPageResult(text), undefined);
    assert.deepEqual(readPageProgress('{"done": 1, "total": 2}'), { done: 1, total: 2 });
    assert.equal(readPageProgress('{"done": 1e99}'), undefined);
  });

  it("names its Chrome", () => {
    assert.equal(chromeVersion(result.browser), "126.0.0.0");
    assert.equal(chromeVersion("Mozilla/5.0 (Android 13; Mobile; rv:109.0) Gecko/117.0 Firefox/117.0"), null);
  });
});

describe("the loopback server of a run", () => {
  let server: LoopbackServer;
  let heard = "";
  before(async () => {
    const bytes = new TextEncoder().encode("hello");
    server = await LoopbackServer.start({
      files: new Map([["file", { type: "text/plain", bytes: () => Promise.resolve(bytes) }]]),
      posts: new Map([["post", { mostBytes: 5, hear: (body) => (heard = new TextDecoder().decode(body)) }]]),
    });
  });
  after(() => server.close());

  it("gives what is asked for with its token, isolated", async () => {
    const answer = await fetch(new URL("file", server.url(server.port)));
    assert.equal(await answer.text(), "hello");
    assert.equal(answer.headers.get("cross-origin-opener-policy"), "same-origin");
    assert.equal(answer.headers.get("cross-origin-embedder-policy"), "require-corp");
    await fetch(new URL("post", server.url(server.port)), { method: "POST", body: "12345" });
    assert.equal(heard, "12345");
  });

  it("gives nobody else anything", async () => {
    const url = server.url(server.port);
    const status = async (path: string, init?: RequestInit): Promise<number> =>
      (await fetch(new URL(path, url), init)).status;
    assert.equal(await status("/file"), 404);
    assert.equal(await status("/token/file"), 404);
    assert.equal(await status("file/more"), 404);
    assert.equal(await status("file", { headers: { origin: "http://attacker.example" } }), 404);
    assert.equal(await status("file", { method: "DELETE" }), 404);
    assert.equal(await status("post", { method: "POST", body: "123456" }), 413);
    assert.notEqual(new URL(server.url(1)).pathname, "/", "an address has a token");
  });

  it("has another token each time", async () => {
    const other = await LoopbackServer.start({ files: new Map(), posts: new Map() });
    assert.notEqual(new URL(other.url(1)).pathname, new URL(server.url(1)).pathname);
    await other.close();
    await assert.rejects(fetch(other.url(other.port)));
  });
});
