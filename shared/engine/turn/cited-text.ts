import type { Annotation } from '../../api/message.ts';
import { type Citable, citationAnnotations, codePoints } from '../../run/citations.ts';
import { MarkerHold, type Released } from './marker-hold.ts';

/** Text that is told, and the citations in it. */
export interface CitedPiece {
  readonly text: string;
  /** Whether it is the first of its message's text. */
  readonly first: boolean;
  readonly citations: readonly Annotation[];
  /** Number of the first of them in the message. */
  readonly from: number;
}

/** The text of one message on its way into a stream: markers come whole, and each citation right behind its marker. */
export class CitedText {
  readonly #citables: readonly Citable[];
  #hold = new MarkerHold();
  #characters = 0;
  #told = 0;
  #begun = false;

  constructor(citables: readonly Citable[]) {
    this.#citables = citables;
  }

  /** Citations so far. */
  get told(): number {
    return this.#told;
  }

  push(piece: string): CitedPiece[] {
    // Without anything to cite nothing is held back.
    const released =
      this.#citables.length === 0 ? [{ text: piece, bracketed: false }] : this.#hold.push(piece);
    return released.map((each) => this.#cite(each));
  }

  /** What is held back when nothing more comes. */
  rest(): CitedPiece[] {
    return this.#hold.rest().map((each) => this.#cite(each));
  }

  /** Begins anew. */
  forget(): void {
    this.#hold = new MarkerHold();
    this.#characters = 0;
    this.#told = 0;
    this.#begun = false;
  }

  #cite({ text, bracketed }: Released): CitedPiece {
    const found = bracketed ? citationAnnotations(text, this.#citables) : [];
    const citations = found.map((note) => ({
      ...note,
      start_index: note.start_index + this.#characters,
      end_index: note.end_index + this.#characters,
    }));
    const piece = { text, first: !this.#begun, citations, from: this.#told };
    this.#begun = true;
    this.#characters += codePoints(text);
    this.#told += citations.length;
    return piece;
  }
}
