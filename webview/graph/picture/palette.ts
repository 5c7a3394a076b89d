import { heated, readColours } from "../graph-colours.ts";
import type { Palette } from "./svg-picture.ts";

/** The page's colours as "#rrggbb": what they look like on the page's background, of which a file knows nothing. */
export function readPalette(): Palette {
  const colours = readColours();
  const solid = solidColours(colours.background);
  return {
    background: solid(colours.background),
    text: solid(colours.text),
    muted: solid(colours.muted),
    line: solid(colours.line),
    border: solid(colours.border),
    cost: solid(colours.cost),
    font: colours.font,
    boxOf: (heat) => solid(heated(colours, heat)),
  };
}

/** The browser mixes: whatever a style sheet may say of a colour becomes one pixel. */
function solidColours(background: string): (colour: string) => string {
  const canvas = new OffscreenCanvas(1, 1);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  return (colour) => {
    if (!context) return colour;
    for (const fill of [background, colour]) {
      context.fillStyle = fill;
      context.fillRect(0, 0, 1, 1);
    }
    const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
    return `#${[red, green, blue].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
  };
}
