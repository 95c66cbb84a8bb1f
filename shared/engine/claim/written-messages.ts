import type { MessageRecord } from '../../api/message.ts';
import type { RunRecord } from '../../api/run.ts';
import type { RunStepRecord } from '../../api/run-step.ts';
import { emptyMessage, isOpen } from '../../run/steps.ts';
import { firstMessageChanges, laterMessageChange } from '../../store/message-rows.ts';
import type { Stores } from '../../store/stores.ts';
import type { Change } from '../../store/table.ts';

/**
 * Which of a run's messages are saved, and which of those its callers have deleted since: what was answered as
 * deleted stays deleted, whatever the run goes on to write of it. Its stream tells the rest of such a message, as
 * nobody can take back what it has told; nothing of that is stored.
 */
export class WrittenMessages {
  readonly #stores: Pick<Stores, 'messages'>;
  readonly #saved: Set<string>;
  readonly #deleted = new Set<string>();

  constructor(stores: Pick<Stores, 'messages'>, saved: readonly MessageRecord[]) {
    this.#stores = stores;
    this.#saved = new Set(saved.map(({ object }) => object.id));
  }

  /**
   * The messages that saved, open steps name and that are not there: deleted while an earlier worker wrote them. Step
   * and message are saved together, so there is no other reason.
   */
  missing(run: RunRecord, steps: readonly RunStepRecord[]): MessageRecord[] {
    return steps.filter(isOpen).flatMap(({ object: { step_details: details, created_at: begun } }) => {
      if (details.type !== 'message_creation') return [];
      const { message_id: id } = details.message_creation;
      if (this.#saved.has(id)) return [];
      this.#deleted.add(id);
      return [emptyMessage(run, id, begun)];
    });
  }

  /** The rows of messages as they stand now: asked for with every attempt to write them. */
  changes(messages: readonly MessageRecord[]): Change[] {
    return messages.flatMap((message) => {
      const { id } = message.object;
      if (this.#deleted.has(id)) return [];
      return this.#saved.has(id) ? [laterMessageChange(message)] : firstMessageChanges(message);
    });
  }

  noteSaved(messages: readonly MessageRecord[]): void {
    for (const { object } of messages) this.#saved.add(object.id);
  }

  /** Looks which of them were deleted meanwhile. Returns whether there is any that was not known to be. */
  async noteDeletions({ project, object }: RunRecord): Promise<boolean> {
    const left = [...this.#saved].filter((id) => !this.#deleted.has(id));
    const found = await Promise.all(
      left.map((id) => this.#stores.messages.get(project, object.thread_id, id)),
    );
    const gone = left.filter((_, index) => !found[index]);
    for (const id of gone) this.#deleted.add(id);
    return gone.length > 0;
  }
}
