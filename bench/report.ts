/** Where a benchmark writes its figures. */
export interface Report {
  /** One line: what was measured, the figure with its unit, and the aim it is held against. */
  row(what: string, figure: string, aim?: string): void;
}

export type Benchmark = (report: Report) => Promise<void>;

export const printedReport: Report = {
  row: (what, figure, aim = '') => console.log(`${what.padEnd(62)} ${figure.padStart(18)}  ${aim}`),
};

/** The value below which `share` (0–1) of the values lie. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

export const milliseconds = (value: number): string =>
  `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
export const p50p95 = (values: readonly number[]): string =>
  `${milliseconds(percentile(values, 0.5))} / ${milliseconds(percentile(values, 0.95))}`;
