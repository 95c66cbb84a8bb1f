import type OpenAI from 'openai';

export type Message = OpenAI.Beta.Threads.Message;
export type MessageContent = OpenAI.Beta.Threads.MessageContent;
export type Annotation = OpenAI.Beta.Threads.Annotation;

export interface MessageRecord {
  readonly project: string;
  readonly object: Message;
}
