import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { encode as encodePng } from "fast-png";
import { CalibrationError } from "../../../profiler/errors.ts";
import { decodePicture } from "../../../profiler/calibration/decode-picture.ts";
import { ycckToCmyk } from "../../../profiler/calibration/deep-jpeg.ts";
import { describeFolders } from "../../../profiler/calibration/describe-folders.ts";
import { fitted } from "../../../profiler/calibration/fit-picture.ts";
import { jpegFrameOf } from "../../../profiler/calibration/jpeg-frame.ts";
import { resized, withChannels, type Picture } from "../../../profiler/calibration/picture.ts";
import { openSamples, type SampleSet } from "../../../profiler/calibration/sample-set.ts";
import type { ImageFolderSpec } from "../../../profiler/calibration/spec.ts";
import type { Port } from "../../../profiler/tensors/port.ts";
import { skip } from "../../skip.ts";
import { cliProgram, ROOT } from "../cli/cli-program.ts";
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

/** Pictures, and what Pillow reads of them as RGB. */
const PICTURES = join(import.meta.dirname, "../../data/pictures");
const PILLOW = JSON.parse(readFileSync(join(PICTURES, "pillow.json"), "utf8")) as {
  readonly pictures: Readonly<
    Record<string, { readonly width: number; readonly height: number; readonly rgb: string }>
  >;
  /** Of decoders that round otherwise; of HEIC it is libheif's own numbers. */
  readonly close: Readonly<Record<string, { readonly width: number; readonly height: number; readonly rgb: string }>>;
  /** Which Pillow refuses: of what libjpeg-turbo 3.1 says, as Pillow brings 4095 to 255. */
  readonly deep: Readonly<Record<string, { readonly width: number; readonly height: number; readonly rgb: string }>>;
  readonly resizes: Readonly<Record<string, string>>;
};

const decoded = async (name: string, isUpright?: boolean): Promise<Picture> =>
  decodePicture(name, await readFile(join(PICTURES, name)), isUpright);

/** With another byte in the frame's header: 5 and 7 begin height and width, 9 is the number of components. */
function withFrame(bytes: Uint8Array, place: number, value: number): Uint8Array {
  const changed = Buffer.from(bytes);
  const at = [0xc1, 0xc2, 0xc3].map((marker) => changed.indexOf(Buffer.of(0xff, marker))).find((found) => found >= 0);
  changed[(at ?? 0) + place] = value;
  return changed;
}

describe("Decoding pictures", () => {
  const png = (channels: number, depth: 1 | 2 | 4 | 8 | 16, data: Uint8Array | Uint16Array): Promise<Picture> =>
    decodePicture("p.png", encodePng({ width: 2, height: 1, channels, depth, data }));

  it("reads PNG of every depth and kind as 0 to 255", async () => {
    assert.deepEqual([...(await png(1, 8, Uint8Array.of(7, 255))).data], [7, 255]);
    assert.deepEqual([...(await png(1, 16, Uint16Array.of(0, 65535))).data], [0, 255]);
    assert.deepEqual([...(await png(2, 8, Uint8Array.of(7, 0, 9, 255))).data], [7, 9]);
    assert.deepEqual([...(await png(4, 8, Uint8Array.of(1, 2, 3, 0, 4, 5, 6, 255))).data], [1, 2, 3, 4, 5, 6]);
    const bits = withChannels(await png(1, 1, Uint8Array.of(0b01000000)), 1);
    assert.deepEqual([...bits.data], [0, 255]);
  });

  for (const [name, { width, height, rgb }] of Object.entries({ ...PILLOW.pictures, ...PILLOW.deep })) {
    it(`reads ${name} as Pillow or libjpeg-turbo 3 does, to the same numbers`, async () => {
      const picture = withChannels(await decoded(name, false), 3);
      assert.deepEqual([picture.width, picture.height], [width, height]);
      assert.deepEqual(Buffer.from(picture.data).toString("base64"), rgb);
    });
  }

  for (const [name, { width, height, rgb }] of Object.entries(PILLOW.close)) {
    it(`reads ${name}, to rounding`, async () => {
      const picture = await decoded(name);
      assert.deepEqual([picture.width, picture.height, picture.channels], [width, height, 3]);
      const expected = Buffer.from(rgb, "base64");
      assert.equal(picture.data.length, expected.length);
      picture.data.forEach((value, place) => assert.ok(Math.abs(value - (expected[place] ?? NaN)) <= 1));
    });
  }

  it("turns a picture as its camera notes, unless that is off", async () => {
    const [turned, stored] = [await decoded("exif6.jpg"), await decoded("exif6.jpg", false)];
    assert.deepEqual([turned.width, turned.height], [stored.height, stored.width]);
    // A quarter to the right: the left column, from below, is the upper row.
    const pixel = ({ data, width }: Picture, x: number, y: number): number => data[(y * width + x) * 3] ?? -1;
    for (let x = 0; x < turned.width; x += 1)
      assert.equal(pixel(turned, x, 0), pixel(stored, 0, stored.height - 1 - x));
  });

  it("turns a JPEG of 12 bits as its camera notes too", async () => {
    const exif = await readFile(join(PICTURES, "exif6.jpg"));
    const notes = jpegFrameOf(exif)?.notes ?? [];
    const deep = await readFile(join(PICTURES, "12bit-420.jpg"));
    const noted = Buffer.concat([deep.subarray(0, 2), ...notes, deep.subarray(2)]);
    const [turned, stored] = [await decodePicture("p.jpg", noted), await decodePicture("p.jpg", noted, false)];
    assert.deepEqual([stored.width, stored.height], [17, 13]);
    assert.deepEqual([turned.width, turned.height], [13, 17]);
    assert.equal(turned.data[0], stored.data[12 * 17 * 3]);
  });

  it("makes inks of YCCK of 8 and of 16 bits alike", () => {
    const [narrow, wide] = [Uint8Array.of(128, 128, 255, 7), Uint16Array.of(32_768, 32_768, 65_535, 7)];
    ycckToCmyk(narrow, 255);
    ycckToCmyk(wide, 65_535);
    assert.deepEqual([...narrow], [0, 218, 127, 7]);
    assert.deepEqual([...wide], [0, 56_167, 32_767, 7]);
  });

  it("refuses what is no picture, broken, cut off, or far too large, and says which", async () => {
    const fails = (bytes: Uint8Array, message: RegExp): Promise<void> =>
      assert.rejects(
        decodePicture("p.png", bytes),
        (error) => error instanceof CalibrationError && message.test(error.message),
      );
    await fails(Buffer.from("<svg/>"), /p\.png: expected a JPEG, .* or AVIF picture, and it begins like none of them/);
    await fails(Buffer.alloc(0), /p\.png: expected a JPEG, .* or AVIF picture, and the file is empty/);
    await fails(Buffer.from("push graphic-context"), /expected a JPEG/);
    await fails(RED_BLUE.subarray(0, 40), /cannot be decoded/);
    await fails(
      (await readFile(join(PICTURES, "sub420.jpg"))).subarray(0, 700),
      /ends before the picture does|cannot be decoded/,
    );
    for (const deep of ["12bit.jpg", "12bit-progressive.jpg", "12bit-lossless.jpg"]) {
      const bytes = await readFile(join(PICTURES, deep));
      await fails(bytes.subarray(0, bytes.length - 40), /the file ends before the picture does/);
      // Two components, of which there are no colours.
      await fails(withFrame(bytes, 9, 2), /2 components a pixel, expected 1, 3 or 4|cannot be decoded/);
      await fails(withFrame(withFrame(bytes, 5, 0xff), 7, 0xff), /more than 200 million pixels/);
    }
    // It is still right after what broke it.
    assert.equal((await decoded("12bit.jpg")).width, 17);
    const huge = Buffer.from(RED_BLUE);
    huge.writeUInt32BE(20_000, 16);
    huge.writeUInt32BE(20_000, 20);
    huge.writeUInt32BE(crc32(huge.subarray(12, 29)), 29);
    await fails(huge, /more than 200 million pixels/);
  });

  it("says what it needs where there is no memory to decode with", async function () {
    // The limit is a shell's.
    if (process.platform === "win32") skip(this, "there is no ulimit");
    const [program = "", ...rest] = cliProgram();
    if (rest.length > 0)
      skip(this, "the command line is not built: what runs it otherwise starts in no such memory either");
    const { path: folder, remove } = await temporaryFolder();
    await writeFile(join(folder, "p.png"), RED_BLUE);
    const model = "media/samples/digits_lenet.onnx";
    const { status, stderr } = spawnSync(
      "sh",
      ["-c", 'ulimit -v 8000000; exec "$0" "$@"', process.execPath, program, "compare", model, model, "--data", folder],
      { cwd: ROOT, encoding: "utf8" },
    );
    await remove();
    assert.equal(status, 2);
    assert.match(
      stderr,
      /^edgewise: \S*p\.png: the picture cannot be decoded: there is not enough memory .*ulimit -v.*\n$/,
    );
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

  for (const [name, expected] of Object.entries(PILLOW.resizes)) {
    it(`gives Pillow's numbers: ${name}`, async () => {
      const [, filter = "", width = 0, height = 0] = /^(\w+)-(\d+)x(\d+)$/.exec(name) ?? [];
      const picture = withChannels(await decoded("x.ppm"), 3);
      const { data } = resized(picture, Number(height), Number(width), { filter: filter as "bilinear" | "bicubic" });
      const pillow = Buffer.from(expected, "base64");
      assert.deepEqual([...data], [...pillow]);
    });
  }

  it("crops the middle of the shorter side, and puts a letterbox around the longer one", () => {
    const picture = grey(
      6,
      4,
      Array.from({ length: 24 }, (_, at) => at),
    );
    const middle = fitted(picture, 4, 4, { resize: "crop" });
    assert.deepEqual([...middle.data], [1, 2, 3, 4, 7, 8, 9, 10, 13, 14, 15, 16, 19, 20, 21, 22]);
    const inner = fitted(
      grey(
        8,
        8,
        Array.from({ length: 64 }, (_, at) => at),
      ),
      4,
      4,
      { resize: "crop", crop: 0.5 },
    );
    assert.deepEqual([...inner.data.subarray(0, 4)], [18, 19, 20, 21]);
    const boxed = fitted(grey(2, 1, [10, 20]), 2, 2, { resize: "letterbox", pad: 0 });
    assert.deepEqual([...boxed.data], [10, 20, 0, 0]);
    const tall = fitted(grey(1, 4, [1, 2, 3, 4]), 4, 3, { resize: "letterbox" });
    assert.deepEqual([...tall.data], [114, 1, 114, 114, 2, 114, 114, 3, 114, 114, 4, 114]);
  });

  it("takes the nearest two alone where it is not to smooth", () => {
    const { data } = resized(grey(8, 1, [0, 0, 0, 100, 200, 0, 0, 0]), 1, 2, { antialias: false });
    assert.deepEqual([...data], [0, 0]);
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
    assert.deepEqual(await labels("numbers"), [0, 1], "as torchvision counts them: 10 before 7");
    assert.equal(await labels("plain"), undefined);
    assert.equal(await use("plain", NCHW, ({ count }) => count), 2);
  });

  it("have their class by the folder's number, or by a file of names", async () => {
    const labels = (name: string, classes: string): Promise<readonly number[] | undefined> =>
      use(name, NCHW, async (samples) => (await samples.batch(0, samples.count)).labels, { classes });
    const file = (name: string): string => join(folder.path, name);
    assert.deepEqual(await labels("numbers", "numbers"), [10, 7]);
    await writeFile(file("names.txt"), "bird\ndog\n\ncat\n");
    assert.deepEqual(await labels("classes", file("names.txt")), [3, 3, 1]);
    await writeFile(file("names.json"), JSON.stringify({ 0: ["n01", "dog"], 5: ["n02", "cat"] }));
    assert.deepEqual(await labels("classes", file("names.json")), [5, 5, 0]);
    await writeFile(file("indices.json"), JSON.stringify({ dog: 2, cat: 4 }));
    assert.deepEqual(await labels("classes", file("indices.json")), [4, 4, 2]);
    await assert.rejects(labels("classes", "numbers"), /cat: expected the number of a class/);
    await writeFile(file("few.txt"), "cat\n");
    await assert.rejects(labels("classes", file("few.txt")), /dog: expected a class of/);
    await assert.rejects(labels("classes", file("none.txt")), /expected "sorted", "numbers" or a file/);
    // A pipe or device may never end.
    await assert.rejects(labels("classes", "/dev/null"), /expected "sorted", "numbers" or a file/);
  });

  it("count classes as Python sorts names, those without pictures too, and walk into folders of a class", async () => {
    const names = ["b", "B", "a10", "a9", "\u{ff5e}", "\u{1f600}", "empty"];
    for (const name of names) await mkdir(join(folder.path, "order", name, "inner"), { recursive: true });
    for (const name of names.filter((each) => each !== "empty"))
      await writeFile(join(folder.path, "order", name, "inner", "p.png"), RED_BLUE);
    const classes = await use("order", NCHW, (samples) => samples.classes);
    assert.deepEqual(
      classes?.map(({ name, label, pictures }) => [name, label, pictures]),
      [
        ["B", 0, 1],
        ["a10", 1, 1],
        ["a9", 2, 1],
        ["b", 3, 1],
        ["empty", 4, 0],
        ["\u{ff5e}", 5, 1],
        ["\u{1f600}", 6, 1],
      ],
    );
    const [line] = await describeFolders({ inputs: { "": { kind: "images", path: join(folder.path, "order") } } });
    assert.match(line ?? "", /classes by folder, with their pictures: 0 = B \(1\), 1 = a10 \(1\)/);
  });

  it("count and name what they leave out", async () => {
    const at = (name: string): string => join(folder.path, "mixed", name);
    await mkdir(at("deeper"), { recursive: true });
    await mkdir(at(".git"));
    for (const name of [
      "a.png",
      "b.JFIF",
      "c.webp",
      "._a.png",
      ".hidden.png",
      ".DS_Store",
      "x.jxl",
      "y.JXL",
      "z.svg",
      "n.txt",
      "README",
    ])
      await writeFile(at(name), RED_BLUE);
    await symlink(at("missing"), at("link.png"));
    assert.deepEqual(
      await use("mixed", NCHW, ({ count, description }) => [count, description.slice(description.indexOf("("))]),
      [
        3,
        "(left out: 2 JPEG XL pictures (make JPEG or PNG of them), 1 SVG drawing (make JPEG or PNG of it), 1 .txt file, 1 AppleDouble file, " +
          "1 entry that is not a file, 1 file without an ending, 2 hidden files, 1 hidden folder, 1 sub-folder)",
      ],
    );
  });

  it("say what they lack", async () => {
    const fails = (name: string, port: Port, message: RegExp): Promise<void> =>
      assert.rejects(
        use(name, port, () => undefined),
        (error) => error instanceof CalibrationError && message.test(error.message),
      );
    await fails("empty", NCHW, /expected JPEG, PNG, WebP, TIFF, BMP, PNM, GIF, HEIC or AVIF pictures/);
    await fails("none", NCHW, /expected a folder of pictures/);
    await fails("plain", { ...NCHW, shape: ["n", 10] }, /pictures do not fit input "x", which takes float32 N×10/);
    await fails("plain", { ...NCHW, shape: ["n", 3, "h", "w"] }, /expected a height and width/);
  });
});
