import assert from "node:assert/strict";
import { documentationOf } from "../../../webview/details/layer-text.ts";
import { tensorLinks } from "../../../webview/details/tensor-links.ts";
import { layerRow, tensorRow } from "./profiles.ts";

describe("The documentation of an operator", () => {
  it("is that of its domain, and none for names that no specification has", () => {
    assert.equal(documentationOf("onnx", { domain: "", op: "Conv" }), "https://onnx.ai/onnx/operators/onnx__Conv.html");
    assert.match(
      documentationOf("onnx", { domain: "com.microsoft", op: "FusedConv" }) ?? "",
      /#com\.microsoft\.FusedConv$/,
    );
    assert.match(documentationOf("tflite", { domain: "", op: "CONV_2D" }) ?? "", /tfl\.conv_2d$/);
    assert.equal(documentationOf("onnx", { domain: "constructor", op: "Conv" }), undefined);
    assert.equal(documentationOf("onnx", { domain: "", op: "../evil" }), undefined);
    assert.equal(documentationOf("tflite", { domain: "custom", op: "Mine" }), undefined);
  });
});

describe("The ways of a tensor", () => {
  it("lead to what makes it and to each reader once, never to the layer itself", () => {
    const shared = tensorRow("w", [8], true);
    const first = layerRow(0, { inputs: [tensorRow("x", [1]), shared], outputs: [tensorRow("a", [1])] });
    const second = layerRow(1, { inputs: [tensorRow("a", [1]), tensorRow("a", [1]), shared], outputs: [] });
    const links = tensorLinks([first, second]);
    assert.equal(links.producer("a", second), first);
    assert.equal(links.producer("a", first), undefined);
    assert.equal(links.producer("x", first), undefined);
    assert.deepEqual(links.readers("a", first), [second]);
    assert.deepEqual(links.readers("w", first), [second]);
    assert.deepEqual(links.readers("w", second), [first]);
  });
});
