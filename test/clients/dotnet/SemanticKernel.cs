using System.Text;
using System.Text.Json;
using OpenAI.Assistants;

/// <summary>
/// What Semantic Kernel's OpenAIAssistantAgent asks of the client above, and how it reads the answers: the order of its
/// calls, and what it takes for granted. Replayed, not run. (https://github.com/microsoft/semantic-kernel at 009bd98,
/// dotnet/src/Agents/OpenAI/Internal/AssistantThreadActions.cs, and AssistantRunOptionsFactory.cs at 058a7da.)
/// </summary>
class SemanticKernel(AssistantClient client, Action<bool, string> check)
{
    public async Task Live()
    {
        var created = new AssistantCreationOptions { Name = "Agent", Description = "One.", Instructions = "Answer.", Temperature = 0.5f };
        created.Metadata["kind"] = "agent";
        created.Tools.Add(ToolDefinition.CreateCodeInterpreter());
        Assistant agent = await client.CreateAssistantAsync("scripted", created);
        AssistantThread thread = await client.CreateThreadAsync(new ThreadCreationOptions { ToolResources = null });

        check(await Polled(agent, thread.Id, "Run the code.") is [ "code print(6 * 7)", "It is 42." ], "Semantic Kernel: code, then the answer");
        check(await Polled(agent, thread.Id, "How is the weather?") is [ "result rain", "It rains." ], "Semantic Kernel: a function, then the answer");
        check(await Streamed(agent, thread.Id, "How is the weather now?") is ("It rains.", [ "result rain", "It rains." ]), "Semantic Kernel: a function in a stream");
        check(await Streamed(agent, thread.Id, "Run the code again.") is ("It is 42.", [ "code print(6 * 7)", "It is 42." ]), "Semantic Kernel: code in a stream");

        // A history names its authors: an assistant is asked for once, by the id that its messages carry.
        var said = new List<string>();
        await foreach (var message in client.GetMessagesAsync(thread.Id, new MessageCollectionOptions { Order = MessageCollectionOrder.Descending }))
        {
            var author = string.IsNullOrWhiteSpace(message.AssistantId) ? "user" : (await client.GetAssistantAsync(message.AssistantId)).Value.Name;
            said.Add($"{author}: {message.Content[0].Text}");
        }
        check(said.Count == 8 && said[0] == "Agent: It is 42." && said[^1] == "user: Run the code.", "Semantic Kernel: a history");
        await client.DeleteThreadAsync(thread.Id);
        await client.DeleteAssistantAsync(agent.Id);
    }

    /// <summary>InvokeAsync: by polling; what each finished step was, in the order of the steps.</summary>
    async Task<string[]> Polled(Assistant agent, string thread, string text)
    {
        await Say(thread, text);
        ThreadRun run = await client.CreateRunAsync(thread, agent.Id, Options(agent));
        var told = new List<string>();
        var seen = new HashSet<string>();
        var results = new Dictionary<string, string>();
        do
        {
            do
            {
                await Task.Delay(100);
                run = await client.GetRunAsync(thread, run.Id);
            }
            while (run.Status == RunStatus.Queued || run.Status == RunStatus.InProgress || run.Status == RunStatus.Cancelling);
            check(!run.Status.IsTerminal || run.Status == RunStatus.Completed, $"{run.Status}: {run.LastError?.Message}");
            var steps = new List<RunStep>();
            await foreach (var step in client.GetRunStepsAsync(run.ThreadId, run.Id)) steps.Add(step);
            if (run.Status == RunStatus.RequiresAction)
            {
                foreach (var (id, result) in steps.SelectMany(Invoked)) results.Add(id, result);
                var outputs = results.Select(one => new ToolOutput(one.Key, one.Value));
                await client.SubmitToolOutputsToRunAsync(thread, run.Id, outputs);
            }
            // The newest come first in a list, and of one second it is not seen which was earlier: read from the end.
            foreach (var step in steps.AsEnumerable().Reverse().Where(step => step.CompletedAt.HasValue && seen.Add(step.Id)))
                told.AddRange(await Told(thread, step, results));
        }
        while (run.Status != RunStatus.Completed);
        return [.. told];
    }

    /// <summary>InvokeStreamingAsync: the text of the stream, and what each finished step was.</summary>
    async Task<(string Text, string[] Steps)> Streamed(Assistant agent, string thread, string text)
    {
        await Say(thread, text);
        var streamed = new StringBuilder();
        var told = new List<string>();
        var results = new Dictionary<string, string>();
        ThreadRun? run = null;
        IAsyncEnumerable<StreamingUpdate> updates = client.CreateRunStreamingAsync(thread, agent.Id, Options(agent));
        do
        {
            var finished = new List<RunStep>();
            await foreach (var update in updates)
            {
                if (update is RunUpdate changed) run = changed.Value;
                else if (update is MessageContentUpdate piece) streamed.Append(piece.Text);
                else if (update is RunStepUpdate { UpdateKind: StreamingUpdateReason.RunStepCompleted } step) finished.Add(step.Value);
            }
            check(run is not null && (!run.Status.IsTerminal || run.Status == RunStatus.Completed), $"{run?.Status}: {run?.LastError?.Message}");
            if (run!.Status == RunStatus.RequiresAction)
            {
                await foreach (var step in client.GetRunStepsAsync(run.ThreadId, run.Id))
                    if (step.Status == RunStepStatus.InProgress)
                        foreach (var (id, result) in Invoked(step)) results.Add(id, result);
                var outputs = results.Select(one => new ToolOutput(one.Key, one.Value));
                updates = client.SubmitToolOutputsToRunStreamingAsync(run.ThreadId, run.Id, outputs);
            }
            foreach (var step in finished) told.AddRange(await Told(thread, step, results));
        }
        while (run.Status != RunStatus.Completed);
        return (streamed.ToString(), [.. told]);
    }

    async Task Say(string thread, string text)
    {
        var options = new MessageCreationOptions();
        options.Metadata["empty"] = "";
        await client.CreateMessageAsync(thread, MessageRole.User, [MessageContent.FromText(text)], options);
    }

    /// <summary>A run's options: empty additional instructions, and all tools again, the kernel's functions among them.</summary>
    static RunCreationOptions Options(Assistant agent)
    {
        var parameters = BinaryData.FromString("""{"type":"object","required":["city"],"properties":{"city":{"description":"A city","type":"string"}}}""");
        var options = new RunCreationOptions { AdditionalInstructions = "", InstructionsOverride = agent.Instructions };
        foreach (var tool in agent.Tools) options.ToolsOverride.Add(tool);
        options.ToolsOverride.Add(ToolDefinition.CreateFunction("get_weather", "Tells it.", parameters));
        return options;
    }

    static IEnumerable<(string Id, string Result)> Invoked(RunStep step) =>
        from call in step.Status == RunStepStatus.InProgress ? step.Details.ToolCalls : []
        where call.Kind == RunStepToolCallKind.Function
        let arguments = JsonSerializer.Deserialize<Dictionary<string, string>>(call.FunctionArguments)!
        select (call.Id, arguments["city"] == "Paris" ? "rain" : "?");

    async Task<IEnumerable<string>> Told(string thread, RunStep step, Dictionary<string, string> results)
    {
        if (string.IsNullOrEmpty(step.Details.CreatedMessageId))
        {
            return step.Details.ToolCalls.Select(call => call.Kind == RunStepToolCallKind.Function
                ? $"result {results[call.Id]}"
                : $"code {call.CodeInterpreterInput}");
        }
        ThreadMessage message = await client.GetMessageAsync(thread, step.Details.CreatedMessageId);
        check(step.Usage.TotalTokenCount > 0, "Semantic Kernel: a step has usage");
        return [message.Content[0].Text];
    }
}
