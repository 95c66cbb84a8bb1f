import { useEffect, useRef, useState } from 'preact/hooks';

import type { Chat } from '../state/chat.ts';
import { type Conversation, isOver, type Message, type Run, type RunStep } from '../state/conversation.ts';
import { isLive, isRunning, progressOf, tookOf, totalTokens } from '../state/run-facts.ts';
import { CodeCall, hasFailed } from './code-call.tsx';
import { duration, number } from './format.ts';
import { FunctionCallView, FunctionForm } from './function-call.tsx';
import { Icon } from './icons.tsx';
import { AnswerView } from './message.tsx';
import { resultsOf, SearchCall, type SearchResult } from './search-call.tsx';

export interface RunViewProps {
  readonly chat: Chat;
  readonly conversation: Conversation;
  readonly run: Run;
  readonly messages: readonly Message[];
  readonly isLast: boolean;
  readonly onInspect: (run: Run) => void;
  readonly onRetry: () => void;
}

/** A run as it happened: its steps in their order, its messages among them, and how it ended. */
export const RunView = ({ chat, conversation, run, messages, isLast, onInspect, onRetry }: RunViewProps) => {
  const steps = conversation.steps.get(run.id);
  const place = useRef<HTMLDivElement>(null);
  useStepsWhenSeen(chat, run, steps, place);
  const results = (steps ?? []).flatMap(searchResults);
  const presented = new Set(messages.flatMap(figuresOf));
  const told = new Set<string>();
  let failedBefore = false;
  return (
    <div class="run" ref={place} data-run={run.id}>
      {(steps ?? []).map((step) => {
        const details = step.step_details;
        if (details.type === 'message_creation') {
          const message = messages.find(({ id }) => id === details.message_creation.message_id);
          if (!message) return null;
          told.add(message.id);
          return <AnswerView key={message.id} message={message} results={results} />;
        }
        const took = tookOf(conversation, step);
        return (details.tool_calls ?? []).map((call, index) => {
          if (!call) return null;
          const key = `${step.id} ${index}`;
          const live = step.status === 'in_progress';
          if (call.type === 'file_search')
            return <SearchCall key={key} call={call} took={took} live={live} />;
          if (call.type === 'function')
            return <FunctionCallView key={key} call={call} took={took} live={live} />;
          const isRetry = failedBefore;
          failedBefore = hasFailed(call);
          return (
            <CodeCall
              key={key}
              call={call}
              state={codeState(step)}
              took={took}
              isRetry={isRetry}
              shownElsewhere={presented}
            />
          );
        });
      })}
      {messages.map((message) =>
        told.has(message.id) ? null : <AnswerView key={message.id} message={message} results={results} />,
      )}
      {run.status === 'requires_action' && <FunctionForm chat={chat} run={run} />}
      {run.last_error && (
        <div class="problem" role="alert">
          <p dir="auto">{run.last_error.message}</p>
          <p class="problem-facts">
            <span>{run.last_error.code}</span> <code>{run.id}</code>
          </p>
        </div>
      )}
      <RunEnd
        run={run}
        conversation={conversation}
        steps={steps ?? []}
        isLast={isLast}
        onInspect={onInspect}
        onRetry={onRetry}
      />
    </div>
  );
};

const codeState = (step: RunStep) =>
  step.status === 'in_progress'
    ? isRunning(step)
      ? 'running'
      : 'writing'
    : step.status === 'completed'
      ? 'done'
      : 'stopped';

const searchResults = (step: RunStep): readonly SearchResult[] =>
  step.step_details.type === 'tool_calls'
    ? (step.step_details.tool_calls ?? []).flatMap((call) =>
        call?.type === 'file_search' ? resultsOf(call) : [],
      )
    : [];

const figuresOf = ({ content }: Message): string[] =>
  content.flatMap((part) =>
    part?.type === 'image_file' && part.image_file?.file_id ? [part.image_file.file_id] : [],
  );

/** Steps of an old run are asked for when it comes into sight: a long thread has hundreds. */
function useStepsWhenSeen(
  chat: Chat,
  run: Run,
  steps: readonly RunStep[] | undefined,
  place: { current: HTMLDivElement | null },
): void {
  const needed = steps === undefined && run.tools.length > 0;
  useEffect(() => {
    if (!needed || !place.current) return;
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry?.isIntersecting) void chat.askForSteps(run);
      },
      { rootMargin: '800px' },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [needed, run.id]);
}

interface RunEndProps {
  readonly run: Run;
  readonly conversation: Conversation;
  readonly steps: readonly RunStep[];
  readonly isLast: boolean;
  readonly onInspect: (run: Run) => void;
  readonly onRetry: () => void;
}

/** The line under a run: how it stands, its time, its tokens, and what can be done with it. */
const RunEnd = ({ run, conversation, steps, isLast, onInspect, onRetry }: RunEndProps) => {
  const now = useClock(isLive(run));
  const took = tookOf(conversation, run, isOver(run) ? undefined : now);
  const tokens = totalTokens(run);
  return (
    <p class="run-end">
      <span class={`status status-${run.status}`}>
        {isOver(run) ? run.status.replace('_', ' ') : progressOf(run, steps)}
        {run.status === 'incomplete' && run.incomplete_details?.reason
          ? ` (${run.incomplete_details.reason.replaceAll('_', ' ')})`
          : ''}
      </span>
      {took !== undefined && <span>{duration(took)}</span>}
      {tokens !== undefined && <span>{number(tokens)} tokens</span>}
      <span class="run-tools">
        {isLast && isOver(run) && (
          <button type="button" class="quiet" onClick={onRetry}>
            <Icon name="retry" /> Retry
          </button>
        )}
        <button type="button" class="quiet" onClick={() => onInspect(run)}>
          <Icon name="panel" /> Inspect
        </button>
      </span>
    </p>
  );
};

/** The time, ten times a second while it matters. */
export function useClock(running: boolean): number {
  const [now, setNow] = useState(() => performance.now());
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => setNow(performance.now()), 100);
    return () => clearInterval(timer);
  }, [running]);
  return now;
}
