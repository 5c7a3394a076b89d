import assert from "node:assert/strict";
import { EditingSession, type Content, type EditingHost } from "../../../extension/editor/editing-session.ts";
import type { Edit } from "../../../profiler/editing/edit.ts";
import { RpcError } from "../../../webview/protocol/rpc.ts";

const edit = (target: string): Edit => ({ restructuring: "dense-low-rank", target, options: {} });
const START: Content<string> = { base: "base", edits: [] };

interface Recorded {
  readonly session: EditingSession<string>;
  /** What was shown, "?" for predictions. */
  readonly shown: string[];
  readonly steps: { readonly label: string; readonly undo: () => void; readonly redo: () => void }[];
}

function record(compute: EditingHost<string>["compute"] = () => Promise.resolve()): Recorded {
  const shown: string[] = [];
  const steps: Recorded["steps"] = [];
  const text = ({ base, edits }: Content<string>): string =>
    [base, ...edits.flatMap(({ isOn, edit: { target } }) => (isOn ? [target] : []))].join(" ");
  const session = new EditingSession<string>(
    {
      describe: (edits) => Promise.resolve(edits.map(({ target }) => ({ label: target, title: "", options: [] }))),
      calibration: () => null,
      refusal: () => null,
      show: (content, isPrediction) => {
        shown.push(text(content) + (isPrediction ? "?" : ""));
        return Promise.resolve();
      },
      compute,
      textOf: (change) => ("label" in change ? `${change.kind} ${change.label}` : change.kind),
      onChanged: (label, undo, redo) => steps.push({ label, undo, redo }),
      onState: () => undefined,
    },
    START,
  );
  return { session, shown, steps };
}

const targets = ({ session }: Recorded): readonly string[] => session.content.edits.map((each) => each.edit.target);
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

/** Hangs until it is cancelled. */
const hang: EditingHost<string>["compute"] = (_content, signal) =>
  new Promise((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(new RpcError({ code: "cancelled", message: "Cancelled." }))),
  );

describe("An editing session", () => {
  it("makes each action one step, and goes back and forth over it", async () => {
    const recorded = record();
    const { session, shown, steps } = recorded;
    await session.apply([edit("fc6"), edit("fc7")]);
    assert.deepEqual([shown, session.isDirty], [["base fc6 fc7"], true]);
    assert.deepEqual(
      steps.map(({ label }) => label),
      ["apply-many"],
    );
    steps[0]?.undo();
    await settled();
    assert.deepEqual([targets(recorded), session.isDirty, shown.at(-1)], [[], false, "base"]);
    steps[0]?.redo();
    await settled();
    assert.deepEqual([targets(recorded), session.isDirty, shown.at(-1)], [["fc6", "fc7"], true, "base fc6 fc7"]);
  });

  it("shows a prediction first when computing takes a while", async () => {
    const { session, shown } = record(() => new Promise((resolve) => setTimeout(resolve, 400)));
    await session.apply([edit("fc6")]);
    assert.deepEqual(shown, ["base fc6?", "base fc6"]);
  });

  it("is as before when an edit fails, and says why", async () => {
    const recorded = record(() => Promise.reject(new RpcError({ code: "not-applicable", message: "it is no layer" })));
    const { session, shown, steps } = recorded;
    await assert.rejects(session.apply([edit("fc6")]), /it is no layer/);
    assert.deepEqual([targets(recorded), session.isDirty, steps.length, shown.at(-1)], [[], false, 0, "base"]);
    assert.equal(session.state.failure?.message, "it is no layer");
    assert.equal(session.state.computing, null);
  });

  it("is as before when computing is cancelled, which is no failure", async () => {
    const { session, shown, steps } = record(hang);
    const applying = session.apply([edit("fc6")]);
    await settled();
    assert.equal(session.state.computing?.label, "apply fc6");
    session.onProgress(0.5, "products");
    assert.equal(session.state.computing.done, 0.5);
    session.cancel();
    await assert.rejects(applying, /Cancelled/);
    assert.deepEqual([session.state.failure, session.state.computing, steps.length], [null, null, 0]);
    assert.equal(shown.at(-1), "base");
  });

  it("gives up what is being computed when the user undoes meanwhile", async () => {
    let isHanging = false;
    const recorded = record((content, signal) => (isHanging ? hang(content, signal) : Promise.resolve()));
    const { session, steps, shown } = recorded;
    await session.apply([edit("fc6")]);
    isHanging = true;
    const applying = session.apply([edit("fc7")]);
    await settled();
    steps[0]?.undo();
    await assert.rejects(applying, /Cancelled/);
    await settled();
    assert.deepEqual([targets(recorded), steps.length, shown.at(-1)], [[], 1, "base"]);
  });

  it("puts two actions one after the other", async () => {
    const recorded = record(() => settled());
    await Promise.all([recorded.session.apply([edit("fc6")]), recorded.session.apply([edit("fc7")])]);
    assert.deepEqual(targets(recorded), ["fc6", "fc7"]);
    recorded.steps[1]?.undo();
    assert.deepEqual(targets(recorded), ["fc6"]);
  });

  it("is dirty on both sides of what was saved", async () => {
    const { session, steps } = record();
    await session.apply([edit("fc6")]);
    session.markSaved(session.content);
    assert.equal(session.isDirty, false);
    steps[0]?.undo();
    assert.equal(session.isDirty, true);
    session.revert();
    assert.deepEqual([session.isDirty, session.content.edits.length], [false, 1]);
  });

  it("puts its edits on another version of the file, and back", async () => {
    const { session, shown, steps } = record();
    await session.apply([edit("fc6")]);
    await session.rebase("new");
    assert.equal(shown.at(-1), "new fc6");
    steps[1]?.undo();
    await settled();
    assert.equal(shown.at(-1), "base fc6");
  });

  it("keeps a list that its undoing cannot compute, and says why", async () => {
    let isBroken = false;
    const { session, steps } = record(() =>
      isBroken ? Promise.reject(new RpcError({ code: "crashed", message: "out of memory" })) : Promise.resolve(),
    );
    await session.apply([edit("fc6")]);
    await session.apply([edit("fc7")]);
    isBroken = true;
    steps[1]?.undo();
    await settled();
    assert.equal(session.state.failure?.message, "out of memory");
    assert.equal(session.content.edits.length, 1);
  });
});
