import assert from "node:assert/strict";
import { ProfilingSession, type Bindings, type Engine } from "../../../extension/editor/profiling-session.ts";
import { packProfile } from "../../../extension/worker/pack-profile.ts";
import type { ProfileReply, ModelRequest } from "../../../extension/worker/protocol.ts";
import type { Activity, Snapshot } from "../../../webview/protocol/page.ts";
import { RpcError, type Failure } from "../../../webview/protocol/rpc.ts";
import { layerRow, profileOf } from "../webview/profiles.ts";

const REPLY: ProfileReply = { profile: packProfile(profileOf([layerRow(0)])), dataFiles: ["weights.bin"] };
const failure = (code: string): RpcError => new RpcError({ code, message: `${code} failed`, stack: "at …" });

interface Recorded {
  readonly session: ProfilingSession;
  readonly snapshots: Snapshot[];
  readonly activities: Activity[];
  readonly profiled: Bindings[];
  readonly failures: Failure[];
}

const unasked = (): Promise<never> => Promise.reject(new Error("Nobody asks for a layer here."));

function record(profile: Engine["profile"], bindings: Bindings = {}): Recorded {
  const snapshots: Snapshot[] = [];
  const activities: Activity[] = [];
  const profiled: Bindings[] = [];
  const failures: Failure[] = [];
  const session = new ProfilingSession({
    file: "model.onnx",
    engine: { profile, layerDetails: unasked, weightStatistics: unasked },
    view: { part: {}, bindings },
    prepare: ({ part, bindings: values }): Promise<ModelRequest> =>
      Promise.resolve({
        location: { kind: "path", path: "/model.onnx", version: 1 },
        edits: [],
        ...(part.entry !== undefined && { entry: part.entry }),
        isPrediction: false,
        bindings: values,
        hardware: "h",
        ownHardware: [],
      }),
    onSnapshot: (snapshot) => snapshots.push(snapshot),
    onActivity: (activity) => activities.push(activity),
    onProfiled: ({ bindings: values }) => profiled.push(values),
    onFailed: (failed) => failures.push(failed),
  });
  return { session, snapshots, activities, profiled, failures };
}

describe("A profiling session", () => {
  it("shows the profile and gives out its rows by revision", async () => {
    const { session, snapshots, activities, profiled } = record(() => Promise.resolve(REPLY));
    assert.equal(session.snapshot.kind, "loading");
    await session.reload();
    const [shown] = snapshots;
    assert.ok(shown?.kind === "ready");
    assert.deepEqual([shown.revision, shown.chunkCount], [1, 1]);
    assert.equal(session.rows(1, 0), REPLY.profile.chunks[0]);
    assert.throws(() => session.rows(2, 0), RpcError);
    assert.equal(session.structure(1), REPLY.profile.structure);
    assert.throws(() => session.structure(2), RpcError);
    assert.throws(() => session.rows(1, 1), RpcError);
    assert.deepEqual(activities, ["starting", "idle"]);
    assert.deepEqual(profiled, [{}]);
  });

  it("shows a failure without its stack, logs it with, and recovers at the next reload", async () => {
    let isBroken = true;
    const { session, snapshots, failures } = record(() =>
      isBroken ? Promise.reject(failure("format")) : Promise.resolve(REPLY),
    );
    await session.reload();
    assert.deepEqual(snapshots, [
      { kind: "failed", file: "model.onnx", failure: { code: "format", message: "format failed" } },
    ]);
    assert.equal(failures[0]?.stack, "at …");
    assert.throws(() => session.rows(0, 0), RpcError);
    isBroken = false;
    await session.reload();
    assert.deepEqual(
      snapshots.map(({ kind }) => kind),
      ["failed", "loading", "ready"],
    );
  });

  it("rejects dimension values that do not fit and keeps the table", async () => {
    const { session, snapshots } = record(({ bindings }) =>
      bindings.batch === 999 ? Promise.reject(failure("option")) : Promise.resolve(REPLY),
    );
    await session.reload();
    await session.bind({ batch: 2 });
    await assert.rejects(session.bind({ batch: 999 }), RpcError);
    assert.deepEqual(
      snapshots.map(({ kind }) => kind),
      ["ready", "ready"],
    );
    assert.deepEqual(session.bindings, { batch: 2 });
    assert.equal(session.activity, "idle");
  });

  it("shows another part with sizes of its own, and stays where there is none of that name", async () => {
    const { session, snapshots } = record(({ entry }) =>
      entry === "gone" ? Promise.reject(failure("option")) : Promise.resolve(REPLY),
    );
    await session.reload();
    const view = { part: { entry: "decode" }, bindings: { steps: 3 } };
    await session.choose(view);
    assert.equal(session.requestOf(2).entry, "decode");
    await assert.rejects(session.choose({ part: { entry: "gone" }, bindings: {} }), RpcError);
    assert.deepEqual([session.view, snapshots.length], [view, 2]);
    await session.bind({ steps: 4 });
    assert.deepEqual(session.view, { part: { entry: "decode" }, bindings: { steps: 4 } });
  });

  it("drops remembered values that the file no longer knows", async () => {
    const { session, profiled } = record(
      ({ bindings }) => ("gone" in bindings ? Promise.reject(failure("option")) : Promise.resolve(REPLY)),
      { gone: 4 },
    );
    await session.reload();
    assert.equal(session.snapshot.kind, "ready");
    assert.deepEqual(profiled, [{}]);
  });

  it("reports an option error that has nothing to do with dimensions once", async () => {
    const { session, failures } = record(() => Promise.reject(failure("option")), { batch: 2 });
    await session.reload();
    assert.equal(session.snapshot.kind, "failed");
    assert.equal(failures.length, 1);
  });

  it("lets a newer run win over an older one that ends later", async () => {
    const ends: (() => void)[] = [];
    const { session, snapshots, profiled } = record(() => new Promise((resolve) => ends.push(() => resolve(REPLY))));
    const first = session.bind({ batch: 1 });
    await new Promise(setImmediate);
    const second = session.bind({ batch: 2 });
    await new Promise(setImmediate);
    ends[1]?.();
    await second;
    ends[0]?.();
    await first;
    assert.deepEqual(profiled, [{ batch: 2 }]);
    assert.equal(snapshots.length, 1);
  });

  it("says that it was cancelled when there is no table yet, and keeps one that there is", async () => {
    const hanging: Engine["profile"] = (_request, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(failure("cancelled"))));
    let isHanging = true;
    const { session } = record((request, signal) => (isHanging ? hanging(request, signal) : Promise.resolve(REPLY)));
    const run = session.reload();
    await new Promise(setImmediate);
    session.cancel();
    await run;
    assert.ok(session.snapshot.kind === "failed" && session.snapshot.failure.code === "cancelled");
    isHanging = false;
    await session.reload();
    isHanging = true;
    const again = session.bind({ batch: 3 });
    await new Promise(setImmediate);
    session.cancel();
    await again;
    assert.equal(session.snapshot.kind, "ready");
    assert.equal(session.activity, "idle");
  });
});
