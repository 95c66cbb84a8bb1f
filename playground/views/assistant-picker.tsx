import { assistant, assistants, choose } from '../state/lists.ts';

/** Whom the next question goes to. */
export const AssistantPicker = () => {
  const list = assistants.items.value;
  if (list.length === 0) return <h1 class="top-title">Playground</h1>;
  return (
    <label class="picker">
      <span class="unseen">Assistant</span>
      <select value={assistant.value?.id} onChange={(event) => choose(event.currentTarget.value)}>
        {list.map(({ id, name, model }) => (
          <option key={id} value={id}>
            {name || id} · {model}
          </option>
        ))}
      </select>
    </label>
  );
};
