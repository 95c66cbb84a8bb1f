<?php
// openai-php's requests, byte for byte as its transporter writes them, and its reading of answers: every key that its
// `from(array $attributes)` reads unguarded is read here the same way, under an error handler that throws, as Laravel's
// does. (https://github.com/openai-php/client at eace7a5, src/Responses.) The package itself is not to be had from
// Debian.

set_error_handler(fn (int $no, string $message) => throw new ErrorException($message));
$checks = 0;

function check(bool $holds, string $what): void
{
    global $checks;
    if (! $holds) {
        throw new Exception("does not hold: {$what}");
    }
    $checks++;
}

/** @return array<string, mixed> */
function call(string $method, string $path, mixed $body = null, ?array $form = null): array
{
    $curl = curl_init(getenv('BASE_URL').'/v1/'.$path);
    $headers = ['Authorization: Bearer '.getenv('API_KEY'), 'OpenAI-Beta: assistants=v2'];
    curl_setopt($curl, CURLOPT_CUSTOMREQUEST, $method);
    curl_setopt($curl, CURLOPT_RETURNTRANSFER, true);
    if ($form !== null) {
        curl_setopt($curl, CURLOPT_POSTFIELDS, $form);
    } elseif ($body !== null) {
        // An array without members becomes `[]`: PHP cannot know that it is to be an object.
        curl_setopt($curl, CURLOPT_POSTFIELDS, json_encode($body, JSON_THROW_ON_ERROR));
        $headers[] = 'Content-Type: application/json';
    }
    curl_setopt($curl, CURLOPT_HTTPHEADER, $headers);
    $answer = curl_exec($curl);

    return json_decode((string) $answer, true, flags: JSON_THROW_ON_ERROR);
}

/** Reads as `Response::from` does: a key that is absent is an error. */
function read(array $attributes, string $keys): void
{
    foreach (explode(' ', $keys) as $key) {
        $attributes[$key];
    }
    check(true, $keys);
}

const RUN = 'id object created_at thread_id assistant_id status expires_at started_at cancelled_at failed_at completed_at model instructions tools metadata truncation_strategy tool_choice response_format';
const STEP = 'id object created_at run_id assistant_id thread_id type status cancelled_at completed_at expires_at failed_at step_details';
const MESSAGE = 'id object created_at thread_id role content assistant_id run_id attachments metadata';
const LIST_OF = 'object data first_id last_id has_more';

function ended(array $run): array
{
    while (in_array($run['status'], ['queued', 'in_progress', 'cancelling'], true)) {
        usleep(100_000);
        $run = call('GET', "threads/{$run['thread_id']}/runs/{$run['id']}");
    }
    read($run, RUN);

    return $run;
}

$assistant = call('POST', 'assistants', [
    'model' => 'scripted',
    'instructions' => 'Answer.',
    'tools' => [['type' => 'code_interpreter'], ['type' => 'function', 'function' => [
        'name' => 'get_weather', 'description' => 'Tells it.', 'parameters' => ['type' => 'object', 'properties' => ['city' => ['type' => 'string']]],
    ]]],
]);
read($assistant, 'id object created_at name description model instructions tools metadata temperature top_p response_format');
read($assistant['tools'][1]['function'], 'description name parameters');
// The README's own call.
$thread = call('POST', 'threads', []);
read($thread, 'id object created_at metadata');
$file = call('POST', 'files', form: ['purpose' => 'assistants', 'file' => new CURLStringFile("a,b\n", 'data.csv')]);
read($file, 'id object bytes created_at filename purpose status');

foreach (['Say hello.' => 'Hello from the model.', 'Run the code.' => 'It is 42.', 'How is the weather?' => 'It rains.'] as $asked => $answer) {
    $message = call('POST', "threads/{$thread['id']}/messages", ['role' => 'user', 'content' => $asked]);
    read($message, MESSAGE);
    $run = ended(call('POST', "threads/{$thread['id']}/runs", ['assistant_id' => $assistant['id']]));
    if ($run['status'] === 'requires_action') {
        $calls = $run['required_action']['submit_tool_outputs']['tool_calls'];
        $outputs = array_map(fn (array $call): array => ['tool_call_id' => $call['id'], 'output' => 'rain'], $calls);
        $run = ended(call('POST', "threads/{$thread['id']}/runs/{$run['id']}/submit_tool_outputs", ['tool_outputs' => $outputs]));
    }
    check($run['status'] === 'completed', "{$asked} is answered");
    $steps = call('GET', "threads/{$thread['id']}/runs/{$run['id']}/steps");
    read($steps, LIST_OF);
    foreach ($steps['data'] as $step) {
        read($step, STEP);
    }
    $messages = call('GET', "threads/{$thread['id']}/messages?limit=1");
    read($messages, LIST_OF);
    check($messages['data'][0]['content'][0]['text']['value'] === $answer, $answer);
}
check(call('POST', "threads/{$thread['id']}", [])['id'] === $thread['id'], 'a change of nothing');
foreach (["threads/{$thread['id']}", "assistants/{$assistant['id']}", "files/{$file['id']}"] as $path) {
    $deleted = call('DELETE', $path);
    read($deleted, 'id object deleted');
    check($deleted['deleted'], $path);
}
read(call('GET', "threads/{$thread['id']}")['error'], 'message type param code');
echo "{$checks} checks\n";
