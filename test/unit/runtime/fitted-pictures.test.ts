import assert from "node:assert/strict";
import { rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode as encodePng } from "fast-png";
import { FittedPictures } from "../../../profiler/calibration/fitted-pictures.ts";
import { temporaryFolder } from "../cli/run-cli.ts";

const RED_BLUE = encodePng({ width: 2, height: 1, channels: 3, depth: 8, data: Uint8Array.of(255, 0, 0, 0, 0, 255) });

describe("Remembered pictures", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  beforeEach(async () => {
    folder = await temporaryFolder();
  });
  afterEach(() => folder.remove());

  const size = { height: 1, width: 2, channels: 3 as const, fit: {} };

  it("are the same numbers again, until the file changes", async () => {
    const path = join(folder.path, "p.png");
    await writeFile(path, RED_BLUE);
    const pictures = new FittedPictures();
    const first = await pictures.read(path, size);
    assert.deepEqual(await pictures.read(path, size), first);
    assert.deepEqual([...(await pictures.read(path, { ...size, channels: 1 })).data], [76, 29], "grey is another one");
    const inner = await pictures.read(path, { ...size, width: 1, fit: { resize: "crop" } });
    assert.equal(inner.width, 1, "so is another size");
    await writeFile(
      path,
      encodePng({ width: 2, height: 1, channels: 3, depth: 8, data: Uint8Array.of(0, 0, 255, 255, 0, 0) }),
    );
    // The clocks of some file systems do not tell two writes apart that come one right after the other.
    await utimes(path, 1, 1);
    assert.deepEqual([...(await pictures.read(path, size)).data], [0, 0, 255, 255, 0, 0]);
    // What a caller does with the numbers is its own affair.
    first.data.fill(9);
    assert.deepEqual([...(await pictures.read(path, size)).data], [0, 0, 255, 255, 0, 0]);
    await rm(path);
    await assert.rejects(pictures.read(path, size), /p\.png/);
  });

  it("are nobody else's numbers, fractions neither", async () => {
    const path = join(folder.path, "p.png");
    await writeFile(path, RED_BLUE);
    const padded = { ...size, height: 3, fit: { resize: "letterbox", pad: 0.5 } } as const;
    const pictures = new FittedPictures();
    const first = await pictures.read(path, padded);
    const before = [...first.data];
    assert.equal(before[0], 0.5);
    first.data.fill(9);
    const second = await pictures.read(path, padded);
    assert.deepEqual([...second.data], before);
    second.data.fill(9);
    assert.deepEqual([...(await pictures.read(path, padded)).data], before);
  });

  it("take no more memory than they may: the longest unused is decoded anew", async () => {
    const [a = "", b = ""] = await Promise.all(
      ["a.png", "b.png"].map(async (name) => {
        await writeFile(join(folder.path, name), RED_BLUE);
        return join(folder.path, name);
      }),
    );
    const pictures = new FittedPictures(6);
    const red = [255, 0, 0, 0, 0, 255];
    for (const path of [a, b, a, b]) assert.deepEqual([...(await pictures.read(path, size)).data], red);
    assert.deepEqual(pictures.state, { count: 1, bytes: 6 });
  });
});
