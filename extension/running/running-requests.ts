import type { RunningContract } from "../../webview/protocol/running.ts";
import type { Handlers } from "../../webview/protocol/rpc.ts";
import { learnLatencyFromRuns } from "./learn-latency.ts";
import { cleanUpDevice } from "./run-commands.ts";
import type { ModelDocument } from "../editor/model-document.ts";

/** Answers a page's requests about runs from its document. */
export function runningRequests(document: ModelDocument): Handlers<RunningContract> {
  const { runs, devices } = document;
  return {
    watchDevices: () => {
      devices.start();
      return null;
    },
    chooseDevice: async ({ device }) => {
      await devices.choose(device);
      return null;
    },
    setRunOptions: ({ options }) => {
      runs.setOptions(options);
      return null;
    },
    startRun: async () => {
      await runs.start();
      return null;
    },
    sweepThreads: async () => {
      await runs.sweepThreads();
      return null;
    },
    cancelRun: () => {
      runs.cancel();
      return null;
    },
    showRun: ({ run }) => {
      runs.show(run);
      return null;
    },
    deleteRun: async ({ run }) => {
      await runs.delete(run);
      return null;
    },
    listOtherRuns: () => runs.others(),
    readOtherRun: ({ run }) => runs.other(run),
    learnLatency: async () => {
      await learnLatencyFromRuns(document);
      return null;
    },
    cleanUpDevice: async () => {
      await cleanUpDevice(devices, undefined);
      return null;
    },
  };
}
