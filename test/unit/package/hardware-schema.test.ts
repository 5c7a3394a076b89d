import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../../install.mjs";
import { parseHardwareProfile } from "../../../profiler/hardware/hardware-profile.ts";
import { HARDWARE_PROFILES } from "../../../profiler/hardware/hardware.ts";

/** The part of JSON Schema that the manifest uses here. */
interface Schema {
  readonly type: string;
  readonly description?: string;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

interface Manifest {
  readonly contributes: {
    readonly configuration: { readonly properties: Readonly<Record<string, { items: Schema }>> };
  };
}

describe("The schema of hardware profiles in the settings", () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  const texts = JSON.parse(readFileSync(join(ROOT, "package.nls.json"), "utf8")) as Readonly<Record<string, string>>;
  const schema = manifest.contributes.configuration.properties["edgewise.hardwareProfiles"]?.items;
  const { required = [], properties = {} } = schema ?? {};
  const [example] = HARDWARE_PROFILES;

  it("offers every field with what it means", () => {
    assert.ok(Object.keys(properties).length > 0);
    for (const [field, { description = "" }] of Object.entries(properties))
      assert.ok((texts[description.replaceAll("%", "")] ?? "").length > 10, field);
  });

  it("knows every field of the built-in profiles", () => {
    for (const profile of HARDWARE_PROFILES) {
      assert.deepEqual(unknownFields(profile, properties), [], profile.name);
      assert.deepEqual(unknownFields(profile.sources, properties.sources?.properties ?? {}), [], profile.name);
    }
  });

  it("asks for what a profile cannot do without, and for nothing else", () => {
    assert.ok(example);
    for (const field of Object.keys(properties))
      assert.equal(isMissed(without(example, field)), required.includes(field), field);
    const { required: sources = [], properties: named = {} } = properties.sources ?? {};
    for (const field of Object.keys(named))
      assert.equal(isMissed({ ...example, sources: without(example.sources, field) }), sources.includes(field), field);
  });
});

function unknownFields(value: object, properties: Readonly<Record<string, Schema>>): readonly string[] {
  return Object.keys(value).filter((field) => !Object.hasOwn(properties, field));
}

/** As JSON has it, which knows no undefined. */
function without(object: object, field: string): object {
  return Object.fromEntries(Object.entries(object).filter(([name]) => name !== field));
}

function isMissed(profile: unknown): boolean {
  try {
    parseHardwareProfile(profile, "example");
    return false;
  } catch {
    return true;
  }
}
