import { createHash, type Hash } from 'node:crypto';

/** Tells one multipart form from another by what is in it: its boundary is another at each try. */
export class FormDigest {
  readonly #bytes: Hash = createHash('sha256');
  readonly #parts: string[] = [];

  file(name: string, filename: string): void {
    this.#parts.push(JSON.stringify([name, filename]));
  }

  content(bytes: Uint8Array): void {
    this.#bytes.update(bytes);
  }

  field(name: string, value: string): void {
    this.#parts.push(JSON.stringify([name, value]));
  }

  /** When the form has been read. */
  value(): string {
    const parts = createHash('sha256').update(this.#parts.sort().join('\n')).digest('hex');
    return `${parts}${this.#bytes.copy().digest('hex')}`;
  }
}

const watched = new WeakMap<object, FormDigest>();

/** From now on whoever reads the form of this request tells the digest what is in it. */
export function watchForm(request: object): FormDigest {
  const digest = new FormDigest();
  watched.set(request, digest);
  return digest;
}

export const digestOf = (request: object): FormDigest | undefined => watched.get(request);
