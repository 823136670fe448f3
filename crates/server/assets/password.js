// Lets what is typed into a password field be seen, and hides it again before it is sent, so that no browser
// remembers it as ordinary text. Without it the field is a password field like any other.
for (const input of document.querySelectorAll("input[type=password]")) {
  const button = document.createElement("button");
  const label = document.querySelector(`label[for="${input.id}"]`).textContent.trim();
  button.type = "button";
  button.className = "peek";
  button.setAttribute("aria-controls", input.id);

  const show = (visible) => {
    input.type = visible ? "text" : "password";
    button.textContent = visible ? "Hide" : "Show";
    button.setAttribute("aria-label", `${button.textContent}: ${label}`);
  };

  // A field that shows letters must not have them corrected or sent to a spelling service.
  input.spellcheck = false;
  input.autocapitalize = "none";
  button.addEventListener("click", () => show(input.type === "password"));
  input.form.addEventListener("submit", () => show(false));
  show(false);
  input.after(button);
}
