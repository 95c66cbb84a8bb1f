import { useCallback, useState } from 'preact/hooks';

import { problemOf } from '../api/problem.ts';
import type { Question } from '../state/chat.ts';
import { chatOf, deleteThread } from '../state/chats.ts';
import { activeRun, type Run } from '../state/conversation.ts';
import { assistant, nameThread, titleOf, titles } from '../state/lists.ts';
import { inspected } from '../state/panes.ts';
import { go } from '../state/route.ts';
import { isLive } from '../state/run-facts.ts';
import { AssistantPicker } from './assistant-picker.tsx';
import { Composer } from './composer.tsx';
import { StandingAnswers } from './function-call.tsx';
import { IconButton } from './icons.tsx';
import { Inspector } from './inspector.tsx';
import { textOf } from './message.tsx';
import { ProblemNote } from './problem-note.tsx';
import { Timeline } from './timeline.tsx';
import { TopBar } from './top-bar.tsx';

/** One thread: what was said, what happens, and the next question. */
export const ChatView = ({ threadId }: { threadId: string }) => {
  const chat = chatOf(threadId);
  const [draft, setDraft] = useState<{ readonly text: string; readonly count: number }>();
  const conversation = chat.conversation.value;
  const phase = chat.phase.value;
  const active = activeRun(conversation);
  const chosen = assistant.value;
  const busy = phase.name === 'running' || phase.name === 'reconnecting' || active !== undefined;

  const lastQuestion = () => chat.conversation.peek().messages.findLast(({ role }) => role === 'user');
  const inspect = useCallback((run: Run) => {
    inspected.value = run.id;
  }, []);
  const edit = useCallback(() => {
    const question = lastQuestion();
    if (question) setDraft((last) => ({ text: textOf(question), count: (last?.count ?? 0) + 1 }));
  }, [chat]);
  const retry = useCallback(async () => {
    const who = assistant.peek();
    if (who && (await chat.takeBack({ question: false }))) await chat.run(who.id);
  }, [chat]);
  const ask = async (question: Question) => {
    if (!chosen) return;
    if (draft && !(await chat.takeBack({ question: true }))) return;
    setDraft(undefined);
    if (chat.conversation.peek().messages.length === 0) nameThread(threadId, titleOf(question.text));
    await chat.ask(chosen.id, question);
  };

  const watched =
    inspected.value === undefined
      ? undefined
      : (conversation.runs.find(({ id }) => id === inspected.value) ?? conversation.runs.at(-1));
  return (
    <>
      <main class="middle" id="main" tabIndex={-1}>
        <TopBar>
          <AssistantPicker />
          <span class="unseen">
            <h1>{titles.value.get(threadId) ?? threadId}</h1>
          </span>
          <ThreadTools threadId={threadId} lastRun={conversation.runs.at(-1)} onInspect={inspect} />
        </TopBar>
        <Timeline chat={chat} onInspect={inspect} onRetry={retry} onEdit={edit} />
        <div class="foot">
          <ProblemNote
            problem={chat.problem.value}
            onRetry={() => void (conversation.messages.length === 0 ? chat.load() : retry())}
          />
          <StandingAnswers />
          {draft && (
            <p class="editing">
              Editing the last question: running it replaces the question and its answer.
              <button type="button" class="quiet" onClick={() => setDraft(undefined)}>
                Leave it
              </button>
            </p>
          )}
          <Composer
            key={draft?.count ?? 0}
            assistant={chosen}
            draft={draft?.text ?? ''}
            busy={busy}
            onAsk={(question) => void ask(question)}
            onCancel={active && isLive(active) ? () => void chat.cancel(active) : undefined}
          />
        </div>
      </main>
      {watched && <Inspector chat={chat} run={watched} />}
    </>
  );
};

const ThreadTools = ({
  threadId,
  lastRun,
  onInspect,
}: {
  threadId: string;
  lastRun: Run | undefined;
  onInspect: (run: Run) => void;
}) => {
  const [said, setSaid] = useState<string>();
  const remove = async () => {
    if (!confirm('Delete this thread, with its messages, runs and Python session?')) return;
    try {
      await deleteThread(threadId);
      go({ name: 'home' });
    } catch (error) {
      setSaid(problemOf(error).message);
    }
  };
  const share = async () => {
    await navigator.clipboard.writeText(location.href);
    setSaid('Address copied');
    setTimeout(() => setSaid(undefined), 2_000);
  };
  return (
    <span class="thread-tools">
      {said && <span role="status">{said}</span>}
      <IconButton
        icon="link"
        label="Copy the address of this thread"
        onClick={() => void share().catch(() => setSaid(threadId))}
      />
      <IconButton icon="trash" label="Delete this thread" onClick={() => void remove()} />
      <IconButton
        icon="panel"
        label="Inspect the last run"
        pressed={inspected.value !== undefined}
        disabled={!lastRun}
        onClick={() => {
          if (inspected.value !== undefined) inspected.value = undefined;
          else if (lastRun) onInspect(lastRun);
        }}
      />
    </span>
  );
};
