// A placeholder of the app. The policy is the only one that the Content-Security-Policy allows.
const types = globalThis.trustedTypes?.createPolicy("ninepanels", {createScriptURL: (url) => url});
document.body.textContent = "Nine Panels";
navigator.serviceWorker?.register(types ? types.createScriptURL("sw.js") : "sw.js");
