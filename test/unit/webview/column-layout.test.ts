import assert from "node:assert/strict";
import {
  gridTemplate,
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
  it("fill the table even when none of them stretches", () => {
    assert.equal(gridTemplate({ columns: ["index", "name"], widths: { name: 200 } }), "38px minmax(200px, 1fr)");
  });
});
