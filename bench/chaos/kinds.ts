import { lastUserText, type Turn, type TurnOf } from '../../test/support/scripted-turn.ts';

/** The kinds of runs that the bench mixes, and the model that plays its part in each. */
export type Kind = 'plain' | 'streamed' | 'function' | 'code' | 'busy' | 'drop' | 'cancel';

/** Of ten runs in a thread with a session, and in one without. */
const withCode: readonly Kind[] = ['code', 'plain', 'code', 'function', 'code', 'streamed', 'code', 'cancel'];
const without: readonly Kind[] = ['plain', 'streamed', 'function', 'busy', 'drop', 'cancel', 'streamed'];

export const kindOf = (thread: number, run: number, hasSession: boolean): Kind => {
  const kinds = hasSession ? withCode : without;
  return kinds[(thread * 3 + run) % kinds.length] ?? 'plain';
};

/** What a user says: unique, so that nothing can be taken for anything else. */
export const questionOf = (kind: Kind, name: string): string => `${kind} ${name}`;
export const answerTo = (question: string): string =>
  question.startsWith('code ')
    ? `answer to ${question}: sandbox:/mnt/data/${fileOf(question)}`
    : `answer to ${question}`;
const fileOf = (question: string): string => `${question.replaceAll(/\W/g, '-')}.txt`;

/** Appends to a file of the question's own and says how often that happened: more than once is once too often. */
const codeFor = (question: string): string => `
import time, pathlib
log = pathlib.Path('/mnt/data/${fileOf(question)}')
log.write_text((log.read_text() if log.exists() else '') + 'ran\\n')
print('begun', flush=True)
time.sleep(1)
print(log.read_text().count('ran'), 'times')`;

/** A model that takes a second or two, so that hosts die in the middle of its answers, too. */
export function chaosModel(): TurnOf {
  const troubled = new Set<string>();
  const once = (question: string) => !troubled.has(question) && troubled.add(question);
  return (request): Turn => {
    const question = lastUserText(request);
    const [kind] = question.split(' ') as [Kind];
    const answered = request.body.messages.at(-1)?.role === 'tool';
    if (kind === 'code' && !answered) {
      return { toolCalls: [{ name: 'python', arguments: { code: codeFor(question) } }], delayMs: 100 };
    }
    if (kind === 'function' && !answered)
      return { toolCalls: [{ name: 'f', arguments: '{}' }], delayMs: 100 };
    if (kind === 'busy' && once(question)) return { error: { status: 429, headers: { 'retry-after': '1' } } };
    if (kind === 'drop' && once(question)) return { text: ['answer', ' to'], pieces: ['drop'], delayMs: 200 };
    const words = answerTo(question).split(/(?= )/);
    return { text: words, delayMs: kind === 'cancel' ? 1500 : 300 };
  };
}
