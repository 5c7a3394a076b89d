import assert from "node:assert/strict";
import type { DownloadReport } from "../../../profiler/views/download-report.ts";
import { RpcError } from "../../../webview/protocol/rpc.ts";
import { DownloadClient } from "../../../webview/state/download-client.ts";
import { cellTip, PAGE_COLUMNS } from "../../../webview/table/page-columns.ts";
import { shownColumns } from "../../../webview/table/column-layout.ts";
import { layerRow, TOTALS } from "./profiles.ts";

const REPORT: DownloadReport = { fileBytes: 1234, layers: [1000, null] };

interface Answer {
  readonly resolve: (report: DownloadReport) => void;
  readonly reject: (error: RpcError) => void;
}

/** What the host is asked, and answers when the test wants. */
function asked() {
  const questions: { readonly revision: number; readonly signal: AbortSignal }[] = [];
  const answers: Answer[] = [];
  const client = new DownloadClient((revision, signal) => {
    questions.push({ revision, signal });
    return new Promise((resolve, reject) => answers.push({ resolve, reject }));
  });
  client.show(1);
  return { client, questions, answers };
}

describe("The download of the shown revision", () => {
  it("is asked for when the user wants it, once, and kept", async () => {
    const { client, questions, answers } = asked();
    assert.equal(questions.length, 0, "not when the model is merely opened");
    const started = client.start(1);
    void client.start(1);
    client.onProgress(0.25);
    assert.deepEqual([client.state.value.isRunning, client.state.value.done], [true, 0.25]);
    answers[0]?.resolve(REPORT);
    await started;
    await client.start(1);
    assert.equal(questions.length, 1);
    const { isRunning, report, failure } = client.state.value;
    assert.deepEqual([isRunning, report, failure], [false, REPORT, null]);
  });

  it("is given up by the user and by another revision; what comes of it then is dropped", async () => {
    const { client, questions, answers } = asked();
    for (const giveUp of [() => client.cancel(), () => client.show(2)]) {
      const started = client.start(client.state.value.revision);
      giveUp();
      assert.equal(questions.at(-1)?.signal.aborted, true);
      answers.at(-1)?.resolve(REPORT);
      await started;
      const { isRunning, report } = client.state.value;
      assert.deepEqual([isRunning, report], [false, null]);
    }
    assert.equal(client.state.value.revision, 2);
  });

  it("says why there is none, and can be asked for again", async () => {
    const { client, questions, answers } = asked();
    const started = client.start(1);
    answers[0]?.reject(new RpcError({ code: "format", message: "weights.bin is not there" }));
    await started;
    assert.equal(client.state.value.failure?.message, "weights.bin is not there");
    void client.start(1);
    assert.equal(questions.length, 2);
  });

  it("is there at once where the host has kept it", () => {
    const { client } = asked();
    client.show(3, REPORT);
    assert.equal(client.state.value.report, REPORT);
  });
});

describe("The table's column of downloads", () => {
  const column = PAGE_COLUMNS.find(({ id }) => id === "download");

  it("stands beside what is stored, and is hidden until it is chosen", () => {
    const ids = PAGE_COLUMNS.map(({ id }) => id);
    assert.equal(ids.indexOf("download"), ids.indexOf("weightBytes") + 1);
    assert.ok(!shownColumns({ columns: null }).some(({ id }) => id === "download"));
  });

  it("says that it is computed on demand, and then what it is", () => {
    assert.ok(column);
    const tip = (fields: Parameters<typeof layerRow>[1]): string =>
      cellTip(column, { kind: "layer", id: "#0", layer: layerRow(0, fields), module: "" }, TOTALS);
    assert.match(tip({}), /^Computed on demand/);
    assert.equal(tip({ weightBytes: 0 }), "");
    assert.equal(tip({ downloadBytes: 1500 }), "Download: 1,500 bytes");
  });
});
