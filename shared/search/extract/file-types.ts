import { ExtractionError } from './extraction.ts';

export type Format = 'text' | 'html' | 'pdf' | 'docx' | 'pptx' | 'doc';

/** What file search takes, by extension; the hosted API's list. */
const formats: Readonly<Record<string, Format>> = {
  ...Object.fromEntries(
    [
      'c',
      'cpp',
      'cs',
      'css',
      'go',
      'java',
      'js',
      'json',
      'md',
      'php',
      'py',
      'rb',
      'sh',
      'tex',
      'ts',
      'txt',
    ].map((extension) => [extension, 'text' as const]),
  ),
  html: 'html',
  pdf: 'pdf',
  docx: 'docx',
  pptx: 'pptx',
  doc: 'doc',
};

/**
 * How a file's text is taken out. The name alone decides, whatever its case; the contents are never guessed at.
 * @throws {ExtractionError} `unsupported_file`
 */
export function formatOf(fileName: string): Format {
  const extension = /\.([^./\\]+)$/.exec(fileName)?.[1]?.toLowerCase();
  const format = extension === undefined ? undefined : formats[extension];
  if (format !== undefined && extension !== undefined && Object.hasOwn(formats, extension)) return format;
  const named =
    extension === undefined
      ? 'The file has no extension in its name'
      : `Files of type '.${extension}' cannot be searched`;
  throw new ExtractionError(
    'unsupported_file',
    `${named}; file search takes ${Object.keys(formats)
      .sort()
      .map((each) => `.${each}`)
      .join(', ')}.`,
  );
}
