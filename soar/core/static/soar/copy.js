/* Copy buttons: data-copy names the element whose text goes to the clipboard. */
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    button.textContent = "Copied";
  } catch {
    // No clipboard outside https: select the text, so that Ctrl-C does it.
    window.getSelection().selectAllChildren(source);
    button.textContent = "Press Ctrl-C";
  }
});
