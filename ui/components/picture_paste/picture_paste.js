// Listens to the whole page, since nobody clicks a field before pasting a picture.

const HINT = "Or copy a picture anywhere and press <kbd>Ctrl</kbd> <kbd>V</kbd> here.";

function send(file, setTriggerValue) {
  const reader = new FileReader();
  reader.onload = () => setTriggerValue("paste", String(reader.result).split(",", 2)[1] ?? "");
  reader.readAsDataURL(file);
}

export default function ({ data, parentElement, setTriggerValue }) {
  const line = parentElement.querySelector(".paste");
  line.innerHTML = HINT;
  line.classList.remove("refused");
  const hear = (event) => {
    const [file] = [...(event.clipboardData?.files ?? [])].filter((each) => each.type.startsWith("image/"));
    if (!file) return; // text goes where text goes
    event.preventDefault();
    const fits = file.size <= data.most;
    line.classList.toggle("refused", !fits);
    if (fits) send(file, setTriggerValue);
    else line.textContent = `What was pasted is larger than ${data.most >> 20} MB.`;
  };
  if (parentElement.hear) document.removeEventListener("paste", parentElement.hear);
  parentElement.hear = hear;
  document.addEventListener("paste", hear);
  return () => document.removeEventListener("paste", parentElement.hear);
}
