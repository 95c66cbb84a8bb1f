import { useEffect, useRef, useState } from 'preact/hooks';

import { type Problem, problemOf } from '../api/problem.ts';
import type { Chat } from '../state/chat.ts';
import { api } from '../state/connection.ts';
import { type Conversation, isOver, type Run, type RunStep } from '../state/conversation.ts';
import { inspected } from '../state/panes.ts';
import { isLive, tookOf } from '../state/run-facts.ts';
import { snippetsOf } from '../state/snippets.ts';
import { Code, CopyButton } from './code.tsx';
import { EventList } from './event-list.tsx';
import { duration, moment, number, plural } from './format.ts';
import { IconButton } from './icons.tsx';
import { textOf } from './message.tsx';
import { ProblemNote } from './problem-note.tsx';
import { useClock } from './run-view.tsx';
import { Tabs } from './tabs.tsx';

/** A run from inside: its steps on a line of time, its events as they came, and the request to do it again. */
export const Inspector = ({ chat, run }: { chat: Chat; run: Run }) => {
  const conversation = chat.conversation.value;
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    void chat.askForSteps(run);
  }, [run.id]);
  useEffect(() => {
    // On a phone it covers what was looked at.
    if (matchMedia('(max-width: 1100px)').matches) box.current?.querySelector<HTMLElement>('button')?.focus();
  }, [run.id]);
  const close = () => {
    inspected.value = undefined;
  };
  return (
    <aside
      class="inspector"
      aria-label="Run inspector"
      ref={box}
      onKeyDown={(event) => {
        if (event.key === 'Escape') close();
      }}
    >
      <div class="inspector-head">
        <h2>Run</h2>
        <code class="inspector-id">{run.id}</code>
        <CopyButton text={() => run.id} label="Copy id" />
        <IconButton icon="close" label="Close the inspector" onClick={close} />
      </div>
      <Tabs
        label="What to see of the run"
        tabs={[
          { name: 'Steps', content: () => <Steps conversation={conversation} run={run} /> },
          { name: 'Events', content: () => <Events chat={chat} run={run} /> },
          { name: 'Request', content: () => <Request conversation={conversation} run={run} /> },
          { name: 'JSON', content: () => <Json conversation={conversation} run={run} /> },
        ]}
      />
    </aside>
  );
};

const Steps = ({ conversation, run }: { conversation: Conversation; run: Run }) => {
  const now = useClock(isLive(run));
  const steps = conversation.steps.get(run.id) ?? [];
  const total = tookOf(conversation, run, isOver(run) ? undefined : now);
  const facts: readonly (readonly [string, string])[] = [
    ['Status', run.status.replace('_', ' ')],
    ['Model', run.model],
    ['Assistant', run.assistant_id],
    ['Created', moment(run.created_at)],
    ...(total === undefined ? [] : [['Time', duration(total)] as const]),
    ...(run.usage
      ? [
          [
            'Tokens',
            `${number(run.usage.prompt_tokens)} in, ${number(run.usage.completion_tokens)} out`,
          ] as const,
        ]
      : []),
  ];
  return (
    <>
      <ol class="steps">
        {steps.map((step) => (
          <StepLine
            key={step.id}
            step={step}
            run={run}
            conversation={conversation}
            total={total ?? 0}
            now={now}
          />
        ))}
      </ol>
      {steps.length === 0 && <p class="muted">No step yet.</p>}
      <dl class="facts">
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
};

interface StepLineProps {
  readonly step: RunStep;
  readonly run: Run;
  readonly conversation: Conversation;
  readonly total: number;
  readonly now: number;
}

const StepLine = ({ step, run, conversation, total, now }: StepLineProps) => {
  const took = tookOf(conversation, step, step.status === 'in_progress' ? now : undefined);
  const own = conversation.spans.get(step.id);
  const whole = conversation.spans.get(run.id);
  const begin = own && whole ? own.from - whole.from : (step.created_at - run.created_at) * 1000;
  const scale = Math.max(total, 1);
  // Attributes of a drawing and no styles: their numbers need no exception in the page's policy.
  const from = Math.min((begin / scale) * 100, 99);
  const width = Math.max(Math.min(((took ?? 0) / scale) * 100, 100 - from), 1);
  return (
    <li class={`step step-${step.status}`}>
      <span class="step-name">{nameOf(step)}</span>
      <span class="step-time">{took === undefined ? step.status.replace('_', ' ') : duration(took)}</span>
      <svg class="step-bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
        <rect class="step-track" x="0" y="0" width="100" height="4" />
        <rect class="step-fill" x={from} y="0" width={width} height="4" />
      </svg>
      <span class="step-facts">{factsOf(step)}</span>
    </li>
  );
};

function nameOf({ step_details: details }: RunStep): string {
  if (details.type === 'message_creation') return 'message';
  const names = (details.tool_calls ?? []).map((call) =>
    call?.type === 'function' ? (call.function?.name ?? 'function') : (call?.type ?? ''),
  );
  return names.join(', ').replaceAll('code_interpreter', 'python') || 'tool calls';
}

function factsOf({ step_details: details, usage, last_error: error }: RunStep): string {
  const outputs =
    details.type === 'tool_calls'
      ? (details.tool_calls ?? []).flatMap((call) =>
          call?.type === 'code_interpreter' ? (call.code_interpreter?.outputs ?? []) : [],
        )
      : [];
  const figures = outputs.filter(({ type }) => type === 'image').length;
  return [
    error?.message,
    outputs.some(({ type }) => type === 'logs') ? 'logs' : undefined,
    figures > 0 ? plural(figures, 'figure') : undefined,
    usage ? `${number(usage.total_tokens)} tokens` : undefined,
  ]
    .filter((fact) => fact !== undefined)
    .join(' · ');
}

const Events = ({ chat, run }: { chat: Chat; run: Run }) => {
  const events = chat.events.value.get(run.id);
  const [problem, setProblem] = useState<Problem>();
  const [reading, setReading] = useState(false);
  const read = async () => {
    setReading(true);
    setProblem(undefined);
    await chat.readEvents(run).catch((error: unknown) => setProblem(problemOf(error)));
    setReading(false);
  };
  if (events) return <EventList events={events} />;
  return (
    <div class="stack">
      <p class="muted">
        This run was not watched here. A streamed run’s events are kept for a day, and can be followed from
        any of their ids.
      </p>
      <div>
        <button type="button" disabled={reading} onClick={() => void read()}>
          {reading ? 'Reading …' : 'Read the events'}
        </button>
      </div>
      <ProblemNote problem={problem} />
    </div>
  );
};

const Request = ({ conversation, run }: { conversation: Conversation; run: Run }) => {
  const question = conversation.messages.findLast(
    (message) => message.role === 'user' && message.created_at <= run.created_at,
  );
  return (
    <div class="stack">
      <p class="muted">
        The same question, from your code. Put the key into <code>HOURGLASS_KEY</code>.
      </p>
      {snippetsOf(run, question ? textOf(question) : '', api().baseUrl).map(({ name, language, text }) => (
        <div key={name} class="code-block">
          <div class="code-head">
            <span>{name}</span>
            <CopyButton text={() => text} />
          </div>
          <Code text={text} language={language} />
        </div>
      ))}
    </div>
  );
};

const Json = ({ conversation, run }: { conversation: Conversation; run: Run }) => {
  const objects: readonly (readonly [string, unknown])[] = [
    ['Run', run],
    ['Steps', conversation.steps.get(run.id) ?? []],
    ['Messages', conversation.messages.filter(({ run_id }) => run_id === run.id)],
  ];
  return (
    <div class="stack">
      {objects.map(([name, value]) => {
        const text = JSON.stringify(value, undefined, 2);
        return (
          <div key={name} class="code-block">
            <div class="code-head">
              <span>{name}</span>
              <CopyButton text={() => text} />
            </div>
            <Code text={text} language="json" />
          </div>
        );
      })}
    </div>
  );
};
