import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { findPython } from '../../local/setup/find-python.mjs';

/** Milliseconds. */
export interface BareKernel {
  readonly start: number;
  readonly sums: readonly number[];
  /** With the import of matplotlib. */
  readonly firstPlot: number;
  readonly plots: readonly number[];
}

/** A Jupyter kernel without sandbox, agent or HTTP, under the Python that sessions use here. */
export async function measureBareKernel(repeats: number, plot: string): Promise<BareKernel> {
  const script = fileURLToPath(new URL('./jupyter.py', import.meta.url));
  const python = findPython();
  if (!python) throw new Error('No Python has the modules of the session agent: run node local/setup.mjs');
  const { stdout } = await promisify(execFile)(python, [script, String(repeats), plot]);
  return JSON.parse(stdout) as BareKernel;
}
