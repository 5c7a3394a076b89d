import assert from "node:assert/strict";
import { columnOf } from "../../../../profiler/columns.ts";
import { linksOf } from "../../../../profiler/views/graph-links.ts";
import { allOpen, outlineOf } from "../../../../profiler/views/graph-outline.ts";
import { costsOf } from "../../../../webview/graph/box-cost.ts";
import { layOut, noContents } from "../../../../webview/graph/layout/lay-out.ts";
import { layoutOf, pictureTask } from "../../../../webview/graph/layout/picture-task.ts";
import { pngScale } from "../../../../webview/graph/picture/png-picture.ts";
import { svgPicture, type Palette } from "../../../../webview/graph/picture/svg-picture.ts";
import { layerProfile, profileOf, TOTALS } from "../../../builders/profile-builder.ts";

const PALETTE: Palette = {
  background: "#ffffff",
  text: "#000000",
  muted: "#444444",
  line: "#333333",
  border: "#888888",
  cost: "#ddaa00",
  font: '"Segoe UI", sans-serif',
  boxOf: (heat) => (heat > 0 ? "#ffeeaa" : "#eeeeee"),
};

const HOSTILE = '<script>"&\u0000';

function pictureOf(part: "all" | "top"): string {
  const { layers } = profileOf([
    layerProfile("stem"),
    layerProfile(HOSTILE, { path: ["block"] }),
    layerProfile("last", { path: ["block"], op: "A very long name of an operator of somebody's own" }),
  ]);
  const edges = [0, 1].map((from) => ({ from, output: 0, to: from + 1 }));
  const structure = { edges, inputs: [], outputs: [] };
  const outline = outlineOf(layers, structure);
  const task = pictureTask(outline, allOpen(outline), linksOf(outline, allOpen(outline), layers, structure), "DOWN");
  const layout = layoutOf(task, layOut(task.task, noContents()));
  const macs = columnOf("macs");
  assert.ok(macs);
  const area = { x: 0, y: 0, width: layout.width, height: part === "all" ? layout.height : 40 };
  return svgPicture(layout, costsOf(layout, macs, TOTALS), area, PALETTE);
}

describe("A picture of the graph as SVG", () => {
  it("has every box with its words, frames and links, and no name becomes markup", () => {
    const svg = pictureOf("all");
    assert.equal(svg.match(/<path d="M\d/g)?.length, 1 + 2, "two links and the arrow's own");
    assert.equal(svg.match(/stroke-dasharray/g)?.length, 1);
    assert.ok(svg.includes(">block</text>") && svg.includes(">stem</text>"));
    assert.doesNotMatch(svg, /<script|\u0000/);
    assert.match(svg, />&lt;script&gt;&quot;&amp;</);
    assert.match(svg, />A very long [^<]*…</);
    const opened = svg.match(/<(?!\/)[a-z]+[^>]*[^/]>/g)?.length;
    assert.equal(opened, svg.match(/<\/[a-z]+>/g)?.length, "every element is closed");
  });

  it("of what is in sight has nothing else", () => {
    const svg = pictureOf("top");
    assert.ok(svg.includes(">stem</text>") && !svg.includes(">block</text>"));
    assert.match(svg, /^<svg [^>]*height="40"/);
  });
});

describe("A picture of the graph as PNG", () => {
  it("is twice as large as the page shows it, as far as a canvas goes", () => {
    assert.equal(pngScale({ width: 800, height: 600 }), 2);
    assert.ok(48_000 * pngScale({ width: 1400, height: 48_000 }) <= 32_000);
    assert.ok(90e6 * pngScale({ width: 9000, height: 10_000 }) ** 2 <= 64e6 + 1);
  });
});
