import { createFileBatch } from '../api/file-batch.ts';
import { listQuery } from '../api/page.ts';
import { createVectorStore, modifyVectorStore } from '../api/vector-store.ts';
import {
  fileBatchObject,
  fileContentPage,
  searchResultsPage,
  vectorStoreFileObject,
  vectorStoreObject,
} from '../api/vector-store-answers.ts';
import { createStoreFile, listStoreFilesQuery, updateStoreFile } from '../api/vector-store-file.ts';
import { searchVectorStore } from '../api/vector-store-search.ts';
import type { Operation } from './operation.ts';

export const vectorStoreOperations = {
  listVectorStores: {
    servedBy: 'vector-stores',
    method: 'GET',
    path: '/vector_stores',
    summary: 'Lists the vector stores of the project',
    query: listQuery,
    answer: { list: vectorStoreObject },
  },
  createVectorStore: {
    servedBy: 'vector-stores',
    method: 'POST',
    path: '/vector_stores',
    summary: 'Creates a vector store',
    body: createVectorStore,
    creates: true,
    answer: { one: vectorStoreObject },
  },
  getVectorStore: {
    servedBy: 'vector-stores',
    method: 'GET',
    path: '/vector_stores/{vector_store_id}',
    summary: 'Retrieves a vector store',
    answer: { one: vectorStoreObject },
  },
  modifyVectorStore: {
    servedBy: 'vector-stores',
    method: 'POST',
    path: '/vector_stores/{vector_store_id}',
    summary: 'Changes the fields sent of a vector store',
    body: modifyVectorStore,
    answer: { one: vectorStoreObject },
  },
  deleteVectorStore: {
    servedBy: 'vector-stores',
    method: 'DELETE',
    path: '/vector_stores/{vector_store_id}',
    summary: 'Deletes a vector store; the files stay',
    answer: { deleted: 'vector_store.deleted' },
  },
  searchVectorStore: {
    servedBy: 'vector-store-search',
    method: 'POST',
    path: '/vector_stores/{vector_store_id}/search',
    summary: 'Searches a vector store',
    body: searchVectorStore,
    answer: { one: searchResultsPage },
  },

  listVectorStoreFiles: {
    servedBy: 'vector-store-files',
    method: 'GET',
    path: '/vector_stores/{vector_store_id}/files',
    summary: 'Lists the files of a vector store',
    query: listStoreFilesQuery,
    answer: { list: vectorStoreFileObject },
  },
  createVectorStoreFile: {
    servedBy: 'vector-store-files',
    method: 'POST',
    path: '/vector_stores/{vector_store_id}/files',
    summary: 'Adds a file to a vector store',
    body: createStoreFile,
    creates: true,
    answer: { one: vectorStoreFileObject },
  },
  getVectorStoreFile: {
    servedBy: 'vector-store-files',
    method: 'GET',
    path: '/vector_stores/{vector_store_id}/files/{file_id}',
    summary: 'Retrieves a file of a vector store',
    answer: { one: vectorStoreFileObject },
  },
  updateVectorStoreFileAttributes: {
    servedBy: 'vector-store-files',
    method: 'POST',
    path: '/vector_stores/{vector_store_id}/files/{file_id}',
    summary: 'Replaces the attributes of a file of a vector store',
    body: updateStoreFile,
    answer: { one: vectorStoreFileObject },
  },
  deleteVectorStoreFile: {
    servedBy: 'vector-store-files',
    method: 'DELETE',
    path: '/vector_stores/{vector_store_id}/files/{file_id}',
    summary: 'Takes a file out of a vector store; the file itself stays',
    answer: { deleted: 'vector_store.file.deleted' },
  },
  retrieveVectorStoreFileContent: {
    servedBy: 'vector-store-files',
    method: 'GET',
    path: '/vector_stores/{vector_store_id}/files/{file_id}/content',
    summary: 'Retrieves the text that was taken out of a file',
    answer: { one: fileContentPage },
  },

  createVectorStoreFileBatch: {
    servedBy: 'vector-store-file-batches',
    method: 'POST',
    path: '/vector_stores/{vector_store_id}/file_batches',
    summary: 'Adds many files to a vector store',
    body: createFileBatch,
    creates: true,
    answer: { one: fileBatchObject },
  },
  getVectorStoreFileBatch: {
    servedBy: 'vector-store-file-batches',
    method: 'GET',
    path: '/vector_stores/{vector_store_id}/file_batches/{batch_id}',
    summary: 'Retrieves a batch of files',
    answer: { one: fileBatchObject },
  },
  cancelVectorStoreFileBatch: {
    servedBy: 'vector-store-file-batches',
    method: 'POST',
    path: '/vector_stores/{vector_store_id}/file_batches/{batch_id}/cancel',
    summary: 'Cancels what is left of a batch of files',
    answer: { one: fileBatchObject },
  },
  listFilesInVectorStoreBatch: {
    servedBy: 'vector-store-file-batches',
    method: 'GET',
    path: '/vector_stores/{vector_store_id}/file_batches/{batch_id}/files',
    summary: 'Lists the files of a batch',
    query: listStoreFilesQuery,
    answer: { list: vectorStoreFileObject },
  },
} as const satisfies Record<string, Operation>;
