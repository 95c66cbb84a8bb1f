import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { isMissingPart, type Problem, problemOf } from '../api/problem.ts';
import {
  type AssistantForm,
  EXAMPLE_FUNCTION,
  emptyForm,
  flawsOf,
  formOf,
  parametersOf,
} from '../state/assistant-form.ts';
import { api, connection } from '../state/connection.ts';
import { factsOf, learn } from '../state/file-facts.ts';
import { type Assistant, assistants, choose, files } from '../state/lists.ts';
import { edited } from '../state/panes.ts';
import { vectorStores } from '../state/vector-stores.ts';
import { CopyButton } from './code.tsx';
import { DropZone } from './drop-zone.tsx';
import { Icon, IconButton } from './icons.tsx';
import { ProblemNote } from './problem-note.tsx';

const close = () => {
  edited.value = undefined;
};

/** Every field of an assistant. Nothing is sent before Save. */
export const AssistantEditor = ({ assistant }: { assistant: Assistant | 'new' }) => {
  const dialog = useRef<HTMLDialogElement>(null);
  const [form, setForm] = useState<AssistantForm>(() =>
    assistant === 'new' ? emptyForm(connection.value?.models[0] ?? '') : formOf(assistant),
  );
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  useEffect(() => {
    dialog.current?.showModal();
    if (vectorStores.state.value === 'unread') void vectorStores.read();
    if (files.state.value === 'unread') void files.read();
  }, []);
  const change = (part: Partial<AssistantForm>) => setForm((before) => ({ ...before, ...part }));
  const flaws = flawsOf(form);

  const attempt = async (work: () => Promise<void>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
      close();
    } catch (error) {
      setProblem(problemOf(error));
      setBusy(false);
    }
  };
  const save = () =>
    attempt(async () => {
      const { beta } = api().client;
      const parameters = parametersOf(form);
      const saved =
        assistant === 'new'
          ? await beta.assistants.create(parameters)
          : await beta.assistants.update(assistant.id, parameters as OpenAIUpdate);
      assistants.put(saved);
      choose(saved.id);
    });
  const remove = () =>
    attempt(async () => {
      if (assistant === 'new' || !confirm(`Delete ${form.name || assistant.id}? Its threads and runs stay.`))
        return;
      await api().client.beta.assistants.delete(assistant.id);
      assistants.drop(assistant.id);
    });

  return (
    <dialog ref={dialog} class="editor" aria-labelledby="editor-title" onClose={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (flaws.size === 0 && !busy) void save();
        }}
      >
        <header class="editor-head">
          <h2 id="editor-title">{assistant === 'new' ? 'New assistant' : 'Edit the assistant'}</h2>
          {assistant !== 'new' && (
            <>
              <code class="inspector-id">{assistant.id}</code>
              <CopyButton text={() => JSON.stringify(assistant, undefined, 2)} label="JSON" />
            </>
          )}
          <IconButton icon="close" label="Close without saving" onClick={() => dialog.current?.close()} />
        </header>
        <div class="editor-body">
          <Basics form={form} change={change} flaws={flaws} />
          <Tools form={form} change={change} flaws={flaws} />
          <Tuning form={form} change={change} flaws={flaws} />
        </div>
        <footer class="editor-foot">
          <ProblemNote problem={problem} />
          <div class="form-actions">
            <button type="submit" class="primary" disabled={busy || flaws.size > 0}>
              {assistant === 'new' ? 'Create' : 'Save'}
            </button>
            <button type="button" onClick={() => dialog.current?.close()}>
              Cancel
            </button>
            {assistant !== 'new' && (
              <button
                type="button"
                class="danger editor-delete"
                disabled={busy}
                onClick={() => void remove()}
              >
                <Icon name="trash" /> Delete
              </button>
            )}
          </div>
        </footer>
      </form>
    </dialog>
  );
};

type OpenAIUpdate = Parameters<ReturnType<typeof api>['client']['beta']['assistants']['update']>[1];

interface PartProps {
  readonly form: AssistantForm;
  readonly change: (part: Partial<AssistantForm>) => void;
  readonly flaws: ReadonlyMap<string, string>;
}

const Field = ({
  label,
  hint,
  flaw,
  children,
}: {
  label: string;
  hint?: string;
  flaw?: string | undefined;
  children: (id: string, described: string | undefined) => ComponentChildren;
}) => {
  const id = useId();
  const note = flaw ?? hint;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children(id, note === undefined ? undefined : `${id}-note`)}
      {note !== undefined && (
        <p id={`${id}-note`} class={flaw === undefined ? 'field-hint' : 'field-flaw'}>
          {note}
        </p>
      )}
    </div>
  );
};

const Basics = ({ form, change, flaws }: PartProps) => (
  <>
    <Field label="Name">
      {(id) => (
        <input
          id={id}
          dir="auto"
          maxLength={256}
          value={form.name}
          onInput={(event) => change({ name: event.currentTarget.value })}
        />
      )}
    </Field>
    <Field label="Model" flaw={flaws.get('model')}>
      {(id, described) => (
        <>
          <input
            id={id}
            list={`${id}-models`}
            required
            aria-describedby={described}
            value={form.model}
            onInput={(event) => change({ model: event.currentTarget.value })}
          />
          <datalist id={`${id}-models`}>
            {(connection.value?.models ?? []).map((model) => (
              <option key={model} value={model} />
            ))}
          </datalist>
        </>
      )}
    </Field>
    <Field label="Instructions" hint="What the model is told before every thread.">
      {(id, described) => (
        <textarea
          id={id}
          rows={4}
          dir="auto"
          aria-describedby={described}
          value={form.instructions}
          onInput={(event) => change({ instructions: event.currentTarget.value })}
        />
      )}
    </Field>
    <Field label="Description">
      {(id) => (
        <input
          id={id}
          dir="auto"
          maxLength={512}
          value={form.description}
          onInput={(event) => change({ description: event.currentTarget.value })}
        />
      )}
    </Field>
  </>
);

const Tools = ({ form, change, flaws }: PartProps) => (
  <fieldset class="editor-group">
    <legend>Tools</legend>
    <label class="check">
      <input
        type="checkbox"
        checked={form.codeInterpreter}
        onChange={(event) => change({ codeInterpreter: event.currentTarget.checked })}
      />
      Code interpreter: runs Python in a sandbox, one for each thread
    </label>
    {form.codeInterpreter && <CodeFiles form={form} change={change} />}
    <label class="check">
      <input
        type="checkbox"
        checked={form.fileSearch}
        onChange={(event) => change({ fileSearch: event.currentTarget.checked })}
      />
      File search: answers from a vector store, with citations
    </label>
    {form.fileSearch && <SearchOptions form={form} change={change} />}
    {form.functions.map((text, index) => (
      <div key={index} class="function-editor">
        <Field label={`Function ${index + 1}`} flaw={flaws.get(`function ${index}`)}>
          {(id, described) => (
            <textarea
              id={id}
              class="code-field"
              rows={8}
              dir="ltr"
              spellcheck={false}
              aria-describedby={described}
              aria-invalid={flaws.has(`function ${index}`)}
              value={text}
              onInput={(event) =>
                change({ functions: form.functions.with(index, event.currentTarget.value) })
              }
            />
          )}
        </Field>
        <IconButton
          icon="trash"
          label={`Remove function ${index + 1}`}
          onClick={() => change({ functions: form.functions.toSpliced(index, 1) })}
        />
      </div>
    ))}
    <div>
      <button type="button" onClick={() => change({ functions: [...form.functions, EXAMPLE_FUNCTION] })}>
        <Icon name="plus" /> Add a function
      </button>
    </div>
  </fieldset>
);

const CodeFiles = ({ form, change }: Omit<PartProps, 'flaws'>) => {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>();
  const add = (id: string) => {
    if (id !== '' && !form.codeFiles.includes(id)) change({ codeFiles: [...form.codeFiles, id] });
  };
  const upload = async (chosen: readonly File[]) => {
    setBusy(true);
    setProblem(undefined);
    const stored: string[] = [];
    try {
      for (const file of chosen) {
        const object = await api().client.files.create({ file, purpose: 'assistants' });
        learn(object);
        files.put(object);
        stored.push(object.id);
      }
    } catch (error) {
      setProblem(problemOf(error));
    }
    change({ codeFiles: [...form.codeFiles, ...stored] });
    setBusy(false);
  };
  return (
    <div class="tool-more">
      {form.codeFiles.length > 0 && (
        <ul class="attached" aria-label="Files of the code interpreter">
          {form.codeFiles.map((id) => (
            <li key={id} class="chip">
              <FileName id={id} />
              <IconButton
                icon="close"
                label={`Remove ${factsOf(id).value.file?.filename ?? id}`}
                onClick={() => change({ codeFiles: form.codeFiles.filter((other) => other !== id) })}
              />
            </li>
          ))}
        </ul>
      )}
      <div class="inline-form">
        <select
          aria-label="Add a file of the project"
          value=""
          onChange={(event) => add(event.currentTarget.value)}
        >
          <option value="">Add a file of the project …</option>
          {files.items.value
            .filter(({ id }) => !form.codeFiles.includes(id))
            .map(({ id, filename }) => (
              <option key={id} value={id}>
                {filename}
              </option>
            ))}
        </select>
      </div>
      <DropZone label="Upload files for code" busy={busy} onFiles={(chosen) => void upload(chosen)} />
      <ProblemNote problem={problem} />
    </div>
  );
};

const FileName = ({ id }: { id: string }) => (
  <span class="file-name" dir="auto">
    {factsOf(id).value.file?.filename ?? id}
  </span>
);

const SearchOptions = ({ form, change }: Omit<PartProps, 'flaws'>) => {
  if (isMissingPart(vectorStores.problem.value)) {
    return <p class="field-hint tool-more">This deployment has no vector stores: saving will be refused.</p>;
  }
  return (
    <div class="tool-more fields">
      <Field label="Vector store">
        {(id) => (
          <select
            id={id}
            value={form.vectorStore}
            onChange={(event) => change({ vectorStore: event.currentTarget.value })}
          >
            <option value="">None</option>
            {vectorStores.items.value.map((store) => (
              <option key={store.id} value={store.id}>
                {store.name || store.id}
              </option>
            ))}
          </select>
        )}
      </Field>
      <NumberField
        label="Passages at most"
        min={1}
        max={50}
        step={1}
        value={form.maxResults}
        onValue={(maxResults) => change({ maxResults })}
      />
      <NumberField
        label="Score at least"
        min={0}
        max={1}
        step={0.05}
        value={form.scoreThreshold}
        onValue={(scoreThreshold) => change({ scoreThreshold })}
      />
    </div>
  );
};

const NumberField = ({
  label,
  min,
  max,
  step,
  value,
  onValue,
}: {
  label: string;
  min: number;
  max: number;
  step: number;
  value: string;
  onValue: (text: string) => void;
}) => (
  <Field label={label}>
    {(id) => (
      <input
        id={id}
        type="number"
        min={min}
        max={max}
        step={step}
        value={value}
        placeholder="default"
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    )}
  </Field>
);

const Tuning = ({ form, change, flaws }: PartProps) => (
  <details class="editor-group">
    <summary>Answer and metadata</summary>
    <div class="fields">
      <NumberField
        label="Temperature"
        min={0}
        max={2}
        step={0.1}
        value={form.temperature}
        onValue={(temperature) => change({ temperature })}
      />
      <NumberField
        label="Top P"
        min={0}
        max={1}
        step={0.05}
        value={form.topP}
        onValue={(topP) => change({ topP })}
      />
      <Field label="Reasoning effort">
        {(id) => (
          <select
            id={id}
            value={form.reasoningEffort}
            onChange={(event) => change({ reasoningEffort: event.currentTarget.value })}
          >
            <option value="">default</option>
            {['minimal', 'low', 'medium', 'high'].map((effort) => (
              <option key={effort}>{effort}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Response format">
        {(id) => (
          <select
            id={id}
            value={form.responseFormat}
            onChange={(event) =>
              change({ responseFormat: event.currentTarget.value as AssistantForm['responseFormat'] })
            }
          >
            {['auto', 'text', 'json_object', 'json_schema'].map((format) => (
              <option key={format}>{format}</option>
            ))}
          </select>
        )}
      </Field>
    </div>
    {form.responseFormat === 'json_schema' && (
      <Field label="JSON schema" flaw={flaws.get('jsonSchema')}>
        {(id, described) => (
          <textarea
            id={id}
            class="code-field"
            rows={8}
            dir="ltr"
            spellcheck={false}
            aria-describedby={described}
            value={form.jsonSchema}
            onInput={(event) => change({ jsonSchema: event.currentTarget.value })}
          />
        )}
      </Field>
    )}
    {form.metadata.map(([name, value], index) => (
      <div key={index} class="inline-form">
        <input
          aria-label={`Metadata ${index + 1}, name`}
          placeholder="Name"
          maxLength={64}
          value={name}
          onInput={(event) =>
            change({ metadata: form.metadata.with(index, [event.currentTarget.value, value]) })
          }
        />
        <input
          aria-label={`Metadata ${index + 1}, value`}
          placeholder="Value"
          dir="auto"
          maxLength={512}
          value={value}
          onInput={(event) =>
            change({ metadata: form.metadata.with(index, [name, event.currentTarget.value]) })
          }
        />
        <IconButton
          icon="trash"
          label={`Remove metadata ${index + 1}`}
          onClick={() => change({ metadata: form.metadata.toSpliced(index, 1) })}
        />
      </div>
    ))}
    <div>
      <button
        type="button"
        disabled={form.metadata.length >= 16}
        onClick={() => change({ metadata: [...form.metadata, ['', '']] })}
      >
        <Icon name="plus" /> Add metadata
      </button>
    </div>
  </details>
);
