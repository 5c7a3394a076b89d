import assert from "node:assert/strict";
import { AttachedDeviceList } from "../../../../extension/running/device-list.ts";
import type { ConnectedDevices } from "../../../../extension/worker/measuring-types.ts";
import type { DeviceFacts } from "../../../../profiler/device/target.ts";
import type { ListedDevice } from "../../../../webview/protocol/running.ts";
import { runResult } from "../../webview/kept-runs.ts";

const UNAUTHORIZED = { code: "device", message: "It has not allowed this computer.", hint: "Answer with Allow." };
const GONE = { code: "device", message: "The adb server is gone." };
const phone = (id: string, problem: ListedDevice["problem"] = null): ListedDevice => ({
  id,
  name: `model of ${id}`,
  facts: null,
  problem,
});
const connected = (...devices: readonly ListedDevice[]): ConnectedDevices => ({ devices, problem: null });
const SERVER_GONE: ConnectedDevices = { devices: [], problem: GONE };
const FACTS: DeviceFacts = {
  ...runResult([1]).device,
  name: "Google Pixel 8",
  freeBytes: 1e9,
  apiLevel: null,
  availableBytes: null,
  bigCores: [],
  battery: null,
  celsius: null,
};

describe("The list of devices", () => {
  const listOf = (kept?: string): AttachedDeviceList =>
    new AttachedDeviceList(
      { host: "This machine", unplugged: (name) => ({ code: "device", message: `${name} is away.` }) },
      kept,
    );
  const states = ({ list }: AttachedDeviceList): readonly (readonly [string, string | null])[] =>
    list.devices.map(({ id, problem }) => [id, problem?.message ?? null]);

  it("has this machine before adb has said a word", () => {
    const deviceList = listOf();
    assert.deepEqual(
      [states(deviceList), deviceList.list.chosen, deviceList.isListed],
      [[["host", null]], "host", false],
    );
  });

  it("runs on the first phone that is ready, and on no phone that is not", () => {
    const deviceList = listOf();
    deviceList.receive(connected(phone("locked", UNAUTHORIZED)));
    assert.deepEqual([deviceList.list.chosen, deviceList.ready], ["host", []]);
    deviceList.receive(connected(phone("locked", UNAUTHORIZED), phone("a"), phone("b")));
    assert.deepEqual([deviceList.list.chosen, deviceList.ready], ["a", ["a", "b"]]);
  });

  it("keeps the phone in use when it is unplugged, by its name, and has it back when it is plugged in", () => {
    const deviceList = listOf();
    deviceList.receive(connected(phone("a")));
    deviceList.describe("a", FACTS);
    assert.equal(deviceList.list.devices[1]?.facts?.name, "Google Pixel 8");
    deviceList.receive(connected(phone("b")));
    assert.deepEqual(states(deviceList), [["host", null], ["b", null], ["a", "Google Pixel 8 is away."]]); // oxfmt-ignore
    assert.equal(deviceList.list.chosen, "a", "a run goes nowhere else because a cable came loose");
    assert.equal(deviceList.list.devices[2]?.facts, null, "what it said is old");
    deviceList.receive(connected(phone("b"), phone("a")));
    assert.deepEqual(states(deviceList).at(-1), ["a", null]);
    assert.equal(deviceList.list.chosen, "a");
  });

  it("has one that is unauthorized or offline for a while back as it was", () => {
    const deviceList = listOf("a");
    deviceList.receive(connected(phone("a")));
    deviceList.receive(connected(phone("a", UNAUTHORIZED)));
    assert.deepEqual(
      [states(deviceList).at(-1), deviceList.list.chosen, deviceList.ready],
      [["a", UNAUTHORIZED.message], "a", []],
    );
    deviceList.receive(connected(phone("a")));
    assert.deepEqual(deviceList.ready, ["a"]);
  });

  it("says that the server is gone, once, and has its devices again when it is restarted", () => {
    const deviceList = listOf();
    deviceList.receive(connected(phone("a")));
    assert.ok(deviceList.receive(SERVER_GONE));
    assert.deepEqual([deviceList.list.problem, deviceList.list.chosen], [GONE, "a"]);
    assert.deepEqual(states(deviceList).at(-1), ["a", "model of a is away."]);
    assert.ok(!deviceList.receive({ ...SERVER_GONE }), "the same is no news");
    assert.ok(deviceList.receive(connected(phone("a"))));
    assert.deepEqual([deviceList.list.problem, states(deviceList).at(-1)], [null, ["a", null]]);
  });

  it("prefers what the user chose, also in another session", () => {
    const deviceList = listOf("b");
    deviceList.receive(connected(phone("a"), phone("b")));
    assert.equal(deviceList.list.chosen, "b");
    deviceList.choose("host");
    assert.equal(deviceList.list.chosen, "host");
    deviceList.receive(connected(phone("a")));
    assert.deepEqual([deviceList.list.chosen, states(deviceList)], ["host", [["host", null], ["a", null]]]); // oxfmt-ignore
  });
});
