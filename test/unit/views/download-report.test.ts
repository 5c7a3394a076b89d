import assert from "node:assert/strict";
import { FileSource } from "../../../profiler/bytes/file-source.ts";
import { formatCell } from "../../../profiler/columns.ts";
import { DEFAULT_HARDWARE } from "../../../profiler/hardware/hardware.ts";
import { applyEdit, predictEdit } from "../../../profiler/editing/apply.ts";
import { parseEdit } from "../../../profiler/editing/edit.ts";
import { downloadBytesOf } from "../../../profiler/formats/download.ts";
import { readModel } from "../../../profiler/formats/formats.ts";
import type { Model } from "../../../profiler/model/model.ts";
import { LoweringError } from "../../../profiler/neutral/lowering-error.ts";
import { analyseModel, costModel } from "../../../profiler/profile-model.ts";
import type { LayerProfile } from "../../../profiler/profile.ts";
import { DOWNLOAD_COLUMN, withDownloads } from "../../../profiler/views/download-column.ts";
import { downloadReport } from "../../../profiler/views/download-report.ts";
import { parseFilter } from "../../../profiler/views/filter-expression.ts";
import { sumOf } from "../../../profiler/views/module-tree.ts";
import { sumValue } from "../../../profiler/views/sum-columns.ts";
import { weightReports } from "../../../profiler/views/weight-report.ts";
import { layerRow, TOTALS } from "../webview/profiles.ts";
import { noExternalData } from "../zoo/no-external-data.ts";

const QUANTIZE = parseEdit("quantize-weights::bits=4");

async function sample(): Promise<Model> {
  return readModel(await FileSource.open("media/samples/digits_inception.onnx"), noExternalData);
}

function rowsOf(model: Model): readonly LayerProfile[] {
  return costModel(analyseModel(model, {}), DEFAULT_HARDWARE).layers;
}

describe("What a model takes as it is downloaded", () => {
  it("is that of the whole file, and of each row's weights, edited or not", async () => {
    const model = await sample();
    const { after } = await applyEdit(model, QUANTIZE);
    for (const each of [model, after]) {
      const report = await downloadReport(analyseModel(each, {}));
      assert.equal(report.fileBytes, await downloadBytesOf(each));
      const rows = withDownloads(rowsOf(each), report);
      assert.equal(report.layers.length, rows.length);
      // As the command tells it, which names the layers.
      const told = await weightReports(analyseModel(each, {}));
      assert.ok(told.length > 5);
      assert.deepEqual(
        rows.flatMap(({ name, downloadBytes = 0 }) => (downloadBytes === 0 ? [] : [[name, downloadBytes]])),
        told.map(({ layer, downloadBytes }) => [layer, downloadBytes]),
      );
      for (const { weightBytes, downloadBytes } of rows) assert.equal(weightBytes === 0, downloadBytes === 0);
    }
  });

  it("is told as it goes, and ends when it is cancelled, in the file and between two layers", async () => {
    const analysed = analyseModel(await sample(), {});
    const told: number[] = [];
    await downloadReport(analysed, { onProgress: (done) => told.push(done) });
    assert.deepEqual(
      told,
      told.toSorted((a, b) => a - b),
    );
    assert.equal(told.at(-1), 1);
    for (const limit of [0, 0.6]) {
      const cancelling = new AbortController();
      const onProgress = (done: number): void => {
        if (done > limit) cancelling.abort(new Error("enough"));
      };
      await assert.rejects(downloadReport(analysed, { signal: cancelling.signal, onProgress }), /enough/);
    }
  });

  it("is none of a prediction, whose weights have no numbers", async () => {
    const predicted = await predictEdit(await sample(), QUANTIZE);
    assert.ok(predicted);
    await assert.rejects(downloadReport(analyseModel(predicted, {})), LoweringError);
  });
});

describe("The column of downloads", () => {
  const rows = [layerRow(0), layerRow(1), layerRow(2)];
  const known = withDownloads(rows, { fileBytes: 5000, layers: [1500, 0, null] });
  const cells = (layers: readonly LayerProfile[]) => layers.map((layer) => DOWNLOAD_COLUMN.value(layer, TOTALS));

  it("is unknown until it is computed, of rows and of what they add up to", () => {
    assert.deepEqual(cells(rows), [null, null, null]);
    assert.equal(sumValue(DOWNLOAD_COLUMN, sumOf(rows), TOTALS), undefined);
  });

  it("tells of each row, adds up, and is filtered by", () => {
    assert.deepEqual(cells(known), [1500, 0, null]);
    assert.equal(formatCell("bytes", sumValue(DOWNLOAD_COLUMN, sumOf(known), TOTALS) ?? null), "1.50 KB");
    const parsed = parseFilter("download>1KB");
    assert.ok(parsed.ok);
    assert.deepEqual(
      known.filter((layer) => parsed.filter(layer, TOTALS)).map(({ index }) => index),
      [0],
    );
  });
});
