import { writeAtomically, type AtomicWriteOptions } from "../../bytes/atomic-file.ts";
import { OptionError } from "../../errors.ts";
import type { Constant } from "../../model/model.ts";
import type { StoredTensor } from "../../views/stored-constant.ts";
import { dequantizer } from "./dequantize.ts";
import { encodedChunks, rawChunks, valueChunks } from "./element-chunks.ts";
import { npyHeader, npyType } from "./npy-header.ts";

/** Which numbers of a quantized tensor: the integers of the file, or what they stand for. */
export type TensorContent = "stored" | "dequantized";

/**
 * Writes a tensor of the file as `.npy`, whole or not at all, in bounded memory. Types that NumPy lacks become the narrowest that holds
 * them exactly (int4: int8; bfloat16: float32); dequantized ones become float32.
 * @param name what errors call the tensor
 * @throws {OptionError} when the tensor is none of numbers, or is not quantized and asked for dequantized
 * @throws {ModelFormatError} when the file does not hold its elements
 * @throws {FileAccessError} when the file cannot be written
 */
export async function writeNpy(
  path: string,
  tensor: StoredTensor & { readonly constant: Constant },
  content: TensorContent,
  name: string,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const { constant } = tensor;
  const type = content === "stored" ? npyType(constant.dataType, name) : "float32";
  const chunks =
    content === "dequantized"
      ? encodedChunks("float32", await dequantizedChunks(tensor, name))
      : type === constant.dataType
        ? rawChunks(constant, name)
        : encodedChunks(type, valueChunks(constant, name));
  const write = async (target: { write(bytes: Uint8Array): Promise<void> }): Promise<void> => {
    await target.write(npyHeader(type, constant.shape));
    for await (const chunk of chunks) await target.write(chunk);
  };
  await writeAtomically(path, write, options);
}

async function dequantizedChunks(
  { constant, quantization }: StoredTensor & { readonly constant: Constant },
  name: string,
): Promise<ReturnType<typeof valueChunks>> {
  if (!quantization) throw new OptionError(`${name} is not quantized: there is nothing to dequantize`);
  const dequantize = await dequantizer(quantization, constant.shape, name);
  return (async function* () {
    for await (const { start, values } of valueChunks(constant, name))
      yield { start, values: values.map((value, index) => dequantize(value, start + index)) };
  })();
}
