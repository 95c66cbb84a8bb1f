import { useEffect, useRef, useState } from 'preact/hooks';

import { activeRun, type Conversation } from '../state/conversation.ts';
import { progressOf } from '../state/run-facts.ts';
import { textOf } from './message.tsx';

/** An answer is read out when it is complete: a screen reader that is told each word says nothing that can be heard. */
const READ_OUT = 600;

/** What happens, for those who do not see it. */
export const Announcer = ({ conversation }: { conversation: Conversation }) => {
  const [words, setWords] = useState('');
  const told = useRef<string | undefined>(undefined);
  const run = activeRun(conversation);
  const last = conversation.messages.at(-1);
  const ended = conversation.runs.at(-1);
  const now = run ? progressOf(run, conversation.steps.get(run.id) ?? []) : undefined;
  useEffect(() => {
    if (now !== undefined) {
      told.current = run?.id;
      setWords(now);
    } else if (told.current !== undefined && told.current === ended?.id) {
      told.current = undefined;
      const answer = last?.role === 'assistant' && last.run_id === ended.id ? textOf(last) : '';
      setWords(`Run ${ended.status}. ${answer.slice(0, READ_OUT)}`);
    }
  }, [now, ended?.id, ended?.status]);
  return (
    <p class="unseen" role="status" aria-live="polite">
      {words}
    </p>
  );
};
