import type { EditingContract, EditingStart } from "../../webview/protocol/editing.ts";
import type { Handlers } from "../../webview/protocol/rpc.ts";
import type { ModelDocument } from "./model-document.ts";

/** What a page hears of editing when it starts. */
export function editingStart({ editing, calibration, fit, sensitivity }: ModelDocument): EditingStart {
  const [found, bears] = [fit.task.state, sensitivity.task.state];
  return { document: editing.state, calibration: calibration.state, fit: found, sensitivity: bears };
}

/** Answers a page's requests about editing from its document. */
export function editingRequests(document: ModelDocument): Handlers<EditingContract> {
  const done = async (work: Promise<void>): Promise<null> => {
    await work;
    return null;
  };
  return {
    suggest: ({ revision, isWholeModel, measures }, signal) => {
      if (isWholeModel === true) return document.suggest(revision, signal, { isWholeModel });
      const { spec } = document.calibration;
      return document.suggest(revision, signal, measures === true ? { calibration: spec } : { tells: revision });
    },
    predict: ({ revision, edit }, signal) => document.predict(revision, edit, signal),
    tryEdits: ({ revision, edits }, signal) => document.tryEdits(revision, edits, signal),
    applyEdits: ({ edits }) => done(document.applyEdits(edits)),
    applyAllExact: async (_params, signal) => ({ applied: await document.applyAllExact(signal) }),
    changeEdits: ({ edits }) => done(document.changeEdits(edits)),
    cancelComputing: () => {
      document.editing.cancel();
      return null;
    },
    stopTraining: () => done(document.learned.stopTraining()),
    startFit: (start) => {
      void document.fit.start(start);
      return null;
    },
    cancelFit: () => {
      document.fit.task.cancel();
      return null;
    },
    startSensitivity: () => {
      void document.sensitivity.start();
      return null;
    },
    cancelSensitivity: () => {
      document.sensitivity.task.cancel();
      return null;
    },
    setCalibration: ({ spec }) => done(document.calibration.choose(spec ?? undefined)),
    calibrationPreview: ({ count }, signal) =>
      document.engines.quick.request(
        "preview",
        { request: document.baseRequest(), calibration: document.calibration.spec, count },
        signal,
      ),
    baseProfile: ({ revision }) => document.baseProfile(revision),
  };
}
