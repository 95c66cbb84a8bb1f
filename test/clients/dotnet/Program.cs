// The life of an application with .NET's official clients: OpenAI at /v1, and Azure.AI.OpenAI at /openai. Then what
// Semantic Kernel's agents do with them.
using System.ClientModel;
using System.Text;
using Azure.AI.OpenAI;
using OpenAI;
using OpenAI.Assistants;
using OpenAI.Files;

var address = Environment.GetEnvironmentVariable("BASE_URL")!;
var key = new ApiKeyCredential(Environment.GetEnvironmentVariable("API_KEY")!);
var checks = 0;

void Check(bool holds, string what)
{
    if (!holds) throw new Exception($"does not hold: {what}");
    checks += 1;
}

var openai = new OpenAIClient(key, new OpenAIClientOptions { Endpoint = new Uri($"{address}/v1") });
await Live(openai.GetAssistantClient(), openai.GetOpenAIFileClient());
var azure = new AzureOpenAIClient(new Uri(address), key);
await Live(azure.GetAssistantClient(), azure.GetOpenAIFileClient());
await new SemanticKernel(openai.GetAssistantClient(), Check).Live();
await new SemanticKernel(azure.GetAssistantClient(), Check).Live();
Console.WriteLine($"{checks} checks");

async Task Live(AssistantClient client, OpenAIFileClient files)
{
    var csv = new MemoryStream(Encoding.UTF8.GetBytes("a,b\n1,2\n"));
    OpenAIFile file = await files.UploadFileAsync(csv, "data.csv", FileUploadPurpose.Assistants);
    BinaryData content = await files.DownloadFileAsync(file.Id);
    Check(content.ToString() == "a,b\n1,2\n", "a file comes back as it was");

    var parameters = BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}""");
    Assistant assistant = await client.CreateAssistantAsync("scripted", new AssistantCreationOptions
    {
        Name = "Tester",
        Instructions = "Answer.",
        Tools = { ToolDefinition.CreateCodeInterpreter(), ToolDefinition.CreateFunction("get_weather", "Tells it.", parameters) },
    });
    Check(assistant.Tools.Count == 2, "an assistant has its tools");
    assistant = await client.ModifyAssistantAsync(assistant.Id, new AssistantModificationOptions { Name = "Renamed" });
    Check(assistant.Name == "Renamed" && assistant.Tools.Count == 2, "a change leaves the rest");

    AssistantThread thread = await client.CreateThreadAsync(new ThreadCreationOptions
    {
        InitialMessages = { new ThreadInitializationMessage(MessageRole.User, [MessageContent.FromText("Say hello.")]) },
    });
    ThreadRun run = await client.CreateRunAsync(thread.Id, assistant.Id);
    run = await Ended(client, run);
    Check(run.Status == RunStatus.Completed, $"a run completes, not {run.Status}");
    Check(run.Usage.TotalTokenCount > 0, "a run has usage");
    Check(await Last(client, thread.Id) == "Hello from the model.", "its answer can be read");

    await client.CreateMessageAsync(thread.Id, MessageRole.User, [MessageContent.FromText("Run the code.")]);
    run = await Ended(client, await client.CreateRunAsync(thread.Id, assistant.Id));
    Check(run.Status == RunStatus.Completed, "a run with code completes");
    var steps = new List<RunStep>();
    await foreach (var step in client.GetRunStepsAsync(thread.Id, run.Id)) steps.Add(step);
    Check(steps.Count == 2 && steps.All(step => step.Status == RunStepStatus.Completed), "its steps are read");
    var code = steps.SelectMany(step => step.Details.ToolCalls).Single();
    Check(code.CodeInterpreterOutputs.Single().Logs.Trim() == "42", "what the code printed is read");

    await client.CreateMessageAsync(thread.Id, MessageRole.User, [MessageContent.FromText("How is the weather?")]);
    run = await Ended(client, await client.CreateRunAsync(thread.Id, assistant.Id));
    Check(run.Status == RunStatus.RequiresAction, "a run waits for its function");
    var outputs = run.RequiredActions.Select(action => new ToolOutput(action.ToolCallId, "rain")).ToList();
    run = await Ended(client, await client.SubmitToolOutputsToRunAsync(thread.Id, run.Id, outputs));
    Check(run.Status == RunStatus.Completed && await Last(client, thread.Id) == "It rains.", "it goes on with the output");

    await client.CreateMessageAsync(thread.Id, MessageRole.User, [MessageContent.FromText("Say hello again.")]);
    var text = new StringBuilder();
    var kinds = new List<StreamingUpdateReason>();
    await foreach (var update in client.CreateRunStreamingAsync(thread.Id, assistant.Id))
    {
        kinds.Add(update.UpdateKind);
        if (update is MessageContentUpdate piece) text.Append(piece.Text);
    }
    Check(text.ToString() == "Hello from the model.", "a stream tells the answer");
    Check(kinds.Contains(StreamingUpdateReason.RunStepCompleted) && kinds.Contains(StreamingUpdateReason.RunCompleted), "and the run's end");

    var listed = new List<ThreadMessage>();
    var options = new MessageCollectionOptions { PageSizeLimit = 3, Order = MessageCollectionOrder.Ascending };
    await foreach (var message in client.GetMessagesAsync(thread.Id, options)) listed.Add(message);
    Check(listed.Count == 8 && listed[0].Content[0].Text == "Say hello.", "pages follow one another");

    await client.CreateMessageAsync(thread.Id, MessageRole.User, [MessageContent.FromText("Be slow.")]);
    run = await client.CreateRunAsync(thread.Id, assistant.Id);
    try
    {
        await client.CreateMessageAsync(thread.Id, MessageRole.User, [MessageContent.FromText("More")]);
        Check(false, "a thread is locked by its run");
    }
    catch (ClientResultException refusal)
    {
        Check(refusal.Status == 400 && refusal.Message.Contains("while a run"), "the refusal says why");
    }
    await client.CancelRunAsync(thread.Id, run.Id);
    run = await Ended(client, await client.GetRunAsync(thread.Id, run.Id));
    Check(run.Status == RunStatus.Cancelled, "a run is cancelled");

    Check((await client.DeleteThreadAsync(thread.Id)).Value.Deleted, "a thread is deleted");
    Check((await client.DeleteAssistantAsync(assistant.Id)).Value.Deleted, "an assistant is deleted");
    Check((await files.DeleteFileAsync(file.Id)).Value.Deleted, "a file is deleted");
    try
    {
        await client.GetThreadAsync(thread.Id);
        Check(false, "a deleted thread is unknown");
    }
    catch (ClientResultException refusal)
    {
        Check(refusal.Status == 404, "404");
    }
}

async Task<ThreadRun> Ended(AssistantClient client, ThreadRun run)
{
    while (!run.Status.IsTerminal && run.Status != RunStatus.RequiresAction)
    {
        await Task.Delay(100);
        run = await client.GetRunAsync(run.ThreadId, run.Id);
    }
    return run;
}

async Task<string> Last(AssistantClient client, string thread)
{
    await foreach (var message in client.GetMessagesAsync(thread)) return message.Content[0].Text;
    return "";
}
