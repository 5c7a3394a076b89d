import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { lfsObject, parseLfsPointer } from "../../../../extension/source-control/lfs.ts";

const OID = "ab12".padEnd(64, "0");
const pointer = (oid = OID, size = "3"): Uint8Array =>
  new TextEncoder().encode(`version https://git-lfs.github.com/spec/v1\noid sha256:${oid}\nsize ${size}\n`);

describe("Git LFS", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "edgewise-lfs-"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  const keep = (folder: string, bytes: string): string => {
    const place = join(folder, "lfs/objects/ab/12");
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, OID), bytes);
    return join(place, OID);
  };

  it("reads a pointer, and takes nothing else for one", () => {
    assert.deepEqual(parseLfsPointer(pointer()), { oid: OID, size: 3 });
    for (const other of [pointer("../../etc/passwd"), pointer(OID, "many"), new Uint8Array([8, 7]), new Uint8Array()])
      assert.equal(parseLfsPointer(other), undefined);
    assert.equal(parseLfsPointer(new Uint8Array([...pointer(), ...new Uint8Array(2000).fill(32)])), undefined);
  });

  it("finds what was fetched, of the size that the pointer says", async () => {
    assert.equal(await lfsObject(root, { oid: OID, size: 3 }), undefined);
    const object = keep(join(root, ".git"), "abc");
    assert.equal(await lfsObject(root, { oid: OID, size: 3 }), object);
    assert.equal(await lfsObject(root, { oid: OID, size: 4 }), undefined);
  });

  it("finds it from a linked worktree", async () => {
    const repository = join(root, "main/.git");
    const object = keep(repository, "abc");
    mkdirSync(join(repository, "worktrees/side"), { recursive: true });
    writeFileSync(join(repository, "worktrees/side/commondir"), "../..\n");
    mkdirSync(join(root, "side"));
    writeFileSync(join(root, "side/.git"), `gitdir: ${join(repository, "worktrees/side")}\n`);
    assert.equal(await lfsObject(join(root, "side"), { oid: OID, size: 3 }), object);
  });
});
