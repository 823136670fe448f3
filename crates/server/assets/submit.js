// Sends a form that is only there to be sent on: an answer on its way to an app.
for (const form of document.querySelectorAll("form[data-submit]")) form.submit();
