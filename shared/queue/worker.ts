import { withoutContents } from '../log.ts';

/**
 * A queue function as the host may see it: what it throws brings the message back and is logged by the host,
 * so it says what failed and where, and quotes nothing.
 */
export const worker =
  (handle: (message: unknown) => Promise<void>) =>
  async (message: unknown): Promise<void> => {
    try {
      await handle(message);
    } catch (error) {
      throw withoutContents(error);
    }
  };
