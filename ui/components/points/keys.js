// Whose a key is: plots leave alone what is typed, and the shortcuts of browser and system.
const isWriting = (element) => element.closest?.("input:not([type=range]), textarea, select, [contenteditable], [role=dialog]");
const isShortcut = ({ ctrlKey, metaKey, altKey }) => ctrlKey || metaKey || altKey;
