import './styles/main.css';

import { render } from 'preact';

import { connectIfKnown } from './state/connection.ts';
import { followAddress } from './state/route.ts';
import { App } from './views/app.tsx';

// The key is taken out of the address before anything else looks at it.
void connectIfKnown();
followAddress(() => void connectIfKnown());
render(<App />, document.getElementById('app')!);
