import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode as encodePng } from "fast-png";
import jpeg from "jpeg-js";
import { CalibrationError } from "../../../profiler/errors.ts";
import { decodePicture, resized, withChannels, type Picture } from "../../../profiler/calibration/picture.ts";
import { openSamples, type SampleSet } from "../../../profiler/calibration/sample-set.ts";
import type { ImageFolderSpec } from "../../../profiler/calibration/spec.ts";
import type { Port } from "../../../profiler/runtime/session.ts";
import { temporaryFolder } from "../cli/run-cli.ts";
import { valuesOf } from "./tiny-models.ts";

const NHWC: Port = { name: "x", dataType: "uint8", shape: ["n", 1, 2, 3] };
const NCHW: Port = { name: "x", dataType: "float32", shape: ["n", 3, 1, 2] };

/** Red, then blue. */
const RED_BLUE = encodePng({ width: 2, height: 1, channels: 3, depth: 8, data: Uint8Array.of(255, 0, 0, 0, 0, 255) });

const grey = (width: number, height: number, data: readonly number[]): Picture => ({
  width,
  height,
  channels: 1,
  data: Float32Array.from(data),
});

describe("Decoding pictures", () => {
  const png = (channels: number, depth: 1 | 2 | 4 | 8 | 16, data: Uint8Array | Uint16Array): Picture =>
    decodePicture("p.png", encodePng({ width: 2, height: 1, channels, depth, data }));

  it("reads PNG of every depth and kind as 0 to 255", () => {
    assert.deepEqual([...png(1, 8, Uint8Array.of(7, 255)).data], [7, 255]);
    assert.deepEqual([...png(1, 16, Uint16Array.of(0, 65535)).data], [0, 255]);
    assert.deepEqual([...png(2, 8, Uint8Array.of(7, 0, 9, 255)).data], [7, 9]);
    assert.deepEqual([...png(4, 8, Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 255)).data], [1, 2, 3, 4, 5, 6]);
    const bits = withChannels(png(1, 1, Uint8Array.of(0b01000000)), 1);
    assert.deepEqual([...bits.data].map(Math.round), [0, 255]);
  });

  it("reads JPEG", () => {
    const { data } = jpeg.encode({ width: 8, height: 8, data: Buffer.alloc(8 * 8 * 4, 200) }, 100);
    const picture = decodePicture("p.jpg", data);
    assert.deepEqual([picture.width, picture.height, picture.channels], [8, 8, 3]);
    for (const value of picture.data) assert.ok(Math.abs(value - 200) <= 2);
  });

  it("refuses what is no picture, broken, or far too large", () => {
    const fails = (bytes: Uint8Array, message: RegExp): void =>
      assert.throws(
        () => decodePicture("p.png", bytes),
        (error) => error instanceof CalibrationError && message.test(error.message),
      );
    fails(Buffer.from("GIF89a"), /p\.png: expected a PNG or JPEG picture/);
    fails(RED_BLUE.subarray(0, 40), /cannot be decoded/);
    const huge = Uint8Array.from(RED_BLUE);
    huge.fill(0x7f, 16, 24);
    fails(huge, /more than 200 million pixels/);
  });

  it("makes grey of colours and colours of grey", () => {
    const colours: Picture = { width: 1, height: 1, channels: 3, data: Float32Array.of(100, 200, 50) };
    assert.ok(Math.abs((withChannels(colours, 1).data[0] ?? 0) - (29.9 + 117.4 + 5.7)) < 1e-4);
    assert.deepEqual([...withChannels(grey(2, 1, [3, 4]), 3).data], [3, 3, 3, 4, 4, 4]);
  });
});

describe("Stretching pictures", () => {
  it("interpolates between pixel centres", () => {
    assert.deepEqual([...resized(grey(2, 1, [0, 100]), 1, 4).data], [0, 25, 75, 100]);
    assert.deepEqual([...resized(grey(1, 2, [0, 100]), 4, 1).data], [0, 25, 75, 100]);
  });

  it("takes the mean of what falls into one pixel", () => {
    const { data } = resized(grey(4, 2, [0, 100, 0, 100, 100, 0, 100, 0]), 1, 1);
    assert.ok(Math.abs((data[0] ?? 0) - 50) < 1e-4);
  });

  it("keeps even areas even, and pictures of the size as they are", () => {
    const even = resized(grey(5, 7, Array<number>(35).fill(9)), 3, 4);
    assert.deepEqual([even.width, even.height, [...even.data].map(Math.fround)], [4, 3, Array<number>(12).fill(9)]);
    const picture = grey(2, 1, [1, 2]);
    assert.equal(resized(picture, 1, 2), picture);
  });
});

describe("Folders of images as samples", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  before(async () => {
    folder = await temporaryFolder();
    await mkdir(join(folder.path, "plain"));
    for (const name of ["p10.png", "p9.PNG", "notes.txt"]) await writeFile(join(folder.path, "plain", name), RED_BLUE);
    for (const name of ["classes/dog", "classes/cat", "numbers/10", "numbers/7", "empty"])
      await mkdir(join(folder.path, name), { recursive: true });
    for (const name of [
      "classes/dog/a.png",
      "classes/cat/b.png",
      "classes/cat/c.png",
      "numbers/10/a.png",
      "numbers/7/a.png",
    ])
      await writeFile(join(folder.path, name), RED_BLUE);
  });
  after(() => folder.remove());

  async function use<T>(
    name: string,
    port: Port,
    look: (samples: SampleSet) => T | Promise<T>,
    spec: Partial<ImageFolderSpec> = {},
  ): Promise<T> {
    const inputs = { "": { kind: "images", path: join(folder.path, name), ...spec } as const };
    const samples = await openSamples({ inputs }, [port]);
    try {
      return await look(samples);
    } finally {
      await samples.close();
    }
  }

  const first = (port: Port, spec: Partial<ImageFolderSpec> = {}): Promise<readonly number[]> =>
    use("plain", port, async (samples) => valuesOf((await samples.batch(0, 1)).inputs.x), spec);

  it("stand as the input has them: layout, order of channels, bytes or [0, 1]", async () => {
    assert.deepEqual(await first(NHWC), [255, 0, 0, 0, 0, 255]);
    assert.deepEqual(await first(NHWC, { channels: "bgr" }), [0, 0, 255, 255, 0, 0]);
    assert.deepEqual(await first(NCHW), [1, 0, 0, 0, 0, 1]);
    const normal = { mean: [0.5, 0, 0], std: [0.5, 1, 0.25] };
    assert.deepEqual(await first(NCHW, normal), [1, -1, 0, 0, 0, 4]);
    assert.deepEqual(await first({ ...NCHW, shape: ["n", 3, "h", "w"] }, { size: [1, 2] }), [1, 0, 0, 0, 0, 1]);
  });

  it("have their class in their folder's name", async () => {
    const labels = (name: string): Promise<readonly number[] | undefined> =>
      use(name, NCHW, async (samples) => (await samples.batch(0, samples.count)).labels);
    assert.deepEqual(await labels("classes"), [0, 0, 1]);
    assert.deepEqual(await labels("numbers"), [7, 10]);
    assert.equal(await labels("plain"), undefined);
    assert.equal(await use("plain", NCHW, ({ count }) => count), 2);
  });

  it("say what they lack", async () => {
    const fails = (name: string, port: Port, message: RegExp): Promise<void> =>
      assert.rejects(
        use(name, port, () => undefined),
        (error) => error instanceof CalibrationError && message.test(error.message),
      );
    await fails("empty", NCHW, /expected PNG or JPEG pictures/);
    await fails("none", NCHW, /expected a folder of pictures/);
    await fails("plain", { ...NCHW, shape: ["n", 10] }, /pictures do not fit input "x", which takes float32 N×10/);
    await fails("plain", { ...NCHW, shape: ["n", 3, "h", "w"] }, /expected a height and width/);
  });
});
