import type { ChatMessage } from '../../model/model.ts';
import type { Stores } from '../../store/stores.ts';
import { IMAGE_FILE } from './build-prompt.ts';

/** Images larger than this are not sent to a model. https://platform.openai.com/docs/guides/images-vision */
const MAX_IMAGE_BYTES = 20 * 1024 * 1024;
/** Of one prompt: they are held in memory, beside those of other runs. The newest have precedence. */
const MAX_PROMPT_IMAGE_BYTES = 32 * 1024 * 1024;

/** Data URLs of a run's images by file id; undefined where an image cannot be shown. */
export type Images = Map<string, string | undefined>;

/**
 * The messages with the images of our files in their places; one that cannot be shown is named instead.
 * @param images those that were read for this run before; added to
 */
export async function withImages(
  files: Stores['files'],
  project: string,
  messages: readonly ChatMessage[],
  images: Images,
): Promise<ChatMessage[]> {
  let room = MAX_PROMPT_IMAGE_BYTES;
  for (const image of images.values()) room -= image?.length ?? 0;
  for (const id of imageFiles(messages).reverse()) {
    if (images.has(id)) continue;
    const image = await dataUrl(files, project, id, Math.min(room, MAX_IMAGE_BYTES));
    images.set(id, image);
    room -= image?.length ?? 0;
  }
  return messages.map((message) => shown(message, images));
}

const imageFiles = (messages: readonly ChatMessage[]): string[] =>
  messages.flatMap(({ content }) =>
    (Array.isArray(content) ? content : []).flatMap((part) => {
      const url = part.type === 'image_url' ? part.image_url.url : '';
      return url.startsWith(IMAGE_FILE) ? [url.slice(IMAGE_FILE.length)] : [];
    }),
  );

function shown(message: ChatMessage, images: Images): ChatMessage {
  if (message.role !== 'user' || typeof message.content === 'string') return message;
  const content = message.content.map((part) => {
    if (part.type !== 'image_url' || !part.image_url.url.startsWith(IMAGE_FILE)) return part;
    const id = part.image_url.url.slice(IMAGE_FILE.length);
    const url = images.get(id);
    if (url) return { ...part, image_url: { ...part.image_url, url } };
    return { type: 'text' as const, text: `[image ${id} is not available]` };
  });
  return { ...message, content };
}

async function dataUrl(
  files: Stores['files'],
  project: string,
  id: string,
  maxBytes: number,
): Promise<string | undefined> {
  const file = await files.get(project, id);
  if (!file || file.object.bytes > maxBytes) return undefined;
  const content = await files.read(project, id);
  const type = content && imageType(content);
  return type && `data:${type};base64,${content.toString('base64')}`;
}

/** By content: uploads often carry no useful name. Of another kind a model would refuse the whole prompt. */
function imageType(content: Buffer): string | undefined {
  if (content.subarray(0, 3).toString('hex') === 'ffd8ff') return 'image/jpeg';
  if (content.subarray(0, 4).toString('hex') === '89504e47') return 'image/png';
  if (content.subarray(0, 4).toString('latin1') === 'GIF8') return 'image/gif';
  if (content.subarray(8, 12).toString('latin1') === 'WEBP') return 'image/webp';
  return undefined;
}
