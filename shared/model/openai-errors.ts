import { APIConnectionError, APIError } from 'openai/error';

import { ModelError } from './model.ts';
