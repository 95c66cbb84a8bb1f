/**
 * Lets text through once. When it is told again from its beginning (a dropped connection, a takeover), what
 * was sent before is not sent again; and where the new text differs from it, nothing more is sent: a delta
 * cannot be taken back, and the completed object carries the whole text anyway.
 */
export class DeltaGate {
  #sent = '';
  #position = 0;
  #diverged = false;

  /** Begins the text anew. */
  restart(): void {
    this.#position = 0;
    this.#diverged = false;
  }

  /** The end of the next piece: what has not been sent yet. */
  pass(piece: string): string {
    if (this.#diverged) return '';
    // Mostly there is nothing to compare with; slicing the growing text then would copy it with every piece.
    const ahead = this.#position < this.#sent.length;
    const known = ahead ? this.#sent.slice(this.#position, this.#position + piece.length) : '';
    if (!piece.startsWith(known)) {
      this.#diverged = true;
      return '';
    }
    const fresh = piece.slice(known.length);
    this.#position += piece.length;
    this.#sent += fresh;
    return fresh;
  }
}
