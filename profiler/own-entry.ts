/**
 * What a plain object holds under a name. Names come from files and phones, and "constructor" or "__proto__" is one that every object
 * answers to by itself.
 */
export function ownEntry<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
