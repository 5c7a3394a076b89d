import assert from "node:assert/strict";
import { DeviceRoster } from "../../../../extension/running/device-roster.ts";
import type { ConnectedDevices } from "../../../../extension/worker/measuring-types.ts";
import type { DeviceFacts } from "../../../../profiler/device/target.ts";
import type { ListedDevice } from "../../../../webview/protocol-running.ts";
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
  battery: null,
  celsius: null,
};

describe("The roster of devices", () => {
  const rosterOf = (kept?: string): DeviceRoster =>
    new DeviceRoster(
      { host: "This machine", unplugged: (name) => ({ code: "device", message: `${name} is away.` }) },
      kept,
    );
  const states = ({ list }: DeviceRoster): readonly (readonly [string, string | null])[] =>
    list.devices.map(({ id, problem }) => [id, problem?.message ?? null]);

  it("has this machine before adb has said a word", () => {
    const roster = rosterOf();
    assert.deepEqual([states(roster), roster.list.chosen, roster.isListed], [[["host", null]], "host", false]);
  });

  it("runs on the first phone that is ready, and on no phone that is not", () => {
    const roster = rosterOf();
    roster.receive(connected(phone("locked", UNAUTHORIZED)));
    assert.deepEqual([roster.list.chosen, roster.ready], ["host", []]);
    roster.receive(connected(phone("locked", UNAUTHORIZED), phone("a"), phone("b")));
    assert.deepEqual([roster.list.chosen, roster.ready], ["a", ["a", "b"]]);
  });

  it("keeps the phone in use when it is unplugged, by its name, and has it back when it is plugged in", () => {
    const roster = rosterOf();
    roster.receive(connected(phone("a")));
    roster.describe("a", FACTS);
    assert.equal(roster.list.devices[1]?.facts?.name, "Google Pixel 8");
    roster.receive(connected(phone("b")));
    assert.deepEqual(states(roster), [["host", null], ["b", null], ["a", "Google Pixel 8 is away."]]); // prettier-ignore
    assert.equal(roster.list.chosen, "a", "a run goes nowhere else because a cable came loose");
    assert.equal(roster.list.devices[2]?.facts, null, "what it said is old");
    roster.receive(connected(phone("b"), phone("a")));
    assert.deepEqual(states(roster).at(-1), ["a", null]);
    assert.equal(roster.list.chosen, "a");
  });

  it("has one that is unauthorized or offline for a while back as it was", () => {
    const roster = rosterOf("a");
    roster.receive(connected(phone("a")));
    roster.receive(connected(phone("a", UNAUTHORIZED)));
    assert.deepEqual([states(roster).at(-1), roster.list.chosen, roster.ready], [["a", UNAUTHORIZED.message], "a", []]);
    roster.receive(connected(phone("a")));
    assert.deepEqual(roster.ready, ["a"]);
  });

  it("says that the server is gone, once, and has its devices again when it is restarted", () => {
    const roster = rosterOf();
    roster.receive(connected(phone("a")));
    assert.ok(roster.receive(SERVER_GONE));
    assert.deepEqual([roster.list.problem, roster.list.chosen], [GONE, "a"]);
    assert.deepEqual(states(roster).at(-1), ["a", "model of a is away."]);
    assert.ok(!roster.receive({ ...SERVER_GONE }), "the same is no news");
    assert.ok(roster.receive(connected(phone("a"))));
    assert.deepEqual([roster.list.problem, states(roster).at(-1)], [null, ["a", null]]);
  });

  it("prefers what the user chose, also in another session", () => {
    const roster = rosterOf("b");
    roster.receive(connected(phone("a"), phone("b")));
    assert.equal(roster.list.chosen, "b");
    roster.choose("host");
    assert.equal(roster.list.chosen, "host");
    roster.receive(connected(phone("a")));
    assert.deepEqual([roster.list.chosen, states(roster)], ["host", [["host", null], ["a", null]]]); // prettier-ignore
  });
});
