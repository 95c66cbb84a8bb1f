import assert from 'node:assert/strict';
import { test } from 'node:test';
import { operations } from '../../shared/operations/all.ts';
import { openApiDocument } from '../../shared/operations/openapi.ts';

interface Document {
  paths: Record<string, Record<string, { operationId: string; parameters: { name: string }[] }>>;
  components: { schemas: Record<string, unknown> };
}

const document = openApiDocument() as unknown as Document;
const text = JSON.stringify(document);

test('every operation of the API is described, under its own name', () => {
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId }]) => [operationId, method.toUpperCase(), path]),
  );
  const known = Object.entries(operations).map(([name, { method, path }]) => [name, method, path]);
  assert.deepEqual(described.sort(), known.sort());
});

test('every reference leads somewhere', () => {
  for (const [, name = ''] of text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g)) {
    assert.ok(name in document.components.schemas, name);
  }
  assert.doesNotMatch(text, /"\$ref":"(?!#\/components)/);
  assert.doesNotMatch(text, /__shared/);
});

test('limits are part of the description', () => {
  interface RequestSchema {
    properties: { tools: { maxItems: number } };
    required: string[];
    additionalProperties: boolean;
  }
  const request = document.components.schemas.CreateAssistantRequest as RequestSchema;
  assert.equal(request.properties.tools.maxItems, 128);
  assert.deepEqual(request.required, ['model']);
  assert.equal(request.additionalProperties, false);
  const list = document.paths['/assistants']?.get?.parameters ?? [];
  assert.deepEqual(
    list.map(({ name }) => name),
    ['limit', 'order', 'after', 'before'],
  );
});
