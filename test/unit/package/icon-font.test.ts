import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { withGlyphs } from "../../../icon-font.mjs";
import { ROOT } from "../../../install.mjs";

const FONT = readFileSync(join(ROOT, "node_modules/@vscode/codicons/dist/codicon.ttf"));
/** "add" and "close". */
const KEPT = [0xea60, 0xea76];

describe("The icon font", () => {
  const tableOf = (font: Buffer, tag: string): Buffer => {
    const entry = font.indexOf(tag, 12, "latin1");
    const start = font.readUInt32BE(entry + 8);
    return font.subarray(start, start + font.readUInt32BE(entry + 12));
  };
  /** Of each glyph, by the short offsets of the table loca. */
  const outlinesOf = (font: Buffer): readonly Buffer[] => {
    const [loca, glyf] = [tableOf(font, "loca"), tableOf(font, "glyf")];
    const offset = (glyph: number): number => 2 * loca.readUInt16BE(2 * glyph);
    return Array.from({ length: loca.length / 2 - 1 }, (_, glyph) => glyf.subarray(offset(glyph), offset(glyph + 1)));
  };

  it("keeps the outlines of the icons that are named, and of those alone", () => {
    const font = withGlyphs(FONT, KEPT);
    assert.ok(font.length < FONT.length / 5);
    const [all, kept] = [outlinesOf(FONT), outlinesOf(font)];
    assert.equal(kept.length, all.length);
    const filled = kept.flatMap((outline, glyph) => (outline.length > 0 ? [glyph] : []));
    assert.equal(filled.length, KEPT.length);
    for (const glyph of filled) {
      const outline = all[glyph] ?? Buffer.alloc(0);
      assert.deepEqual(kept[glyph]?.subarray(0, outline.length), outline);
    }
  });

  it("sums up to what the format asks for", () => {
    const font = withGlyphs(FONT, KEPT);
    let sum = 0;
    for (let at = 0; at < font.length; at += 4) sum = (sum + font.readUInt32BE(at)) >>> 0;
    assert.equal(sum, 0xb1b0afba);
  });

  it("says which icon it lacks", () => {
    assert.throws(() => withGlyphs(FONT, [0x41]), /no glyph for 41/);
  });
});
