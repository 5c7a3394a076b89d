import { formatCell } from "../../../profiler/columns.ts";
import type { Costs } from "../box-cost.ts";
import { boxText } from "../box-text.ts";
import { linkShapes } from "../GraphLinks.tsx";
import { HEAD_HEIGHT, type Layout, type PlacedBox } from "../layout/layout.ts";
import { linkPath } from "../link-path.ts";
import { meets, type Area } from "../viewport.ts";

/** Colours as every program reads them: "#rrggbb". */
export interface Palette {
  readonly background: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly border: string;
  readonly cost: string;
  readonly font: string;
  readonly boxOf: (heat: number) => string;
}

/** Pixels of a character of each size of text, as wide as most are. */
const TITLE_CHARACTER = 7.4;
const TEXT_CHARACTER = 6.2;
const SIDE = 8;

/** A picture of a part of the graph, as it is on the page: shapes and text, no style sheet and no script. */
export function svgPicture(layout: Layout, costs: Costs, area: Area, palette: Palette): string {
  const { x, y, width, height } = area;
  const boxes = layout.boxes.filter((placed) => meets(placed, area));
  const { background, line, muted } = palette;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${round(width)}" height="${round(height)}" viewBox="${[x, y, width, height].map(round).join(" ")}" font-family="${escape(palette.font)}">`,
    `<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" fill="${line}"/></marker></defs>`,
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${background}"/>`,
    ...boxes.filter(({ isOpen }) => isOpen).map((placed) => frame(placed, palette)),
    `<g fill="none" stroke="${line}" stroke-width="1.2" stroke-opacity="0.6">`,
    ...layout.links
      .filter((link) => meets(link.area, area))
      .map(({ points }) => `<path d="${linkPath(points, layout.direction)}" marker-end="url(#arrow)"/>`),
    "</g>",
    `<g font-size="10" fill="${muted}">`,
    ...linkShapes(layout)
      .filter(({ at }) => meets({ ...at, width: 0, height: 0 }, area))
      .map(({ at, text }) => `<text x="${round(at.x)}" y="${round(at.y)}">${escape(text)}</text>`),
    "</g>",
    ...boxes.map((placed) => boxPicture(placed, costs, palette)),
    "</svg>",
  ].join("\n");
}

function frame({ x, y, width, height }: PlacedBox, { border }: Palette): string {
  return `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="4" fill="none" stroke="${border}" stroke-dasharray="4 3"/>`;
}

function boxPicture(
  { box, x, y, width, height, isOpen, headWidth }: PlacedBox,
  costs: Costs,
  palette: Palette,
): string {
  const { title, name, weights } = boxText(box);
  const cost = costs.of.get(box.id);
  const value = cost ? formatCell(cost.column.unit, cost.value) : "";
  const room = (isOpen ? headWidth : width) - 2 * SIDE;
  const forTitle = cut(title, room - value.length * TEXT_CHARACTER - SIDE, TITLE_CHARACTER);
  const right = round(x + SIDE + room);
  const { text, cost: hue } = palette;
  const words = (place: number, size: number, rest: string, content: string): string =>
    content === ""
      ? ""
      : `<text x="${rest === "" ? round(x + SIDE) : right}" y="${round(y + place)}" font-size="${size}"${rest} fill="${text}">${escape(content)}</text>`;
  const END = ' text-anchor="end"';
  if (isOpen) {
    const beside = round(x + SIDE + forTitle.length * TITLE_CHARACTER + SIDE);
    return (
      `<text x="${round(x + SIDE)}" y="${round(y + HEAD_HEIGHT - 9)}" font-size="13" font-weight="600" fill="${text}">${escape(forTitle)}</text>` +
      `<text x="${beside}" y="${round(y + HEAD_HEIGHT - 9)}" font-size="12" fill="${text}">${escape(value)}</text>`
    );
  }
  const bar =
    cost && cost.heat > 0
      ? `<rect x="${round(x)}" y="${round(y + height - 3)}" width="${round(width * cost.heat)}" height="3" fill="${hue}"/>`
      : "";
  const corner = box.tensor ? height / 2 : 4;
  return [
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" rx="${corner}" fill="${palette.boxOf(cost?.heat ?? 0)}" stroke="${palette.border}"/>`,
    `<text x="${round(x + SIDE)}" y="${round(y + 19)}" font-size="13" font-weight="600" fill="${text}">${escape(forTitle)}</text>`,
    words(19, 12, END, value),
    words(36, 11, "", cut(name, room - weights.length * TEXT_CHARACTER - SIDE, TEXT_CHARACTER)),
    words(36, 11, END, weights),
    bar,
  ].join("");
}

/** Programs that show the picture have other fonts: text is cut where it would leave its box in most. */
function cut(text: string, room: number, character: number): string {
  const most = Math.max(1, Math.floor(room / character));
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

function round(number: number): number {
  return Math.round(10 * number) / 10;
}

/** Names are the file's: characters that XML does not allow at all are left out. */
function escape(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
