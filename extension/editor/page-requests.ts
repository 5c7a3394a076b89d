import { RpcError, type Handlers } from "../../webview/rpc.ts";
import type { HostContract } from "../../webview/protocol.ts";
import type { EditingStart } from "../../webview/protocol-editing.ts";

export const EDITING_START: EditingStart = {
  document: { edits: [], isDirty: false, refusal: null, computing: null, failure: null },
  calibration: { spec: {}, description: "", isRandom: true, hasLabels: false },
  fit: null,
  part: null,
};

const refuse = (): never => {
  throw new RpcError({ code: "internal", message: "Editing is being built." });
};

export const EDITING_REQUESTS = {
  suggest: refuse,
  predict: refuse,
  tryEdits: refuse,
  applyEdits: refuse,
  applyAllExact: refuse,
  changeEdits: refuse,
  cancelComputing: refuse,
  startFit: refuse,
  cancelFit: refuse,
  setCalibration: refuse,
  calibrationPreview: refuse,
  baseProfile: refuse,
} satisfies Partial<Handlers<HostContract>>;
