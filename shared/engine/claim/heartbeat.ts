export interface Beat {
  readonly everyMs: number;
  beat(): Promise<unknown>;
}

/**
 * Does things again and again while something goes on, each one at a time.
 * @param onError told of failures: the next beat comes anyway
 * @returns stops it; a beat under way ends by itself
 */
export function heartbeat(beats: readonly Beat[], onError: (error: unknown) => void): () => void {
  const timers = beats.map(({ everyMs, beat }) => {
    let beating = false;
    return setInterval(() => {
      if (beating) return;
      beating = true;
      beat()
        .catch(onError)
        .finally(() => {
          beating = false;
        });
    }, everyMs);
  });
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}
