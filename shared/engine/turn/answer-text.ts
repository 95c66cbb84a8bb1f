import type { MessageContent } from '../../api/message.ts';

export interface TextPiece {
  readonly type: 'text' | 'refusal';
  readonly text: string;
  /** Number of the part that it belongs to. */
  readonly part: number;
  readonly first: boolean;
}

/** What a model says in one answer, as the parts of a message. */
export class AnswerText {
  readonly #parts: { readonly type: 'text' | 'refusal'; value: string }[] = [];
  /** White space before the first word: many models write some before they call a tool, which is no message. */
  #blank = '';

  /** Takes a piece; what of the message it adds, or undefined for white space before the first word. */
  add(type: 'text' | 'refusal', piece: string): TextPiece | undefined {
    if (this.#parts.length > 0) return piece === '' ? undefined : this.#append(type, piece);
    this.#blank += piece;
    return piece.trim() === '' ? undefined : this.#append(type, this.#blank);
  }

  /**
   * What a whole answer has beside what was told: the white space that stayed its only text, or an empty text where
   * it is to have one. (`content[0].text.value` is everywhere: a message without any content, which the hosted API
   * left now and then, ended programs; ryo-ma/gpt-assistants-api-ui#12.)
   */
  rest(hasText: boolean): TextPiece | undefined {
    if (this.#parts.length > 0 || (this.#blank === '' && !hasText)) return undefined;
    return this.#append('text', this.#blank);
  }

  content(): MessageContent[] {
    return this.#parts.map(({ type, value }) =>
      type === 'text' ? { type, text: { value, annotations: [] } } : { type, refusal: value },
    );
  }

  #append(type: 'text' | 'refusal', text: string): TextPiece {
    const known = this.#parts.findIndex((part) => part.type === type);
    const part = known < 0 ? this.#parts.push({ type, value: '' }) - 1 : known;
    this.#parts[part]!.value += text;
    return { type, text, part, first: known < 0 };
  }
}
