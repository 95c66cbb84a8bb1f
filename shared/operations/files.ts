import { fileObject } from '../api/answers.ts';
import { createFile, listFilesQuery } from '../api/file.ts';
import type { Operation } from './operation.ts';

export const fileOperations = {
  listFiles: {
    servedBy: 'files',
    method: 'GET',
    path: '/files',
    summary: 'Lists files',
    query: listFilesQuery,
    answer: { list: fileObject },
  },
  createFile: {
    servedBy: 'files',
    method: 'POST',
    creates: true,
    path: '/files',
    summary: 'Uploads a file',
    form: { file: 'file', fields: createFile },
    answer: { one: fileObject },
  },
  getFile: {
    servedBy: 'files',
    method: 'GET',
    path: '/files/{file_id}',
    summary: "Retrieves a file's description",
    answer: { one: fileObject },
  },
  deleteFile: {
    servedBy: 'files',
    method: 'DELETE',
    path: '/files/{file_id}',
    summary: 'Deletes a file',
    answer: { deleted: 'file' },
  },
  getFileContent: {
    servedBy: 'file-content',
    method: 'GET',
    path: '/files/{file_id}/content',
    summary: "Downloads a file's bytes",
    answer: { bytes: 'application/octet-stream' },
  },
} as const satisfies Record<string, Operation>;
