// The icon font with the outlines of a few glyphs only: a page loads the font before its first paint, and VS Code's holds five hundred.
// Tables as in https://learn.microsoft.com/typography/opentype/spec/otff; glyphs keep their numbers, so that all tables but two stay as they are.

/** Flags of a component of a composite glyph (table glyf). */
const WORDS = 0x1;
const SCALE = 0x8;
const MORE = 0x20;
const TWO_SCALES = 0x40;
const MATRIX = 0x80;

const CHECKSUM_OF_FONT = 0xb1b0afba;

/**
 * @param font bytes of a TrueType font
 * @param characters code points whose outlines stay
 * @returns the font's bytes, in which other glyphs are empty
 * @throws {Error} when the font is not one whose tables we know
 */
export function withGlyphs(font, characters) {
  const tables = tablesOf(font);
  const [head, maxp, cmap, loca, glyf] = ["head", "maxp", "cmap", "loca", "glyf"].map((tag) => {
    const table = tables.get(tag);
    if (!table) throw new Error(`The icon font has no table ${tag}: icon-font.mjs expects TrueType outlines.`);
    return table;
  });
  const isLong = head.readInt16BE(50) === 1;
  const offsetOf = (glyph) => (isLong ? loca.readUInt32BE(4 * glyph) : 2 * loca.readUInt16BE(2 * glyph));
  const outlineOf = (glyph) => glyf.subarray(offsetOf(glyph), offsetOf(glyph + 1));
  const kept = withComponents(new Set([0, ...characters.map((character) => glyphOf(cmap, character))]), outlineOf);

  const places = Buffer.alloc(loca.length);
  const outlines = [];
  let end = 0;
  for (let glyph = 0; glyph <= maxp.readUInt16BE(4); glyph++) {
    if (isLong) places.writeUInt32BE(end, 4 * glyph);
    else places.writeUInt16BE(end / 2, 2 * glyph);
    if (!kept.has(glyph)) continue;
    const outline = padded(outlineOf(glyph));
    outlines.push(outline);
    end += outline.length;
  }
  tables.set("loca", places).set("glyf", Buffer.concat(outlines));
  const post = tables.get("post");
  if (post) tables.set("post", withoutNames(post));
  return fontOf(tables);
}

function tablesOf(font) {
  const tables = new Map();
  for (let place = 0; place < font.readUInt16BE(4); place++) {
    const entry = 12 + 16 * place;
    const start = font.readUInt32BE(entry + 8);
    tables.set(font.toString("latin1", entry, entry + 4), font.subarray(start, start + font.readUInt32BE(entry + 12)));
  }
  return tables;
}

/** By the subtable of format 4, which every font for Windows has. */
function glyphOf(cmap, character) {
  for (let place = 0; place < cmap.readUInt16BE(2); place++) {
    const table = cmap.subarray(cmap.readUInt32BE(8 + 8 * place));
    if (table.readUInt16BE(0) !== 4) continue;
    const doubled = table.readUInt16BE(6);
    for (let segment = 0; segment < doubled; segment += 2) {
      const last = table.readUInt16BE(14 + segment);
      const first = table.readUInt16BE(16 + doubled + segment);
      if (character < first || character > last) continue;
      const delta = table.readUInt16BE(16 + 2 * doubled + segment);
      const range = 16 + 3 * doubled + segment;
      const offset = table.readUInt16BE(range);
      if (offset === 0) return (character + delta) & 0xffff;
      const glyph = table.readUInt16BE(range + offset + 2 * (character - first));
      if (glyph !== 0) return (glyph + delta) & 0xffff;
    }
  }
  throw new Error(`The icon font has no glyph for ${character.toString(16)}.`);
}

/** With the glyphs that composite ones are made of. */
function withComponents(glyphs, outlineOf) {
  for (const glyph of glyphs) {
    const outline = outlineOf(glyph);
    if (outline.length === 0 || outline.readInt16BE(0) >= 0) continue;
    for (let [at, flags] = [10, MORE]; flags & MORE;) {
      flags = outline.readUInt16BE(at);
      glyphs.add(outline.readUInt16BE(at + 2));
      at += 4 + (flags & WORDS ? 4 : 2) + (flags & SCALE ? 2 : flags & TWO_SCALES ? 4 : flags & MATRIX ? 8 : 0);
    }
  }
  return glyphs;
}

/** Names of glyphs are for those who make fonts: version 3 of the table has none. */
function withoutNames(post) {
  const bare = Buffer.from(post.subarray(0, 32));
  bare.writeUInt32BE(0x00030000, 0);
  return bare;
}

function fontOf(tables) {
  const entries = [...tables].sort(([a], [b]) => (a < b ? -1 : 1));
  const exponent = Math.floor(Math.log2(entries.length));
  const header = Buffer.alloc(12 + 16 * entries.length);
  header.writeUInt32BE(0x00010000, 0);
  header.writeUInt16BE(entries.length, 4);
  header.writeUInt16BE(16 * 2 ** exponent, 6);
  header.writeUInt16BE(exponent, 8);
  header.writeUInt16BE(16 * (entries.length - 2 ** exponent), 10);
  const head = Buffer.from(tables.get("head"));
  head.writeUInt32BE(0, 8);
  let end = header.length;
  const bodies = entries.map(([tag, table], place) => {
    const body = tag === "head" ? head : padded(table);
    const entry = 12 + 16 * place;
    header.write(tag, entry, "latin1");
    header.writeUInt32BE(sumOf(padded(body)), entry + 4);
    header.writeUInt32BE(end, entry + 8);
    header.writeUInt32BE(table.length, entry + 12);
    end += padded(body).length;
    return body;
  });
  const sum = [header, ...bodies].reduce((total, part) => (total + sumOf(padded(part))) >>> 0, 0);
  head.writeUInt32BE((CHECKSUM_OF_FONT - sum) >>> 0, 8);
  return Buffer.concat([header, ...bodies.map(padded)]);
}

function padded(bytes) {
  return bytes.length % 4 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(4 - (bytes.length % 4))]);
}

function sumOf(bytes) {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0;
  return sum;
}
