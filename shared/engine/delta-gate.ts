/**
 * Lets text through once. When a model call is repeated (a dropped connection, a takeover), what was sent
 * before is not sent again; and where the new answer differs from it, nothing more is sent: a delta cannot be
 * taken back, and the completed object carries the whole text anyway.
 */
export class DeltaGate {
  #sent: string;
  #position = 0;
  #diverged = false;

  constructor(alreadySent = '') {
    this.#sent = alreadySent;
  }

  /** Begins the text anew. */
  restart(): void {
    this.#position = 0;
  }

  /** The part of the next piece that has not been sent yet. */
  pass(piece: string): string {
    if (this.#diverged) return '';
    const known = this.#sent.slice(this.#position, this.#position + piece.length);
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
