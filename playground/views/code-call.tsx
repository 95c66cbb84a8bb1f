import type OpenAI from 'openai';
import { useEffect, useState } from 'preact/hooks';

import { Code, CopyButton } from './code.tsx';
import { FigureView } from './figure.tsx';
import { duration, plural } from './format.ts';
import { Icon } from './icons.tsx';

type CodeInterpreterCall = OpenAI.Beta.Threads.Runs.CodeInterpreterToolCall;

/** Longer code folds when it has run: what it did counts from then on. */
const LINES_KEPT = 14;
const PAUSE_MS = 600;
const FAILED = /^Traceback \(most recent call last\)|^\w*(?:Error|Exception|Interrupt)\b.*$/m;
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is what terminals write
const COLOURS = /\u001b\[[\d;?]*[A-Za-z]/g;

export interface CodeCallProps {
  readonly call: CodeInterpreterCall;
  readonly state: 'writing' | 'running' | 'done' | 'stopped';
  /** Milliseconds, where the call was watched or the API says. */
  readonly took: number | undefined;
  /** Whether the code before it in this run failed, so that this is the model's next attempt. */
  readonly isRetry: boolean;
  /** Figures that a message presents already. */
  readonly shownElsewhere: ReadonlySet<string>;
}

export const logsOf = (call: CodeInterpreterCall): string =>
  (call.code_interpreter?.outputs ?? [])
    .map((output) => (output.type === 'logs' ? output.logs : ''))
    .join('')
    .replace(COLOURS, '');

export const hasFailed = (call: CodeInterpreterCall): boolean => FAILED.test(logsOf(call));

/** Code as it is written, what it prints and draws, in one block. */
export const CodeCall = ({ call, state: given, took, isRetry, shownElsewhere }: CodeCallProps) => {
  const code = call.code_interpreter?.input ?? '';
  const state = usePause(given, code);
  const lines = code.trimEnd().split('\n').length;
  const [opened, setOpened] = useState<boolean>();
  const foldable = lines > LINES_KEPT && state !== 'writing';
  const open = opened ?? !(foldable && state !== 'running');
  const failed = hasFailed(call);
  const logs = logsOf(call);
  const figures = (call.code_interpreter?.outputs ?? []).flatMap((output) =>
    output.type === 'image' && output.image?.file_id ? [output.image.file_id] : [],
  );
  return (
    <section
      class={`call code-call ${failed ? 'call-failed' : ''}`}
      aria-label={isRetry ? 'Python, next attempt' : 'Python'}
    >
      <div class="call-head">
        <Icon name="python" />
        <span class="call-name">{isRetry ? 'Python, next attempt' : 'Python'}</span>
        <span class={`call-state ${state === 'done' ? '' : 'call-live'}`}>
          {stateWords(state, failed, took)}
        </span>
        <span class="call-tools">
          <CopyButton text={() => code} />
          {foldable && (
            <button type="button" class="quiet" aria-expanded={open} onClick={() => setOpened(!open)}>
              {open ? 'Fold' : `Show ${plural(lines, 'line')}`}
            </button>
          )}
        </span>
      </div>
      <div class={open ? 'call-code' : 'call-code call-folded'}>
        <Code text={code === '' ? ' ' : code} language="Python" />
        {state === 'writing' && <span class="caret" aria-hidden="true" />}
      </div>
      {logs !== '' && (
        <pre
          class={failed ? 'logs logs-failed' : 'logs'}
          dir="ltr"
          tabIndex={0}
          role="region"
          aria-label="Output of the code"
        >
          {logs}
        </pre>
      )}
      {figures.map((id) => (shownElsewhere.has(id) ? null : <FigureView key={id} fileId={id} />))}
    </section>
  );
};

/** No event says that the code is complete: it is, when nothing has been added for a moment. */
function usePause(state: CodeCallProps['state'], code: string): CodeCallProps['state'] {
  const [settled, setSettled] = useState<string>();
  useEffect(() => {
    if (state !== 'writing' || code === '') return;
    const timer = setTimeout(() => setSettled(code), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [state, code]);
  return state === 'writing' && settled === code && code !== '' ? 'running' : state;
}

function stateWords(state: CodeCallProps['state'], failed: boolean, took: number | undefined): string {
  const time = took === undefined ? '' : ` ${duration(took)}`;
  switch (state) {
    case 'writing':
      return 'is being written';
    case 'running':
      return 'runs';
    case 'stopped':
      return 'stopped';
    case 'done':
      return failed ? `failed after${time || ' a moment'}` : `ran${time}`;
  }
}
