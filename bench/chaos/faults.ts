import type { Fault, FaultProxy } from '../../test/support/fault-proxy.ts';

/** Every so-manieth request goes wrong, in one of three ways. */
const SHARE = 0.02;

/** Injects faults at random; counts them. */
export function injectFaults(proxy: FaultProxy): { readonly injected: number } {
  const count = { injected: 0 };
  proxy.fault = ({ method }): Fault | undefined => {
    if (Math.random() >= SHARE) return undefined;
    count.injected += 1;
    const kinds: readonly Fault[] = method === 'GET' ? ['busy', 'refuse'] : ['busy', 'refuse', 'lose-answer'];
    return kinds[Math.floor(Math.random() * kinds.length)];
  };
  return count;
}
