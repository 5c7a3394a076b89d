import type { ProductOptions } from "../../profiler/numeric/products.ts";
import { FileSource, ExternalDataFolder } from "../../profiler/index.ts";
import { matrix, type Matrix } from "../../profiler/numeric/matrix.ts";
import { RuntimeProducts } from "../../profiler/runtime/runtime-products.ts";
import { Random } from "../../profiler/numeric/random.ts";
import { readModel } from "../../profiler/formats/formats.ts";
import { applyEdit } from "../../profiler/editing/apply.ts";
import { parseEdit } from "../../profiler/editing/edit.ts";
import { activationsOn } from "../../profiler/runtime/activation-source.ts";
import { parseData } from "../../profiler/calibration/parse-spec.ts";

/** How long an edit takes, and the large products of matrices that it asked ONNX Runtime for, alone and on other numbers. */
export interface FitTimes {
  readonly seconds: number;
  readonly productSeconds: number;
  readonly products: number;
}

/** Arguments: MODEL EDIT [DATA]. Prints `FitTimes` of a fresh process. */
fitTimes(process.argv.slice(2)).then(
  (times) => console.log(JSON.stringify(times)),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);

interface Product {
  readonly a: readonly [number, number];
  readonly b: readonly [number, number];
  readonly options: ProductOptions | undefined;
}

async function fitTimes([path = "", edit = "", data]: readonly string[]): Promise<FitTimes> {
  const asked = recordProducts();
  const source = await FileSource.open(path);
  const model = await readModel(source, new ExternalDataFolder(path));
  const calibration = { inputs: data === undefined ? {} : Object.fromEntries([parseData(data)]) };
  const start = performance.now();
  await applyEdit(
    model,
    parseEdit(edit),
    data === undefined ? {} : { activationsOf: (one) => activationsOn(one, calibration) },
  );
  const seconds = secondsSince(start);
  await source.close();
  const list = asked.splice(0);
  return { seconds, productSeconds: await timeOf(list), products: list.length };
}

/** The sizes of every product from now on. */
function recordProducts(): Product[] {
  const asked: Product[] = [];
  const runtime = new RuntimeProducts();
  const multiply = runtime.multiply.bind(runtime);
  RuntimeProducts.prototype.multiply = (a, b, options) => {
    asked.push({ a: [a.rows, a.columns], b: [b.rows, b.columns], options });
    return multiply(a, b, options);
  };
  return asked;
}

/** Of the products alone, in the order they were asked for; making their numbers is not counted. */
async function timeOf(list: readonly Product[]): Promise<number> {
  const runtime = new RuntimeProducts();
  const numbers = new Map<string, Matrix>();
  const filled = ([rows, columns]: readonly [number, number]): Matrix => {
    const key = `${rows}×${columns}`;
    const known = numbers.get(key) ?? matrix(rows, columns, uniform(rows * columns));
    numbers.set(key, known);
    return known;
  };
  let seconds = 0;
  for (const { a, b, options } of list) {
    const [left, right] = [filled(a), filled(b)];
    const start = performance.now();
    await runtime.multiply(left, right, options);
    seconds += secondsSince(start);
  }
  return seconds;
}

function uniform(count: number): Float32Array {
  const random = new Random(1);
  return new Float32Array(count).map(() => random.uniform() - 0.5);
}

function secondsSince(start: number): number {
  return (performance.now() - start) / 1000;
}
