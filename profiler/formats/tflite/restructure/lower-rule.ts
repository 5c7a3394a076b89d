import type { Form, FormKind, FormOf } from "../../../neutral/forms.ts";
import type { OperatorWriter } from "./operator-writer.ts";

/** Adds the operators of a form. @throws {LoweringError} when TFLite cannot say it */
export type Lower<F extends Form = Form> = (form: F, writer: OperatorWriter) => Promise<void> | void;

export type Lowers = { readonly [K in FormKind]?: Lower<FormOf<K>> };
