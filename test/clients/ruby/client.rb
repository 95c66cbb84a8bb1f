# ruby-openai's requests as its HTTP module writes them (Faraday, `to_json`, a trailing header of the beta), and its
# reading of answers: hashes with `dig`, streams split into events by line. (https://github.com/alexrudall/ruby-openai at
# 62938e0, lib/openai/http.rb and stream.rb.) Standard library alone; the gem is not to be had from Debian.
require "json"
require "net/http"

BASE = URI(ENV.fetch("BASE_URL"))
$checks = 0

def check(holds, what)
  raise "does not hold: #{what}" unless holds

  $checks += 1
end

def request(kind, path, parameters = nil, &on_chunk)
  http = Net::HTTP.new(BASE.host, BASE.port)
  asked = kind.new("/v1#{path}")
  asked["Authorization"] = "Bearer #{ENV.fetch('API_KEY')}"
  asked["OpenAI-Beta"] = "assistants=v2"
  asked["Content-Type"] = "application/json"
  asked.body = parameters.to_json if parameters
  if on_chunk
    http.request(asked) { |response| response.read_body(&on_chunk) }
  else
    JSON.parse(http.request(asked).body)
  end
end

def post(path, parameters = {}) = request(Net::HTTP::Post, path, parameters)
def get(path) = request(Net::HTTP::Get, path)
def delete(path) = request(Net::HTTP::Delete, path)

def ended(run)
  while %w[queued in_progress cancelling].include?(run["status"])
    sleep 0.1
    run = get("/threads/#{run['thread_id']}/runs/#{run['id']}")
  end
  run
end

assistant = post("/assistants", model: "scripted", name: "Tester", description: nil, instructions: "Answer.",
                                tools: [{ type: "code_interpreter" },
                                        { type: "function", function: { name: "get_weather", parameters: nil } }],
                                tool_resources: { code_interpreter: { file_ids: [] }, file_search: nil },
                                metadata: { my_internal_version_id: "1.0.0" })
check(assistant["id"], assistant.to_s)
thread = post("/threads")
check(thread.dig("metadata") == {}, "a thread")

# spec/openai/client/runs_spec.rb: a budget of 16, and a thread without messages by an assistant with instructions.
run = ended(post("/threads/#{thread['id']}/runs", assistant_id: assistant["id"], max_prompt_tokens: 256,
                                                  max_completion_tokens: 16))
check(%w[completed incomplete].include?(run["status"]), run.to_s)

{ "Say hello." => "Hello from the model.", "Run the code." => "It is 42.",
  "How is the weather?" => "It rains." }.each do |asked, answer|
  post("/threads/#{thread['id']}/messages", role: "user", content: asked)
  run = ended(post("/threads/#{thread['id']}/runs", assistant_id: assistant["id"]))
  if run["status"] == "requires_action"
    calls = run.dig("required_action", "submit_tool_outputs", "tool_calls")
    outputs = calls.map { |call| { tool_call_id: call["id"], output: "rain" } }
    run = ended(post("/threads/#{thread['id']}/runs/#{run['id']}/submit_tool_outputs", tool_outputs: outputs))
  end
  check(run["status"] == "completed", run.to_s)
  steps = get("/threads/#{thread['id']}/runs/#{run['id']}/steps?order=asc")
  check(steps["data"].all? { |step| step["expires_at"] }, "its steps")
  last = get("/threads/#{thread['id']}/messages?limit=1").dig("data", 0, "content", 0, "text", "value")
  check(last == answer, last)
end

post("/threads/#{thread['id']}/messages", role: "user", content: "Say hello again.")
text = +""
events = []
buffer = +""
request(Net::HTTP::Post, "/threads/#{thread['id']}/runs", { assistant_id: assistant["id"], stream: true }) do |chunk|
  buffer << chunk
  while (event = buffer.slice!(/\A.*?\n\n/m))
    events << event[/^event: (.*)$/, 1]
    data = event[/^data: (.*)$/, 1]
    text << JSON.parse(data).dig("delta", "content", 0, "text", "value").to_s if events.last == "thread.message.delta"
  end
end
check(text == "Hello from the model.", text)
check(events.last(2) == ["thread.run.completed", "done"], events.inspect)

modified = post("/threads/#{thread['id']}", metadata: { modified: "true" })
check(modified.dig("metadata", "modified") == "true", "metadata")
check(delete("/threads/#{thread['id']}")["deleted"], "a thread is deleted")
check(delete("/assistants/#{assistant['id']}")["deleted"], "an assistant is deleted")
check(get("/threads/#{thread['id']}").dig("error", "message").start_with?("No thread found"), "404")
puts "#{$checks} checks"
