"""The life of an application with the official client for Python, whichever version is installed."""

import os

import openai
from openai import AzureOpenAI, OpenAI

ADDRESS, KEY = os.environ["BASE_URL"], os.environ["API_KEY"]
checks = 0


def check(holds: object, what: str) -> None:
    global checks
    if not holds:
        raise AssertionError(what)
    checks += 1


def last(client: OpenAI, thread_id: str) -> str:
    return client.beta.threads.messages.list(thread_id).data[0].content[0].text.value


def live(client: OpenAI) -> None:
    threads = client.beta.threads
    file = client.files.create(file=("data.csv", b"a,b\n1,2\n"), purpose="assistants")
    check(client.files.content(file.id).read() == b"a,b\n1,2\n", "a file comes back")
    tools = [
        {"type": "code_interpreter"},
        {"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object", "properties": {}}}},
    ]
    assistant = client.beta.assistants.create(model="scripted", instructions="Answer.", tools=tools)
    # What was read is written back, with null for what is not set.
    dumped = [tool.model_dump() if hasattr(tool, "model_dump") else tool.dict() for tool in assistant.tools]
    assistant = client.beta.assistants.update(assistant.id, tools=dumped, name="Renamed")
    check(assistant.name == "Renamed" and len(assistant.tools) == 2, "what was read can be written back")

    thread = threads.create(messages=[{"role": "user", "content": "Say hello."}])
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    check(run.status == "completed" and run.usage.total_tokens > 0, "a run completes")
    check(last(client, thread.id) == "Hello from the model.", "its answer can be read")

    threads.messages.create(
        thread.id,
        role="user",
        content="Run the code.",
        attachments=[{"file_id": file.id, "tools": [{"type": "code_interpreter"}]}],
    )
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    steps = list(threads.runs.steps.list(thread_id=thread.id, run_id=run.id, order="asc"))
    check([step.type for step in steps] == ["tool_calls", "message_creation"], "its steps are read")
    check(steps[0].step_details.tool_calls[0].code_interpreter.outputs[0].logs == "42\n", "and what code printed")

    threads.messages.create(thread.id, role="user", content="How is the weather?")
    run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    check(run.status == "requires_action", "a run waits for its function")
    calls = run.required_action.submit_tool_outputs.tool_calls
    with threads.runs.submit_tool_outputs_stream(
        thread_id=thread.id,
        run_id=run.id,
        tool_outputs=[{"tool_call_id": call.id, "output": "rain"} for call in calls],
    ) as stream:
        stream.until_done()
        check(stream.get_final_run().status == "completed", "it goes on with the output, as a stream")

    threads.messages.create(thread.id, role="user", content="Say hello again.")
    with threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
        text = "".join(stream.text_deltas)
    check(text == "Hello from the model.", "a stream tells the answer")
    check(len(list(threads.messages.list(thread.id, limit=3, order="asc"))) == 8, "pages follow one another")

    threads.messages.create(thread.id, role="user", content="Be slow.")
    run = threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
    try:
        threads.messages.create(thread.id, role="user", content="More")
        check(False, "a thread is locked by its run")
    except openai.BadRequestError as refusal:
        check("while a run" in str(refusal), "the refusal says why")
    threads.runs.cancel(thread_id=thread.id, run_id=run.id)
    check(threads.runs.poll(thread_id=thread.id, run_id=run.id).status == "cancelled", "a run is cancelled")

    check(threads.delete(thread.id).deleted, "a thread is deleted")
    check(client.beta.assistants.delete(assistant.id).deleted, "an assistant is deleted")
    check(client.files.delete(file.id).deleted, "a file is deleted")
    try:
        threads.retrieve(thread.id)
        check(False, "a deleted thread is unknown")
    except openai.NotFoundError:
        check(True, "404")


live(OpenAI(base_url=f"{ADDRESS}/v1", api_key=KEY, max_retries=0))
live(AzureOpenAI(azure_endpoint=ADDRESS, api_key=KEY, api_version="2024-05-01-preview", max_retries=0))
print(f"{checks} checks")
