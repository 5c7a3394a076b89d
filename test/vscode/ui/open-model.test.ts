import { join } from "node:path";
import { SAMPLES, useWindow } from "./window.ts";

describe("Opening a model in VS Code", () => {
  const vscode = useWindow({ files: [join(SAMPLES, "digits_lenet.onnx")] });

  it("shows the layers", async () => {
    await vscode().openFile("digits_lenet.onnx");
    await vscode().rows().nth(1).waitFor();
  });
});
