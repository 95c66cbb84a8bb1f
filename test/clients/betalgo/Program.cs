// The life of an application with Betalgo's client (https://github.com/betalgo/openai): at /v1, and as Azure's at /openai.
// Its habits: a body `null` where there is none, and `after=` at the beginning of a list.
using System.Text;
using Betalgo.Ranul.OpenAI;
using Betalgo.Ranul.OpenAI.Contracts.Enums;
using Betalgo.Ranul.OpenAI.Managers;
using Betalgo.Ranul.OpenAI.ObjectModels.RequestModels;
using Betalgo.Ranul.OpenAI.ObjectModels.ResponseModels;
using Betalgo.Ranul.OpenAI.ObjectModels.SharedModels;

var address = Environment.GetEnvironmentVariable("BASE_URL")!;
var key = Environment.GetEnvironmentVariable("API_KEY")!;
var checks = 0;

void Check(bool holds, string what)
{
    if (!holds) throw new Exception($"does not hold: {what}");
    checks += 1;
}

// This client throws nothing: what was refused is an answer with an error.
T Good<T>(T answer) where T : BaseResponse
{
    Check(answer.Successful, $"{typeof(T).Name}: {(int)answer.HttpStatusCode} {answer.Error?.Message}");
    return answer;
}

await Live(new OpenAIService(new OpenAIOptions { ApiKey = key, BaseDomain = address, UseBeta = true }));
await Live(new OpenAIService(new OpenAIOptions
{
    ProviderType = ProviderType.Azure,
    ApiKey = key,
    BaseDomain = address,
    DeploymentId = "scripted",
    ApiVersion = "2024-05-01-preview",
}, new HttpClient(new SingleSlashes { InnerHandler = new HttpClientHandler() })));
Console.WriteLine($"{checks} checks");

async Task Live(OpenAIService service)
{
    var api = service.Beta;
    var bytes = Encoding.UTF8.GetBytes("a,b\n1,2\n");
    var file = Good(await service.Files.UploadFile("assistants", bytes, "data.csv"));
    Check(file is { Bytes: 8, FileName: "data.csv", Purpose: "assistants" }, "a file is what was sent");
    var content = await service.Files.RetrieveFileContent<byte[]>(file.Id);
    Check(content.Content!.SequenceEqual(bytes), "it comes back as it was");
    Check((await service.Files.RetrieveFile(file.Id)).FileName == "data.csv", "it is found");
    Check((await service.Files.ListFile()).Data!.Any(one => one.Id == file.Id), "it is listed");

    var weather = new FunctionDefinition
    {
        Name = "get_weather",
        Description = "Tells it.",
        Parameters = PropertyDefinition.DefineObject(
            new Dictionary<string, PropertyDefinition> { ["city"] = PropertyDefinition.DefineString("A city") }, ["city"], false, null, null),
    };
    var assistant = Good(await api.Assistants.AssistantCreate(new AssistantCreateRequest
    {
        Model = "scripted",
        Name = "Tester",
        Instructions = "Answer.",
        Tools = [ToolDefinition.DefineCodeInterpreter(), ToolDefinition.DefineFunction(weather)],
        ToolResources = new ToolResources { CodeInterpreter = new CodeInterpreter { FileIds = [file.Id] } },
    }));
    Check(assistant.Tools.Count == 2, "an assistant has its tools");
    Check(assistant.ToolResources!.CodeInterpreter.FileIds!.Single() == file.Id, "and its files");
    assistant = Good(await api.Assistants.AssistantModify(assistant.Id, new AssistantModifyRequest { Model = "scripted", Name = "Renamed" }));
    Check(assistant is { Name: "Renamed", Instructions: "Answer.", Tools.Count: 2 }, "a change leaves the rest");
    Check(Good(await api.Assistants.AssistantRetrieve(assistant.Id)).Name == "Renamed", "it is found");
    Check(Good(await api.Assistants.AssistantList()).Data!.Any(one => one.Id == assistant.Id), "it is listed");

    // Without a request the body of this client is `null`.
    var thread = Good(await api.Threads.ThreadCreate());
    thread = Good(await api.Threads.ModifyThread(thread.Id, new ModifyThreadRequest { Metadata = new() { ["topic"] = "greeting" } }));
    Check(Good(await api.Threads.ThreadRetrieve(thread.Id)).Metadata!["topic"] == "greeting", "a thread keeps its metadata");

    var first = await Ask("Say hello.");
    Good(await api.Messages.ModifyMessage(thread.Id, first.Id, new ModifyMessageRequest { Metadata = new() { ["seen"] = "yes" } }));
    Check(Good(await api.Messages.RetrieveMessage(thread.Id, first.Id)).Metadata!["seen"] == "yes", "a message keeps its metadata");
    var run = await Ended(await Begin());
    Check(run.Status == RunStatus.Completed, $"a run completes, not {run.Status}");
    Check(run.Usage!.TotalTokens > 0 && run.CompletedAt > 0, "a run has usage, and its end");
    Check(await Last() == "Hello from the model.", "its answer can be read");

    await Ask("Run the code.");
    run = await Ended(await Begin());
    Check(run.Status == RunStatus.Completed, "a run with code completes");
    var steps = Good(await api.RunSteps.RunStepsList(thread.Id, run.Id, new PaginationRequest { Order = "asc" })).Data!;
    Check(steps.Select(step => step.Type).SequenceEqual(["tool_calls", "message_creation"]), "its steps are read");
    Check(Good(await api.RunSteps.RunStepRetrieve(thread.Id, run.Id, steps[1].Id)).StepDetails!.MessageCreation.MessageId.Length > 0, "and what a step wrote");

    await Ask("How is the weather?");
    run = await Ended(await Begin());
    Check(run.Status == RunStatus.RequiresAction, "a run waits for its function");
    run = Good(await api.Runs.RunSubmitToolOutputs(thread.Id, run.Id, Outputs(run)));
    run = await Ended(run);
    Check(run.Status == RunStatus.Completed && await Last() == "It rains.", "it goes on with the output");
    run = Good(await api.Runs.RunModify(thread.Id, run.Id, new RunModifyRequest { Metadata = new() { ["told"] = "yes" } }));
    Check(run.Metadata!["told"] == "yes", "a run keeps its metadata");

    await Ask("How is the weather now?");
    var (_, _, waiting) = await Read(api.Runs.RunCreateAsStream(thread.Id, new RunCreateRequest { AssistantId = assistant.Id }));
    Check(waiting.Status == RunStatus.RequiresAction, "a stream ends at a function");
    var (said, events, end) = await Read(api.Runs.RunSubmitToolOutputsAsStream(thread.Id, waiting.Id, Outputs(waiting)));
    Check(said == "It rains." && end.Status == RunStatus.Completed, "and another goes on with the output");

    await Ask("Say hello again.");
    (said, events, end) = await Read(api.Runs.RunCreateAsStream(thread.Id, new RunCreateRequest { AssistantId = assistant.Id }));
    Check(said == "Hello from the model.", "a stream tells the answer");
    Check(events.Contains("thread.run.step.completed") && events[^1] == "thread.run.completed", "and the run's end");

    var messages = new List<MessageResponse>();
    var after = "";
    for (var hasMore = true; hasMore;)
    {
        var page = Good(await api.Messages.ListMessages(thread.Id, new MessageListRequest { Limit = 3, Order = "asc", After = after }));
        messages.AddRange(page.Data!);
        (hasMore, after) = (page.HasMore, page.LastId);
    }
    Check(messages.Count == 10 && messages[0].Content![0].Text!.Value == "Say hello.", "pages follow one another");
    var runs = Good(await api.Runs.ListRuns(thread.Id, new PaginationRequest { Limit = 2, After = "" }));
    Check(runs.Data!.Count == 2 && runs.HasMore && runs.FirstId == end.Id, "runs are listed, the newest first");
    Check(Good(await api.Messages.ListMessages(thread.Id, new MessageListRequest { RunId = end.Id })).Data!.Count == 1, "messages of one run");

    await Ask("Be slow.");
    run = await Begin();
    var refused = await api.Messages.CreateMessage(thread.Id, new MessageCreateRequest(AssistantMessageRole.User, new("More")));
    Check((int)refused.HttpStatusCode == 400 && refused.Error!.Message!.Contains("while a run"), "the refusal says why");
    Good(await api.Runs.RunCancel(thread.Id, run.Id));
    run = await Ended(Good(await api.Runs.RunRetrieve(thread.Id, run.Id)));
    Check(run.Status == RunStatus.Cancelled && run.CancelledAt > 0, "a run is cancelled");
    Check((await api.Runs.RunCancel(thread.Id, run.Id)).Error!.Message!.Contains("cancelled"), "once");

    var whole = Good(await api.Runs.CreateThreadAndRun(new CreateThreadAndRunRequest
    {
        AssistantId = assistant.Id,
        Thread = new ThreadCreateRequest { Messages = [new MessageCreateRequest(AssistantMessageRole.User, new("Say hello."))] },
    }));
    Check((await Ended(whole)).Status == RunStatus.Completed, "a thread and its run at once");
    (said, _, _) = await Read(api.Runs.CreateThreadAndRunAsStream(new CreateThreadAndRunRequest
    {
        AssistantId = assistant.Id,
        Thread = new ThreadCreateRequest { Messages = [new MessageCreateRequest(AssistantMessageRole.User, new("Say hello."))] },
    }));
    Check(said == "Hello from the model.", "and as a stream");

    Check(Good(await api.Messages.DeleteMessage(thread.Id, first.Id)).IsDeleted, "a message is deleted");
    Check(Good(await api.Threads.ThreadDelete(thread.Id)).IsDeleted, "a thread is deleted");
    Check(Good(await api.Assistants.AssistantDelete(assistant.Id)).IsDeleted, "an assistant is deleted");
    Check(Good(await service.Files.DeleteFile(file.Id)).Deleted, "a file is deleted");
    var gone = await api.Threads.ThreadRetrieve(thread.Id);
    Check((int)gone.HttpStatusCode == 404 && gone.Error!.Message!.StartsWith("No thread found"), "a deleted thread is unknown");
    var unknown = await Read(api.Runs.RunCreateAsStream(thread.Id, new RunCreateRequest { AssistantId = assistant.Id }), mayFail: true);
    Check((int)unknown.End.HttpStatusCode == 404, "a stream that is refused says so");
    var nobody = new OpenAIService(new OpenAIOptions { ApiKey = "nobody", BaseDomain = address });
    Check((int)(await nobody.Beta.Assistants.AssistantList()).HttpStatusCode == 401, "nor is a stranger let in");

    async Task<MessageResponse> Ask(string text) =>
        Good(await api.Messages.CreateMessage(thread.Id, new MessageCreateRequest(AssistantMessageRole.User, new(text))));

    async Task<RunResponse> Begin() =>
        Good(await api.Runs.RunCreate(thread.Id, new RunCreateRequest { AssistantId = assistant.Id }));

    async Task<RunResponse> Ended(RunResponse begun)
    {
        while (begun.Status == RunStatus.Queued || begun.Status == RunStatus.InProgress || begun.Status == RunStatus.Cancelling)
        {
            await Task.Delay(100);
            begun = Good(await api.Runs.RunRetrieve(begun.ThreadId, begun.Id));
        }
        return begun;
    }

    async Task<string> Last() =>
        Good(await api.Messages.ListMessages(thread.Id, new MessageListRequest { Limit = 1 })).Data![0].Content![0].Text!.Value;
}

SubmitToolOutputsToRunRequest Outputs(RunResponse run) => new()
{
    ToolOutputs = run.RequiredAction!.SubmitToolOutputs.ToolCalls
        .Select(call => new ToolOutput { ToolCallId = call.Id, Output = call.FunctionCall!.Arguments!.Contains("Paris") ? "rain" : "?" })
        .ToList(),
};

async Task<(string Text, List<string> Events, RunResponse End)> Read(IAsyncEnumerable<BaseResponse> stream, bool mayFail = false)
{
    var text = new StringBuilder();
    var events = new List<string>();
    RunResponse? end = null;
    await foreach (var part in stream)
    {
        if (!mayFail) Good(part);
        if (part.StreamEvent is { } name) events.Add(name);
        if (part is RunResponse run) end = run;
        if (part is MessageResponse message && part.IsDelta) text.Append(message.Content?[0].Text?.Value);
    }
    return (text.ToString(), events, end!);
}

// As Azure's, this client asks for `/openai//threads`, which the routes of an Azure Functions host do not match.
class SingleSlashes : DelegatingHandler
{
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellation) =>
        base.Send(Mended(request), cancellation);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellation) =>
        base.SendAsync(Mended(request), cancellation);

    private static HttpRequestMessage Mended(HttpRequestMessage request)
    {
        var asked = request.RequestUri!;
        request.RequestUri = new UriBuilder(asked) { Path = asked.AbsolutePath.Replace("//", "/") }.Uri;
        return request;
    }
}
