// go-openai's requests, with the nulls that encoding/json writes for what its structs leave nil, and its reading of
// answers into structs. (https://github.com/sashabaranov/go-openai at 3d58ac5, assistant.go, messages.go, run.go,
// thread.go.) Standard library alone: the program needs no module.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

var checks int

func check(holds bool, what string) {
	if !holds {
		panic("does not hold: " + what)
	}
	checks++
}

type function struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Parameters  any    `json:"parameters"`
}

type tool struct {
	Type     string    `json:"type"`
	Function *function `json:"function,omitempty"`
}

type codeInterpreter struct {
	FileIDs []string `json:"file_ids"`
}

type fileSearch struct {
	VectorStoreIDs []string `json:"vector_store_ids"`
}

type resources struct {
	CodeInterpreter *codeInterpreter `json:"code_interpreter,omitempty"`
	FileSearch      *fileSearch      `json:"file_search,omitempty"`
}

type attachment struct {
	FileID string `json:"file_id"`
	Tools  []tool `json:"tools"`
}

type run struct {
	ID             string `json:"id"`
	ThreadID       string `json:"thread_id"`
	Status         string `json:"status"`
	CreatedAt      int64  `json:"created_at"`
	ExpiresAt      int64  `json:"expires_at"`
	StartedAt      *int64 `json:"started_at,omitempty"`
	RequiredAction *struct {
		SubmitToolOutputs struct {
			ToolCalls []struct {
				ID string `json:"id"`
			} `json:"tool_calls"`
		} `json:"submit_tool_outputs"`
	} `json:"required_action,omitempty"`
	Usage struct {
		TotalTokens int `json:"total_tokens"`
	} `json:"usage"`
}

type message struct {
	ID      string `json:"id"`
	Content []struct {
		Text *struct {
			Value string `json:"value"`
		} `json:"text"`
	} `json:"content"`
	Attachments []attachment `json:"attachments"`
}

type stepList struct {
	RunSteps []struct {
		ID        string `json:"id"`
		Status    string `json:"status"`
		ExpiresAt *int64 `json:"expires_at,omitempty"`
	} `json:"data"`
	FirstID string `json:"first_id"`
	HasMore bool   `json:"has_more"`
}

func send(method, path string, body any) *http.Response {
	var reader io.Reader
	if body != nil {
		written, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		reader = bytes.NewReader(written)
	}
	request, err := http.NewRequest(method, os.Getenv("BASE_URL")+"/v1"+path, reader)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Authorization", "Bearer "+os.Getenv("API_KEY"))
	request.Header.Set("OpenAI-Beta", "assistants=v2")
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	return response
}

func call(method, path string, body, into any) int {
	response := send(method, path, body)
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	if response.StatusCode >= 300 {
		fmt.Println(string(text))
	}
	if err := json.Unmarshal(text, into); err != nil {
		panic(err)
	}
	return response.StatusCode
}

func ended(r run) run {
	for r.Status == "queued" || r.Status == "in_progress" || r.Status == "cancelling" {
		time.Sleep(100 * time.Millisecond)
		call("GET", "/threads/"+r.ThreadID+"/runs/"+r.ID, nil, &r)
	}
	return r
}

func main() {
	var assistant, thread struct {
		ID string `json:"id"`
	}
	status := call("POST", "/assistants", map[string]any{
		"model": "scripted", "name": nil, "description": nil, "instructions": "Answer.",
		"tools":          []tool{{Type: "code_interpreter"}, {Type: "function", Function: &function{Name: "get_weather"}}},
		"tool_resources": resources{CodeInterpreter: &codeInterpreter{}, FileSearch: &fileSearch{}},
	}, &assistant)
	check(status == 200, "nil slices and nil parameters are written as null")
	status = call("POST", "/threads", map[string]any{"messages": nil, "tool_resources": nil}, &thread)
	check(status == 200, "a thread of nothing")
	at := "/threads/" + thread.ID

	answers := [][2]string{{"Say hello.", "Hello from the model."}, {"Run the code.", "It is 42."}, {"How is the weather?", "It rains."}}
	for _, pair := range answers {
		var written message
		status = call("POST", at+"/messages", map[string]any{
			"role": "user", "content": pair[0], "file_ids": nil, "attachments": nil, "metadata": nil,
		}, &written)
		check(status == 200, "a message with its nils")
		var r run
		check(call("POST", at+"/runs", map[string]any{"assistant_id": assistant.ID}, &r) == 200, "a run")
		r = ended(r)
		if r.Status == "requires_action" {
			outputs := []map[string]any{}
			for _, c := range r.RequiredAction.SubmitToolOutputs.ToolCalls {
				// Output is typed `any`.
				outputs = append(outputs, map[string]any{"tool_call_id": c.ID, "output": map[string]any{"rain": true}})
			}
			r = run{}
			check(call("POST", at+"/runs/"+ofLast(at)+"/submit_tool_outputs", map[string]any{"tool_outputs": outputs}, &r) == 200, "outputs that are no strings")
			r = ended(r)
		}
		check(r.Status == "completed" && r.Usage.TotalTokens > 0, r.Status)
		var steps stepList
		check(call("GET", at+"/runs/"+r.ID+"/steps?limit=&order=&after=&before=", nil, &steps) == 200, "an empty query")
		check(len(steps.RunSteps) > 0 && steps.RunSteps[0].ExpiresAt != nil, "its steps")
		var list struct {
			Messages []message `json:"data"`
		}
		call("GET", at+"/messages?limit=1", nil, &list)
		check(list.Messages[0].Content[0].Text.Value == pair[1], list.Messages[0].Content[0].Text.Value)
	}

	var again message
	call("POST", at+"/messages", map[string]any{"role": "user", "content": "Say hello again."}, &again)
	stream := send("POST", at+"/runs", map[string]any{"assistant_id": assistant.ID, "stream": true})
	names := []string{}
	lines := bufio.NewScanner(stream.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: ") {
			names = append(names, strings.TrimPrefix(lines.Text(), "event: "))
		}
	}
	check(len(names) > 8 && names[len(names)-1] == "done", strings.Join(names, " "))

	var deleted struct {
		Deleted bool `json:"deleted"`
	}
	call("DELETE", at, nil, &deleted)
	check(deleted.Deleted, "a thread is deleted")
	call("DELETE", "/assistants/"+assistant.ID, nil, &deleted)
	check(deleted.Deleted, "an assistant is deleted")
	fmt.Printf("%d checks\n", checks)
}

func ofLast(at string) string {
	var list struct {
		Runs []run `json:"data"`
	}
	call("GET", at+"/runs?limit=1", nil, &list)
	return list.Runs[0].ID
}
