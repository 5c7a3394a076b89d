import type { Form, FormKind, FormOf } from "../../../neutral/forms.ts";
import type { NodeWriter } from "./node-writer.ts";

/** Adds the nodes of a form. @throws {LoweringError} when this model's operator sets cannot say it */
export type Lower<F extends Form = Form> = (form: F, writer: NodeWriter) => Promise<void> | void;

export type Lowers = { readonly [K in FormKind]?: Lower<FormOf<K>> };
