import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AdbServer } from "../../profiler/device/adb/adb-server.ts";
import { AndroidTarget } from "../../profiler/device/adb/android-target.ts";
import type { ListedDevice } from "../../profiler/device/adb/listed-device.ts";
import { DeviceError } from "../../profiler/device/device-error.ts";
import { removeAbandonedPhones } from "./abandoned-phones.mjs";
import { freePort, type TestPhone } from "./test-phone.ts";
import { startUnreadyPhone } from "./unready-phone.ts";
import { useAdb } from "./use-adb.ts";
import { until } from "./until.ts";

describe("finding phones", function () {
  this.timeout(60_000);
  const adb = useAdb();

  it("tells what a phone is", async () => {
    const phone = await adb().phone();
    const facts = await new AndroidTarget(adb().server, { serial: phone.serial }).describe();
    assert.equal(facts.name, "Google Pixel 8");
    assert.equal(facts.system, "Android 14 (API level 34)");
    assert.equal(facts.soc, "Google Tensor G3");
    assert.deepEqual(facts.abis, ["x86_64"]);
    assert.equal(facts.celsius, 38);
    assert.deepEqual(facts.battery, { level: 0.81, celsius: 28.7, isPluggedIn: true });
    assert.ok((facts.memoryBytes ?? 0) > 1e9 && (facts.freeBytes ?? 0) > 1e6 && (facts.cores ?? 0) > 0);
    await adb().stop(phone);
  });

  it("follows phones that come and go", async () => {
    const ending = new AbortController();
    let seen: readonly ListedDevice[] = [];
    const tracking = adb().server.track((devices) => (seen = devices), ending.signal);
    const phone = await adb().phone();
    const isReady = (): boolean => seen.some(({ serial, state }) => serial === phone.serial && state === "device");
    await until("the phone is listed", isReady);
    await phone.pull();
    await until("the phone is gone", () => !isReady());
    await phone.plugIn();
    await adb().reconnect(phone);
    await until("the phone is back", isReady);
    ending.abort();
    await tracking;
    await adb().stop(phone);
  });

  it("asks which one is meant when there are two", async () => {
    const [first, second] = [await adb().phone(), await adb().phone()];
    await assert.rejects(new AndroidTarget(adb().server).describe(), (error: unknown) => {
      assert.ok(error instanceof DeviceError && error.problem === "several-devices");
      assert.ok(error.hint?.includes(first.serial) === true && error.hint.includes(second.serial));
      return true;
    });
    const facts = await new AndroidTarget(adb().server, { serial: second.serial }).describe();
    assert.equal(facts.serial, second.serial);
    await adb().stop(first);
    await adb().stop(second);
  });

  it("takes away the phones of test runs that were killed, and no others", async () => {
    const [killed, running] = [await adb().phone(), await adb().phone()];
    const isMounted = (phone: TestPhone): boolean => readFileSync("/proc/mounts", "utf8").includes(phone.path("/dev "));
    killed.abandon();
    removeAbandonedPhones();
    assert.deepEqual([isMounted(killed), isMounted(running)], [false, true]);
    assert.deepEqual([existsSync(killed.path("/..")), existsSync(running.path("/.."))], [false, true]);
    assert.equal((await new AndroidTarget(adb().server, { serial: running.serial }).describe()).name, "Google Pixel 8");
    await adb().stop(killed);
    await adb().stop(running);
  });

  for (const kind of ["offline", "unauthorized"] as const) {
    it(`says what to do about a phone that is ${kind}`, async () => {
      const phone = await startUnreadyPhone(kind);
      void adb()
        .server.connect(phone.serial)
        .catch(() => undefined);
      await until(`it is ${kind}`, async () => {
        const devices = await adb().server.devices();
        return devices.some(({ serial, state }) => serial === phone.serial && state === kind);
      });
      await assert.rejects(new AndroidTarget(adb().server, { serial: phone.serial }).describe(), (error: unknown) => {
        assert.ok(error instanceof DeviceError);
        assert.equal(error.problem, kind);
        assert.ok((error.hint ?? "").length > 0);
        return true;
      });
      await phone.stop();
    });
  }

  it("names the phones there are when the one that is meant is not", async () => {
    await assert.rejects(adb().server.open("no; such"), { problem: "no-device" });
  });

  it("starts the server where there is none, and says what to do without adb", async () => {
    const home = mkdtempSync(join(tmpdir(), "edgewise-home-"));
    const address = { host: "127.0.0.1", port: await freePort() };
    await assert.rejects(new AdbServer({ address, adbPath: join(home, "adb") }).devices(), { problem: "no-server" });
    const server = new AdbServer({ address });
    try {
      assert.deepEqual(await server.devices(), []);
    } finally {
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    }
  });
});
