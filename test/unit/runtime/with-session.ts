import { openSession } from "../../../profiler/runtime/open-session.ts";
import type { Model } from "../../../profiler/model/model.ts";
import type { Session, SessionOptions } from "../../../profiler/runtime/session.ts";

/** Opens, uses and closes. */
export async function withSession<T>(
  model: Model | Promise<Model>,
  use: (session: Session) => Promise<T> | T,
  options?: SessionOptions,
): Promise<T> {
  const session = await openSession(await model, options);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
