import assert from "node:assert/strict";
import * as v from "valibot";
import { OptionError } from "../../profiler/errors.ts";
import { checked, fields, jsonOf, parseJson, positive, size, text } from "../../profiler/outside-data.ts";

const PART = fields({
  name: text,
  rates: v.array(fields({ perSecond: positive }), "a list of rates"),
  count: v.optional(size, 1),
});

describe("Data from outside", () => {
  const refusing = (data: unknown): string => {
    try {
      checked(PART, data, "part.json", (message) => new OptionError(message));
    } catch (error) {
      assert.ok(error instanceof OptionError);
      return error.message;
    }
    throw new Error("not refused");
  };

  it("is taken with the values of what may be left out, and without what nobody asked for", () => {
    const part = checked(PART, { name: "a", rates: [], more: 1 }, "part.json", (message) => new OptionError(message));
    assert.deepEqual(part, { name: "a", rates: [], count: 1 });
  });

  it("is refused by the first field that does not fit, with what was expected and what is there", () => {
    assert.equal(refusing([]), "part.json must be an object, but it is []");
    assert.equal(refusing(null), "part.json must be an object, but it is null");
    assert.equal(refusing({ rates: [] }), "part.json: name must be a text, but it is missing");
    assert.equal(refusing({ name: " ", rates: [] }), 'part.json: name must be a text, but it is " "');
    assert.equal(
      refusing({ name: "a", rates: [{ perSecond: 1 }, { perSecond: -1 }] }),
      "part.json: rates[1].perSecond must be a number above 0, but it is -1",
    );
    assert.equal(
      refusing({ name: "a", rates: [{}] }),
      "part.json: rates[0].perSecond must be a number above 0, but it is missing",
    );
    assert.equal(refusing({ name: "a", rates: {} }), "part.json: rates must be a list of rates, but it is an object");
    assert.equal(
      refusing({ name: "a", rates: [], count: 1.5 }),
      "part.json: count must be a whole number, but it is 1.5",
    );
  });

  it("is nothing where its text is no JSON", () => {
    assert.equal(jsonOf(PART, "{"), undefined);
    assert.throws(
      () => parseJson("{", (message, cause) => new OptionError(`part.json: ${message}`, { cause })),
      /^OptionError: part.json: it is not JSON$/,
    );
  });
});
