import { app } from '@azure/functions';

import { readConfig } from '../shared/config.ts';
import { endAtSignal, endInOrder, services } from '../shared/services.ts';

/** The app as a whole: files and events are streamed both ways, it starts only when set up right, and stops in order. */
app.setup({ enableHttpStream: true });

app.hook.appStart(() => {
  // Throws with one line per problem: a wrong setting shows now, not with the first request.
  readConfig();
  // Connections are made while nobody waits for them. If storage is away, that is logged, and the first request tries again.
  services().catch(() => undefined);
});

// Azure asks the worker to end, and ends it when this is done; a process that runs by itself gets the signal.
app.hook.appTerminate(endInOrder);
endAtSignal();
