import assert from "node:assert/strict";
import { processEnvironment } from "../../../profiler/runtime/process/process-environment.ts";

describe("What a runtime's process is started with", () => {
  it("has no certificates to read, and no telemetry", () => {
    const before = process.env.NODE_EXTRA_CA_CERTS;
    process.env.NODE_EXTRA_CA_CERTS = "/etc/certificates.pem";
    try {
      const environment = processEnvironment();
      assert.equal(environment.NODE_EXTRA_CA_CERTS, undefined);
      assert.equal(environment.ORT_DISABLE_TELEMETRY, "1");
      assert.equal(environment.PATH, process.env.PATH);
    } finally {
      if (before === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
      else process.env.NODE_EXTRA_CA_CERTS = before;
    }
  });
});
