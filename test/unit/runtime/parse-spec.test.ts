import assert from "node:assert/strict";
import { OptionError } from "../../../profiler/errors.ts";
import { parseData, parseLabels } from "../../../profiler/calibration/parse-spec.ts";

describe("Samples as a command line names them", () => {
  it("are files with options", () => {
    assert.deepEqual(parseData("digits.bin:dtype=uint8,shape=1x32x32,scale=1/255"), [
      "",
      { kind: "array", path: "digits.bin", dataType: "uint8", shape: [1, 32, 32], scale: 1 / 255 },
    ]);
    assert.deepEqual(parseData("ids=a/tokens.npz:entry=ids"), [
      "ids",
      { kind: "array", path: "a/tokens.npz", entry: "ids" },
    ]);
    assert.deepEqual(parseData("C:\\data\\x.npy:zero=-3"), [
      "",
      { kind: "array", path: "C:\\data\\x.npy", zeroPoint: -3 },
    ]);
  });

  it("are folders of images", () => {
    assert.deepEqual(
      parseData("photos:mean=0.485,0.456,0.406,std=0.229,0.224,0.225,layout=nchw,channels=bgr,size=224"),
      [
        "",
        {
          kind: "images",
          path: "photos",
          mean: [0.485, 0.456, 0.406],
          std: [0.229, 0.224, 0.225],
          layout: "nchw",
          channels: "bgr",
          size: [224, 224],
        },
      ],
    );
    assert.deepEqual(parseData("x=photos.v2/:size=96x128"), [
      "x",
      { kind: "images", path: "photos.v2/", size: [96, 128] },
    ]);
  });

  it("say how pictures become of the model's size, and folders classes", () => {
    assert.deepEqual(parseData("photos:resize=crop,crop=0.875,filter=bicubic,upright=off,classes=names.txt"), [
      "",
      {
        kind: "images",
        path: "photos",
        resize: "crop",
        crop: 0.875,
        filter: "bicubic",
        upright: false,
        classes: "names.txt",
      },
    ]);
    assert.deepEqual(parseData("photos:resize=letterbox,pad=0,antialias=off"), [
      "",
      { kind: "images", path: "photos", resize: "letterbox", pad: 0, antialias: false },
    ]);
    for (const wrong of [
      "resize=fill",
      "crop=0.5",
      "resize=crop,crop=2",
      "resize=crop,pad=0",
      "upright=maybe",
      "filter=lanczos",
    ])
      assert.throws(() => parseData(`photos:${wrong}`), OptionError, wrong);
  });

  it("refuse what they do not know", () => {
    const fails = (text: string, message: RegExp): void =>
      assert.throws(
        () => parseData(text),
        (error) => error instanceof OptionError && message.test(error.message),
      );
    fails("x.bin:color=red", /no option "color"/);
    fails("photos:dtpe=uint8", /no option "dtpe" here: expected .*layout/);
    fails("x.bin:dtype=string", /dtype=string/);
    fails("x.bin:scale=big", /scale=big: expected a number/);
    fails("x.bin:scale=1/0", /expected a number/);
    fails("x.bin:shape=1x0", /expected sizes/);
    fails("x.bin:scale=1,scale=2", /scale is given twice/);
    fails("photos:layout=nchwc", /expected nchw or nhwc/);
    fails("", /expected \[INPUT=\]PATH/);
  });

  it("have labels beside them", () => {
    assert.deepEqual(parseLabels("l.txt"), { path: "l.txt" });
    assert.deepEqual(parseLabels("D:\\l.json:key=test_labels"), { path: "D:\\l.json", key: "test_labels" });
  });
});
