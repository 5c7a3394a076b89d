import assert from "node:assert/strict";
import {
  fittingChoice,
  gridTemplate,
  isSqueezed,
  moveColumn,
  narrowestTable,
  resizeColumn,
  shownColumns,
  toggleColumn,
  type ColumnChoice,
} from "../../../webview/table/column-layout.ts";

const FEW: ColumnChoice = { columns: ["index", "name", "macs"], widths: {} };
const ids = (choice: ColumnChoice): readonly string[] => shownColumns(choice).map(({ id }) => id);

describe("Columns that the user chooses", () => {
  it("are the usual ones at first", () => assert.equal(ids({ columns: null, widths: {} })[1], "name"));
  it("never lack the one that carries the tree, nor hold unknown ones or one twice", () => {
    assert.deepEqual(ids({ columns: ["macs", "gone", "macs"], widths: {} }), ["name", "macs"]);
    assert.deepEqual(ids(toggleColumn(FEW, "name")), ["index", "name", "macs"]);
  });
  it("come where they are offered, and go", () => {
    assert.deepEqual(ids(toggleColumn(FEW, "op")), ["index", "name", "op", "macs"]);
    assert.deepEqual(ids(toggleColumn(FEW, "notes")), ["index", "name", "macs", "notes"]);
    assert.deepEqual(ids(toggleColumn(FEW, "macs")), ["index", "name"]);
  });
  it("move to another one's place", () => {
    assert.deepEqual(ids(moveColumn(FEW, "index", 2)), ["name", "macs", "index"]);
    assert.deepEqual(ids(moveColumn(FEW, "macs", 0)), ["macs", "index", "name"]);
    assert.equal(moveColumn(FEW, "macs", 3), FEW);
  });
  it("have widths, which can be forgotten", () => {
    const wide = resizeColumn(FEW, "macs", 200.4);
    assert.deepEqual(wide.widths, { macs: 200 });
    assert.match(gridTemplate(wide), / 200px$/);
    assert.ok(narrowestTable(wide) > narrowestTable(FEW));
    assert.deepEqual(resizeColumn(wide, "macs", undefined).widths, {});
    assert.deepEqual(resizeColumn(FEW, "macs", 1).widths, { macs: 40 });
  });
  it("give way where the table is narrow, costs last, unless the user has chosen", () => {
    const untouched: ColumnChoice = { columns: null, widths: { name: 900 } };
    assert.equal(fittingChoice(untouched, 2000), untouched);
    assert.equal(fittingChoice(FEW, 100), FEW);
    const widest = narrowestTable({ columns: null, widths: {} });
    assert.deepEqual(
      ids(fittingChoice(untouched, widest - 1)),
      ids(untouched).filter((id) => id !== "shape"),
    );
    assert.deepEqual(ids(fittingChoice(untouched, 100)), ["name", "macs", "energy", "latency"]);
  });
  it("are as wide as what the model's texts ask for, names before all others", () => {
    const usual: ColumnChoice = { columns: null, widths: {} };
    const width = narrowestTable(usual);
    const needs = { name: 220, op: 150 };
    const fitting = fittingChoice(usual, width, false, needs);
    assert.ok(!ids(fitting).includes("shape") && ids(fitting).includes("name"));
    assert.ok(narrowestTable(fitting, needs) <= width);
    assert.match(gridTemplate(FEW, needs), /minmax\(220px, 5fr\)/);
    assert.match(gridTemplate({ ...FEW, widths: { name: 90 } }, needs), / 90px /, "the user's own width counts");
  });
  it("are squeezed when one is narrower than what it holds", () => {
    assert.equal(isSqueezed(FEW), false);
    assert.equal(isSqueezed(resizeColumn(FEW, "macs", 50)), true);
  });
  it("fill the table even when none of them stretches", () => {
    assert.equal(gridTemplate({ columns: ["index", "name"], widths: { name: 200 } }), "38px minmax(200px, 1fr)");
  });
});
