/** Text out of a layout: no spaces at the ends of lines, and no more than one empty line at a time. */
export const tidy = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replace(/[^\S\n]{2,}/g, ' ')
    .replace(/[^\S\n]+\n/g, '\n')
    .replace(/\n[^\S\n]+/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
