// Listens to the whole page, since nobody clicks a field before pasting a picture.
import { mount, type Send } from "../base/component";
import { find } from "../base/elements";
import "./picture_paste.css";

const HINT = "Or copy a picture anywhere and press <kbd>Ctrl</kbd> <kbd>V</kbd> here.";

class PicturePaste {
  private line: HTMLElement;
  private most = 0; // bytes

  constructor(
    root: ShadowRoot,
    private send: Send<{ paste: string }>,
  ) {
    this.line = find(root, ".paste");
    document.addEventListener("paste", this.hear);
  }

  show({ most }: { most: number }) {
    this.most = most;
    this.line.innerHTML = HINT;
    this.line.classList.remove("refused");
  }

  stop() {
    document.removeEventListener("paste", this.hear);
  }

  private hear = (event: ClipboardEvent) => {
    const file = [...(event.clipboardData?.files ?? [])].find((each) => each.type.startsWith("image/"));
    if (!file) return; // text goes where text goes
    event.preventDefault();
    const fits = file.size <= this.most;
    this.line.classList.toggle("refused", !fits);
    if (fits) this.read(file);
    else this.line.textContent = `What was pasted is larger than ${this.most >> 20} MB.`;
  };

  private read(file: File) {
    const reader = new FileReader();
    reader.onload = () => this.send("paste", String(reader.result).split(",", 2)[1] ?? "");
    reader.readAsDataURL(file);
  }
}

export default mount(PicturePaste);
