import { app } from '@azure/functions';

import { startDraining } from '../shared/services.ts';

/** The app as a whole: files and events are streamed both ways, and work stops in order. */
app.setup({ enableHttpStream: true });

// Azure asks the worker to end; a process that runs by itself gets the signal.
app.hook.appTerminate(startDraining);
process.once('SIGTERM', startDraining);
