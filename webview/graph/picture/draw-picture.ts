import type { PictureFormat, SavedPicture } from "../../protocol/page.ts";
import type { Costs } from "../box-cost.ts";
import type { Layout } from "../layout/layout.ts";
import type { Area } from "../viewport.ts";
import { readPalette } from "./palette.ts";
import { pngPicture } from "./png-picture.ts";
import { svgPicture } from "./svg-picture.ts";

/**
 * @param area what of the graph; null for all of it
 * @throws {Error} when the picture cannot be drawn
 */
export async function drawPicture(
  layout: Layout,
  costs: Costs,
  area: Area | null,
  format: PictureFormat,
): Promise<SavedPicture> {
  const drawn = area ?? { x: 0, y: 0, width: layout.width, height: layout.height };
  const svg = svgPicture(layout, costs, drawn, readPalette());
  const bytes = format === "svg" ? new TextEncoder().encode(svg) : await pngPicture(svg, drawn);
  return { format, bytes };
}
