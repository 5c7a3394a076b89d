import { openSession } from "../../../profiler/runtime/open-session.ts";
import type { RunnableModel, Session, SessionOptions } from "../../../profiler/runtime/session.ts";

/** Opens, uses and closes. */
export async function withSession<T>(
  model: RunnableModel,
  use: (session: Session) => Promise<T> | T,
  options?: SessionOptions,
): Promise<T> {
  const session = await openSession(model, options);
  try {
    return await use(session);
  } finally {
    await session.close();
  }
}
