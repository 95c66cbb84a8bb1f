declare module 'word-extractor' {
  /** https://github.com/morungos/node-word-extractor */
  export default class WordExtractor {
    extract(source: Buffer): Promise<{
      getBody(): string;
      getFootnotes(): string;
      getEndnotes(): string;
      getTextboxes(): string;
    }>;
  }
}
