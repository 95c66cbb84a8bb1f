import { assistantObject } from '../api/answers.ts';
import { createAssistant, modifyAssistant } from '../api/assistant.ts';
import { LONG_TEXT_BODY } from '../api/body-limits.ts';
import { listQuery } from '../api/page.ts';
import type { Operation } from './operation.ts';

export const assistantOperations = {
  listAssistants: {
    servedBy: 'assistants',
    method: 'GET',
    path: '/assistants',
    summary: 'Lists the assistants of the project',
    query: listQuery,
    answer: { list: assistantObject },
  },
  createAssistant: {
    servedBy: 'assistants',
    method: 'POST',
    creates: true,
    path: '/assistants',
    summary: 'Creates an assistant',
    body: createAssistant,
    bodyLimits: LONG_TEXT_BODY,
    answer: { one: assistantObject },
  },
  getAssistant: {
    servedBy: 'assistants',
    method: 'GET',
    path: '/assistants/{assistant_id}',
    summary: 'Retrieves an assistant',
    answer: { one: assistantObject },
  },
  modifyAssistant: {
    servedBy: 'assistants',
    method: 'POST',
    path: '/assistants/{assistant_id}',
    summary: 'Changes the fields sent of an assistant',
    body: modifyAssistant,
    bodyLimits: LONG_TEXT_BODY,
    answer: { one: assistantObject },
  },
  deleteAssistant: {
    servedBy: 'assistants',
    method: 'DELETE',
    path: '/assistants/{assistant_id}',
    summary: 'Deletes an assistant; its threads and runs stay',
    answer: { deleted: 'assistant.deleted' },
  },
} as const satisfies Record<string, Operation>;
