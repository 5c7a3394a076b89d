import * as v from "valibot";

/** Parts of what VS Code keeps for the page, which an older version may have written: what makes no sense there falls back to what is usual. */

/** Pixels. */
export const pixels = v.pipe(v.number(), v.finite(), v.minValue(0));

/** The entries of an object that hold what they should; none where it is no object. */
export function entriesOf<const Item extends v.GenericSchema>(
  item: Item,
): v.GenericSchema<unknown, Readonly<Record<string, v.InferOutput<Item>>>> & { readonly fallback: object } {
  const entries = v.pipe(
    v.record(v.string(), v.unknown()),
    v.transform((record): Readonly<Record<string, v.InferOutput<Item>>> =>
      Object.fromEntries(Object.entries(record).filter(([, value]) => v.is(item, value))),
    ),
  );
  return v.fallback(entries, {});
}

/** A part that tells by itself what still makes sense of it. */
export function restored<Part>(
  restore: (kept: unknown) => Part,
): v.GenericSchema<unknown, Part> & { readonly fallback: Part } {
  return v.fallback(v.pipe(v.unknown(), v.transform(restore)), restore(undefined));
}
