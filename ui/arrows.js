/** Arrow up and down move the number in a field of text by its step, with shift by ten; Enter follows when they rest. */
const REST_MS = 250;
const write = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set;

function stepOf(input) {
  const box = input.closest?.("[class*='st-key-']");
  const name = box && [...box.classList].find((one) => one.startsWith("st-key-"));
  return window.numberSteps?.[name?.slice("st-key-".length)];
}

function move(event) {
  const sign = { ArrowUp: 1, ArrowDown: -1 }[event.key];
  const input = event.target;
  if (!sign || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  const step = input instanceof HTMLInputElement && input.type === "text" && stepOf(input);
  if (!step || !input.value.trim() || !Number.isFinite(Number(input.value))) return;
  event.preventDefault();
  const next = Number(input.value) + sign * step * (event.shiftKey ? 10 : 1);
  write.call(input, String(Number(next.toPrecision(12))));
  input.dispatchEvent(new Event("input", { bubbles: true }));
  clearTimeout(input.rest);
  const enter = { key: "Enter", code: "Enter", keyCode: 13, bubbles: true };
  input.rest = setTimeout(() => input.dispatchEvent(new KeyboardEvent("keydown", enter)), REST_MS);
}

export default function arrows({ data }) {
  if (!window.numberSteps) document.addEventListener("keydown", move);
  window.numberSteps = data;
}
