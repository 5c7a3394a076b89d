import assert from "node:assert/strict";
import { markup } from "../../../profiler/exports/html-markup.ts";
import { profileHtml } from "../../../profiler/exports/html.ts";
import { INITIAL_BUDGETS } from "../../../profiler/views/budgets.ts";
import { layerProfile, profileOf } from "../../builders/profile-builder.ts";
import { renamed, SAMPLE } from "./sample-profile.ts";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror='x'>&\u202e\n`;

describe("The HTML report", () => {
  it("holds every row that computes, and all of them when asked", () => {
    const rows = (text: string): number => text.split("<tbody>").at(-1)?.split("<tr").length ?? 0;
    assert.match(profileHtml(SAMPLE), /1 of shape arithmetic, constants and fused operators are left out/);
    assert.equal(rows(profileHtml(SAMPLE, { showAll: true })) - rows(profileHtml(SAMPLE)), 1);
  });

  it("says what is unknown, and marks totals that are lower bounds", () => {
    const text = profileHtml(SAMPLE);
    assert.match(text, /class="number unknown">unknown</);
    assert.match(text, /<dt>MACs<\/dt>\s*<dd>≥ /);
    assert.match(text, /No rule for Custom/);
  });

  it("shows names of strangers as text", () => {
    for (const profile of [renamed(HOSTILE), { ...SAMPLE, file: HOSTILE }]) {
      const text = profileHtml(profile);
      assert.doesNotMatch(text, /<script|<img|\u202e/);
      assert.match(text, /&lt;script&gt;/);
    }
  });

  it("asks for nothing from anywhere", () => {
    const text = profileHtml(SAMPLE);
    assert.doesNotMatch(text, /\b(src|href)=|url\(|@import|https?:\/\//);
    assert.match(text, /default-src 'none'/);
  });

  it("draws costs, memory and the roofline, each with its words", () => {
    const profile = profileOf([layerProfile("a"), layerProfile("b", { macs: 1_000_000 })], {
      structure: {
        edges: [{ from: 0, output: 0, to: 1 }],
        inputs: [],
        outputs: [],
        memory: { layers: [0, 1], buffers: [{ bytes: 4000, first: 0, last: 1, occupants: [{ step: 0, name: "t" }] }] },
        computeTypes: ["float32", "float32"],
      },
    });
    const labels = [...profileHtml(profile).matchAll(/role="img" aria-label="([^."]+)\. ([^"]+)"/g)];
    assert.deepEqual(
      labels.map(([, title]) => title),
      ["MACs along the network", "Latency estimate along the network", "Activation memory over time", "Roofline"],
    );
    assert.match(labels[0]?.[2] ?? "", /^Most in b \(#1\)/);
    assert.doesNotMatch(profileHtml(profile), /NaN|Infinity|undefined/);
  });

  it("says how the model stands to its budgets, when it was written and by which version", () => {
    const profile = profileOf([layerProfile("a")]);
    const budgets = { ...INITIAL_BUDGETS, parameters: "500", update: "", rate: "30" };
    const text = profileHtml(profile, { budgets, writtenAt: new Date("2026-03-01T12:00:00Z") });
    const rows = [...text.matchAll(/class="number">([^<]+)<\/td>\s*<td class="verdict (\w+)">([^<]+)</g)];
    const of = (limit: string): readonly (string | undefined)[] =>
      rows.find(([, found]) => found === limit)?.slice(2) ?? [];
    assert.deepEqual(of("500"), ["over", "✕ over by 500, 2.0× of the limit"]);
    assert.equal(of("30 fps")[0], "within");
    assert.doesNotMatch(text, /<th scope="row">Update</, "no budget, no verdict");
    assert.match(text, /Written on 2026-03-01 12:00 UTC by Edgewise \d+\.\d+\.\d+/);
    assert.doesNotMatch(profileHtml(profile), /<h2>Budgets/);
    assert.match(
      profileHtml(SAMPLE, { budgets: { ...INITIAL_BUDGETS, macs: "1 T" } }),
      /class="verdict unknown">\? unknown/,
    );
  });

  it("cuts no name, and breaks long ones between their segments", () => {
    const name = `functional_1/${"batch_normalization/".repeat(4)}Relu;add`;
    const layer = layerProfile(name);
    const text = profileHtml({ ...profileOf([layer]), peak: { layer: 0, tensors: [{ name, bytes: 8 }] } });
    assert.match(text, /<th scope="row"[^>]*>functional_1\/<wbr \/>batch_normalization\/<wbr \/>.*Relu;<wbr \/>add/);
    assert.ok(text.includes(`Memory is fullest at #0 ${name}: ${name} 8 B.`), "whole in the text, too");
  });

  it("leaves out a picture of what is not there", () => {
    const text = profileHtml(profileOf([layerProfile("a", { macs: 0, latencySeconds: 0 })]));
    assert.doesNotMatch(text, /<svg|NaN/);
  });

  it("keeps pictures of long networks small", () => {
    const layers = Array.from({ length: 6000 }, (_, index) => layerProfile(`layer${index}`));
    const text = profileHtml(profileOf(layers));
    assert.match(text, /Each bar is the most expensive of 38 layers/);
    assert.ok(text.split('class="bar"').length < 400);
  });
});

describe("Markup", () => {
  it("escapes text in elements and attributes, and keeps markup", () => {
    assert.equal(
      markup`<p title="${`"'&`}">${"<b>"}${markup`<i>`}${[1, "&"]}${undefined}</p>`.text,
      '<p title="&quot;&#39;&amp;">&lt;b&gt;<i>1&amp;</p>',
    );
  });
});
