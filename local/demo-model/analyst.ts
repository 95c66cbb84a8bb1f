import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { ANALYSES } from './analyses.ts';

/** The Python that the demo model knows for the questions of the analyst's demo, and what it says of its outcome. */
const known = ANALYSES.flatMap(({ turns }) => turns).map(({ question, code, answer }) => ({
  question,
  answer,
  code: code.map((name) => readFileSync(join(import.meta.dirname, 'analyst', name), 'utf8')).join(''),
}));

export const analystCode = (question: string): string | undefined =>
  known.find((turn) => turn.question === question.trim())?.code;

export const aboutAnalysis = (code: string): string | undefined =>
  known.find((turn) => turn.code === code)?.answer;
