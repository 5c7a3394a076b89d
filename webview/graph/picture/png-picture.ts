import type { Size } from "../viewport.ts";

/** What Chromium can draw on: https://developer.mozilla.org/docs/Web/HTML/Element/canvas#maximum_canvas_size, with room for its memory. */
const MOST_SIDE = 32_000;
const MOST_PIXELS = 64e6;

/** Sharp when looked at closely. */
const WANTED_SCALE = 2;

/** How large a picture becomes: twice as large where a canvas can hold that, else as large as one can be. */
export function pngScale({ width, height }: Size): number {
  return Math.min(WANTED_SCALE, MOST_SIDE / Math.max(width, height), Math.sqrt(MOST_PIXELS / (width * height)));
}

/** @throws {Error} when the picture cannot be drawn */
export async function pngPicture(svg: string, size: Size): Promise<Uint8Array> {
  const scale = pngScale(size);
  const url = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(size.width * scale));
    canvas.height = Math.max(1, Math.round(size.height * scale));
    canvas.getContext("2d")?.drawImage(image, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
    if (!blob) throw new Error("The picture is too large for a PNG.");
    return new Uint8Array(await blob.arrayBuffer());
  } finally {
    URL.revokeObjectURL(url);
  }
}
