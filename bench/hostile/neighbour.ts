/** A process of its own, so that no wait of the attacker's counts: asks without a pause, and says how long the longest answer took. */
const [url = '', key = ''] = process.argv.slice(2);
let longestMs = 0;
let asked = 0;

process.on('message', (message) => {
  if (message === 'begin') longestMs = asked = 0;
  if (message === 'end') process.send?.({ longestMs, asked });
});
process.on('disconnect', () => process.exit());

for (;;) {
  const started = performance.now();
  // The models are a list of the configuration: what is waited for is the host, and nothing else.
  const answer = await fetch(`${url}/v1/models`, {
    headers: { 'api-key': key },
    signal: AbortSignal.timeout(30_000),
  });
  await answer.text();
  if (answer.status !== 200) throw new Error(`The neighbour was answered ${answer.status}`);
  longestMs = Math.max(longestMs, performance.now() - started);
  asked += 1;
}
