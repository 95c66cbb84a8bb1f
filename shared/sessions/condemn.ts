import { type Session, SessionError } from './session.ts';

/**
 * The same session, but the first lie costs it its life: an agent that broke the protocol once runs code of
 * somebody who took it over, so `condemn` ends the group and the thread gets a new one.
 */
export function condemning(session: Session, condemn: () => Promise<void>): Session {
  const guarded = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      if (error instanceof SessionError && error.code === 'misbehaved') await condemn();
      throw error;
    }
  };
  return {
    get kernel() {
      return session.kernel;
    },
    async *execute(call, signal) {
      const events = session.execute(call, signal)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next = await guarded(events.next());
          if (next.done) return;
          yield next.value;
        }
      } finally {
        await events.return?.();
      }
    },
    putFile: (path, content, bytes, signal) => guarded(session.putFile(path, content, bytes, signal)),
    getFile: (file, signal) => guarded(session.getFile(file, signal)),
    listFiles: (signal) => guarded(session.listFiles(signal)),
  };
}
