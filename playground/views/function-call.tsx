import type OpenAI from 'openai';
import { useEffect, useId, useState } from 'preact/hooks';

import { forgetAnswer, remember, remembered } from '../state/answers.ts';
import type { Chat } from '../state/chat.ts';
import type { Run } from '../state/conversation.ts';
import { Code } from './code.tsx';
import { duration } from './format.ts';
import { Icon } from './icons.tsx';

type FunctionCall = OpenAI.Beta.Threads.Runs.FunctionToolCall;
type Pending = OpenAI.Beta.Threads.Runs.RequiredActionFunctionToolCall;

/** A call with its arguments, and its answer once it has one. */
export const FunctionCallView = ({
  call,
  took,
  live,
}: {
  call: FunctionCall;
  took: number | undefined;
  live: boolean;
}) => (
  <section class="call" aria-label={`Function ${call.function?.name ?? ''}`}>
    <div class="call-head">
      <Icon name="function" />
      <code class="call-name">{call.function?.name}</code>
      <span class={live ? 'call-state call-live' : 'call-state'}>
        {call.function?.output == null
          ? live
            ? 'is called'
            : 'was called'
          : `answered${took === undefined ? '' : ` after ${duration(took)}`}`}
      </span>
    </div>
    <Arguments text={call.function?.arguments ?? ''} />
    {call.function?.output != null && (
      <pre class="logs" dir="auto" tabIndex={0} role="region" aria-label="Output of the function">
        {call.function.output === '' ? '(empty)' : call.function.output}
      </pre>
    )}
  </section>
);

/** As a table where they are an object, else as the text that the model wrote. */
const Arguments = ({ text }: { text: string }) => {
  const fields = objectOf(text);
  if (!fields) return text === '' ? null : <Code text={text} language="JSON" />;
  if (fields.length === 0) return <p class="muted call-note">No arguments</p>;
  return (
    <table class="arguments">
      <tbody>
        {fields.map(([name, value]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td dir="auto">{typeof value === 'string' ? value : JSON.stringify(value)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};

function objectOf(text: string): [string, unknown][] | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : undefined;
  } catch {
    return undefined; // Still being written, or no JSON at all.
  }
}

/** A run that waits for functions: a field for each call; or nothing to do, where all have standing answers. */
export const FunctionForm = ({ chat, run }: { chat: Chat; run: Run }) => {
  const calls = run.required_action?.submit_tool_outputs.tool_calls ?? [];
  const standing = calls.every((call) => remembered.value.has(call.function.name));
  const [outputs, setOutputs] = useState<Readonly<Record<string, string>>>({});
  const [kept, setKept] = useState<ReadonlySet<string>>(new Set());
  const outputOf = (call: Pending) => outputs[call.id] ?? remembered.value.get(call.function.name) ?? '';
  const submit = () => {
    for (const call of calls) if (kept.has(call.id)) remember(call.function.name, outputOf(call));
    void chat.submit(
      run,
      calls.map((call) => ({ tool_call_id: call.id, output: outputOf(call) })),
    );
  };
  useEffect(() => {
    if (standing && calls.length > 0) submit();
  }, [run.id, calls.map(({ id }) => id).join()]);
  if (calls.length === 0 || standing) return null;
  return (
    <form
      class="function-form"
      aria-label="Outputs of functions"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      {calls.map((call) => (
        <Field
          key={call.id}
          call={call}
          value={outputOf(call)}
          onChange={(text) => setOutputs({ ...outputs, [call.id]: text })}
          kept={kept.has(call.id)}
          onKept={(on) => {
            const next = new Set(kept);
            if (on) next.add(call.id);
            else next.delete(call.id);
            setKept(next);
          }}
        />
      ))}
      <div class="form-actions">
        <button type="submit" class="primary">
          Submit {calls.length === 1 ? 'output' : 'outputs'}
        </button>
        <button type="button" onClick={() => void chat.cancel(run)}>
          Cancel run
        </button>
      </div>
    </form>
  );
};

const Field = ({
  call,
  value,
  onChange,
  kept,
  onKept,
}: {
  call: Pending;
  value: string;
  onChange: (text: string) => void;
  kept: boolean;
  onKept: (on: boolean) => void;
}) => {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>
        Output of <code>{call.function.name}</code>
      </label>
      <textarea
        id={id}
        rows={2}
        dir="auto"
        value={value}
        placeholder='Text, or JSON such as {"temperature": 21}'
        onInput={(event) => onChange(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey))
            event.currentTarget.form?.requestSubmit();
        }}
      />
      <label class="check">
        <input type="checkbox" checked={kept} onChange={(event) => onKept(event.currentTarget.checked)} />
        Answer this function so from now on, in this tab
      </label>
    </div>
  );
};

/** What is answered without being asked, with a way out of it. */
export const StandingAnswers = () => {
  const names = [...remembered.value.keys()];
  if (names.length === 0) return null;
  return (
    <p class="standing">
      Answered by this tab:
      {names.map((name) => (
        <button
          key={name}
          type="button"
          class="chip"
          title={`Ask again for ${name}`}
          onClick={() => forgetAnswer(name)}
        >
          <code>{name}</code> <Icon name="close" />
        </button>
      ))}
    </p>
  );
};
