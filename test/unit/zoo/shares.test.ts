import assert from "node:assert/strict";

import { findHardware } from "../../../profiler/hardware/hardware.ts";
import { profileModel, type ProfileOptions } from "../../../profiler/profile-model.ts";
import type { Profile } from "../../../profiler/profile.ts";
import type { Network } from "../../zoo/network.ts";
import { alexnet } from "../../zoo/networks/alexnet.ts";
import { oneDense } from "../../zoo/networks/one-layer.ts";
import { vgg } from "../../zoo/networks/vgg.ts";
import { HollowSource } from "../../zoo/file-segments.ts";
import { toOnnx } from "../../zoo/to-onnx.ts";
import { noExternalData } from "./no-external-data.ts";

function profile(network: Network, options: ProfileOptions = {}): Promise<Profile> {
  return profileModel(new HollowSource("zoo.onnx", toOnnx(network).model), noExternalData, options);
}

describe("fully connected layers' share of parameters", () => {
  // VGG-16: 123,642,856 of 138,357,544 are 89.4 %, which is quoted as 90 %.
  for (const [network, percent] of [
    [alexnet(), 96],
    [vgg(16), 90],
  ] as const) {
    it(`is ${percent} % in ${network.name}`, async () => {
      const { layers, totals } = await profile(network);
      const dense = layers.filter(({ kind }) => kind === "dense");
      const share = (100 * dense.reduce((sum, row) => sum + (row.parameters ?? 0), 0)) / totals.parameters;
      assert.equal(dense.length, 3);
      assert.ok(Math.abs(share - percent) < 1, `${share} %`);
    });
  }
});

describe("energy of a zoo network", () => {
  it("of 10⁹ 32-bit weights at 20 inferences a second is 12.8 W for DRAM alone (EIE)", async () => {
    const { layers, totals } = await profile(oneDense(31_250, 32_000), { hardware: findHardware("eie-45nm") });
    assert.equal(totals.parameters, 1e9);
    const picojoules = layers.reduce((sum, { energy }) => sum + (energy?.weights ?? 0), 0);
    const watts = picojoules * 1e-12 * 20;
    assert.ok(Math.abs(watts - 12.8) < 1e-9, `${watts} W`);
  });
});
