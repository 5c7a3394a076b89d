import type { Picture } from "./picture.ts";
import { resized } from "./picture.ts";
import type { ImageFolderSpec } from "./spec.ts";

export type PictureFit = Pick<ImageFolderSpec, "resize" | "crop" | "pad" | "antialias" | "filter">;

/** What YOLO models are given around their pictures. */
const LETTERBOX_GREY = 114;

/**
 * A picture in the size that a model takes.
 *
 * - stretch: to the size, whatever its shape.
 * - crop: as torchvision's Resize and CenterCrop, its shorter side to the size over `crop`, then the middle.
 * - letterbox: as large as fits, in the middle of `pad`.
 */
export function fitted(picture: Picture, height: number, width: number, fit: PictureFit): Picture {
  switch (fit.resize ?? "stretch") {
    case "stretch":
      return resized(picture, height, width, fit);
    case "crop":
      return cropped(picture, height, width, fit);
    case "letterbox":
      return letterboxed(picture, height, width, fit);
  }
}

function cropped(picture: Picture, height: number, width: number, fit: PictureFit): Picture {
  const { crop = 1 } = fit;
  // Whole numbers as torchvision makes them: the shorter side is rounded, the longer one cut.
  const [high, wide] = [Math.round(height / crop), Math.round(width / crop)];
  const byHeight = high / picture.height >= wide / picture.width;
  const scaledHeight = byHeight ? high : Math.max(high, Math.trunc((wide * picture.height) / picture.width));
  const scaledWidth = byHeight ? Math.max(wide, Math.trunc((high * picture.width) / picture.height)) : wide;
  const scaled = resized(picture, scaledHeight, scaledWidth, fit);
  return placed(scaled, -halfOf(scaledHeight - height), -halfOf(scaledWidth - width), height, width, 0);
}

function letterboxed(picture: Picture, height: number, width: number, fit: PictureFit): Picture {
  const scale = Math.min(height / picture.height, width / picture.width);
  const scaledHeight = Math.max(1, Math.round(picture.height * scale));
  const scaledWidth = Math.max(1, Math.round(picture.width * scale));
  const scaled = resized(picture, scaledHeight, scaledWidth, fit);
  const [top, left] = [Math.trunc((height - scaledHeight) / 2), Math.trunc((width - scaledWidth) / 2)];
  return placed(scaled, top, left, height, width, fit.pad ?? LETTERBOX_GREY);
}

/** As Python rounds a half: to the even number. */
function halfOf(size: number): number {
  const half = size / 2;
  return half % 1 === 0 ? half : 2 * Math.round(half / 2);
}

/** A picture with its corner at a place of another size, cut where it stands over, `pad` where it is not. */
function placed(picture: Picture, top: number, left: number, height: number, width: number, pad: number): Picture {
  const { channels } = picture;
  const data = new Float32Array(height * width * channels).fill(pad);
  for (let row = Math.max(0, top); row < Math.min(height, top + picture.height); row += 1) {
    const from = Math.max(0, left);
    const end = Math.min(width, left + picture.width);
    const start = ((row - top) * picture.width + from - left) * channels;
    data.set(picture.data.subarray(start, start + (end - from) * channels), (row * width + from) * channels);
  }
  return { width, height, channels, data };
}
