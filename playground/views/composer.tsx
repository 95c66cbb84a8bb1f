import { useRef, useState } from 'preact/hooks';

import { type Problem, problemOf } from '../api/problem.ts';
import type { Attachment, Question } from '../state/chat.ts';
import { api } from '../state/connection.ts';
import { learn } from '../state/file-facts.ts';
import { type Assistant, files } from '../state/lists.ts';
import { bytes } from './format.ts';
import { Icon, IconButton } from './icons.tsx';
import { ProblemNote } from './problem-note.tsx';

export interface ComposerProps {
  readonly assistant: Assistant | undefined;
  /** What stands in the field at first: a question that is edited. */
  readonly draft?: string;
  readonly busy: boolean;
  readonly onCancel?: (() => void) | undefined;
  readonly onAsk: (question: Question) => void;
}

const PICTURE = /^image\/(png|jpeg|gif|webp)$/;

/** Where the next question is written. */
export const Composer = ({ assistant, draft = '', busy, onCancel, onAsk }: ComposerProps) => {
  const [text, setText] = useState(draft);
  const [attachments, setAttachments] = useState<readonly Attachment[]>([]);
  const [uploading, setUploading] = useState<readonly string[]>([]);
  const [problem, setProblem] = useState<Problem>();
  const picker = useRef<HTMLInputElement>(null);
  const ready =
    !busy &&
    assistant !== undefined &&
    uploading.length === 0 &&
    (text.trim() !== '' || attachments.length > 0);

  const ask = () => {
    if (!ready) return;
    onAsk({ text: text.trim(), attachments });
    setText('');
    setAttachments([]);
  };

  const upload = async (chosen: readonly File[]) => {
    setProblem(undefined);
    for (const file of chosen) {
      setUploading((names) => [...names, file.name]);
      try {
        const asImage = PICTURE.test(file.type) && !has(assistant, 'code_interpreter');
        const stored = await api().client.files.create({ file, purpose: asImage ? 'vision' : 'assistants' });
        learn(stored);
        files.put(stored);
        setAttachments((list) => [...list, { file: stored, asImage, tools: toolsFor(assistant) }]);
      } catch (error) {
        setProblem(problemOf(error));
      } finally {
        setUploading((names) => names.filter((name) => name !== file.name));
      }
    }
  };

  return (
    <form
      class="composer"
      aria-label="Question"
      onSubmit={(event) => {
        event.preventDefault();
        ask();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        void upload([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <ProblemNote problem={problem} />
      {(attachments.length > 0 || uploading.length > 0) && (
        <ul class="attached" aria-label="Files to send">
          {attachments.map(({ file, asImage }) => (
            <li key={file.id} class="chip">
              <Icon name="file" />
              <span class="file-name" dir="auto">
                {file.filename}
              </span>
              <span class="file-size">{asImage ? 'as picture' : bytes(file.bytes)}</span>
              <IconButton
                icon="close"
                label={`Remove ${file.filename}`}
                onClick={() => setAttachments(attachments.filter((one) => one.file.id !== file.id))}
              />
            </li>
          ))}
          {uploading.map((name) => (
            <li key={name} class="chip chip-busy">
              <span class="file-name" dir="auto">
                {name}
              </span>
              <span class="file-size">uploading …</span>
            </li>
          ))}
        </ul>
      )}
      <textarea
        class="composer-text"
        aria-label="Your question"
        rows={1}
        dir="auto"
        placeholder={assistant ? `Ask ${assistant.name || 'the assistant'} …` : 'Create an assistant first'}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          ask();
        }}
        onPaste={(event) => {
          const pasted = [...(event.clipboardData?.files ?? [])];
          if (pasted.length > 0) void upload(pasted);
        }}
      />
      <div class="composer-tools">
        <IconButton icon="clip" label="Attach files" onClick={() => picker.current?.click()} />
        <input
          ref={picker}
          type="file"
          multiple
          class="unseen"
          tabIndex={-1}
          aria-label="Files to attach"
          onChange={(event) => {
            void upload([...(event.currentTarget.files ?? [])]);
            event.currentTarget.value = '';
          }}
        />
        <span class="composer-hint">Enter runs, Shift + Enter is a new line</span>
        {onCancel ? (
          <button type="button" class="danger" onClick={onCancel}>
            <Icon name="stop" /> Cancel
          </button>
        ) : (
          <button type="submit" class="primary" disabled={!ready}>
            <Icon name="run" /> Run
          </button>
        )}
      </div>
    </form>
  );
};

const has = (assistant: Assistant | undefined, type: string): boolean =>
  assistant?.tools.some((tool) => tool.type === type) ?? false;

function toolsFor(assistant: Assistant | undefined): Attachment['tools'] {
  const able = (['code_interpreter', 'file_search'] as const).filter((type) => has(assistant, type));
  // An attachment without a tool is refused; code is what most files are for.
  return able.length > 0 ? able : ['code_interpreter'];
}
