import type OpenAI from 'openai';
import { useMemo } from 'preact/hooks';

import type { Message } from '../state/conversation.ts';
import { type Annotation, annotationsOf } from './annotations.ts';
import { Citation } from './citation.tsx';
import { FigureView } from './figure.tsx';
import { FileLink } from './file-link.tsx';
import { Markdown } from './markdown.tsx';
import { safeLink } from './safe-link.ts';
import type { SearchResult } from './search-call.tsx';

type Content = OpenAI.Beta.Threads.MessageContent;

export const textOf = ({ content }: Pick<Message, 'content'>): string =>
  content.map((part) => (part.type === 'text' ? part.text.value : '')).join('\n\n');

/** What somebody asked: as it was typed, with what was attached. */
export const QuestionView = ({ message }: { message: Message }) => (
  <article class="question" aria-label="You">
    {message.content.map((part, index) =>
      part.type === 'text' ? (
        <p key={index} class="as-it-is" dir="auto">
          {part.text.value}
        </p>
      ) : (
        <Part key={index} part={part} results={[]} />
      ),
    )}
    <AttachedFiles message={message} />
  </article>
);

const AttachedFiles = ({ message }: { message: Message }) => {
  const ids = (message.attachments ?? []).flatMap(({ file_id }) => (file_id ? [file_id] : []));
  if (ids.length === 0) return null;
  return (
    <ul class="attached" aria-label="Attached files">
      {ids.map((id) => (
        <li key={id}>
          <FileLink fileId={id} />
        </li>
      ))}
    </ul>
  );
};

/** What the assistant wrote. */
export const AnswerView = ({ message, results }: { message: Message; results: readonly SearchResult[] }) => (
  <article class="answer" aria-label="Assistant">
    {message.content.map((part, index) => part && <Part key={index} part={part} results={results} />)}
    {message.status === 'incomplete' && (
      <p class="incomplete">Incomplete: {reasonOf(message.incomplete_details?.reason)}.</p>
    )}
  </article>
);

const reasonOf = (reason: string | undefined): string =>
  (reason ?? 'the API gives no reason').replaceAll('_', ' ');

const Part = ({ part, results }: { part: Content; results: readonly SearchResult[] }) => {
  switch (part.type) {
    case 'image_file':
      return part.image_file?.file_id ? <FigureView fileId={part.image_file.file_id} /> : null;
    case 'image_url': {
      const link = safeLink(part.image_url.url);
      return (
        <p>
          Picture at{' '}
          {link ? (
            <a href={link.href} target="_blank" rel="noopener noreferrer nofollow">
              {link.leadsTo}
            </a>
          ) : (
            <span>an address that is not shown</span>
          )}
        </p>
      );
    }
    case 'refusal':
      return (
        <p class="refusal" dir="auto">
          {part.refusal}
        </p>
      );
    case 'text':
      return <TextPart text={part.text} results={results} />;
    default:
      return null;
  }
};

const TextPart = ({
  text,
  results,
}: {
  text: OpenAI.Beta.Threads.Text;
  results: readonly SearchResult[];
}) => {
  const list = text.annotations ?? [];
  const annotations = useMemo(() => annotationsOf(list), [list.length, results]);
  const citations = list.filter((one) => one?.type === 'file_citation');
  const draw = (annotation: Annotation, label: unknown) => {
    if (annotation.type === 'file_path')
      return <FileLink fileId={annotation.file_path.file_id} label={label as string} />;
    const position = citations.findIndex((one) => one.text === annotation.text) + 1;
    return <Citation annotation={annotation} position={position} results={results} />;
  };
  return <Markdown text={text.value} annotations={annotations} annotation={draw} />;
};
